package iam

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strconv"
	"time"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/query"
)

// Temporary delegation: an account asks another for access under a policy; one
// identity there takes the request on, one accepts it, one releases the token that
// the requestor trades in (GetDelegatedAccessToken of the Security Token Service).
//
// Source: IAM User Guide, access_policies-temporary-delegation and
// temporary-delegation-building-integration; the IAM API reference.

const (
	unassignedLife = 24 * time.Hour     // of a request that nobody has taken on
	delegationLife = 7 * 24 * time.Hour // of one in any other state, from when it came into it
	keepExpired    = 7 * 24 * time.Hour // how long an expired one can still be looked at
	pruneAtMost    = 10                 // expired ones that a new one sweeps out

	rootDelegates = 14400 // seconds that a root user may delegate for
)

func (s *service) createDelegationRequest(_ context.Context, c *authz.Call, in *iamapi.CreateDelegationRequestRequest) (*iamapi.CreateDelegationRequestResponse, error) {
	template := or(in.Permissions.PolicyTemplateArn, "")
	d := &directory.Delegation{
		ID: newDelegationID(), Requestor: c.Account(), Workflow: *in.RequestorWorkflowId, Owner: or(in.OwnerAccountId, ""),
		State: directory.Unassigned, Description: *in.Description, Message: or(in.RequestMessage, ""),
		Channel: *in.NotificationChannel, Redirect: or(in.RedirectUrl, ""), OnlyOwner: or(in.OnlySendByOwner, false),
		Template: template, Seconds: *in.SessionDuration, Created: now(c), Updated: now(c), Expires: now(c).Add(unassignedLife),
	}
	keys := []authz.Key{
		{Name: "iam:delegationduration", Values: []string{strconv.Itoa(d.Seconds)}},
		{Name: "iam:notificationchannel", Values: []string{d.Channel}},
	}
	if template != "" {
		keys = append(keys, authz.Key{Name: "iam:templatearn", Values: []string{template}})
	}
	r := authz.Resource{ARN: "arn:" + c.View().Partition() + ":iam::" + c.Account() + ":delegation-request/" + d.ID, Shown: "delegation-request *", Keys: keys}
	if err := c.Authorize(r); err != nil {
		return nil, err
	}
	text, ok := templateText(c, template)
	if !ok {
		return nil, iamapi.InvalidInput.Errorf("The policy template %.256s cannot be found.", template)
	}
	var err error
	if d.Parameters, err = delegationParameters(in.Permissions.Parameters); err != nil {
		return nil, err
	}
	if d.Policy, err = filled(text, d.Parameters); err != nil {
		return nil, err
	}
	if c.Tx.WorkflowTaken(d.Requestor, d.Workflow) {
		return nil, iamapi.EntityAlreadyExists.Errorf("A delegation request with the requestor workflow ID %s already exists.", d.Workflow)
	}
	if err := roomForDelegation(c); err != nil {
		return nil, err
	}
	c.Tx.PutDelegation(nil, d)
	return &iamapi.CreateDelegationRequestResponse{DelegationRequestId: new(d.ID)}, nil
}

// roomForDelegation sweeps out what has expired long ago, and counts the rest.
func roomForDelegation(c *authz.Call) error {
	n, swept := 0, 0
	for d := range c.View().RequestedDelegations(c.Account()) {
		if swept < pruneAtMost && now(c).After(d.Expires.Add(keepExpired)) {
			swept++
			if d = c.Tx.Delegation(d.ID); d != nil {
				c.Tx.DeleteDelegation(d)
			}
			continue
		}
		n++
	}
	return another(c, delegationsPerAccount, n)
}

// newDelegationID draws a random UUID.
func newDelegationID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// delegation loads a request for a caller who may do the call's action to it. One
// that is not the caller's to see is asked about like one that does not exist.
// byOwner says that who took it on needs no permission, unless one denies.
func delegation(c *authz.Call, id string, byOwner bool) (*directory.Delegation, error) {
	d := c.Tx.Delegation(id)
	if d != nil && d.Owner != "" && d.Owner != c.Account() && !(d.Requestor == c.Account() && c.Action == "GetDelegationRequest") {
		d = nil
	}
	r := authz.Resource{ARN: "arn:" + c.View().Partition() + ":iam::" + c.Account() + ":delegation-request/" + id, Shown: "delegation-request " + id}
	if d != nil && d.OwnerARN != "" {
		r.Keys = []authz.Key{{Name: "iam:delegationrequestowner", Values: []string{d.OwnerARN}}}
	}
	own := byOwner && d != nil && d.OwnerID == c.Principal.ID && d.Owner == c.Account() && !c.Principal.HasSessionPolicy
	if !own || c.Denied("iam:"+c.Action, r) {
		if err := c.Authorize(r); err != nil {
			return nil, err
		}
	}
	if d == nil {
		return nil, iamapi.NoSuchEntity.Errorf("The delegation request cannot be found.")
	}
	c.NoteResource(d.ARN(c.Account()), c.Account(), "AWS::IAM::DelegationRequest")
	return d, nil
}

// move puts a request into another state, from one of those it may come from.
func move(c *authz.Call, d *directory.Delegation, to string, from ...string) (*directory.Delegation, error) {
	state := d.StateAt(c.Time)
	for _, f := range from {
		if state == f && (f == directory.Unassigned || d.Owner == c.Account()) {
			n := d.Clone()
			n.State, n.Updated, n.Expires = to, now(c), now(c).Add(delegationLife)
			c.Tx.PutDelegation(d, n)
			return n, nil
		}
	}
	return nil, iamapi.InvalidInput.Errorf("The delegation request is in the state %s, which does not allow this operation.", state)
}

// associateDelegationRequest makes the caller the owner of a request.
func (s *service) associateDelegationRequest(_ context.Context, c *authz.Call, in *iamapi.AssociateDelegationRequestRequest) (*iamapi.AssociateDelegationRequestResponse, error) {
	d, err := delegation(c, *in.DelegationRequestId, false)
	if err != nil {
		return nil, err
	}
	n, err := move(c, d, directory.Assigned, directory.Unassigned)
	if err != nil {
		return nil, err
	}
	n.Owner, n.OwnerARN, n.OwnerID = c.Account(), c.Principal.ARN, c.Principal.ID
	return new(iamapi.AssociateDelegationRequestResponse), nil
}

// updateDelegationRequest hands a request to somebody who may accept it.
func (s *service) updateDelegationRequest(_ context.Context, c *authz.Call, in *iamapi.UpdateDelegationRequestRequest) (*iamapi.UpdateDelegationRequestResponse, error) {
	d, err := delegation(c, *in.DelegationRequestId, true)
	if err != nil {
		return nil, err
	}
	n, err := move(c, d, directory.PendingApproval, directory.Assigned, directory.PendingApproval)
	if err != nil {
		return nil, err
	}
	n.Notes = or(in.Notes, n.Notes)
	return new(iamapi.UpdateDelegationRequestResponse), nil
}

// acceptDelegationRequest records who accepts: the credentials that the requestor
// gets are this identity's, limited by the policy of the request. A session that is
// itself limited by a session policy cannot accept, since both could not hold.
func (s *service) acceptDelegationRequest(_ context.Context, c *authz.Call, in *iamapi.AcceptDelegationRequestRequest) (*iamapi.AcceptDelegationRequestResponse, error) {
	d, err := delegation(c, *in.DelegationRequestId, false)
	if err != nil {
		return nil, err
	}
	p := c.Principal
	switch {
	case p.HasSessionPolicy || p.AssumedRoot:
		return nil, query.AccessDenied.Errorf("A session with session policies cannot accept a delegation request.")
	case p.Kind == directory.Root && d.Seconds > rootDelegates:
		return nil, iamapi.InvalidInput.Errorf("A root user can accept delegation requests of at most %d seconds.", rootDelegates)
	}
	n, err := move(c, d, directory.Accepted, directory.Assigned, directory.PendingApproval)
	if err != nil {
		return nil, err
	}
	n.Approver = approver(p, now(c))
	return new(iamapi.AcceptDelegationRequestResponse), nil
}

func approver(p *directory.Principal, at time.Time) *directory.DelegationApprover {
	a := &directory.DelegationApprover{ARN: p.ARN, ID: p.ID, At: at}
	if p.Role != nil {
		a.ID, a.Name = p.Role.ID, p.SessionName
		a.Tags, a.Transitive, a.SourceIdentity, a.Provider, a.Keys = p.Tags, p.Transitive, p.SourceIdentity, p.Provider, p.Keys
	}
	return a
}

func (s *service) rejectDelegationRequest(_ context.Context, c *authz.Call, in *iamapi.RejectDelegationRequestRequest) (*iamapi.RejectDelegationRequestResponse, error) {
	d, err := delegation(c, *in.DelegationRequestId, false)
	if err != nil {
		return nil, err
	}
	n, err := move(c, d, directory.Rejected, directory.Assigned, directory.PendingApproval, directory.Accepted)
	if err != nil {
		return nil, err
	}
	n.Reason = or(in.Notes, "")
	return new(iamapi.RejectDelegationRequestResponse), nil
}

// sendDelegationToken releases the token. AWS publishes it on the requestor's
// topic; here it waits for the operator's hand (deputyd admin delegation token).
func (s *service) sendDelegationToken(_ context.Context, c *authz.Call, in *iamapi.SendDelegationTokenRequest) (*iamapi.SendDelegationTokenResponse, error) {
	d, err := delegation(c, *in.DelegationRequestId, false)
	if err != nil {
		return nil, err
	}
	if d.OnlyOwner && d.OwnerID != c.Principal.ID {
		return nil, query.AccessDenied.Errorf("Only the owner of the delegation request can send its token.")
	}
	n, err := move(c, d, directory.Finalized, directory.Accepted)
	if err != nil {
		return nil, err
	}
	var secret [32]byte
	rand.Read(secret[:])
	n.Token, n.Released = n.ID+"."+base64.RawURLEncoding.EncodeToString(secret[:]), now(c)
	return new(iamapi.SendDelegationTokenResponse), nil
}

func (s *service) getDelegationRequest(_ context.Context, c *authz.Call, in *iamapi.GetDelegationRequestRequest) (*iamapi.GetDelegationRequestResponse, error) {
	d, err := delegation(c, *in.DelegationRequestId, true)
	if err != nil {
		return nil, err
	}
	return &iamapi.GetDelegationRequestResponse{DelegationRequest: new(showDelegation(c, d))}, nil
}

func (s *service) listDelegationRequests(_ context.Context, c *authz.Call, in *iamapi.ListDelegationRequestsRequest) (*iamapi.ListDelegationRequestsResponse, error) {
	r := authz.Resource{ARN: "*"}
	if in.OwnerId != nil {
		r.Keys = []authz.Key{{Name: "iam:delegationrequestowner", Values: []string{*in.OwnerId}}}
	}
	if err := c.Authorize(r); err != nil {
		return nil, err
	}
	p, err := s.pager(c, in.Marker, in.MaxItems, or(in.OwnerId, ""))
	if err != nil {
		return nil, err
	}
	owned := func(yield func(*directory.Delegation) bool) {
		for d := range c.View().OwnedDelegations(c.Account(), p.after) {
			if d.OwnerARN != "" && (in.OwnerId == nil || d.OwnerARN == *in.OwnerId) && !yield(d) {
				return
			}
		}
	}
	found, more, marker := page(p, owned, func(d *directory.Delegation) string { return d.ID })
	row := func(d *directory.Delegation) iamapi.DelegationRequest { return showDelegation(c, d) }
	return &iamapi.ListDelegationRequestsResponse{DelegationRequests: each(found, row), IsTruncated: more, Marker: marker}, nil
}

// showDelegation is a request as the API has it; the token is not in it.
func showDelegation(c *authz.Call, d *directory.Delegation) iamapi.DelegationRequest {
	r := iamapi.DelegationRequest{
		DelegationRequestId: new(d.ID), State: new(d.StateAt(c.Time)), RequestorId: new(d.Requestor),
		OwnerAccountId: given(d.Owner), OwnerId: given(d.OwnerARN), Description: given(d.Description), RequestMessage: given(d.Message),
		RedirectUrl: given(d.Redirect), OnlySendByOwner: new(d.OnlyOwner), PermissionPolicy: new(d.Policy), SessionDuration: new(d.Seconds),
		Notes: given(d.Notes), RejectionReason: given(d.Reason),
		CreateDate: new(d.Created), UpdatedTime: new(d.Updated), ExpirationTime: new(d.Expires),
		Permissions: &iamapi.DelegationPermission{PolicyTemplateArn: new(d.Template)},
	}
	if a := c.View().Account(d.Requestor); a != nil && len(a.Name) <= 30 {
		r.RequestorName = given(a.Name)
	}
	if d.Approver != nil {
		r.ApproverId = new(d.Approver.ARN)
	}
	for _, p := range d.Parameters {
		r.Permissions.Parameters = append(r.Permissions.Parameters, iamapi.PolicyParameter{Name: new(p.Name), Type: new(p.Type), Values: p.Values})
	}
	return r
}
