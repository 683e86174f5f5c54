// Command facts rebuilds a facts file, the form of internal/gen/model/*.json, from
// the model that AWS publishes with botocore: service-2.json (also .gz), and
// paginators-1.json and waiters-2.json if they lie beside it. It prints to stdout:
//
//	go run ./internal/gen/facts …/botocore/data/iam/2010-05-08/service-2.json.gz
//
// It takes names, types, limits, errors and pagination, and no documentation
// text. It owns the form of the facts, which is made for readable diffs: sorted,
// one member on a line. What is generated from them is the matter of ./internal/gen.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: facts MODEL")
		os.Exit(2)
	}
	text, err := facts(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "facts:", err)
		os.Exit(1)
	}
	os.Stdout.Write(text)
}

// facts gives the facts file of the model at path.
func facts(path string) ([]byte, error) {
	s, err := read(path)
	if err != nil {
		return nil, err
	}
	if p := s.Metadata.Protocol; p != "query" {
		return nil, fmt.Errorf("%s: protocol %q, not query", path, p)
	}
	w := writer{s: s}
	w.file()
	return w.out.Bytes(), w.err
}
