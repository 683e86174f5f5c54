package authz

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/deputy-sts/deputy/internal/audit"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/policy"
)

// OnFailure says what to do when the audit cannot be written.
type OnFailure uint8

const (
	Deny     OnFailure = iota // refuse whatever issues or changes, before it happens
	Continue                  // go on, and say so in the log
)

// Options configure a Gate.
type Options struct {
	Directory *directory.Directory
	Audit     *audit.Writer // nil records nothing
	Node      string        // names this process in the audit
	Now       func() time.Time
	Logger    *slog.Logger // nil discards
	OnFailure OnFailure
}

// Gate makes Calls. One serves a process.
type Gate struct {
	directory *directory.Directory
	audit     *audit.Writer
	node      string
	now       func() time.Time
	log       *slog.Logger
	onFailure OnFailure

	managed sync.Map // ARN of an AWS-managed policy -> *policy.Policy; AWS's list bounds it
	onStar  sync.Map // action -> bool: it has no resource-level permissions; bounded by the actions registered
	noTrust *policy.Policy
	behind  atomic.Bool // a committed change waits in the store for the audit
	calls   sync.Pool
}

// New makes a Gate. Call Drain before it serves.
func New(o Options) *Gate {
	g := &Gate{
		directory: o.Directory, audit: o.Audit, node: o.Node,
		now: o.Now, log: o.Logger, onFailure: o.OnFailure,
	}
	if g.now == nil {
		g.now = time.Now
	}
	if g.log == nil {
		g.log = slog.New(slog.DiscardHandler)
	}
	g.noTrust = mustParse(noTrust)
	g.calls.New = func() any { return new(Call) }
	return g
}
