// Package print writes what commands answer: aligned tables, JSON and YAML, with colour on a terminal only.
package print

import (
	"encoding/json"
	"fmt"
	"io"

	"sigs.k8s.io/yaml"
)

// Format is how a command answers. As a flag's value it is one of table, json and yaml.
type Format string

// The formats.
const (
	TableFormat Format = "table"
	JSONFormat  Format = "json"
	YAMLFormat  Format = "yaml"
)

// Formats lists all formats, the default first.
func Formats() []string {
	return []string{string(TableFormat), string(JSONFormat), string(YAMLFormat)}
}

// String gives the flag's text.
func (f *Format) String() string { return string(*f) }

// Type names the value in a command's help.
func (f *Format) Type() string { return "table|json|yaml" }

// Set parses the flag's text.
func (f *Format) Set(text string) error {
	switch format := Format(text); format {
	case TableFormat, JSONFormat, YAMLFormat:
		*f = format
		return nil
	default:
		return fmt.Errorf("%q is not an output format; use table, json or yaml", text)
	}
}

// JSON writes value indented, with a newline at its end.
func JSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// YAML writes value by its JSON field names.
func YAML(w io.Writer, value any) error {
	text, err := yaml.Marshal(value)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// Documents writes each value as a YAML document, with --- between them.
func Documents[T any](w io.Writer, values []T) error {
	for i, value := range values {
		if i > 0 {
			if _, err := io.WriteString(w, "---\n"); err != nil {
				return err
			}
		}
		if err := YAML(w, value); err != nil {
			return err
		}
	}
	return nil
}
