package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// jsonReader turns JSON into nodes. YAML is nearly a superset of JSON, but not with tabs and surrogate pairs.
type jsonReader struct {
	data    []byte
	decoder *json.Decoder
	nodes   int
	// line and counted are how far lines have been counted.
	line    int
	counted int64
}

// readJSON gives the documents of a file that begins as JSON does, one after the other. It gives no error and
// no document if the file is not JSON: then it is read as YAML, whose messages are better.
func readJSON(data []byte) ([]*node, error) {
	r := &jsonReader{data: data, decoder: json.NewDecoder(bytes.NewReader(data)), line: 1}
	r.decoder.UseNumber()
	var documents []*node
	for {
		n, err := r.read(0)
		switch {
		case errors.Is(err, io.EOF):
			return documents, nil
		case err != nil:
			var f *fault
			if errors.As(err, &f) {
				return documents, f
			}
			return nil, nil
		}
		documents = append(documents, n)
	}
}

// here is the line of the token that was just read.
func (r *jsonReader) here() int {
	to := r.decoder.InputOffset()
	r.line += bytes.Count(r.data[r.counted:to], []byte{'\n'})
	r.counted = to
	return r.line
}

func (r *jsonReader) read(depth int) (*node, error) {
	token, err := r.decoder.Token()
	if err != nil {
		return nil, err
	}
	r.nodes++
	line := r.here()
	if r.nodes > maxNodes || depth > maxDepth {
		return nil, &fault{line, fmt.Sprintf("the file has more than %d values, or nests them more than %d deep", maxNodes, maxDepth), "split it"}
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '[' {
			return r.readList(line, depth)
		}
		return r.readObject(line, depth)
	case bool:
		return scalar(boolean, line, fmt.Sprint(t), t)
	case json.Number:
		if strings.ContainsAny(t.String(), ".eE") {
			return scalar(decimal, line, t.String(), t)
		}
		return scalar(integer, line, t.String(), t)
	case string:
		return scalar(text, line, t, t)
	default:
		return scalar(null, line, "", nil)
	}
}

func scalar(k kind, line int, raw string, value any) (*node, error) {
	data, err := json.Marshal(value)
	return &node{kind: k, line: line, raw: raw, json: data, plain: k != text}, err
}

func (r *jsonReader) readList(line, depth int) (*node, error) {
	n := &node{kind: list, line: line}
	for r.decoder.More() {
		item, err := r.read(depth + 1)
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, item)
	}
	_, err := r.decoder.Token()
	return n, err
}

func (r *jsonReader) readObject(line, depth int) (*node, error) {
	n := &node{kind: object, line: line}
	lines := map[string]int{}
	for r.decoder.More() {
		token, err := r.decoder.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string)
		at := r.here()
		if first, twice := lines[name]; twice {
			return nil, &fault{at, fmt.Sprintf("key %q stands twice in one object, here and on line %d", name, first), "remove one of them"}
		}
		lines[name] = at
		value, err := r.read(depth + 1)
		if err != nil {
			return nil, err
		}
		n.members = append(n.members, member{name, at, value})
	}
	_, err := r.decoder.Token()
	return n, err
}
