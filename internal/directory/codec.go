package directory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// The form of records: JSON objects. A version of this program that knows more
// fields may share the store with this one, so what is unknown here is kept and
// written back.

// extra holds the members of an object that this version does not know.
type extra map[string]json.RawMessage

// meta is what every record carries beside its own fields.
type meta struct {
	rev       int64  // of the commit that wrote it; 0 until then
	sum       digest // of the key and the JSON
	partition string // of the deployment
	arn       string // of a user or role in a view; "" elsewhere
	extra     extra
}

func (m *meta) head() *meta { return m }

// record is anything with a key in the store.
type record interface {
	head() *meta
	key() string
}

func (a *Account) key() string      { return accountKey(a.ID) }
func (u *User) key() string         { return entityKey(u.Account, KindUser, u.Name) }
func (r *Role) key() string         { return entityKey(r.Account, KindRole, r.Name) }
func (g *Group) key() string        { return entityKey(g.Account, KindGroup, g.Name) }
func (p *Policy) key() string       { return entityKey(p.Account, KindPolicy, p.Name) }
func (k *AccessKey) key() string    { return accessKeyKey(k.ID) }
func (p *SAMLProvider) key() string { return samlKey(samlProviderID(p.Account, p.Name)) }
func (l *Lockout) key() string      { return lockKey(l.UserID) }
func (d *Device) key() string       { return deviceKey(d.ID()) }

// encodeRecord gives the JSON of a record.
func encodeRecord(r record) ([]byte, error) { return encode(r, r.head().extra) }

// decodeRecord reads the JSON of a record into r, a pointer to a zero struct.
func decodeRecord(b []byte, r record) (err error) {
	r.head().extra, err = decode(b, r)
	return err
}

func encode(v any, x extra) ([]byte, error) {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	b := bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
	for i, name := range slices.Sorted(maps.Keys(x)) {
		b = b[:len(b)-1]
		if i > 0 || len(b) > 1 {
			b = append(b, ',')
		}
		quoted, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		b = append(append(append(b, quoted...), ':'), x[name]...)
		b = append(b, '}')
	}
	return b, nil
}

// decode fills v and gives the members that v has no field for. It reads twice
// only when there are any.
func decode(b []byte, v any) (extra, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil {
		if d.InputOffset() != int64(len(b)) {
			return nil, fmt.Errorf("something follows the JSON")
		}
		return nil, nil
	}
	if !strings.Contains(err.Error(), "unknown field") {
		return nil, err
	}
	var x extra
	if err := json.Unmarshal(b, &x); err != nil {
		return nil, err
	}
	for name := range fieldNames(reflect.TypeOf(v).Elem()) {
		delete(x, name)
	}
	reflect.ValueOf(v).Elem().SetZero()
	return x, json.Unmarshal(b, v)
}

var fieldCache sync.Map // reflect.Type -> map[string]bool: derived from the program itself

func fieldNames(t reflect.Type) map[string]bool {
	if names, ok := fieldCache.Load(t); ok {
		return names.(map[string]bool)
	}
	names := map[string]bool{}
	for f := range t.Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			names[name] = true
		}
	}
	fieldCache.Store(t, names)
	return names
}

// The JSON of nested objects goes through the same two functions; the types
// below have the fields but not the methods.
type (
	plainInline  Inline
	plainVersion Version
)

// MarshalJSON writes unknown members back.
func (i *Inline) MarshalJSON() ([]byte, error) { return encode((*plainInline)(i), i.extra) }

// UnmarshalJSON keeps unknown members.
func (i *Inline) UnmarshalJSON(b []byte) (err error) {
	i.extra, err = decode(b, (*plainInline)(i))
	return err
}

// MarshalJSON writes unknown members back.
func (v *Version) MarshalJSON() ([]byte, error) { return encode((*plainVersion)(v), v.extra) }

// UnmarshalJSON keeps unknown members.
func (v *Version) UnmarshalJSON(b []byte) (err error) {
	v.extra, err = decode(b, (*plainVersion)(v))
	return err
}

// MarshalJSON writes ["key","value"]: half the size of an object.
func (t Tag) MarshalJSON() ([]byte, error) { return encode([2]string{t.Key, t.Value}, nil) }

// UnmarshalJSON reads what MarshalJSON writes.
func (t *Tag) UnmarshalJSON(b []byte) error {
	var pair [2]string
	err := json.Unmarshal(b, &pair)
	t.Key, t.Value = pair[0], pair[1]
	return err
}
