package cli

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// Settings fills the flags of a command that were not given on the command
// line: from the environment, then from the config file; else they keep their
// defaults. One setting has one name in three spellings:
//
//	flag         --audit-on-failure       (or --audit.on_failure)
//	environment  DEPUTYD_AUDIT_ON_FAILURE (a list is separated by commas)
//	file         audit: {on_failure: …}   (or audit-on-failure, or audit.on_failure)
//
// Names are equal when they are equal in lower case with "." and "_" read as "-".
type Settings struct {
	Prefix string // of environment variables: "DEPUTYD"
	Getenv func(string) string
	// FileFlag is the name of the flag that names the config file, "config".
	// "" means that there is none.
	FileFlag string
	// Others are names of settings that other commands have: they may stand in
	// a file that several commands read.
	Others []string
}

// originKey marks a flag with where its value came from.
const originKey = "origin"

// notSettings are flags that make no sense in the environment or in a file.
var notSettings = []string{"help", "version"}

// Apply fills the flags. Its errors name the setting as the user wrote it,
// where, and what would be right.
func (s Settings) Apply(flags *pflag.FlagSet) error {
	byName := map[string]*pflag.Flag{}
	flags.VisitAll(func(f *pflag.Flag) {
		if !slices.Contains(notSettings, f.Name) {
			byName[settingName(f.Name)] = f
		}
	})
	if err := s.fromEnv(flags, byName); err != nil {
		return err
	}
	file := byName[settingName(s.FileFlag)]
	if file == nil || file.Value.String() == "" {
		return nil
	}
	path := file.Value.String()
	data, err := os.ReadFile(path)
	if err != nil {
		return Hint(fmt.Errorf("cannot read the config file: %w", err), "give a readable file to %s", Origin(file))
	}
	delete(byName, settingName(s.FileFlag))
	return s.fromFile(flags, byName, path, data)
}

// EnvName returns the environment variable of a flag.
func (s Settings) EnvName(flag string) string {
	return s.Prefix + "_" + strings.ToUpper(strings.ReplaceAll(settingName(flag), "-", "_"))
}

func (s Settings) fromEnv(flags *pflag.FlagSet, byName map[string]*pflag.Flag) error {
	var errs []error
	flags.VisitAll(func(f *pflag.Flag) {
		name := s.EnvName(f.Name)
		value := s.Getenv(name)
		if value == "" || f.Changed || byName[settingName(f.Name)] == nil {
			return
		}
		if err := set(flags, f, []string{value}, false, name); err != nil {
			errs = append(errs, err)
		}
	})
	return errors.Join(errs...)
}

func (s Settings) fromFile(flags *pflag.FlagSet, byName map[string]*pflag.Flag, path string, data []byte) error {
	entries, err := readConfig(path, data)
	if err != nil {
		return err
	}
	var errs []error
	seen := map[string]string{}
	for _, e := range entries {
		name := settingName(e.key)
		if first, twice := seen[name]; twice {
			errs = append(errs, Hint(fmt.Errorf("%s: %s and %s are the same setting", e.at, first, e.key), "remove one of them"))
			continue
		}
		seen[name] = e.key
		f := byName[name]
		switch {
		case f != nil && f.Changed:
		case f != nil:
			if err := set(flags, f, e.values, e.list, e.at+": "+e.key); err != nil {
				errs = append(errs, err)
			}
		case !slices.ContainsFunc(s.Others, func(o string) bool { return settingName(o) == name }):
			errs = append(errs, unknown(e, byName))
		}
	}
	return errors.Join(errs...)
}

func unknown(e entry, byName map[string]*pflag.Flag) error {
	err := fmt.Errorf("%s: unknown key %s", e.at, e.key)
	best, distance := "", 3
	for name := range byName {
		if d := editDistance(settingName(e.key), name); d < distance || d == distance && name < best {
			best, distance = name, d
		}
	}
	if best == "" {
		return Hint(err, "remove it, or see --help for the names")
	}
	return Hint(err, "did you mean %s?", best)
}

// set gives a flag its value. list tells a list from one text, which a list
// flag splits at commas.
func set(flags *pflag.FlagSet, f *pflag.Flag, values []string, list bool, origin string) error {
	slice, takesList := f.Value.(pflag.SliceValue)
	var err error
	switch {
	case list && takesList:
		if err = slice.Replace(values); err == nil {
			f.Changed = true
		}
	case list:
		return Hint(fmt.Errorf("%s: a list, where one value is wanted", origin), "give one value (%s)", f.Usage)
	default:
		err = flags.Set(f.Name, values[0])
	}
	if err != nil {
		cause := err
		var invalid *pflag.InvalidValueError
		if errors.As(err, &invalid) {
			cause = invalid.Unwrap()
		}
		return Hint(fmt.Errorf("%s: %.100q: %w", origin, strings.Join(values, ","), cause), "it is the flag --%s: %s", f.Name, f.Usage)
	}
	if f.Annotations == nil {
		f.Annotations = map[string][]string{}
	}
	f.Annotations[originKey] = []string{origin}
	return nil
}

// Origin tells where a flag's value came from, to be named in an error:
// "--listen", "DEPUTYD_LISTEN", "deputyd.yaml:3: listen", or for a default
// again "--listen", with which it can be changed.
func Origin(f *pflag.Flag) string {
	if origin := f.Annotations[originKey]; len(origin) > 0 {
		return origin[0]
	}
	return "--" + f.Name
}

func settingName(s string) string {
	return strings.NewReplacer(".", "-", "_", "-").Replace(strings.ToLower(s))
}

// editDistance counts the characters to insert, remove or replace between two
// names (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
