package manifest

import (
	"bytes"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The line of a fault is looked for only in chunks that are small enough to be read again and again.
const (
	maxSearchLines = 500
	maxSearchBytes = 32 << 10
)

var yamlLine = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?`)

// syntaxFault says where a chunk stops being YAML, and what it most often means.
func syntaxFault(data []byte, offset int, err error) *fault {
	message := err.Error()
	line := 1
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		message = message[len(m[0]):]
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = n
		}
	}
	if found := firstBadLine(data); found > 0 {
		line = found
	}
	return &fault{offset + line, "not YAML: " + message, syntaxRemedy(message, lineOf(data, line))}
}

// firstBadLine gives the line after the longest part of the chunk that is YAML by itself, or 0 if it is not
// looked for. The library's own line is that of the value which it was in, often far above the fault.
func firstBadLine(data []byte) int {
	if len(data) > maxSearchBytes {
		return 0
	}
	ends := []int{0}
	for at := range data {
		if data[at] == '\n' {
			ends = append(ends, at+1)
		}
	}
	if len(ends) > maxSearchLines {
		return 0
	}
	for i := len(ends) - 1; i > 0; i-- {
		var n yaml.Node
		if decodeNode(yaml.NewDecoder(bytes.NewReader(data[:ends[i]])), &n) == nil {
			return i + 1
		}
	}
	return 1
}

func lineOf(data []byte, line int) string {
	for l := range bytes.Lines(data) {
		if line--; line == 0 {
			return string(l)
		}
	}
	return ""
}

func syntaxRemedy(message, line string) string {
	indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	switch {
	case strings.Contains(indent, "\t"):
		return "YAML is indented by spaces; replace the tab"
	case strings.Contains(line, "{{"):
		return "this looks like a template; render it first, or put the value in quotes"
	case strings.Contains(message, "mapping values are not allowed"):
		return "put a value that has a colon in quotes, or check the indentation of this line and the one above"
	case strings.Contains(message, "unknown anchor"):
		return "define the anchor above its first use"
	case strings.Contains(message, "found unexpected end of stream"):
		return "close the quote or bracket that is open"
	}
	return "check the indentation of this line and the one above, and that quotes and brackets are closed"
}

// asFault gives the fault that an error is.
func asFault(err error) *fault {
	var f *fault
	if errors.As(err, &f) {
		return f
	}
	return &fault{message: err.Error()}
}
