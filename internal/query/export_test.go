package query

import "reflect"

// Compile makes a plan anew, past the memory of plans.
func Compile(v any) {
	if _, err := compile(reflect.TypeOf(v).Elem(), nil); err != nil {
		panic(err)
	}
}
