package sts

import (
	"github.com/deputy-sts/deputy/internal/authz"
	"github.com/deputy-sts/deputy/internal/directory"
	"github.com/deputy-sts/deputy/internal/query"
	"github.com/deputy-sts/deputy/internal/session"
	"github.com/deputy-sts/deputy/internal/stsapi"
)

// sessionTags checks the tags of a request against each other and against those
// that the calling session hands on. Keys are compared without case, and keep it.
//
// Source: IAM User Guide, id_session-tags; texts as AWS answers.
func sessionTags(in []stsapi.Tag, transitive []string, p *directory.Principal) ([]directory.Tag, []string, error) {
	if len(in) == 0 && len(transitive) == 0 {
		return nil, nil, nil
	}
	tags := make([]directory.Tag, 0, len(in))
	for _, t := range in {
		switch {
		case reserved(*t.Key):
			return nil, nil, query.InvalidParameterValue.Errorf("Tag keys beginning with 'aws:' are reserved for system use.")
		case has(tags, *t.Key):
			return nil, nil, query.InvalidParameterValue.Errorf("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		tags = append(tags, directory.Tag{Key: *t.Key, Value: *t.Value})
	}
	for _, key := range transitive {
		if !has(tags, key) {
			return nil, nil, query.InvalidParameterValue.Errorf("The specified transitive tag key must be included in the requested tags.")
		}
	}
	for _, key := range inherited(p) {
		if has(tags, key) {
			return nil, nil, query.InvalidParameterValue.Errorf("One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
		}
	}
	return tags, transitive, nil
}

// inherited are the keys of the tags that the calling session hands on.
func inherited(p *directory.Principal) []string {
	if p == nil || p.Kind != directory.RoleSession {
		return nil
	}
	return p.Transitive
}

// inherit gives the tags of the new session and which of them are transitive: the
// transitive ones of the calling session stay so, those of the request join them.
func inherit(p *directory.Principal, tags []directory.Tag, transitive []string) (all []session.Tag, keys []string) {
	from := inherited(p)
	if len(from)+len(tags) == 0 {
		return nil, nil
	}
	for _, key := range from {
		if v, ok := lookup(p.Tags, key); ok {
			all = append(all, session.Tag{Key: key, Value: v})
			keys = append(keys, key)
		}
	}
	for _, t := range tags {
		all = append(all, session.Tag(t))
	}
	return all, append(keys, transitive...)
}

// overridden are the tags of the role to be entered, as the trust policy sees
// them: a tag that the calling session hands on takes the place of the role's own.
func overridden(tags []directory.Tag, p *directory.Principal) []directory.Tag {
	from := inherited(p)
	if len(from) == 0 {
		return tags
	}
	var out []directory.Tag
	for _, key := range from {
		if v, ok := lookup(p.Tags, key); ok {
			out = append(out, directory.Tag{Key: key, Value: v})
		}
	}
	for _, t := range tags {
		if !has(out, t.Key) {
			out = append(out, t)
		}
	}
	return out
}

// reserved tells keys that begin with aws:, in any case.
func reserved(key string) bool { return len(key) >= 4 && authz.EqualFold(key[:4], "aws:") }

func has(tags []directory.Tag, key string) bool {
	_, ok := lookup(tags, key)
	return ok
}

func lookup(tags []directory.Tag, key string) (string, bool) {
	for _, t := range tags {
		if authz.EqualFold(t.Key, key) {
			return t.Value, true
		}
	}
	return "", false
}
