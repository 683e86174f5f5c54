package sdktest

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// fill gives every exported member of v, a type of the SDK's or of ours, a value that differs from absent.
func fill(r *rand.Rand, v reflect.Value) {
	switch v.Type() {
	case reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Unix(r.Int64N(4e9), 0).UTC()))
		return
	case reflect.TypeFor[[]byte]():
		b := make([]byte, 1+r.IntN(40))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		v.SetBytes(b)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(r, v.Elem())
	case reflect.Interface:
		members := unions[v.Type()]
		if len(members) == 0 {
			panic(fmt.Sprintf("an unknown union %v", v.Type()))
		}
		v.Set(reflect.New(members[r.IntN(len(members))]))
		fill(r, v.Elem().Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && v.Type().Field(i).Name != "ResultMetadata" {
				fill(r, v.Field(i))
			}
		}
	case reflect.Slice:
		n := 1 + r.IntN(12)
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(r, v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 1 + r.IntN(4) {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(r, key)
			fill(r, value)
			v.SetMapIndex(key, value)
		}
	case reflect.String:
		v.SetString(text(r))
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(1 + r.Int64N(2_000_000_000))
	case reflect.Bool:
		v.SetBool(true)
	default:
		panic(fmt.Sprintf("a member of type %v", v.Type()))
	}
}

// unions are the SDK's interfaces that stand for a structure of which one member is set.
var unions = map[reflect.Type][]reflect.Type{
	reflect.TypeFor[types.PolicyIdentifier](): {
		reflect.TypeFor[types.PolicyIdentifierMemberInlinePolicyIdentifier](),
		reflect.TypeFor[types.PolicyIdentifierMemberPolicyArn](),
		reflect.TypeFor[types.PolicyIdentifierMemberPolicyType](),
	},
}

// union compares the one member that is set; ours must have no other.
func (d *differ) union(sdk, ours reflect.Value) {
	_, name, _ := strings.Cut(sdk.Type().Name(), "Member")
	for i := range ours.NumField() {
		switch f := ours.Field(i); {
		case ours.Type().Field(i).Name == name:
			d.under(name, sdk.FieldByName("Value"), f)
		case !f.IsNil():
			d.problem("%s is set beside %s", ours.Type().Field(i).Name, name)
		}
	}
}

func text(r *rand.Rand) string {
	alphabet := []rune("abcXYZ019 +&=%;<>\"'\\/\t\n\r.-_~é€漢😀\u0085\u2028")
	out := make([]rune, 1+r.IntN(15))
	for i := range out {
		out[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(out)
}

// differ compares a value of the SDK with ours, member by member. Names are
// compared without case, since the SDK raises the first letter.
type differ struct {
	at       string
	problems []string
	onlyOurs []string
}

func (d *differ) under(name string, sdk, ours reflect.Value) {
	at := d.at
	d.at += "." + name
	d.value(sdk, ours)
	d.at = at
}

func (d *differ) problem(format string, args ...any) {
	d.problems = append(d.problems, d.at+": "+fmt.Sprintf(format, args...))
}

func (d *differ) value(sdk, ours reflect.Value) {
	if sdk.Kind() == reflect.Interface {
		d.union(sdk.Elem().Elem(), ours)
		return
	}
	for _, v := range []*reflect.Value{&sdk, &ours} {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				d.problem("absent on one side")
				return
			}
			*v = v.Elem()
		}
	}
	if t, ok := sdk.Interface().(time.Time); ok {
		if o, ok := ours.Interface().(time.Time); !ok || !t.Equal(o) {
			d.problem("%v and %v", t, ours)
		}
		return
	}
	switch sdk.Kind() {
	case reflect.Struct:
		d.structure(sdk, ours)
	case reflect.Slice:
		if sdk.Len() != ours.Len() {
			d.problem("%d and %d members", sdk.Len(), ours.Len())
			return
		}
		for i := range sdk.Len() {
			d.under(fmt.Sprint(i), sdk.Index(i), ours.Index(i))
		}
	case reflect.Map:
		if sdk.Len() != ours.Len() {
			d.problem("%d and %d entries", sdk.Len(), ours.Len())
			return
		}
		for _, k := range sdk.MapKeys() {
			o := ours.MapIndex(k.Convert(ours.Type().Key()))
			if !o.IsValid() {
				d.problem("no entry %q", k)
				continue
			}
			d.under("entry", sdk.MapIndex(k), o)
		}
	case reflect.Int, reflect.Int32, reflect.Int64:
		if sdk.Int() != ours.Int() {
			d.problem("%d and %d", sdk.Int(), ours.Int())
		}
	default:
		if o := ours.Convert(sdk.Type()); sdk.Interface() != o.Interface() {
			d.problem("%#v and %#v", sdk, o)
		}
	}
}

func (d *differ) structure(sdk, ours reflect.Value) {
	known := map[string]bool{"resultmetadata": true}
	for i := range sdk.NumField() {
		name := sdk.Type().Field(i).Name
		if !sdk.Type().Field(i).IsExported() || name == "ResultMetadata" {
			continue
		}
		known[strings.ToLower(name)] = true
		o := ours.FieldByNameFunc(func(n string) bool { return strings.EqualFold(n, name) })
		if !o.IsValid() {
			d.problem("our model has no %s", name)
			continue
		}
		d.under(name, sdk.Field(i), o)
	}
	for i := range ours.NumField() {
		if name := ours.Type().Field(i).Name; !known[strings.ToLower(name)] {
			d.onlyOurs = append(d.onlyOurs, ours.Type().String()+"."+name)
		}
	}
}
