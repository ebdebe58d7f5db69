package mutate

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// maxText bounds a mutated document.
const maxText = 256 << 10

// mutator changes documents at random. Equal random numbers give equal documents.
type mutator struct {
	*rand.Rand
	// donors are the documents from which parts are taken.
	donors []seedDocument
}

// document gives a changed copy of one.
func (m mutator) document(from seedDocument) []byte {
	if from.tree == nil || m.IntN(12) == 0 {
		return m.text(from.text)
	}
	tree := clone(from.tree)
	for range []int{1, 1, 1, 1, 2, 2, 3, 4}[m.IntN(8)] {
		tree = m.tree(tree)
	}
	text, err := yaml.Marshal(tree)
	if m.IntN(4) == 0 {
		text, err = json.MarshalIndent(tree, "", " ")
	}
	if err != nil {
		return from.text
	}
	if m.IntN(30) == 0 {
		text = m.text(text)
	}
	return text[:min(len(text), maxText)]
}

func clone(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, member := range v {
			out[name] = clone(member)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = clone(v[i])
		}
		return out
	}
	return value
}

// slot is a place in a tree.
type slot struct {
	object map[string]any
	name   string
	list   []any
	index  int
}

func (s slot) get() any {
	if s.object != nil {
		return s.object[s.name]
	}
	return s.list[s.index]
}

func (s slot) set(value any) {
	if s.object != nil {
		s.object[s.name] = value
		return
	}
	s.list[s.index] = value
}

// slots gives every place of a tree, in a fixed order.
func slots(value any, into []slot) []slot {
	switch v := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			into = append(into, slot{object: v, name: name})
			into = slots(v[name], into)
		}
	case []any:
		for i := range v {
			into = append(into, slot{list: v, index: i})
			into = slots(v[i], into)
		}
	}
	return into
}

// tree makes one change.
func (m mutator) tree(root any) any {
	all := slots(root, nil)
	if len(all) == 0 {
		return m.odd()
	}
	at := all[m.IntN(len(all))]
	// What an object is stays mostly: one that no stage knows goes no further than its kind.
	for range 3 {
		if at.name != "kind" && at.name != "apiVersion" {
			break
		}
		at = all[m.IntN(len(all))]
	}
	switch m.IntN(24) {
	case 0:
		if at.object != nil {
			delete(at.object, at.name)
		} else {
			at.set(nil)
		}
	case 1:
		m.repeat(at)
	case 2:
		at.set(m.odd())
	case 3:
		other := all[m.IntN(len(all))]
		mine, its := clone(at.get()), clone(other.get())
		other.set(mine)
		at.set(its)
	case 4:
		m.nest(at)
	case 5, 6, 7, 8, 9:
		m.transplant(at)
	case 11:
		m.expression(all)
	case 10:
		if at.object != nil {
			at.object[oddStrings[m.IntN(len(oddStrings))]] = m.odd()
		}
	default:
		at.set(m.like(at.get()))
	}
	return root
}

// expression makes a condition of a route one by expression.
func (m mutator) expression(all []slot) {
	for range 30 {
		at := all[m.IntN(len(all))]
		if at.object != nil && (at.name == "value" || at.name == "service" || at.name == "method") {
			if _, isText := at.get().(string); isText {
				at.object["type"] = "RegularExpression"
				at.set(oddStrings[m.IntN(len(oddStrings))])
				return
			}
		}
	}
}

// repeat makes one item of a list many, equal or nearly so.
func (m mutator) repeat(at slot) {
	list, isList := at.get().([]any)
	if !isList || len(list) == 0 {
		at.set([]any{at.get(), clone(at.get())})
		return
	}
	item := list[m.IntN(len(list))]
	size, distinct := len(slots(item, nil))+1, m.IntN(2) == 0
	for range min([]int{1, 1, 2, 17, 70, 1100}[m.IntN(6)], 4000/size) {
		copied := clone(item)
		if object, is := copied.(map[string]any); is && distinct {
			if name, named := object["name"].(string); named {
				object["name"] = name + strconv.Itoa(len(list))
			}
		}
		list = append(list, copied)
	}
	at.set(list)
}

func (m mutator) nest(at slot) {
	value := at.get()
	for range []int{1, 3, 150, 250, 2000}[m.IntN(5)] {
		if m.IntN(2) == 0 {
			value = []any{value}
		} else {
			value = map[string]any{"a": value}
		}
	}
	at.set(value)
}

// transplant takes what stands in another document under the same name, or anywhere.
func (m mutator) transplant(at slot) {
	donor := slots(m.donors[m.IntN(len(m.donors))].tree, nil)
	var same []slot
	for _, s := range donor {
		if s.name == at.name && s.object != nil {
			same = append(same, s)
		}
	}
	if len(same) > 0 {
		donor = same
	}
	if len(donor) > 0 {
		at.set(clone(donor[m.IntN(len(donor))].get()))
	}
}

// like gives an odd value, mostly of the same type.
func (m mutator) like(value any) any {
	switch v := value.(type) {
	case string:
		switch m.IntN(6) {
		case 0:
			return v + oddStrings[m.IntN(len(oddStrings))]
		case 1:
			return strings.Repeat(v+"x", 1+[]int{60, 250, 1000, 5000, 20000}[m.IntN(5)]/(len(v)+1))
		}
		return oddStrings[m.IntN(len(oddStrings))]
	case float64:
		return oddNumbers[m.IntN(len(oddNumbers))]
	case bool:
		return !v
	case []any:
		m.Shuffle(len(v), func(i, j int) { v[i], v[j] = v[j], v[i] })
		return v[:m.IntN(len(v)+1)]
	}
	return m.odd()
}

// odd gives any odd value.
func (m mutator) odd() any {
	switch m.IntN(7) {
	case 0:
		return nil
	case 1:
		return m.IntN(2) == 0
	case 2:
		return oddNumbers[m.IntN(len(oddNumbers))]
	case 3:
		return []any{}
	case 4:
		return map[string]any{}
	default:
		return oddStrings[m.IntN(len(oddStrings))]
	}
}
