package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// builder turns YAML into nodes, within the bounds of a file.
type builder struct {
	// offset is the number of lines of the file before the chunk.
	offset int
	// nodes and bytes are how many nodes and bytes of text have been built, aliases counted as often as they are used.
	nodes, bytes int
	// excesses counts the chunks that went beyond those bounds.
	excesses int
	// open are the anchors that are being built; one that leads to itself has no end.
	open []*yaml.Node
}

// fault is a problem at a line, without the file.
type fault struct {
	line            int
	message, remedy string
}

func (f *fault) Error() string { return f.message }

// maxExcesses bounds how many chunks of a file may be too large each for itself, since each costs what a whole file may.
const maxExcesses = 4

// readChunk gives the documents of a chunk. One that is beyond the file's bounds counts as nothing, so that the documents
// after it are read all the same.
func (b *builder) readChunk(c chunk) ([]*node, error) {
	b.offset = c.offset
	nodes, bytes := b.nodes, b.bytes
	documents, err := b.readYAML(c.data)
	if b.tooLarge() && b.excesses < maxExcesses {
		b.nodes, b.bytes = nodes, bytes
		b.excesses++
	}
	return documents, err
}

func (b *builder) tooLarge() bool { return b.nodes > maxNodes || b.bytes > maxTextBytes }

// readYAML gives the documents of a chunk that has no document separator in it, or what is wrong with it.
func (b *builder) readYAML(chunk []byte) ([]*node, error) {
	var documents []*node
	decoder := yaml.NewDecoder(bytes.NewReader(chunk))
	for {
		var root yaml.Node
		err := decodeNode(decoder, &root)
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return documents, syntaxFault(chunk, b.offset, err)
		}
		if len(root.Content) == 0 {
			continue
		}
		n, err := b.build(root.Content[0], 0)
		if err != nil {
			return documents, err
		}
		if n.kind != null {
			documents = append(documents, n)
		}
	}
}

// decodeNode keeps a panic of the YAML library, which has had some, from reaching the caller.
func decodeNode(decoder *yaml.Decoder, root *yaml.Node) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the YAML library gave up: %v", r)
		}
	}()
	return decoder.Decode(root)
}

func (b *builder) build(y *yaml.Node, depth int) (*node, error) {
	b.nodes++
	b.bytes += len(y.Value)
	line := y.Line + b.offset
	switch {
	case b.tooLarge():
		return nil, &fault{line, fmt.Sprintf("the file has more than %d values or %d MiB of text once its aliases are written out", maxNodes, maxTextBytes>>20), "split it, or use fewer aliases"}
	case depth > maxDepth:
		return nil, &fault{line, fmt.Sprintf("values are nested more than %d deep", maxDepth), "no field of a manifest is that deep; check the indentation and brackets"}
	}
	switch y.Kind {
	case yaml.AliasNode:
		return b.buildAlias(y, depth)
	case yaml.SequenceNode:
		n := &node{kind: list, line: line, items: make([]*node, 0, len(y.Content))}
		for _, c := range y.Content {
			item, err := b.build(c, depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, item)
		}
		return n, nil
	case yaml.MappingNode:
		return b.buildMapping(y, depth)
	default:
		return b.buildScalar(y)
	}
}

func (b *builder) buildAlias(y *yaml.Node, depth int) (*node, error) {
	if slices.Contains(b.open, y.Alias) {
		return nil, &fault{y.Line + b.offset, fmt.Sprintf("alias *%s stands within its own anchor", y.Value), "write the value out"}
	}
	b.open = append(b.open, y.Alias)
	defer func() { b.open = b.open[:len(b.open)-1] }()
	n, err := b.build(y.Alias, depth)
	if err != nil {
		return nil, err
	}
	// A problem is reported where the alias is used: that is the field it is about.
	used := *n
	used.line = y.Line + b.offset
	return &used, nil
}

func (b *builder) buildMapping(y *yaml.Node, depth int) (*node, error) {
	n := &node{kind: object, line: y.Line + b.offset, members: make([]member, 0, len(y.Content)/2)}
	lines := make(map[string]int, len(y.Content)/2)
	var merged []*node
	for i := 0; i+1 < len(y.Content); i += 2 {
		key, line := y.Content[i], y.Content[i].Line+b.offset
		value, err := b.build(y.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		if key.Tag == "!!merge" {
			merged = append(merged, value)
			continue
		}
		name, err := b.keyName(key)
		if err != nil {
			return nil, err
		}
		if first, twice := lines[name]; twice {
			return nil, &fault{line, fmt.Sprintf("key %q stands twice in one object, here and on line %d", name, first), "remove one of them"}
		}
		lines[name] = line
		n.members = append(n.members, member{name, line, value})
	}
	for _, m := range merged {
		if err := n.merge(m, lines); err != nil {
			return nil, err
		}
	}
	return n, nil
}

func (b *builder) keyName(key *yaml.Node) (string, error) {
	if key.Kind == yaml.AliasNode {
		key = key.Alias
	}
	b.bytes += len(key.Value)
	if key.Kind != yaml.ScalarNode || key.Tag == "!!null" {
		return "", &fault{key.Line + b.offset, "a key of an object is not a string", "write a plain word before the colon"}
	}
	return key.Value, nil
}

// merge adds the members of a << value that are not there yet: an object, or a list of objects of which the
// first goes first. lines are the names that are there, with the lines they stand on.
func (n *node) merge(from *node, lines map[string]int) error {
	switch from.kind {
	case object:
		for _, m := range from.members {
			if _, there := lines[m.name]; !there {
				lines[m.name] = m.line
				n.members = append(n.members, m)
			}
		}
		return nil
	case list:
		for _, item := range from.items {
			if item.kind != object {
				break
			}
			if err := n.merge(item, lines); err != nil {
				return err
			}
		}
		return nil
	}
	return &fault{from.line, "<< merges objects, and this is " + from.kind.String(), "give it an alias of an object"}
}

func (b *builder) buildScalar(y *yaml.Node) (*node, error) {
	n := &node{line: y.Line + b.offset, raw: y.Value, plain: y.Style&^yaml.TaggedStyle == 0}
	var value any
	switch tag := y.ShortTag(); tag {
	case "!!null":
		n.kind = null
	case "!!str", "!!timestamp", "!!binary", "!!merge":
		n.kind, value = text, y.Value
		if n.plain && y.Style&yaml.TaggedStyle == 0 {
			if truth, is := oldBoolean(y.Value); is {
				n.kind, value = boolean, truth
			}
		}
	case "!!bool", "!!int", "!!float":
		n.kind = map[string]kind{"!!bool": boolean, "!!int": integer, "!!float": decimal}[tag]
		if err := y.Decode(&value); err != nil {
			return nil, &fault{n.line, fmt.Sprintf("the value does not fit its tag %s", tag), "remove the tag"}
		}
		if f, is := value.(float64); is && (math.IsInf(f, 0) || math.IsNaN(f)) {
			return nil, &fault{n.line, "the number is not finite, and JSON has no such number", "write a finite number, or put it in quotes"}
		}
	default:
		return nil, &fault{n.line, fmt.Sprintf("tag %s is not one that manifests have", tag), "remove the tag"}
	}
	data, err := json.Marshal(value)
	if err != nil {
		return nil, &fault{n.line, "the value has no form in JSON", "put it in quotes"}
	}
	n.json = data
	return n, nil
}

// oldBoolean reads YAML 1.1's further booleans. kubectl takes them as such, so they are booleans here as well.
func oldBoolean(s string) (value, is bool) {
	switch s {
	case "y", "Y", "yes", "Yes", "YES", "on", "On", "ON":
		return true, true
	case "n", "N", "no", "No", "NO", "off", "Off", "OFF":
		return false, true
	}
	return false, false
}

// chunk is a part of a file between document separators.
type chunk struct {
	// offset is the number of lines before it.
	offset int
	data   []byte
}

// split cuts a file at its document separators, so that a fault in one document does not hide the others. A
// line that begins with --- can be nothing else in YAML.
func split(data []byte) []chunk {
	var chunks []chunk
	start, first := 0, 0
	line := 0
	for at := 0; at < len(data); line++ {
		end := len(data)
		if i := bytes.IndexByte(data[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		if at > start && isSeparator(data[at:end]) {
			chunks = append(chunks, chunk{first, data[start:at]})
			start, first = at, line
		}
		at = end
	}
	chunks = append(chunks, chunk{first, data[start:]})
	return slices.DeleteFunc(chunks, func(c chunk) bool { return isBlank(c.data) })
}

func isSeparator(line []byte) bool {
	return bytes.HasPrefix(line, []byte("---")) && (len(line) == 3 || strings.ContainsRune(" \t\r\n", rune(line[3])))
}

// isBlank says whether a chunk has only separators, directives and comments.
func isBlank(data []byte) bool {
	for line := range bytes.Lines(data) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' && line[0] != '%' && !bytes.Equal(line, []byte("---")) {
			return false
		}
	}
	return true
}
