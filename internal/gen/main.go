// Command gen writes the wire types of the two services, iamapi and stsapi, from
// the model facts in model/: one struct for each input, output and structure,
// with the limits in its tags; the error codes; and the table of operations.
//
// It owns nothing at run time. What the types mean on the wire is query's
// matter, what an operation does is iam's and sts's. The facts themselves are
// rebuilt from AWS's published model by ./facts.
//
// Run it from the repository root: go run ./internal/gen
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	root := "."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	if err := run(root); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(root string) error {
	for _, service := range []string{"sts", "iam"} {
		m, err := load(filepath.Join(root, "internal/gen/model", service+".json"))
		if err != nil {
			return err
		}
		files, err := m.generate()
		if err != nil {
			return err
		}
		for name, text := range files {
			path := filepath.Join(root, "internal", service+"api", name)
			if err := os.WriteFile(path, text, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}
