package main

import (
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/deputy-sts/deputy/internal/cli"
	"github.com/deputy-sts/deputy/internal/lint"
)

// The part of SARIF 2.1.0 that findings need, for code scanning services.
//
// Source: OASIS, Static Analysis Results Interchange Format 2.1.0.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool struct {
			Driver sarifDriver `json:"driver"`
		} `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID      string       `json:"id"`
		Short   sarifMessage `json:"shortDescription"`
		Default struct {
			Level lint.Severity `json:"level"`
		} `json:"defaultConfiguration"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     lint.Severity   `json:"level"`
		Message   sarifMessage    `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifLocation struct {
		Physical struct {
			Artifact struct {
				URI string `json:"uri"`
			} `json:"artifactLocation"`
			Region sarifRegion `json:"region"`
		} `json:"physicalLocation"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
		EndLine     int `json:"endLine"`
		EndColumn   int `json:"endColumn"`
		ByteOffset  int `json:"byteOffset"`
		ByteLength  int `json:"byteLength"`
	}
)

func writeSARIF(w io.Writer, results []checked) error {
	run := sarifRun{ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	_, version, _ := strings.Cut(cli.Version("deputy"), " ")
	run.Tool.Driver = sarifDriver{Name: "deputy", Version: version}
	rules := lint.Rules()
	for _, r := range rules {
		rule := sarifRule{ID: r.ID, Short: sarifMessage{r.Summary}}
		rule.Default.Level = r.Severity
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, rule)
	}
	for _, r := range results {
		for _, f := range r.findings {
			text := f.Message
			if f.Suggestion != "" {
				text += "; " + f.Suggestion
			}
			result := sarifResult{
				RuleID: f.Rule, RuleIndex: slices.IndexFunc(rules, func(r lint.Rule) bool { return r.ID == f.Rule }),
				Level: f.Severity, Message: sarifMessage{text}, Locations: make([]sarifLocation, 1),
			}
			place := &result.Locations[0].Physical
			place.Artifact.URI = fileURI(r.file)
			place.Region = sarifRegion{f.Line, f.Column, f.EndLine, f.EndColumn, f.Start, f.End - f.Start}
			run.Results = append(run.Results, result)
		}
	}
	return writeJSON(w, sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}

// fileURI is a relative reference for a relative path, else a file URL.
func fileURI(path string) string {
	if path == "-" {
		return "stdin"
	}
	u := url.URL{Path: filepath.ToSlash(path)}
	if filepath.IsAbs(path) {
		u.Scheme = "file"
		if !strings.HasPrefix(u.Path, "/") {
			u.Path = "/" + u.Path
		}
	}
	return u.String()
}
