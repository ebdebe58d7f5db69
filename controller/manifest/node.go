package manifest

import (
	"encoding/json"
	"strconv"
)

// Bounds on what one file may hold. They are far above what a cluster takes (1.5 MiB an object), and low enough
// that a hostile file costs little.
const (
	// MaxFileBytes is the greatest size of a file.
	MaxFileBytes = 8 << 20
	maxNodes     = 500_000
	maxTextBytes = 32 << 20
	maxDepth     = 200
)

type kind uint8

const (
	null kind = iota
	boolean
	integer
	decimal
	text
	list
	object
)

func (k kind) String() string {
	return [...]string{"nothing", "a boolean", "an integer", "a number", "a string", "a list", "an object"}[k]
}

// node is a value of a document, with aliases and merges resolved.
type node struct {
	kind kind
	// line from 1, in the file.
	line int
	// raw is a scalar as it was written; quotes and block marks are not part of it.
	raw string
	// plain is true for a scalar without quotes.
	plain bool
	// json is a scalar's JSON.
	json json.RawMessage
	// items of a list.
	items []*node
	// members of an object, in their order; no name stands twice.
	members []member
}

type member struct {
	name  string
	line  int
	value *node
}

// get gives the member of a name, or nil.
func (n *node) get(name string) *member {
	if n == nil {
		return nil
	}
	for i := range n.members {
		if n.members[i].name == name {
			return &n.members[i]
		}
	}
	return nil
}

// text gives the string at a path of names, or "" if there is none.
func (n *node) text(path ...string) string {
	for _, name := range path {
		m := n.get(name)
		if m == nil {
			return ""
		}
		n = m.value
	}
	if n.kind != text {
		return ""
	}
	return n.raw
}

// value gives the node as encoding/json would have decoded it, with numbers as they were written. Marshalling
// it gives canonical JSON.
func (n *node) value() any {
	switch n.kind {
	case list:
		items := make([]any, len(n.items))
		for i, item := range n.items {
			items[i] = item.value()
		}
		return items
	case object:
		members := make(map[string]any, len(n.members))
		for _, m := range n.members {
			members[m.name] = m.value.value()
		}
		return members
	default:
		return n.json
	}
}

// at gives the line of the deepest node that a path leads to. Path segments are names or indexes.
func (n *node) at(path []string) int {
	line := n.line
	for _, segment := range path {
		switch n.kind {
		case object:
			m := n.get(segment)
			if m == nil {
				return line
			}
			line, n = m.line, m.value
		case list:
			i, err := strconv.Atoi(segment)
			if err != nil || i < 0 || i >= len(n.items) {
				return line
			}
			n = n.items[i]
			line = n.line
		default:
			return line
		}
	}
	return line
}
