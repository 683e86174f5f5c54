package saml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mattermost/xml-roundtrip-validator"
)

// bounds of a document.
type bounds struct {
	bytes, depth, elements int
	attributes             int  // of one element, namespaces included
	prefixes               int  // different ones in the document
	comments               bool // allowed, though not within a text
}

// shape is what a scan found out about a document.
type shape struct {
	root  xml.Name
	names map[xml.Name]int // elements by namespace and name
	local map[string]int   // elements by name, whatever their namespace
}

// maxForms is how many start tags a document may have that differ in their names;
// those of real ones have some 30.
const maxForms = 256

const (
	xmlNamespace   = "http://www.w3.org/XML/1998/namespace"
	xmlnsNamespace = "http://www.w3.org/2000/xmlns/"
)

// scan refuses a document that two parsers might read differently, or that would
// cost much to read: no document type, entities, processing instructions or CDATA;
// one root and nothing around it; names of ASCII letters; every prefix declared,
// and meaning the same wherever it stands; no attribute twice; no identifier
// twice, whatever its attribute is called. What it lets through survives
// encoding/xml unchanged.
func scan(doc []byte, b bounds) (*shape, error) {
	switch {
	case len(doc) > b.bytes:
		return nil, errors.New("the document is too large")
	case !utf8.Valid(doc):
		return nil, errors.New("the document is not UTF-8")
	case bytes.HasPrefix(doc, []byte("\ufeff")):
		return nil, errors.New("the document begins with a byte order mark")
	case bytes.Contains(doc, []byte("<![")):
		return nil, errors.New("the document has a CDATA section")
	case !b.comments && bytes.Contains(doc, []byte("<!")):
		return nil, errors.New("the document has a comment or a document type")
	}
	s := scanner{bounds: b, shape: &shape{names: map[xml.Name]int{}, local: map[string]int{}},
		meaning: map[string]string{"xml": xmlNamespace}, inScope: map[string]int{"xml": 1}, ids: map[string]bool{}, tags: map[string]bool{}}
	d := xml.NewDecoder(bytes.NewReader(doc))
	d.CharsetReader = func(string, io.Reader) (io.Reader, error) {
		return nil, errors.New("the document is not UTF-8")
	}
	for {
		at := d.InputOffset()
		token, err := d.RawToken()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, errors.New("the document is not well-formed XML")
		}
		if err := s.token(token, at); err != nil {
			return nil, err
		}
	}
	if len(s.open) > 0 || s.root.Local == "" {
		return nil, errors.New("the document ends early")
	}
	return s.shape, nil
}

// scanner is a scan under way.
type scanner struct {
	bounds
	*shape
	open     []frame
	total    int
	meaning  map[string]string // of prefixes, in the whole document
	inScope  map[string]int    // prefixes, by how many open elements declare them
	ids      map[string]bool
	tags     map[string]bool // forms of start tags that were checked
	finished bool
}

// frame is an open element.
type frame struct {
	prefix, local string
	space         string // default namespace
	declares      []string
	text, comment bool
}

func (s *scanner) token(token xml.Token, at int64) error {
	switch t := token.(type) {
	case xml.StartElement:
		return s.start(t)
	case xml.EndElement:
		return s.end(t)
	case xml.CharData:
		return s.chars(t)
	case xml.Comment:
		if !s.comments {
			return errors.New("the document has a comment")
		}
		if n := len(s.open); n > 0 {
			s.open[n-1].comment = true
			return s.open[n-1].whole()
		}
		return nil
	case xml.ProcInst:
		if at != 0 || t.Target != "xml" {
			return errors.New("the document has a processing instruction")
		}
		return nil
	}
	return errors.New("the document has a document type")
}

func (s *scanner) start(t xml.StartElement) error {
	if s.total++; s.finished || s.total > s.elements {
		return errors.New("the document has too many elements")
	}
	if len(s.open) >= s.depth || len(t.Attr) > s.attributes {
		return errors.New("the document is nested too deep, or has an element with too many attributes")
	}
	f := frame{prefix: t.Name.Space, local: t.Name.Local}
	if n := len(s.open); n > 0 {
		f.space = s.open[n-1].space
	}
	for _, a := range t.Attr {
		if err := s.declare(&f, a); err != nil {
			return err
		}
	}
	if err := s.attributesOf(&f, t.Attr); err != nil {
		return err
	}
	name, err := s.resolve(&f, t.Name, f.space)
	if err != nil {
		return err
	}
	if len(s.open) == 0 {
		s.root = name
	}
	if err := s.roundTrip(t); err != nil {
		return err
	}
	s.names[name]++
	s.local[name.Local]++
	s.open = append(s.open, f)
	return nil
}

// roundTrip refuses a start tag that encoding/xml would write differently from how
// it was read (CVE-2020-29509, -29511). What happens depends on the names in it, so
// that each form is tried once; of the other tokens, names and the five entities
// are all that is left by the rules above.
func (s *scanner) roundTrip(t xml.StartElement) error {
	form := t.Name.Space + ":" + t.Name.Local
	for _, a := range t.Attr {
		form += " " + a.Name.Space + ":" + a.Name.Local
	}
	if s.tags[form] {
		return nil
	}
	s.tags[form] = true
	if len(s.tags) > maxForms {
		return errors.New("the document has too many kinds of elements")
	}
	if err := validator.CheckToken(t); err != nil {
		return errors.New("the document changes when it is written again")
	}
	return nil
}

// declare takes a namespace declaration.
func (s *scanner) declare(f *frame, a xml.Attr) error {
	switch {
	case a.Name.Space == "" && a.Name.Local == "xmlns":
		if a.Value == xmlNamespace || a.Value == xmlnsNamespace || a.Value != "" && !absolute(a.Value) {
			return errNamespace
		}
		f.space = a.Value
	case a.Name.Space == "xmlns":
		prefix := a.Name.Local
		if !isName(prefix) || !absolute(a.Value) || a.Value == xmlnsNamespace || (prefix == "xml") != (a.Value == xmlNamespace) || prefix == "xmlns" {
			return errNamespace
		}
		if was, known := s.meaning[prefix]; known && was != a.Value {
			return errors.New("the document gives a prefix two meanings")
		}
		s.meaning[prefix] = a.Value
		if len(s.meaning) > s.prefixes {
			return errors.New("the document has too many prefixes")
		}
		s.inScope[prefix]++
		f.declares = append(f.declares, prefix)
	}
	return nil
}

var errNamespace = errors.New("the document declares a namespace that is not one")

// absolute tells a namespace that is an absolute URI: relative ones have no meaning
// (W3C, "Namespaces in XML", deprecation of 2000), and canonical forms fail on them.
func absolute(uri string) bool {
	scheme, rest, ok := strings.Cut(uri, ":")
	return ok && isName(scheme) && rest != "" && !strings.ContainsAny(uri, " \t\r\n<>\"")
}

// attributesOf refuses attributes that stand twice, and identifiers that do.
func (s *scanner) attributesOf(f *frame, attrs []xml.Attr) error {
	var room [8]xml.Name
	seen := room[:0]
	for _, a := range attrs {
		name := a.Name
		if name.Space != "xmlns" && name.Local != "xmlns" {
			var err error
			if name, err = s.resolve(f, a.Name, ""); err != nil {
				return err
			}
		}
		if slices.Contains(seen, name) {
			return errors.New("the document has an attribute twice")
		}
		seen = append(seen, name)
		if strings.EqualFold(name.Local, "id") {
			if s.ids[a.Value] {
				return errors.New("the document has an identifier twice")
			}
			s.ids[a.Value] = true
		}
		if a.Name.Space == "xml" && a.Name.Local != "lang" && a.Name.Local != "space" {
			return errors.New("the document has an attribute of XML itself")
		}
	}
	return nil
}

// resolve gives the namespace of a name; unprefixed ones are in the given one.
func (s *scanner) resolve(f *frame, n xml.Name, unprefixed string) (xml.Name, error) {
	if !isName(n.Local) || n.Space == "xmlns" {
		return n, errors.New("the document has a name with unusual characters")
	}
	if n.Space == "" {
		return xml.Name{Space: unprefixed, Local: n.Local}, nil
	}
	if s.inScope[n.Space] == 0 {
		return n, errors.New("the document uses a prefix that is not declared")
	}
	return xml.Name{Space: s.meaning[n.Space], Local: n.Local}, nil
}

func (s *scanner) end(t xml.EndElement) error {
	n := len(s.open) - 1
	if n < 0 || s.open[n].prefix != t.Name.Space || s.open[n].local != t.Name.Local {
		return errors.New("the document closes an element that is not open")
	}
	for _, prefix := range s.open[n].declares {
		s.inScope[prefix]--
	}
	s.open = s.open[:n]
	s.finished = n == 0
	return nil
}

func (s *scanner) chars(t xml.CharData) error {
	if len(bytes.Trim(t, " \t\r\n")) == 0 {
		return nil
	}
	n := len(s.open)
	if n == 0 {
		return errors.New("the document has text around its root")
	}
	s.open[n-1].text = true
	return s.open[n-1].whole()
}

// whole refuses a comment beside a text: parsers disagree whether it ends there.
func (f *frame) whole() error {
	if f.text && f.comment {
		return errors.New("the document has a comment within a text")
	}
	return nil
}

// isName tells names as SAML has them; XML's may hold all of Unicode.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		if !letter && (i == 0 || !('0' <= c && c <= '9' || c == '-' || c == '.' || c == '+')) {
			return false
		}
	}
	return s != ""
}
