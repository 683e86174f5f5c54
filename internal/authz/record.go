package authz

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"sync"

	"github.com/deputy-sts/deputy/internal/audit"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/query"
)

// Hidden stands in the audit where a secret was.
const Hidden = audit.Hidden

// note is what a handler adds to the audit line of its call.
type note struct {
	resources []audit.Resource
	first     [1]audit.Resource // the usual room for resources
	request   any               // shown instead of the input
	response  any               // shown instead of the answer
	account   string            // another account that gets an entry of its own
	why       json.RawMessage
	whyOwn    bool // why says nothing that only the other account may read
}

// NoteResource names a resource that the call touches; kind is in AWS's form,
// AWS::IAM::Role.
func (c *Call) NoteResource(arn, account, kind string) {
	if c.note.resources == nil {
		c.note.resources = c.note.first[:0]
	}
	c.note.resources = append(c.note.resources, audit.Resource{ARN: arn, AccountID: account, Type: kind})
}

// NoteInput shows v in the audit instead of the input.
func (c *Call) NoteInput(v any) { c.note.request = v }

// NoteAnswer shows v in the audit instead of the answer, for what must not be
// written down. It has the form of an answer.
func (c *Call) NoteAnswer(v any) { c.note.response = v }

// NoteAccount gives another account an entry of its own; both carry one
// sharedEventID. The caller's own account changes nothing.
func (c *Call) NoteAccount(id string) {
	if id != c.Account() {
		c.note.account = id
	}
}

// lineOf is what the line of an event says beyond its Call.
type lineOf struct {
	id, shared, account string
	class               audit.Class
	in, out             any
	err                 error
}

var buffers = sync.Pool{New: func() any { return new(buffer) }}

// buffer holds a line and its parts while it is made.
type buffer struct {
	line, in, out     []byte
	shownIn, shownOut audit.Raw // what an entry shows of in and out
}

// release keeps the buffer unless it grew out of the ordinary.
func (b *buffer) release() {
	if cap(b.line)+cap(b.in)+cap(b.out) <= 64<<10 {
		buffers.Put(b)
	}
}

// line appends the audit line of the call to dst.
func (c *Call) line(dst []byte, l lineOf) []byte {
	b := buffers.Get().(*buffer)
	defer b.release()
	if c.note.request != nil {
		l.in = c.note.request
	}
	if c.note.response != nil {
		l.out = c.note.response
	}
	e := audit.Entry{
		UserIdentity: c.identityEntry(), EventTime: c.Time,
		EventSource: eventSource(c.Service), EventName: c.Action, AWSRegion: c.Region,
		SourceIP: c.SourceIP, UserAgent: cut(c.UserAgent),
		RequestID: c.RequestID, EventID: l.id, SharedEventID: l.shared,
		ReadOnly: l.class != audit.Change, Resources: c.note.resources,
		RecipientAccountID: l.account,
		TLSDetails:         audit.TLSDetails{Version: c.TLSVersion, CipherSuite: c.Cipher},
	}
	if c.TLS {
		e.TLSDetails.HostHeader = cut(c.Host)
	}
	if l.in != nil {
		b.in = query.AppendAudit(b.in[:0], l.in)
		b.shownIn = shown(b.in)
		e.RequestParameters = &b.shownIn
	}
	switch {
	case l.err != nil:
		e.ErrorCode, e.ErrorMessage = errorWords(l.err)
	case l.class != audit.Read && l.out != nil:
		b.out = query.AppendAudit(b.out[:0], l.out)
		b.shownOut = shown(b.out)
		e.ResponseElements = &b.shownOut
	}
	if c.note.why != nil && (c.note.whyOwn || l.account != c.Account()) {
		e.AdditionalEventData = c.note.why
	}
	return e.AppendJSON(dst)
}

// eventSource names a service as CloudTrail does.
func eventSource(service string) string {
	switch service { // without an allocation
	case "sts":
		return "sts.amazonaws.com"
	case "iam":
		return "iam.amazonaws.com"
	}
	return service + ".amazonaws.com"
}

// maxShown bounds the parameters and the answer in a line, as CloudTrail leaves
// out what is larger than 100 KB: a line that the writer refuses for its size
// would stop every change.
const maxShown = 100 << 10

func shown(text []byte) audit.Raw {
	if len(text) > maxShown {
		return audit.Raw(`{"omitted":"larger than 100 KB"}`)
	}
	return text
}

// identityEntry describes the caller as CloudTrail does.
func (c *Call) identityEntry() audit.Identity {
	p := c.Principal
	switch {
	case c.bearer != nil:
		return c.bearer.entry()
	case p == nil:
		return audit.Identity{Type: "Unknown", AccessKeyID: cut(c.AccessKeyID)}
	}
	id := audit.Identity{PrincipalID: p.ID, ARN: p.ARN, AccountID: p.Account, AccessKeyID: p.AccessKeyID}
	if p.Temporary {
		id.SessionContext = &audit.SessionContext{
			CreationDate: p.IssuedAt, MFAAuthenticated: p.MFA, SourceIdentity: p.SourceIdentity, AssumedRoot: p.AssumedRoot,
		}
	}
	switch p.Kind {
	case directory.Root:
		id.Type = "Root"
	case directory.UserKind:
		id.Type, id.UserName = "IAMUser", p.User.Name
	case directory.RoleSession:
		id.Type = "AssumedRole"
		id.SessionContext.FederatedBy = p.Provider
		id.SessionContext.Issuer = audit.SessionIssuer{
			Type: "Role", PrincipalID: p.Role.ID, ARN: p.Role.ARN(), AccountID: p.Account, UserName: p.Role.Name,
		}
	case directory.FederatedUser:
		id.Type = "FederatedUser"
		id.SessionContext.Issuer = c.federationIssuer()
	}
	return id
}

func (c *Call) federationIssuer() audit.SessionIssuer {
	if u := c.Principal.User; u != nil {
		return audit.SessionIssuer{Type: "IAMUser", PrincipalID: u.ID, ARN: u.ARN(), AccountID: u.Account, UserName: u.Name}
	}
	return audit.SessionIssuer{Type: "Root", PrincipalID: c.Account(), AccountID: c.Account()}
}

// errorWords are the code and the text of an error as the client is told them.
func errorWords(err error) (code, message string) {
	if e, ok := errors.AsType[*query.Error](err); ok {
		return e.Name, cut(e.Message)
	}
	return query.InternalFailure.Name, ""
}

// cut bounds what a client may make us write, as CloudTrail does: 1 KiB.
func cut(s string) string {
	if len(s) > 1024 {
		return s[:1024]
	}
	return s
}

// newEventID draws a random UUID (RFC 9562, version 4).
func newEventID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	var s [36]byte
	hex.Encode(s[:], b[:4])
	s[8], s[13], s[18], s[23] = '-', '-', '-', '-'
	hex.Encode(s[9:], b[4:6])
	hex.Encode(s[14:], b[6:8])
	hex.Encode(s[19:], b[8:10])
	hex.Encode(s[24:], b[10:])
	return string(s[:])
}

// finish records a call that leaves nothing in the store, and returns what the
// client is told: err, or that issued credentials could not be recorded.
func (c *Call) finish(class audit.Class, in, out any, err error) error {
	c.done = true
	if err == errUnasked {
		c.gate.log.Error("an action was answered without asking", "service", c.Service, "action", c.Action, "request", c.RequestID)
	}
	if c.gate.audit == nil {
		return err
	}
	l := lineOf{id: newEventID(), class: class, in: in, out: out, err: err, account: c.Account()}
	other := c.note.account
	if l.account == "" { // nobody's: one line, for whom it is about
		l.account, other = other, ""
	}
	if other != "" {
		l.shared = newEventID()
	}
	failed := c.append(l)
	if other != "" {
		l.id, l.account = newEventID(), other
		failed = errors.Join(failed, c.append(l))
	}
	if failed != nil && err == nil && class == audit.Issue && !c.gate.unaudited {
		return errNoAudit
	}
	return err
}

// append hands a line over; a refusal is not waited for.
func (c *Call) append(l lineOf) error {
	b := buffers.Get().(*buffer)
	defer b.release()
	b.line = c.line(b.line[:0], l)
	class := l.class
	if l.err != nil {
		class = audit.Read
	}
	// Who hangs up is recorded none the less; the writer bounds the wait itself.
	err := c.gate.audit.Append(context.Background(), b.line, class)
	if err != nil {
		c.gate.log.Error("the audit could not be written", "event", l.id, "action", c.Action, "request", c.RequestID, "error", err)
	}
	return err
}

// Refused records a call that failed before its handler was reached: its
// parameters could not be read, say. It does nothing after a handler ran.
func (c *Call) Refused(err error) {
	if !c.done {
		_ = c.finish(audit.Read, nil, nil, err)
	}
}

// Refused records a request whose authentication failed.
func (g *Gate) Refused(r Request, err error) {
	r.Principal = nil
	c := g.NewCall(r)
	defer c.Release()
	c.Refused(err)
}
