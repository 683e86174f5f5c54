package authz

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/deputy-sts/deputy/internal/audit"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/policy"
)

// Options configure a Gate.
type Options struct {
	Directory *directory.Directory
	Audit     *audit.Writer // nil records nothing
	Now       func() time.Time
	Logger    *slog.Logger // nil discards
	// ContinueUnaudited goes on, with a line in the log, when the audit cannot be
	// written. Otherwise what issues or changes is refused before it happens.
	ContinueUnaudited bool
	// ExplainTrusted gives callers of the account that a resource belongs to an
	// encoded message with each denial. It needs Seal.
	ExplainTrusted bool
	// Seal and Open are those of the key ring, for encoded messages; without Open
	// none can be decoded.
	Seal func(purpose string, aad, plain []byte) []byte
	Open func(purpose string, aad, sealed []byte) ([]byte, error)
}

// Gate makes Calls. One serves a process; others on the same directory and audit
// may commit beside it.
type Gate struct {
	directory *directory.Directory
	audit     *audit.Writer
	now       func() time.Time
	log       *slog.Logger
	unaudited bool // go on without the audit
	explain   bool // denials carry an encoded message for trusted callers
	seal      func(purpose string, aad, plain []byte) []byte
	open      func(purpose string, aad, sealed []byte) ([]byte, error)

	managed sync.Map // ARN of an AWS-managed policy -> *policy.Policy; AWS's list bounds it
	onStar  sync.Map // action -> bool: it has no resource-level permissions; bounded by the actions registered
	noTrust *policy.Policy
	anybody *policy.Policy
	calls   sync.Pool
	slots   chan struct{} // MaxChanges of them
}

// New makes a Gate, and writes to the audit what was left in the store when the
// process last ended.
func New(o Options) (*Gate, error) {
	g := &Gate{
		directory: o.Directory, audit: o.Audit,
		now: o.Now, log: o.Logger, unaudited: o.ContinueUnaudited,
		explain: o.ExplainTrusted, seal: o.Seal, open: o.Open,
	}
	if g.now == nil {
		g.now = time.Now
	}
	if g.log == nil {
		g.log = slog.New(slog.DiscardHandler)
	}
	g.noTrust, g.anybody = mustParse(noTrust), mustParse(anybody)
	g.slots = make(chan struct{}, MaxChanges)
	g.calls.New = func() any { return new(Call) }
	if err := g.Drain(context.Background()); err != nil {
		if !g.unaudited {
			return nil, fmt.Errorf("authz: changes wait in the store to be audited: %w", err)
		}
		g.audit.Owe()
	}
	return g, nil
}
