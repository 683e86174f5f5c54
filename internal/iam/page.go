package iam

import (
	"encoding/base64"
	"encoding/binary"
	"iter"
	"slices"
	"strings"

	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/query"
)

// pager cuts one page out of an ordered list. Its marker is the key of the last
// item given out, sealed and bound to who lists what: the account, the user or
// role, the action and its filters. It is bound to the role, not to the session,
// because clients refresh their credentials between two pages.
type pager struct {
	limit int
	after string // key of the last item of the page before; "" is the first page
	seal  func(key string) string
}

// pager begins a page: 100 items where MaxItems is absent.
func (s *service) pager(c *authz.Call, marker *string, maxItems *int, filters ...string) (*pager, error) {
	id, _, _ := strings.Cut(c.Principal.ID, ":")
	aad := bind(append([]string{c.Account(), id, c.Action}, filters...))
	p := &pager{limit: or(maxItems, 100)}
	p.seal = func(key string) string {
		return base64.RawURLEncoding.EncodeToString(s.Seal("marker", aad, []byte(key)))
	}
	if marker == nil {
		return p, nil
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(*marker)
	if err == nil {
		sealed, err = s.Open("marker", aad, sealed)
	}
	if err != nil {
		return nil, query.ValidationError.Errorf("The specified value for marker is invalid.")
	}
	p.after = string(sealed)
	return p, nil
}

// bind joins parts so that no two lists of parts give the same bytes.
func bind(parts []string) []byte {
	var b []byte
	for _, p := range parts {
		b = binary.AppendUvarint(b, uint64(len(p)))
		b = append(b, p...)
	}
	return b
}

// page takes the items after the marker. They come in the order of their keys,
// which are not empty; whether earlier ones come too does not matter. The results
// are the page, IsTruncated, and the Marker of the next page if there is one.
func page[T any](p *pager, items iter.Seq[T], key func(T) string) ([]T, *bool, *string) {
	taken := []T{}
	for item := range items {
		if p.after != "" && key(item) <= p.after {
			continue
		}
		if len(taken) == p.limit {
			return taken, new(true), new(p.seal(key(taken[p.limit-1])))
		}
		taken = append(taken, item)
	}
	return taken, new(false), nil
}

// sorted orders items by their keys.
func sorted[T any](items []T, key func(T) string) iter.Seq[T] {
	return slices.Values(slices.SortedFunc(slices.Values(items), func(a, b T) int {
		return strings.Compare(key(a), key(b))
	}))
}

// each gives the rows of an answer.
func each[T, R any](items []T, row func(T) R) []R {
	rows := make([]R, len(items))
	for i, item := range items {
		rows[i] = row(item)
	}
	return rows
}
