package cli

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// entry is a setting in a config file. Values are the texts as written: 010 is
// "010", not 8 or 10.
type entry struct {
	at     string // "deputyd.yaml:3"
	key    string // with the keys around it: "federation.oidc.allow"
	values []string
	list   bool
}

// readConfig reads nested YAML. Of YAML's ways to say things twice or
// elsewhere (anchors, aliases, tags, merges, several documents) none is taken:
// a config file is to be read by people.
func readConfig(path string, data []byte) ([]entry, error) {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: not YAML: %w", path, err)
	}
	c := configReader{path: path}
	for i, doc := range file.Docs {
		if i > 0 && doc.Body != nil {
			return nil, c.wrong(doc.Body, "a second document")
		}
		if doc.Body == nil {
			continue
		}
		if err := c.mapping("", doc.Body); err != nil {
			return nil, err
		}
	}
	return c.entries, nil
}

type configReader struct {
	path    string
	entries []entry
}

func (c *configReader) at(n ast.Node) string {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return fmt.Sprintf("%s:%d", c.path, t.Position.Line)
	}
	return c.path
}

func (c *configReader) wrong(n ast.Node, what string) error {
	return Hint(fmt.Errorf("%s: %s", c.at(n), what), "write plain `key: value` lines, nested by indentation, and lists as `- value`")
}

// mapping reads the settings under a key ("" at the top).
func (c *configReader) mapping(key string, n ast.Node) error {
	var pairs []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	case *ast.CommentGroupNode, *ast.NullNode:
		return nil
	default:
		return c.wrong(n, "not a mapping of keys to values")
	}
	for _, p := range pairs {
		name, ok := text(p.Key)
		if !ok || name == "" {
			return c.wrong(p, "not a plain key")
		}
		if key != "" {
			name = key + "." + name
		}
		if err := c.value(name, p.Key, p.Value); err != nil {
			return err
		}
	}
	return nil
}

func (c *configReader) value(key string, at, v ast.Node) error {
	switch v := v.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return c.mapping(key, v)
	case *ast.SequenceNode:
		e := entry{at: c.at(at), key: key, list: true, values: []string{}}
		for _, item := range v.Values {
			s, ok := text(item)
			if !ok {
				return c.wrong(item, key+" holds something that is not a plain value")
			}
			e.values = append(e.values, s)
		}
		c.entries = append(c.entries, e)
		return nil
	}
	s, ok := text(v)
	if !ok {
		return c.wrong(at, key+" has no plain value")
	}
	c.entries = append(c.entries, entry{at: c.at(at), key: key, values: []string{s}})
	return nil
}

// text returns a scalar as it is written, without quotes.
func text(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return strings.TrimSpace(n.GetToken().Value), true
	}
	return "", false
}
