package audit

import (
	"errors"
	"fmt"
	"time"
)

// Sync says who waits until a line is on the disk (fsync), beyond being
// written to the file, which survives the end of the process but not of the
// machine. The zero value is SyncChange.
type Sync uint8

const (
	SyncChange   Sync = iota // changes wait; the rest is synced within Options.Interval
	SyncIssue                // changes and issued credentials wait
	SyncInterval             // nobody waits; all is synced within Options.Interval
)

// ParseSync reads the setting audit.sync.
func ParseSync(s string) (Sync, error) {
	switch s {
	case "change":
		return SyncChange, nil
	case "issue":
		return SyncIssue, nil
	case "interval":
		return SyncInterval, nil
	}
	return 0, fmt.Errorf("audit.sync is %.40q: it must be issue, change or interval", s)
}

func (s Sync) String() string {
	switch s {
	case SyncIssue:
		return "issue"
	case SyncInterval:
		return "interval"
	}
	return "change"
}

// Class says how much hangs on an event's line.
type Class uint8

const (
	Read   Class = iota // handed over: the line is written within Options.Interval
	Issue               // credentials are handed out: written before Append returns
	Change              // state changes: as Issue, and written once however often its event id is given
)

// Options of a Writer. The zero value is usable.
type Options struct {
	Sync     Sync
	Interval time.Duration // longest time until a line is written and synced for which nobody waits; 0 means 100 ms
	Timeout  time.Duration // longest wait in Append and Close before they give up; 0 means 5 s
	Queue    int           // bytes of lines that may wait to be written; 0 means 1 MiB
	// Now is the clock by which the file's path is looked at again every second
	// (rotation); it is called by one goroutine at a time. nil means time.Now.
	Now func() time.Time
	// OnError is told when writing begins to fail, when it goes on again (an
	// error that says so), and what Open cut off. It is called by whoever finds
	// out, a call of Append or a goroutine of the writer, perhaps by two at once,
	// and must not append to the writer. nil ignores them.
	OnError func(error)
}

func (o Options) withDefaults() Options {
	if o.Interval <= 0 {
		o.Interval = 100 * time.Millisecond
	}
	if o.Timeout <= 0 {
		o.Timeout = 5 * time.Second
	}
	if o.Queue <= 0 {
		o.Queue = 1 << 20
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.OnError == nil {
		o.OnError = func(error) {}
	}
	return o
}

// ErrUnavailable is what Append and Healthy return, wrapped around the cause,
// while lines cannot be written: the caller refuses what it would have recorded.
var ErrUnavailable = errors.New("audit unavailable")

// ErrLine is returned for a line that is not one JSON object on one line of at
// most MaxLine bytes: a mistake of the caller, not of the disk.
var ErrLine = errors.New("not a line for the audit")
