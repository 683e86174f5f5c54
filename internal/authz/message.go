package authz

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"io"
	"iter"
	"strings"

	"github.com/deputy-sts/deputy/policy"
)

// The encoded message of a denial, which sts:DecodeAuthorizationMessage opens: the
// decision as JSON, deflated, padded and sealed to the account whose policies it
// is about. Nobody else can open it; and its length says little of what is in it.

// messagePurpose is the label that messages are sealed under (seal.Message).
const messagePurpose = "message"

const (
	maxMessageText  = 10240    // characters, of EncodedMessage
	maxMessageJSON  = 64 << 10 // bytes that one may inflate to
	messagePadding  = 1024     // bytes; messages have a multiple of it before they are sealed
	messageOverhead = 256      // bytes that a seal may add
	maxMessagePlain = maxMessageText/4*3 - messageOverhead
)

// encode gives the encoded message of a denial; "" if this caller gets none. Only
// the callers of the account that the resource belongs to do, and only if the
// operator trusts them with what its policies say.
func (c *Call) encode(r *Resource, t *policy.Trace) string {
	g := c.gate
	if !g.explain || g.seal == nil || c.Principal == nil || r.Account != "" && r.Account != c.Account() {
		return ""
	}
	m := t.Message()
	for {
		plain, ok := packMessage(m)
		if ok {
			return base64.RawURLEncoding.EncodeToString(g.seal(messagePurpose, []byte(c.Account()), plain))
		}
		// What is too large loses its statements first: the last is the least missed.
		list := &m.MatchedStatements.Items
		if len(*list) == 0 {
			return ""
		}
		*list = (*list)[:len(*list)/2]
	}
}

// packMessage gives the length of the JSON, the JSON deflated, and zeros; false
// when it is too large.
func packMessage(m *policy.Message) ([]byte, bool) {
	text, err := json.Marshal(m)
	if err != nil || len(text) > maxMessageJSON {
		return nil, false
	}
	var b bytes.Buffer
	b.Write(binary.BigEndian.AppendUint32(nil, uint32(len(text))))
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	if err != nil {
		return nil, false
	}
	if _, err := w.Write(text); err != nil || w.Close() != nil {
		return nil, false
	}
	size := (b.Len() + messagePadding - 1) / messagePadding * messagePadding
	if size > maxMessagePlain {
		return nil, false
	}
	return append(b.Bytes(), make([]byte, size-b.Len())...), true
}

// DecodeMessage opens an encoded message of the caller's account; false for
// anything else. The text is the JSON of a policy.Message.
func (c *Call) DecodeMessage(encoded string) (text string, ok bool) {
	if len(encoded) > maxMessageText || c.gate.open == nil || c.Principal == nil {
		return "", false
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return "", false
	}
	plain, err := c.gate.open(messagePurpose, []byte(c.Account()), sealed)
	if err != nil || len(plain) < 4 {
		return "", false
	}
	size := binary.BigEndian.Uint32(plain)
	if size > maxMessageJSON {
		return "", false
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(flate.NewReader(bytes.NewReader(plain[4:])), b); err != nil {
		return "", false
	}
	return string(b), true
}

// globalKeys are the condition keys, without aws:, that a call may have whatever
// its action is.
var globalKeys = [...]string{
	"currenttime", "epochtime", "sourceip", "securetransport", "viaawsservice", "useragent", "referer", "requestedregion",
	"resourceaccount", "principalaccount", "principalarn", "principaltype", "principalisawsservice", "userid", "username",
	"sourceidentity", "federatedprovider", "tokenissuetime", "multifactorauthpresent", "multifactorauthage",
}

// Keys implements policy.Lister: a trace shows all that the request has. Tags that
// a policy cannot tell apart are left out.
func (c *Call) Keys() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, name := range globalKeys {
			if !yield("aws:" + name) {
				return
			}
		}
		for i := range c.resource.Keys {
			k := &c.resource.Keys[i]
			torn := len(k.Values) > 1 && strings.HasPrefix(k.Name, "aws:requesttag/")
			if !torn && !yield(k.Name) {
				return
			}
		}
		for i, t := range c.resource.Tags {
			if tagIndex(c.resource.Tags, t.Key) == i && tagIndex(c.resource.Tags[i+1:], t.Key) < 0 && !yield("aws:resourcetag/"+fold(t.Key)) {
				return
			}
		}
		if c.Principal == nil {
			return
		}
		for _, k := range c.Principal.Keys {
			if !yield(fold(k.Key)) {
				return
			}
		}
		for _, t := range c.Principal.Tags {
			if !yield("aws:principaltag/" + fold(t.Key)) {
				return
			}
		}
	}
}
