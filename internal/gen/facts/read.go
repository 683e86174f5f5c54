package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// service is botocore's form of a model, as far as the facts need it.
type service struct {
	Metadata   metadata
	Operations map[string]operation
	Shapes     map[string]*shape

	source  string
	pages   map[string]page
	waiters map[string]waiter
}

type metadata struct {
	APIVersion, EndpointPrefix, GlobalEndpoint, Protocol, XMLNamespace, SigningName, SignatureVersion string
	Auth                                                                                              []string
}

type operation struct {
	Input, Output          *ref
	Errors                 []ref
	AuthType               string
	Auth                   []string
	Idempotent, Deprecated bool
}

// ref names a shape, and says what holds of this use of it.
type ref struct {
	Shape            string
	ResultWrapper    string
	LocationName     string
	Sensitive        bool
	Flattened        bool
	IdempotencyToken bool
	XMLAttribute     bool
	TimestampFormat  string
}

type shape struct {
	Type       string
	Members    map[string]ref
	Required   []string
	Member     *ref // a list's
	Key, Value *ref // a map's
	Min, Max   *json.Number
	Pattern    string
	Enum       []string
	Sensitive  bool
	Flattened  bool
	Exception  bool
	Error      *struct {
		Code           string
		HTTPStatusCode int
	}
}

// page is a row of paginators-1.json; keys and tokens are a string or a list.
type page struct {
	InputToken  names  `json:"input_token"`
	OutputToken names  `json:"output_token"`
	LimitKey    string `json:"limit_key"`
	MoreResults string `json:"more_results"`
	ResultKey   names  `json:"result_key"`
}

type names []string

func (n *names) UnmarshalJSON(text []byte) error {
	if bytes.HasPrefix(text, []byte("[")) {
		return json.Unmarshal(text, (*[]string)(n))
	}
	*n = make(names, 1)
	return json.Unmarshal(text, &(*n)[0])
}

type waiter struct {
	Operation   string
	Delay       int
	MaxAttempts int
	Acceptors   []struct {
		Expected                 json.RawMessage
		Matcher, State, Argument string
	}
}

func read(path string) (*service, error) {
	s := new(service)
	if err := readJSON(path, s); err != nil {
		return nil, err
	}
	dir := filepath.Dir(path)
	var pages struct{ Pagination map[string]page }
	var waiters struct{ Waiters map[string]waiter }
	for name, into := range map[string]any{"paginators-1.json": &pages, "waiters-2.json": &waiters} {
		err := readJSON(filepath.Join(dir, name), into)
		if errors.Is(err, fs.ErrNotExist) {
			err = readJSON(filepath.Join(dir, name+".gz"), into)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	s.pages, s.waiters = pages.Pagination, waiters.Waiters
	s.source = source(path)
	return s, nil
}

func readJSON(path string, into any) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	if err := json.NewDecoder(r).Decode(into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

var versionLine = regexp.MustCompile(`(?m)^__version__ = ['"]([^'"]+)['"]`)

// source is the model's origin: botocore and its version when the model lies in
// botocore's data/SERVICE/VERSION, else the file's name.
func source(path string) string {
	text, err := os.ReadFile(filepath.Join(filepath.Dir(path), "../../../__init__.py"))
	if m := versionLine.FindSubmatch(text); err == nil && m != nil {
		return "botocore " + string(m[1])
	}
	return filepath.Base(path)
}
