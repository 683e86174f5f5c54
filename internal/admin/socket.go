package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/deputy-sts/deputy/internal/mfa"
)

// request is the one message of the socket: an operation and its arguments.
type request struct {
	Do      string `json:"do"`
	Account string `json:"account,omitempty"`
	User    string `json:"user,omitempty"`

	ARN    string    `json:"arn,omitempty"`
	Before time.Time `json:"before,omitzero"`

	Tokens []mfa.Token `json:"tokens,omitempty"`
	Serial string      `json:"serial,omitempty"`

	ID      string `json:"id,omitempty"`
	Seconds int    `json:"seconds,omitempty"`
	Region  string `json:"region,omitempty"`
	On      bool   `json:"on,omitempty"`
}

type answer struct {
	Status  *Status  `json:"status,omitempty"`
	Key     *Key     `json:"key,omitempty"`
	Keys    []string `json:"keys,omitempty"`
	Changed bool     `json:"changed,omitempty"`
	Waits   bool     `json:"waits,omitempty"` // ErrWaits
	Error   string   `json:"error,omitempty"`

	Revocations []Revocation `json:"revocations,omitempty"`
	Count       int          `json:"count,omitempty"`
	Owner       string       `json:"owner,omitempty"`
	Token       string       `json:"token,omitempty"`
}

const (
	timeout    = 30 * time.Second
	maxMessage = 64 << 10
)

// Listen serves the operations on a unix socket that only this user can reach.
// A socket that a dead server left is replaced; one that answers is not.
func Listen(path string, o Operations) (io.Closer, error) {
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		c.Close()
		return nil, fmt.Errorf("another server answers at %s", path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	l, err := listenPrivate(path)
	if err != nil {
		return nil, err
	}
	s := &http.Server{
		Handler: handler(o), ReadTimeout: timeout, WriteTimeout: 2 * timeout, MaxHeaderBytes: maxMessage,
	}
	go s.Serve(private{l})
	return s, nil
}

// private drops connections of other users.
type private struct{ net.Listener }

func (p private) Accept() (net.Conn, error) {
	for {
		c, err := p.Listener.Accept()
		if err != nil || sameUser(c) {
			return c, err
		}
		c.Close()
	}
}

func handler(o Operations) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in request
		dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxMessage))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&in); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			json.NewEncoder(w).Encode(answer{Error: err.Error()})
			return
		}
		out := perform(r.Context(), o, in)
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(out)
	})
}

func perform(ctx context.Context, o Operations, in request) (out answer) {
	var err error
	switch in.Do {
	case "status":
		var s Status
		s, err = o.Status(ctx)
		out.Status = &s
	case "make-root-key":
		var k Key
		k, err = o.MakeRootKey(ctx, in.Account)
		out.Key = &k
	case "delete-root-keys":
		out.Keys, err = o.DeleteRootKeys(ctx, in.Account)
	case "unlock":
		out.Changed, err = o.Unlock(ctx, in.Account, in.User)
	case "import-tokens":
		out.Count, err = o.ImportTokens(ctx, in.Account, in.Tokens)
	case "remove-device":
		out.Owner, err = o.RemoveDevice(ctx, in.Serial)
	case "revoke-sessions":
		var r Revocation
		r, err = o.RevokeSessions(ctx, in.ARN, in.Before)
		out.Revocations = []Revocation{r}
	case "delegation-token":
		out.Token, err = o.DelegationToken(ctx, in.ID)
	case "set-chaining":
		err = o.SetChaining(ctx, in.ARN, time.Duration(in.Seconds)*time.Second)
	case "set-region":
		err = o.SetRegion(ctx, in.Account, in.Region, in.On)
	case "revocations":
		out.Revocations, err = o.Revocations(ctx)
	default:
		err = fmt.Errorf("unknown operation %q: the server is of another version", in.Do)
	}
	switch {
	case errors.Is(err, ErrWaits):
		out.Waits = true
	case err != nil:
		return answer{Error: err.Error()}
	}
	return out
}

// Client has the operations done by the server that listens at Socket.
type Client struct{ Socket string }

// Reachable says whether a server answers.
func (c Client) Reachable() bool {
	conn, err := net.DialTimeout("unix", c.Socket, time.Second)
	if err == nil {
		conn.Close()
	}
	return err == nil
}

func (c Client) do(ctx context.Context, in request) (out answer, err error) {
	body, err := json.Marshal(in)
	if err != nil {
		return out, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://admin/", bytes.NewReader(body))
	if err != nil {
		return out, err
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", c.Socket)
	}}
	defer transport.CloseIdleConnections()
	r, err := (&http.Client{Transport: transport, Timeout: 2 * timeout}).Do(req)
	if err != nil {
		return out, err
	}
	defer r.Body.Close()
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&out); err != nil {
		return out, err
	}
	switch {
	case out.Error != "":
		return out, errors.New(out.Error)
	case out.Waits:
		return out, ErrWaits
	}
	return out, nil
}

// Status implements Operations.
func (c Client) Status(ctx context.Context) (Status, error) {
	out, err := c.do(ctx, request{Do: "status"})
	if err != nil || out.Status == nil {
		return Status{}, err
	}
	return *out.Status, nil
}

// MakeRootKey implements Operations.
func (c Client) MakeRootKey(ctx context.Context, account string) (Key, error) {
	// Who leaves now would lose the secret of a key that is made all the same.
	out, err := c.do(context.WithoutCancel(ctx), request{Do: "make-root-key", Account: account})
	if out.Key == nil {
		return Key{}, err
	}
	return *out.Key, err
}

// DeleteRootKeys implements Operations.
func (c Client) DeleteRootKeys(ctx context.Context, account string) ([]string, error) {
	out, err := c.do(ctx, request{Do: "delete-root-keys", Account: account})
	return out.Keys, err
}

// Unlock implements Operations.
func (c Client) Unlock(ctx context.Context, account, user string) (bool, error) {
	out, err := c.do(ctx, request{Do: "unlock", Account: account, User: user})
	return out.Changed, err
}

// RevokeSessions implements Operations.
func (c Client) RevokeSessions(ctx context.Context, arn string, before time.Time) (Revocation, error) {
	out, err := c.do(ctx, request{Do: "revoke-sessions", ARN: arn, Before: before})
	if len(out.Revocations) == 0 {
		return Revocation{}, err
	}
	return out.Revocations[0], err
}

// Revocations implements Operations.
func (c Client) Revocations(ctx context.Context) ([]Revocation, error) {
	out, err := c.do(ctx, request{Do: "revocations"})
	return out.Revocations, err
}

// SetChaining implements Operations.
func (c Client) SetChaining(ctx context.Context, role string, most time.Duration) error {
	_, err := c.do(ctx, request{Do: "set-chaining", ARN: role, Seconds: int(most / time.Second)})
	return err
}

// SetRegion implements Operations.
func (c Client) SetRegion(ctx context.Context, account, region string, on bool) error {
	_, err := c.do(ctx, request{Do: "set-region", Account: account, Region: region, On: on})
	return err
}
