package main

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/deputy-sts/deputy/internal/cli"
	"github.com/deputy-sts/deputy/sigv4"
)

// keys finds the credentials to sign with and says where they come from. With
// --profile the environment does not count; without it the environment stands
// above every profile, AWS_PROFILE's included.
func (s *settings) keys() (c sigv4.Credentials, from string, err error) {
	if !s.byFlag && s.env.Getenv("AWS_ACCESS_KEY_ID") != "" {
		c = sigv4.Credentials{
			AccessKeyID: s.env.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: s.env.Getenv("AWS_SECRET_ACCESS_KEY"),
			SessionToken: cmp.Or(s.env.Getenv("AWS_SESSION_TOKEN"), s.env.Getenv("AWS_SECURITY_TOKEN")),
		}
		if c.SecretAccessKey == "" {
			return c, "", partial("env", "AWS_SECRET_ACCESS_KEY")
		}
		return c, "the environment", nil
	}
	if err := s.mustUnderstand("role_arn"); err != nil {
		return c, "", err
	}
	for _, place := range []struct {
		section      section
		named, where string
	}{
		{s.credentials.find(inCredentials(s.profile)), "shared-credentials-file", s.credentials.path},
		{s.config.find(inConfig(s.profile)), "config-file", s.config.path},
	} {
		if c.AccessKeyID = place.section["aws_access_key_id"]; c.AccessKeyID == "" {
			continue
		}
		c.SecretAccessKey = place.section["aws_secret_access_key"]
		c.SessionToken = cmp.Or(place.section["aws_session_token"], place.section["aws_security_token"])
		if c.SecretAccessKey == "" {
			return c, "", partial(place.named, "aws_secret_access_key")
		}
		return c, fmt.Sprintf("profile %s in %s", s.profile, place.where), nil
	}
	if err := s.mustUnderstand("web_identity_token_file", "credential_process", "sso_session", "sso_account_id", "login_session"); err != nil {
		return c, "", err
	}
	return c, "", misconfigured(errors.New("Unable to locate credentials."), "export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or deputy configure set aws_access_key_id")
}

func partial(provider, missing string) error {
	return misconfigured(fmt.Errorf("Partial credentials found in %s, missing: %s", provider, missing), "give the key and its secret together")
}

// mustUnderstand refuses a profile whose credentials are to be had in a way
// that deputy does not go, rather than use others.
func (s *settings) mustUnderstand(keys ...string) error {
	for _, key := range keys {
		if s.value(key) != "" {
			return cli.Exit(exitConfig, cli.Hint(fmt.Errorf("profile %s takes its credentials from %s, and deputy takes them from keys only", s.profile, key),
				"name a profile with aws_access_key_id: deputy sts assume-role --profile OTHER --role-arn …"))
		}
	}
	return nil
}
