package manifest

import "strconv"

// Locate gives the line of the first of some fields that stands in the document that begins on a line of a file, and which field it is. Where none of
// them stands there it is the line of the first one's nearest parent. It is for what is found out about objects after they were read.
func Locate(data []byte, document int, fields ...string) (line int, field string) {
	p := &parser{known: newFieldIndex(), seen: map[string]int{}}
	for _, root := range p.read(data) {
		if items := root.get("items"); root.line != document && items != nil {
			for _, item := range items.value.items {
				if item.line == document {
					root = item
				}
			}
		}
		if root.line != document {
			continue
		}
		for _, field := range fields {
			if root.has(segmentsOf(field)) {
				return root.at(segmentsOf(field)), field
			}
		}
		return root.at(segmentsOf(fields[0])), fields[0]
	}
	return document, fields[0]
}

// has says whether a path leads to a value.
func (n *node) has(path []string) bool {
	for _, segment := range path {
		if n.kind == list {
			i, err := strconv.Atoi(segment)
			if err != nil || i < 0 || i >= len(n.items) {
				return false
			}
			n = n.items[i]
			continue
		}
		m := n.get(segment)
		if m == nil {
			return false
		}
		n = m.value
	}
	return true
}
