package admin

import (
	"time"

	"github.com/deputy-sts/deputy/internal/audit"
	"github.com/deputy-sts/deputy/internal/directory"
)

// BootstrapLines are the audit lines of the accounts that a store begins with, one
// for each; they name the keys by their ids.
func BootstrapLines(accounts []directory.BootstrapAccount, at time.Time) []directory.Pending {
	var lines []directory.Pending
	for _, a := range accounts {
		e := newEntry("BootstrapAccount", a.ID, at)
		made := map[string]any{"name": a.Name}
		if a.Admin != nil {
			made["adminAccessKeyId"] = a.Admin.AccessKeyID
		}
		if a.Root != nil {
			made["rootAccessKeyId"] = a.Root.AccessKeyID
		}
		e.ResponseElements = made
		lines = append(lines, directory.Pending{ID: e.EventID, Line: e.AppendJSON(nil)})
	}
	return lines
}

// newEntry begins the audit entry of an operator's event.
func newEntry(event, account string, at time.Time) *audit.Entry {
	id := newEventID()
	return &audit.Entry{
		EventSource: "deputy-admin", EventName: event, EventID: id, RequestID: id, EventTime: at,
		RecipientAccountID: account, UserIdentity: audit.Identity{Type: "Operator"}, SourceIPAddress: "admin.sock",
	}
}
