package admin

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/deputy-sts/deputy/arn"
	"github.com/deputy-sts/deputy/internal/audit"
	"github.com/deputy-sts/deputy/internal/directory"
)

// AWS's bounds of a session of a role; chained ones have the first.
const (
	chainingHour = time.Hour
	longestRole  = 12 * time.Hour
)

// SetChaining implements Operations.
func (o *Operator) SetChaining(ctx context.Context, role string, most time.Duration) error {
	if most < 0 || most > longestRole || most%time.Second != 0 {
		return fmt.Errorf("a chained session lasts up to %v, in whole seconds; %v can't be", longestRole, most)
	}
	a, err := arn.Parse(role)
	if err != nil {
		return fmt.Errorf("%q is no ARN", role)
	}
	return o.change(ctx, "SetRoleChaining", a.Account, func(tx *directory.Tx, e *audit.Entry) error {
		found := tx.View().RoleByARN(role)
		if found == nil {
			return fmt.Errorf("there is no role %s", role)
		}
		old := tx.Role(a.Account, found.Name)
		now := old.Clone()
		if now.ChainingDuration = int(most / time.Second); most <= chainingHour {
			now.ChainingDuration = 0
		}
		tx.PutRole(old, now)
		e.RequestParameters = map[string]any{"roleArn": role, "maxDurationSeconds": now.ChainingDuration}
		return nil
	})
}

// usual is the region that AWS does not let an account switch off.
const usual = "us-east-1"

// SetRegion implements Operations.
func (o *Operator) SetRegion(ctx context.Context, account, region string, on bool) error {
	if region == "" || region == usual && !on {
		return fmt.Errorf("the service can't be switched off in the region %q", region)
	}
	return o.change(ctx, "SetSTSRegionStatus", account, func(tx *directory.Tx, e *audit.Entry) error {
		old := tx.Account(account)
		if old == nil {
			return fmt.Errorf("there is no account %s", account)
		}
		now := old.Clone()
		now.RegionsOff = slices.DeleteFunc(now.RegionsOff, func(r string) bool { return r == region })
		if !on {
			now.RegionsOff = append(now.RegionsOff, region)
		}
		if len(now.RegionsOff) > maxRegionsOff {
			return fmt.Errorf("the account has %d regions switched off already", len(old.RegionsOff))
		}
		tx.PutAccount(old, now)
		e.RequestParameters = map[string]any{"region": region, "active": on}
		return nil
	})
}

// maxRegionsOff bounds the record; AWS has fewer regions.
const maxRegionsOff = 128
