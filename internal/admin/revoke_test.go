package admin

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/session"
)

func TestRevokeSessions(t *testing.T) {
	both(t, func(t *testing.T, o *Operator, ops Operations, trail string) {
		now := time.Date(2026, 11, 22, 1, 2, 3, 5, time.UTC)
		o.Now = func() time.Time { return now }
		role := &directory.Role{Account: account, Name: "ci", Path: "/build/", ID: session.NewUniqueID("AROA"), MaxSessionDuration: 3600,
			Trust: &directory.Inline{Text: `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"` + account + `"},"Action":"sts:AssumeRole"}}`}}
		tx := o.Directory.Begin(false)
		tx.PutRole(nil, role)
		_, err := o.Directory.Commit(t.Context(), &tx)
		check(t, err)
		admin := o.Directory.View().User(account, directory.AdminName)
		iam, sts := "arn:aws:iam::"+account+":", "arn:aws:sts::"+account+":"
		for arn, want := range map[string]string{
			iam + "role/build/ci":               role.ID,
			iam + "user/" + directory.AdminName: admin.ID,
			iam + "root":                        account,
			sts + "assumed-role/ci/b@17":        role.ID + ":b@17",
			sts + "federated-user/bob":          account + ":bob",
		} {
			r, err := ops.RevokeSessions(t.Context(), arn, time.Time{})
			check(t, err)
			if r.Subject != want || r.Account != account || r.Before.Sub(now) > time.Second || r.Before.Before(now) || r.Ends != r.Before.Add(session.MaxLifetime) {
				t.Errorf("%s: %+v", arn, r)
			}
			if !o.Directory.View().Revoked(want, now.Truncate(time.Second)) {
				t.Errorf("%s: a session of this second is left", arn)
			}
		}
		for what, row := range map[string]struct {
			arn    string
			before time.Time
		}{
			"a path left out":        {iam + "role/ci", now},
			"another's case":         {sts + "assumed-role/CI/x", now},
			"another account":        {"arn:aws:iam::999999999999:root", now},
			"another partition":      {"arn:aws-cn:iam::" + account + ":role/build/ci", now},
			"a group":                {iam + "group/x", now},
			"no session":             {sts + "assumed-role/ci/", now},
			"no name":                {sts + "federated-user/", now},
			"no ARN":                 {"ci", now},
			"the future":             {iam + "root", now.Add(time.Second)},
			"older than any session": {iam + "root", now.Add(-session.MaxLifetime - time.Second)},
		} {
			if r, err := ops.RevokeSessions(t.Context(), row.arn, row.before); err == nil {
				t.Errorf("%s: %+v", what, r)
			}
		}
		list, err := ops.Revocations(t.Context())
		check(t, err)
		if len(list) != 5 || list[0].Subject != account {
			t.Errorf("%+v", list)
		}
		data, err := os.ReadFile(trail)
		check(t, err)
		if n := strings.Count(string(data), `"eventName":"RevokeSessions"`); n != 5 || !strings.Contains(string(data), role.ID+":b@17") {
			t.Errorf("%d lines:\n%s", n, data)
		}
		now = now.Add(session.MaxLifetime + time.Second)
		if list, err := ops.Revocations(t.Context()); err != nil || len(list) != 0 {
			t.Errorf("%+v, %v", list, err)
		}
	})
}
