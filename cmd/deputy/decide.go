package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/deputy-sts/deputy/internal/cli"
	"github.com/deputy-sts/deputy/policy"
)

func newDecide(env *cli.Env, g *globals) *cobra.Command {
	var explain bool
	cmd := &cobra.Command{
		Use:   "decide",
		Short: "decide cases of requests and policies read from standard input",
		Long: `Reads a JSON array of cases and prints a word for each on a line of its own, in
their order: Allow, ImplicitDeny or ExplicitDeny. A case holds the request
(principal, action, resource, context) and the policies that apply (identity,
resource, boundary, session, scps, rcps); docs/policy.md describes it. With
--explain it prints instead which layer, policy, statement and condition decided;
with --output json as well, an object on a line for each case.

A case that can't be read, or holds a policy that AWS would not take, is an
ImplicitDeny; it is named on standard error, and the exit code is 255.`,
		Example: "  deputy policy decide < cases.json\n  deputy policy decide --explain < cases.json",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			d := &decider{out: bufio.NewWriter(env.Stdout)}
			switch {
			case explain && g.output == "json":
				d.show = d.objects
			case explain:
				d.show = d.texts
			default:
				d.show = d.words
			}
			err := d.all(env.Stdin)
			return errors.Join(d.out.Flush(), err)
		},
	}
	cmd.Flags().BoolVar(&explain, "explain", false, "tell how each decision was made")
	return cmd
}

// decisionCase is a case as it is read. Members that are not named here (what the
// case is about, what its author expects) have no say.
type decisionCase struct {
	ID, Name string
	Request  *struct {
		Principal *casePrincipal
		Action    string
		Resource  struct{ ARN, Account string }
		Context   map[string][]string
	}
	Policies casePolicies
}

type casePrincipal struct {
	Type, Account, ARN, ID string
	Service, Provider      string
	CanonicalID            string
	Issuer                 struct{ ARN, ID string }
}

// casePolicies are the documents by the layer they work on. Null is as good as
// a missing member.
type casePolicies struct {
	Identity, Session  []json.RawMessage
	Resource, Boundary json.RawMessage
	SCPs, RCPs         [][]json.RawMessage
}

// decider reads cases, decides them and shows the outcome.
type decider struct {
	out  *bufio.Writer
	n    int   // cases so far
	bad  error // about the first case that could not be read
	more int   // such cases besides
	show func(*decisionCase, *policy.Set, *policy.Request) error
}

// all decides each case as soon as it is read, so that the input can be of any
// length.
func (d *decider) all(r io.Reader) error {
	dec := json.NewDecoder(r)
	const form = "the input is a JSON array of cases: [{\"request\": {…}, \"policies\": {…}}, …]"
	if t, err := dec.Token(); err != nil || t != json.Delim('[') {
		if err == nil {
			err = fmt.Errorf("the input begins with %v", t)
		}
		return cli.Hint(fmt.Errorf("standard input: %w", unexpected(err)), form)
	}
	for dec.More() {
		d.n++
		var c decisionCase
		err := dec.Decode(&c)
		var wrongType *json.UnmarshalTypeError
		if err != nil && !errors.As(err, &wrongType) {
			return errors.Join(d.unread(), cli.Hint(fmt.Errorf("case %d: %w", d.n, unexpected(err)), form))
		}
		if err == nil {
			err = d.one(&c)
		}
		if err == nil {
			continue
		}
		if err := d.refuse(fmt.Errorf("case %d%s: %w", d.n, before(" ", c.ID), err)); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil {
		return cli.Hint(fmt.Errorf("standard input: %w", unexpected(err)), form)
	}
	if _, err := dec.Token(); err != io.EOF {
		return cli.Hint(errors.New("standard input: something follows the array"), form)
	}
	return d.unread()
}

// refuse stands in for the outcome of a case that can't be read, so that each case
// has one. Nothing is known to allow it.
func (d *decider) refuse(why error) error {
	if d.bad == nil {
		d.bad = why
	} else {
		d.more++
	}
	return d.show(nil, &policy.Set{}, &policy.Request{})
}

// unread is the error about the cases that could not be read, nil if there are none.
func (d *decider) unread() error {
	if d.more > 0 {
		return fmt.Errorf("%w (and %d more cases can't be read)", d.bad, d.more)
	}
	return d.bad
}

// unexpected says of an end that it comes too early.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// before puts a lead before s, unless that is empty.
func before(lead, s string) string {
	if s == "" {
		return ""
	}
	return lead + s
}

func (d *decider) one(c *decisionCase) error {
	if c.Request == nil || c.Request.Principal == nil || c.Request.Action == "" || c.Request.Resource.ARN == "" {
		return errors.New("a case needs request.principal, request.action and request.resource.arn")
	}
	principal, err := c.Request.Principal.read()
	if err != nil {
		return err
	}
	set, err := c.Policies.read()
	if err != nil {
		return err
	}
	r := &policy.Request{Principal: principal, Action: c.Request.Action, Resource: c.Request.Resource.ARN,
		ResourceAccount: c.Request.Resource.Account, Context: policy.NewMap(c.Request.Context)}
	return d.show(c, set, r)
}

func (p *casePrincipal) read() (*policy.Principal, error) {
	for t := policy.Anonymous; t <= policy.SAML; t++ {
		if t.String() == p.Type {
			return &policy.Principal{Type: t, Account: p.Account, ARN: p.ARN, ID: p.ID, IssuerARN: p.Issuer.ARN, IssuerID: p.Issuer.ID,
				Service: p.Service, Provider: p.Provider, CanonicalID: p.CanonicalID}, nil
		}
	}
	return nil, fmt.Errorf("request.principal.type: %q is none of User, AssumedRole, FederatedUser, Root, Service, WebIdentity, SAML, Anonymous", p.Type)
}

func (p *casePolicies) read() (set *policy.Set, err error) {
	set = &policy.Set{}
	if set.Identity, err = documents("identity", p.Identity); err != nil {
		return nil, err
	}
	if set.Session, err = documents("session", p.Session); err != nil {
		return nil, err
	}
	if set.Resource, err = document("resource", p.Resource); err != nil {
		return nil, err
	}
	if set.Boundary, err = document("boundary", p.Boundary); err != nil {
		return nil, err
	}
	if set.SCPs, err = levels("scps", p.SCPs); err != nil {
		return nil, err
	}
	set.RCPs, err = levels("rcps", p.RCPs)
	return set, err
}

func levels(where string, texts [][]json.RawMessage) (out [][]*policy.Policy, err error) {
	for i, level := range texts {
		ps, err := documents(fmt.Sprintf("%s[%d]", where, i), level)
		if err != nil {
			return nil, err
		}
		out = append(out, ps)
	}
	return out, nil
}

func documents(where string, texts []json.RawMessage) (ps []*policy.Policy, err error) {
	for i, text := range texts {
		p, err := document(fmt.Sprintf("%s[%d]", where, i), text)
		if err != nil {
			return nil, err
		}
		if p == nil {
			return nil, fmt.Errorf("policies.%s[%d] is null", where, i)
		}
		ps = append(ps, p)
	}
	return ps, nil
}

// document parses one; nil if there is none.
func document(where string, text json.RawMessage) (*policy.Policy, error) {
	if len(text) == 0 || bytes.Equal(text, []byte("null")) {
		return nil, nil
	}
	p, err := policy.Parse(string(text), policy.Any)
	if err != nil {
		return nil, fmt.Errorf("policies.%s: %w", where, err)
	}
	return p, nil
}

func (d *decider) words(_ *decisionCase, set *policy.Set, r *policy.Request) error {
	_, err := fmt.Fprintln(d.out, set.Evaluate(r, nil).Decision)
	return err
}

func (d *decider) objects(_ *decisionCase, set *policy.Set, r *policy.Request) error {
	var t policy.Trace
	set.Evaluate(r, &t)
	b, err := json.Marshal(&t)
	if err != nil {
		return err
	}
	_, err = d.out.Write(append(b, '\n'))
	return err
}

func (d *decider) texts(c *decisionCase, set *policy.Set, r *policy.Request) error {
	if d.n > 1 {
		fmt.Fprintln(d.out)
	}
	if c == nil {
		_, err := fmt.Fprintf(d.out, "%v: case %d can't be read\n", policy.ImplicitDeny, d.n)
		return err
	}
	if title := strings.TrimSpace(c.ID + before(": ", c.Name)); title != "" {
		fmt.Fprintln(d.out, "#", cli.Sanitize(title))
	}
	var t policy.Trace
	set.Evaluate(r, &t)
	var text strings.Builder
	if err := t.WriteText(&text); err != nil {
		return err
	}
	_, err := d.out.WriteString(cli.SanitizeLines(text.String()))
	return err
}
