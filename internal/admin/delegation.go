package admin

import (
	"context"
	"fmt"

	"github.com/deputy-sts/deputy/internal/audit"
	"github.com/deputy-sts/deputy/internal/directory"
)

// DelegationToken implements Operations. Looking is recorded in the account that is
// asked, since who has the token can act for who accepted.
func (o *Operator) DelegationToken(ctx context.Context, id string) (token string, err error) {
	d := o.Directory.View().Delegation(id)
	if d == nil {
		return "", fmt.Errorf("there is no delegation request %s", id)
	}
	err = o.change(ctx, "ReadDelegationToken", d.Owner, func(tx *directory.Tx, e *audit.Entry) error {
		d := tx.Delegation(id)
		if d == nil || d.State != directory.Finalized || d.Token == "" {
			return fmt.Errorf("the token of the delegation request %s is not released (SendDelegationToken)", id)
		}
		e.RequestParameters = map[string]any{"delegationRequestId": id}
		token = d.Token
		return nil
	})
	return token, err
}

// DelegationToken implements Operations.
func (c Client) DelegationToken(ctx context.Context, id string) (string, error) {
	out, err := c.do(ctx, request{Do: "delegation-token", ID: id})
	return out.Token, err
}
