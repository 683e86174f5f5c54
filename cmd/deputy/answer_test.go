package main

import (
	"bytes"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/deputy-sts/deputy/internal/cli"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

// TestAnswers prints recorded answers of every operation as the AWS CLI printed them.
func TestAnswers(t *testing.T) {
	for _, op := range stsapi.API.Ops {
		a, err := txtar.ParseFile(filepath.Join("testdata/answers", op.Name+".txtar"))
		if err != nil {
			t.Fatal(err)
		}
		files := map[string]string{}
		for _, f := range a.Files {
			files[f.Name] = string(f.Data)
		}
		_, out := stsapi.New(op.Name)
		if _, err := query.DecodeXML(strings.NewReader(files["answer.xml"]), &op, out); err != nil {
			t.Fatal(op.Name, err)
		}
		for _, format := range []cli.Format{cli.JSON, cli.Text} {
			var got bytes.Buffer
			if err := format.Write(&got, answer(reflect.ValueOf(out).Elem())); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(files[string(format)], got.String()); d != "" {
				t.Errorf("%s %s (-aws +deputy):\n%s", op.Name, format, d)
			}
		}
	}
}

// TestMemberOrder holds the hand-written orders to members that exist.
func TestMemberOrder(t *testing.T) {
	types := map[string]reflect.Type{}
	var collect func(reflect.Type)
	collect = func(typ reflect.Type) {
		if typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || typ.Name() == "Time" {
			return
		}
		types[typ.Name()] = typ
		for f := range typ.Fields() {
			collect(f.Type)
		}
	}
	for _, op := range stsapi.API.Ops {
		_, out := stsapi.New(op.Name)
		collect(reflect.TypeOf(out))
	}
	for name, members := range memberOrder {
		for _, m := range members {
			if types[name] == nil {
				t.Errorf("no answer holds %s", name)
			} else if _, ok := types[name].FieldByName(m); !ok {
				t.Errorf("%s has no %s", name, m)
			}
		}
	}
}

func TestTexts(t *testing.T) {
	for _, op := range stsapi.API.Ops {
		if operationTexts[op.Name] == "" || strings.HasSuffix(example(op.Name), kebab(op.Name)+" ") {
			t.Errorf("%s has no text or no example", op.Name)
		}
		in, _ := stsapi.New(op.Name)
		for f := range reflect.TypeOf(in).Elem().Fields() {
			if memberTexts[f.Name] == "" {
				t.Errorf("%s.%s has no text", op.Name, f.Name)
			}
		}
	}
}
