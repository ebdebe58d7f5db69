// Package print writes what commands answer: aligned tables, JSON and YAML, with colour on a terminal only.
package print

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// Format is how a command answers.
type Format string

// The formats.
const (
	TableFormat Format = "table"
	// WideFormat is a table with the columns that most terminals have no room for.
	WideFormat Format = "wide"
	JSONFormat Format = "json"
	YAMLFormat Format = "yaml"
)

// IsTable says whether a person is to read the answer.
func (f Format) IsTable() bool { return f == TableFormat || f == WideFormat }

// FormatFlag is a flag whose value is one of the formats that a command has.
type FormatFlag struct {
	format  *Format
	formats []Format
}

// NewFormatFlag makes a flag that sets format to one of formats.
func NewFormatFlag(format *Format, formats ...Format) *FormatFlag {
	return &FormatFlag{format: format, formats: formats}
}

// Names lists the formats.
func (f *FormatFlag) Names() []string {
	names := make([]string, len(f.formats))
	for i, format := range f.formats {
		names[i] = string(format)
	}
	return names
}

// String gives the flag's text.
func (f *FormatFlag) String() string { return string(*f.format) }

// Type names the value in a command's help.
func (f *FormatFlag) Type() string { return strings.Join(f.Names(), "|") }

// Set parses the flag's text.
func (f *FormatFlag) Set(text string) error {
	if !slices.Contains(f.formats, Format(text)) {
		return fmt.Errorf("%q is not an output format here; use one of %s", text, strings.Join(f.Names(), ", "))
	}
	*f.format = Format(text)
	return nil
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
