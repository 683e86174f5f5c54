package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// model is a facts file; its form is described in model/README.md.
type model struct {
	Service     string
	Version     string
	Namespace   string
	SigningName string `json:"signing_name"`
	Source      string
	Errors      map[string]errorFact
	Operations  map[string]operation
	Structures  map[string][]member
}

type errorFact struct {
	Shape  string
	Status int
}

type operation struct {
	Auth        string
	ReadOnly    bool   `json:"read_only"`
	InputShape  string `json:"input_shape"`
	OutputShape string `json:"output_shape"`
	Input       []member
	Output      []member
	Response    string
	Result      *string
	Errors      []string
	Page        *page
	Deprecated  bool
}

type page struct {
	In, Out, Limit, More string
	Items                []string
}

type member struct {
	Name      string
	Required  bool
	Type      string
	Shape     string
	Item      *member
	Key       *member
	Value     *member
	Min, Max  *int64
	Pattern   string
	Enum      []string
	Sensitive bool
}

func load(path string) (*model, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m := new(model)
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}
