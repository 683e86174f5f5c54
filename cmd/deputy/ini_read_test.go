package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The wanted values are those that the AWS CLI reads.
func TestReadINI(t *testing.T) {
	f, err := readINI("config", []byte(`# comment
[default]
region=us-east-1  ; x
  ; a comment, not more of it
OUTPUT : json
empty =

[profile "quoted name"] # ignored
a = b = c
more = one
  two

  three
s3 =
   max = 20
   b : not = here
   max = 30
[profile a]
last = x`))
	if err != nil {
		t.Fatal(err)
	}
	want := []section{
		{"region": "us-east-1  ; x", "output": "json", "empty": ""},
		{"a": "b = c", "more": "one\ntwo\n\nthree", "s3": "\nmax = 20\nb : not = here\nmax = 30"},
		{"last": "x"},
	}
	if d := cmp.Diff(want, f.sections); d != "" {
		t.Error(d)
	}
	s := f.find(inConfig("quoted name"))
	if v, ok := s.setting("S3", "max"); !ok || v != "30" {
		t.Errorf("s3.max is %q %v", v, ok)
	}
	if v, ok := s.setting("a", "b"); ok {
		t.Errorf("a.b is %q", v)
	}
	if f.find(inConfig("b")) != nil || f.find(inCredentials("profile a")) == nil {
		t.Error("a section is taken for another")
	}
}
