package query_test

import (
	"math/rand/v2"
	"reflect"
	"time"

	"github.com/deputy-sts/deputy/internal/iamapi"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

var apis = []*query.API{&stsapi.API, &iamapi.API}

func newInput(action string) any {
	in, _ := types(action)
	return in
}

func types(action string) (in, out any) {
	for _, api := range apis {
		if in, out := api.New(action); in != nil {
			return in, out
		}
	}
	panic("no action " + action)
}

// fill gives every member of v a value; what it writes is legal on the wire, not by the limits.
func fill(r *rand.Rand, v reflect.Value) {
	switch v.Type() {
	case reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Unix(r.Int64N(4e9), 0).UTC()))
		return
	case reflect.TypeFor[[]byte]():
		b := make([]byte, 1+r.IntN(20))
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
	case reflect.Struct:
		for i := range v.NumField() {
			fill(r, v.Field(i))
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
		v.SetString(randomText(r))
	case reflect.Int:
		v.SetInt(r.Int64N(4_000_000_000) - 2_000_000_000)
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	}
}

func randomText(r *rand.Rand) string {
	alphabet := []rune("abcXYZ019 +&=%;<>\"'\\/\t\n\r.-_~é€漢😀\u0085\u2028")
	out := make([]rune, 1+r.IntN(15))
	for i := range out {
		out[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(out)
}
