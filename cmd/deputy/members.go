package main

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/spf13/pflag"

	"github.com/deputy-sts/deputy/internal/stsapi"
)

// member is the flag of one member of an operation's input.
type member struct {
	name  string // the model's
	flag  string // without the dashes
	index int    // of the field
	typ   reflect.Type
	words []string // as given; nil: not
}

// separator joins the words of a list into one argument. No argument of a
// process can hold it.
const separator = "\x00"

// String returns nothing, since a flag that is not given has no value.
func (m *member) String() string { return "" }

// Set takes the value; given again, the last stands, as in the AWS CLI.
func (m *member) Set(text string) error {
	if m.isList() {
		m.words = strings.Split(text, separator)
	} else {
		m.words = []string{text}
	}
	return nil
}

// Type names the value in the help.
func (m *member) Type() string {
	switch {
	case m.isList() && m.typ.Elem().Kind() == reflect.Struct:
		return "structures"
	case m.isList():
		return "strings"
	}
	switch m.typ.Elem().Kind() {
	case reflect.Int:
		return "integer"
	case reflect.Struct:
		return "structure"
	}
	return "string"
}

func (m *member) isList() bool { return m.typ.Kind() == reflect.Slice }

// addMembers adds a flag for every member of an input.
func addMembers(flags *pflag.FlagSet, input reflect.Type) []*member {
	var members []*member
	for i := range input.NumField() {
		f := input.Field(i)
		m := &member{name: wireName(f), flag: kebab(f.Name), index: i, typ: f.Type}
		text := memberTexts[f.Name]
		if text == "" {
			text = f.Name
		}
		if limitsOf(f).required {
			text += " (required)"
		}
		flags.Var(m, m.flag, text)
		members = append(members, m)
	}
	return members
}

// kebab writes a name of the model as the AWS CLI does: AssumeRoleWithSAML is
// assume-role-with-saml.
func kebab(name string) string {
	var out []rune
	runes := []rune(name)
	for i, r := range runes {
		if i > 0 && unicode.IsUpper(r) {
			after := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if !unicode.IsUpper(runes[i-1]) || after {
				out = append(out, '-')
			}
		}
		out = append(out, unicode.ToLower(r))
	}
	return string(out)
}

// gatherLists makes `--flag a b` of a list into one argument, as the AWS CLI
// takes lists: all words up to the next flag.
func gatherLists(args []string) []string {
	i := slices.Index(args, "sts")
	if i < 0 {
		return args
	}
	lists, at := listFlags(args[i+1:])
	if len(lists) == 0 {
		return args
	}
	at += i + 1
	out := slices.Clone(args[:at])
	for at < len(args) {
		arg := args[at]
		at++
		name, isFlag := strings.CutPrefix(arg, "--")
		if !isFlag || !slices.Contains(lists, name) {
			out = append(out, arg)
			continue
		}
		end := at
		for end < len(args) && !strings.HasPrefix(args[end], "--") {
			end++
		}
		if end > at {
			arg += "=" + strings.Join(args[at:end], separator)
		}
		out = append(out, arg)
		at = end
	}
	return out
}

// listFlags returns the list flags of the first operation that is named, and
// the place after its name.
func listFlags(args []string) (lists []string, after int) {
	for i, arg := range args {
		for _, op := range stsapi.API.Ops {
			if kebab(op.Name) != arg {
				continue
			}
			in, _ := stsapi.New(op.Name)
			t := reflect.TypeOf(in).Elem()
			for f := range t.Fields() {
				if f.Type.Kind() == reflect.Slice {
					lists = append(lists, kebab(f.Name))
				}
			}
			return lists, i + 1
		}
	}
	return nil, 0
}

// limits are what the client checks before it asks: as the AWS CLI, it leaves
// upper bounds and patterns to the service.
type limits struct {
	required, sensitive bool
	min                 int
}

func limitsOf(f reflect.StructField) limits { return parseLimits(f.Tag.Get("valid")) }

func parseLimits(tag string) (l limits) {
	for tag != "" && !strings.HasPrefix(tag, "pattern=") {
		var one string
		one, tag, _ = strings.Cut(tag, ",")
		switch {
		case one == "required":
			l.required = true
		case one == "sensitive":
			l.sensitive = true
		case strings.HasPrefix(one, "min="):
			l.min, _ = strconv.Atoi(one[len("min="):])
		}
	}
	return l
}

func wireName(f reflect.StructField) string {
	if name := f.Tag.Get("wire"); name != "" {
		return name
	}
	return f.Name
}
