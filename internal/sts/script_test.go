package sts

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/deputy-sts/deputy/internal/directory"
)

// TestScripts runs the scripts of testdata. Each makes a small world and talks to
// it. A line is one of
//
//	user ACCOUNT NAME [POLICY …]          makes a user with inline policies; its keys are NAME
//	root ACCOUNT NAME                     gives the account's root user keys, NAME
//	role ACCOUNT [PATH/]NAME TRUST [POLICY …]
//	max ACCOUNT ROLE SECONDS              MaxSessionDuration
//	tag ACCOUNT ROLE|user:NAME KEY=VALUE
//	managed ACCOUNT NAME POLICY           makes a managed policy
//	boundary ACCOUNT ROLE|user:NAME ARN
//	trust ACCOUNT ROLE TRUST              replaces the trust policy
//	inline ACCOUNT ROLE|user:NAME [POLICY …]  replaces the inline policies
//	drop ACCOUNT ROLE|user:NAME           deletes it
//	key NAME off|gone                     deactivates or deletes the key of a user
//	device ACCOUNT root|user:NAME SERIAL  gives it an MFA device, virtual or a token
//	clock SECONDS                         lets time pass
//	NAME: ACTION [PARAM=VALUE …] [> NEW]  calls; NEW names the credentials in the answer
//
// after which lines beginning with < say what the answer is: its status, and then
// for an error the code and the text (… ends it early), for a success texts that
// its XML holds; with ! before it one that it does not hold. Policies are JSON
// without blanks. $A and $B are account ids; NAME.id in a value is the access
// key id of those credentials; code:SERIAL:N is the code of a device N steps from
// now; %20 is a blank.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	check(t, err)
	if len(files) == 0 {
		t.Fatal("no scripts")
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { runScript(t, file) })
	}
}

func runScript(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	check(t, err)
	s := script{stack: newStack(t), keys: map[string]credentials{}}
	for i, line := range strings.Split(string(text), "\n") {
		s.at = fmt.Sprintf("%s:%d", file, i+1)
		s.line(strings.NewReplacer("$A", accountA, "$B", accountB).Replace(line))
	}
	s.settle()
}

type script struct {
	*stack
	at      string
	keys    map[string]credentials
	last    answer
	from    string // the line that asked
	pending bool   // no line has said yet what the answer is
}

func (s *script) line(line string) {
	f := strings.Fields(line)
	if len(f) == 0 || strings.HasPrefix(f[0], "#") {
		return
	}
	if strings.HasPrefix(line, "<") {
		s.pending = false
		s.expect(strings.TrimSpace(line[1:]))
		return
	}
	s.settle()
	if who, ok := strings.CutSuffix(f[0], ":"); ok {
		s.call(who, f[1], f[2:])
		return
	}
	switch f[0] {
	case "user":
		s.keys[f[2]] = s.user(f[1], f[2], f[3:]...)
	case "root":
		s.keys[f[2]] = s.root(f[1])
	case "role":
		s.role(f[1], f[2], f[3], f[4:]...)
	case "managed":
		s.policy(f[1], f[2], f[3])
	case "max":
		n, err := strconv.Atoi(f[3])
		check(s.t, err)
		s.editRole(f[1], f[2], func(r *directory.Role) { r.MaxSessionDuration = n })
	case "tag":
		k, v, _ := strings.Cut(f[3], "=")
		s.edit(f[1], f[2], func(u *directory.User) { u.Tags = append(u.Tags, directory.Tag{Key: k, Value: v}) },
			func(r *directory.Role) { r.Tags = append(r.Tags, directory.Tag{Key: k, Value: v}) })
	case "boundary":
		s.edit(f[1], f[2], func(u *directory.User) { u.Boundary = f[3] }, func(r *directory.Role) { r.Boundary = f[3] })
	case "inline":
		list := inline(f[3:])
		s.edit(f[1], f[2], func(u *directory.User) { u.Inline = list }, func(r *directory.Role) { r.Inline = list })
	case "trust":
		bound, err := directory.BindTrust(s.directory.View(), f[3])
		check(s.t, err)
		s.editRole(f[1], f[2], func(r *directory.Role) { r.Trust = bound })
	case "drop":
		s.drop(f[1], f[2])
	case "key":
		s.setKey(s.keys[f[1]].AccessKeyID, f[2])
	case "device":
		s.device(f[1], strings.TrimPrefix(f[2], "user:"), f[3])
	case "clock":
		n, err := strconv.Atoi(f[1])
		check(s.t, err)
		s.now = s.now.Add(time.Duration(n) * time.Second)
	default:
		s.t.Fatalf("%s: what is %q?", s.at, f[0])
	}
}

func (s *script) edit(account, name string, user func(*directory.User), role func(*directory.Role)) {
	if name, ok := strings.CutPrefix(name, "user:"); ok {
		s.editUser(account, name, user)
		return
	}
	s.editRole(account, name, role)
}

func (s *script) drop(account, name string) {
	s.change(func(tx *directory.Tx) {
		if name, ok := strings.CutPrefix(name, "user:"); ok {
			tx.DeleteUser(tx.User(account, name))
			return
		}
		tx.DeleteRole(tx.Role(account, name))
	})
}

func (s *script) setKey(id, state string) {
	s.change(func(tx *directory.Tx) {
		old := tx.Key(id)
		if state == "gone" {
			tx.DeleteKey(old)
			return
		}
		now := old.Clone()
		now.Active = false
		tx.PutKey(old, now)
	})
}

func (s *script) call(who, action string, args []string) {
	c, ok := s.keys[who]
	if !ok {
		s.t.Fatalf("%s: nobody is called %s", s.at, who)
	}
	name := ""
	if n := len(args); n > 1 && args[n-2] == ">" {
		name, args = args[n-1], args[:n-2]
	}
	var form []string
	for _, arg := range args {
		k, v, _ := strings.Cut(arg, "=")
		v, err := url.PathUnescape(v)
		check(s.t, err)
		if id, ok := strings.CutSuffix(v, ".id"); ok {
			v = s.keys[id].AccessKeyID
		}
		if of, ok := strings.CutPrefix(v, "code:"); ok {
			colon := strings.LastIndexByte(of, ':')
			off, err := strconv.ParseInt(of[colon+1:], 10, 64)
			check(s.t, err)
			v = s.code(of[:colon], off)
		}
		form = append(form, k+"="+url.QueryEscape(v))
	}
	s.last, s.from, s.pending = s.do(c, action, strings.Join(form, "&")), s.at, true
	if name != "" && s.last.Status == 200 {
		s.keys[name] = temporary(s.last)
	}
}

// temporary takes the credentials out of whatever answer holds them.
func temporary(a answer) credentials {
	cut := func(name string) string {
		_, rest, _ := strings.Cut(a.XML, "<"+name+">")
		v, _, _ := strings.Cut(rest, "<")
		return v
	}
	return credentials{AccessKeyID: cut("AccessKeyId"), SecretAccessKey: cut("SecretAccessKey"), SessionToken: cut("SessionToken")}
}

func (s *script) expect(want string) {
	s.t.Helper()
	switch {
	case want == "" || want[0] < '0' || want[0] > '9':
		text, not := strings.CutPrefix(want, "!")
		if strings.Contains(s.last.XML, text) == not {
			s.t.Errorf("%s: %s\nwant %s\ngot  %s\n%s", s.at, s.from, want, s.last, s.last.XML)
		}
	case strings.HasSuffix(want, "…"):
		if !strings.HasPrefix(s.last.String(), strings.TrimSuffix(want, "…")) {
			s.t.Errorf("%s: %s\nwant %s\ngot  %s", s.at, s.from, want, s.last)
		}
	// A text may end in a blank, which an editor takes away.
	case strings.TrimRight(s.last.String(), " ") != want:
		s.t.Errorf("%s: %s\nwant %s\ngot  %s", s.at, s.from, want, s.last)
	}
}

// settle fails a call of which nothing was said and that did not succeed.
func (s *script) settle() {
	if s.pending && s.last.Status != 200 {
		s.t.Errorf("%s: %s", s.from, s.last)
	}
	s.pending = false
}
