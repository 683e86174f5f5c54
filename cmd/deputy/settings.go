package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/deputy-sts/deputy/internal/cli"
)

// settings are what flags, environment and the AWS CLI's files say, by its
// precedence: flag, environment, profile.
type settings struct {
	env     *cli.Env
	g       *globals
	changed func(flag string) bool
	profile string // "default" when nothing names one
	byFlag  bool   // --profile names it: the keys of the environment do not count
	named   bool   // flag or environment name it: it must exist

	config, credentials *iniFile
}

// loadSettings reads the files. A profile that is named and nowhere described is an error.
func loadSettings(env *cli.Env, g *globals, changed func(string) bool) (*settings, error) {
	s := &settings{env: env, g: g, changed: changed}
	s.profile = cmp.Or(g.profile, env.Getenv("AWS_PROFILE"), env.Getenv("AWS_DEFAULT_PROFILE"))
	s.byFlag, s.named = g.profile != "", s.profile != ""
	s.profile = cmp.Or(s.profile, "default")
	var err error
	if s.config, err = loadINI(s.configPath()); err != nil {
		return nil, err
	}
	if s.credentials, err = loadINI(s.credentialsPath()); err != nil {
		return nil, err
	}
	return s, nil
}

// mustExist refuses a named profile that neither file has.
func (s *settings) mustExist() error {
	if s.named && !s.exists() {
		return cli.Exit(exitOther, cli.Hint(fmt.Errorf("The config profile (%s) could not be found", s.profile),
			"looked in %s and %s", s.config.path, s.credentials.path))
	}
	return nil
}

func (s *settings) exists() bool {
	return s.config.find(inConfig(s.profile)) != nil || s.credentials.find(inCredentials(s.profile)) != nil
}

// inConfig tells the config file's section of a profile: [default], [profile x] or [profile "x"].
func inConfig(profile string) func(string) bool {
	return func(header string) bool {
		if header == "default" {
			return profile == "default"
		}
		return isSection(header, "profile", profile)
	}
}

// inCredentials tells the credentials file's section of a profile: its bare name.
func inCredentials(profile string) func(string) bool {
	return func(header string) bool { return header == profile }
}

// isSection says whether a header is of the kind and has the name: [services x].
func isSection(header, kind, name string) bool {
	if !strings.HasPrefix(header, kind) {
		return false
	}
	parts := words(header)
	return len(parts) == 2 && parts[0] == kind && parts[1] == name
}

// get reads a key of the profile; the credentials file stands above the config
// file, as it does for the AWS CLI.
func (s *settings) get(key, sub string) (string, bool) { return s.of(s.profile, key, sub) }

func (s *settings) of(profile, key, sub string) (string, bool) {
	if _, ok := s.credentials.find(inCredentials(profile)).setting(key, ""); ok {
		return s.credentials.find(inCredentials(profile)).setting(key, sub)
	}
	return s.config.find(inConfig(profile)).setting(key, sub)
}

// value is a key's plain value in the profile, or "".
func (s *settings) value(key string) string {
	v, _ := s.get(key, "")
	if nests(v) {
		return ""
	}
	return v
}

func (s *settings) configPath() string {
	return expandPath(s.env.Getenv, cmp.Or(s.env.Getenv("AWS_CONFIG_FILE"), "~/.aws/config"))
}

func (s *settings) credentialsPath() string {
	return expandPath(s.env.Getenv, cmp.Or(s.env.Getenv("AWS_SHARED_CREDENTIALS_FILE"), "~/.aws/credentials"))
}

// expandPath replaces ~ and $NAME as the AWS CLI does. Names that are not set stay.
func expandPath(getenv func(string) string, path string) string {
	path = os.Expand(path, func(name string) string {
		if v := getenv(name); v != "" {
			return v
		}
		return "$" + name
	})
	if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || os.IsPathSeparator(rest[0])) {
		home := getenv("HOME")
		if home == "" {
			home, _ = os.UserHomeDir()
		}
		return filepath.Join(home, rest)
	}
	return path
}

// region is that of flag, AWS_REGION, AWS_DEFAULT_REGION or the profile.
func (s *settings) region() (region, from string, err error) {
	for _, c := range []struct{ value, from string }{
		{s.g.region, "--region"},
		{s.env.Getenv("AWS_REGION"), "AWS_REGION"},
		{s.env.Getenv("AWS_DEFAULT_REGION"), "AWS_DEFAULT_REGION"},
		{s.value("region"), "profile " + s.profile},
	} {
		if c.value == "" {
			continue
		}
		if !isRegion(c.value) {
			return "", "", misconfigured(fmt.Errorf("Provided region_name '%s' doesn't match a supported format.", c.value), "it comes from "+c.from)
		}
		return c.value, c.from, nil
	}
	return "", "", misconfigured(errors.New("You must specify a region."), "--region us-east-1, or deputy configure set region us-east-1")
}

// isRegion holds a region to what can stand in a host name.
func isRegion(name string) bool {
	return len(name) <= 63 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == "" &&
		name[0] != '-' && name[len(name)-1] != '-'
}

// format is that of --output, AWS_DEFAULT_OUTPUT or the profile. A format of
// the latter two that deputy does not print is told and replaced by json, so
// that files made for the AWS CLI go on to serve.
func (s *settings) format() (cli.Format, error) {
	known := func(name string) bool { return name == string(cli.JSON) || name == string(cli.Text) }
	if s.changed("output") {
		if !known(s.g.output) {
			return "", usage(fmt.Errorf("argument --output: invalid choice: %q", s.g.output), "--output json or --output text")
		}
		return cli.Format(s.g.output), nil
	}
	name := cmp.Or(s.env.Getenv("AWS_DEFAULT_OUTPUT"), s.value("output"), string(cli.JSON))
	if !known(name) {
		s.env.Warnf("output format %q is not one of json and text; printing json", name)
		name = string(cli.JSON)
	}
	return cli.Format(name), nil
}
