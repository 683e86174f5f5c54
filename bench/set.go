package bench

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// setNames are the directories below setRoot, from cheap to dear.
var setNames = []string{"small", "typical", "large"}

const (
	setRoot = "../policy/testdata/sets"
	account = "111122223333"
)

// Document is a policy as all the sets write it: lists everywhere, and no
// Principal, NotAction or NotResource.
type Document struct {
	Statement []Statement
	text      string
}

// Statement of a Document.
type Statement struct {
	Effect           string
	Action, Resource []string
	Condition        map[string]map[string][]string
}

// Request is a question and whether it must be allowed.
type Request struct {
	Name, User, Action, Bucket, Key string
	Context                         map[string]string
	Allow                           bool
}

// ARN is the resource asked for.
func (r *Request) ARN() string {
	arn := "arn:aws:s3:::" + r.Bucket
	if r.Key != "" {
		arn += "/" + r.Key
	}
	return arn
}

// Set is one directory.
type Set struct {
	Name      string
	Documents []Document
	Requests  []Request
}

// readSet reads a directory of policies with its requests.json.
func readSet(name string) (Set, error) {
	s := Set{Name: name}
	files, err := filepath.Glob(filepath.Join(setRoot, name, "*.json"))
	if err != nil {
		return s, err
	}
	slices.Sort(files)
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return s, err
		}
		if filepath.Base(f) == "requests.json" {
			if err := json.Unmarshal(text, &s.Requests); err != nil {
				return s, fmt.Errorf("%s: %w", f, err)
			}
			continue
		}
		d := Document{text: string(text)}
		if err := json.Unmarshal(text, &d); err != nil {
			return s, fmt.Errorf("%s: %w", f, err)
		}
		s.Documents = append(s.Documents, d)
	}
	if len(s.Documents) == 0 || len(s.Requests) == 0 {
		return s, fmt.Errorf("%s holds no set", name)
	}
	return s, nil
}

// knownActions is every action that a request of the sets asks for or could.
// Engines without wildcards in actions are given the names that a pattern covers.
var knownActions = []string{"s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectTagging", "s3:DeleteObjectVersion",
	"s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectVersion", "s3:ListBucket", "s3:PutObject", "s3:PutObjectTagging"}
