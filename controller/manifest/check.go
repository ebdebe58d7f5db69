package manifest

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/sluice-serving/sluice/api/nearest"
	"github.com/sluice-serving/sluice/api/serving/v1beta1"
)

// maxProblems bounds what is said about one document.
const maxProblems = 50

// finding is something wrong with a field.
type finding struct {
	line            int
	path            *field.Path
	message, remedy string
	// unknown is true for a field that there is not: then a required field may only be misspelt.
	unknown bool
	// foreign is true for a document that is none of ours.
	foreign bool
}

// checker holds a document's nodes against the Go type of its kind and collects all that does not fit.
type checker struct {
	known *fieldIndex
	// secret is true where no value may be shown.
	secret bool
	// quantities is true for the kinds that a schema of KServe's or ours judges: it takes quantities as text or whole numbers only, and
	// no list or map with an entry of nothing.
	quantities bool
	// spares is true where the fields that are spared may be left out.
	spares   bool
	findings []finding
}

func (c *checker) add(n *node, path *field.Path, message, remedy string) {
	c.addAt(finding{line: n.line, path: path, message: message, remedy: remedy})
}

func (c *checker) addAt(f finding) {
	if len(c.findings) < maxProblems {
		c.findings = append(c.findings, f)
	}
}

// check compares a node with a type. owners are the structs around it, the outermost first.
func (c *checker) check(n *node, t reflect.Type, path *field.Path, owners []reflect.Type) {
	t = pointee(t)
	if n.kind == null || t.Kind() == reflect.Interface {
		return
	}
	if decodesItself(t) {
		c.checkOpaque(n, t, path)
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		if c.isKind(n, path, object) {
			c.checkStruct(n, t, path, append(owners[:len(owners):len(owners)], t))
		}
	case reflect.Map:
		if c.isKind(n, path, object) {
			for _, m := range n.members {
				if m.value.kind == null && c.quantities && path.Root().String() == "spec" {
					c.add(m.value, at(path, m.name, true), "no value is given", "write it, or remove the name")
				}
				c.check(m.value, t.Elem(), at(path, m.name, true), owners)
			}
		}
	case reflect.Slice:
		c.checkList(n, t, path, owners)
	case reflect.Array:
		c.isKind(n, path, list)
	case reflect.String:
		c.isKind(n, path, text)
	case reflect.Bool:
		c.isKind(n, path, boolean)
	case reflect.Float32, reflect.Float64:
		if n.kind != integer {
			c.isKind(n, path, decimal)
		}
	default:
		if c.isKind(n, path, integer) {
			c.checkRange(n, t, path)
		}
	}
}

func (c *checker) checkStruct(n *node, t reflect.Type, path *field.Path, owners []reflect.Type) {
	var unknown []string
	for _, m := range n.members {
		if len(c.findings) >= maxProblems {
			return
		}
		f, known := c.known.field(t, m.name)
		if !known {
			unknown = append(unknown, m.name)
			c.addAt(finding{line: m.line, path: at(path, m.name, false), unknown: true,
				message: fmt.Sprintf("unknown field %q", m.name), remedy: c.suggest(m.name, path, owners)})
			continue
		}
		c.check(m.value, f.typ, at(path, m.name, false), owners)
		c.checkUnique(m.value, f.keys, at(path, m.name, false))
	}
	for _, f := range c.known.of(t) {
		if m := n.get(f.name); f.required && !(f.spared && c.spares) && (m == nil || m.value.kind == null) && nearest.Name(f.name, unknown) == "" {
			c.add(n, at(path, f.name, false), "required, and not there", "set it")
		}
	}
}

func (c *checker) checkList(n *node, t reflect.Type, path *field.Path, owners []reflect.Type) {
	if t.Elem().Kind() == reflect.Uint8 {
		if !c.isKind(n, path, text) {
			return
		}
		var data []byte
		if json.Unmarshal(n.json, &data) != nil {
			c.add(n, path, "not base64", "encode the value, or put it into stringData")
		}
		return
	}
	if !c.isKind(n, path, list) {
		return
	}
	for i, item := range n.items {
		if item.kind == null && c.quantities {
			c.add(item, path.Index(i), "the entry is empty", "write its value, or remove the hyphen")
		}
		c.check(item, t.Elem(), path.Index(i), owners)
	}
}

// checkOpaque leaves the judgement to the type's own decoding.
func (c *checker) checkOpaque(n *node, t reflect.Type, path *field.Path) {
	isQuantity := t == reflect.TypeFor[resource.Quantity]() || t == reflect.TypeFor[v1beta1.MetricQuantity]()
	if isQuantity && c.quantities && n.kind == decimal {
		c.add(n, path, fmt.Sprintf("a quantity is a string or a whole number, and this is the number %s", n.raw),
			fmt.Sprintf("put it in quotes: %q", n.raw))
		return
	}
	data, err := json.Marshal(n.value())
	if err == nil {
		err = json.Unmarshal(data, reflect.New(t).Interface())
	}
	if err != nil {
		c.add(n, path, fmt.Sprintf("%s is not %s", c.shown(n, path), opaqueName(t)), "use a value such as "+opaqueExample(t))
	}
}

func opaqueName(t reflect.Type) string {
	switch t.Name() {
	case "Quantity", "MetricQuantity":
		return "a quantity"
	case "IntOrString":
		return "an integer or a string"
	case "Time", "MicroTime":
		return "a time"
	case "Duration":
		return "a duration"
	}
	return "a value of this field"
}

func opaqueExample(t reflect.Type) string {
	switch t.Name() {
	case "Quantity", "MetricQuantity":
		return `"500m", "2" or "4Gi"`
	case "IntOrString":
		return `8080 or "http"`
	case "Time", "MicroTime":
		return `"2026-01-31T12:00:00Z"`
	case "Duration":
		return `"30s"`
	}
	return "its documentation shows"
}

// isKind says whether a node is of a kind, and reports it if not.
func (c *checker) isKind(n *node, path *field.Path, want kind) bool {
	if n.kind == want {
		return true
	}
	message := fmt.Sprintf("expected %s, given %s", want, n.kind)
	if n.kind != list && n.kind != object {
		message = fmt.Sprintf("expected %s, given %s %s", want, bare(n.kind), c.shown(n, path))
	}
	c.add(n, path, message, c.kindRemedy(n, path, want))
	return false
}

func bare(k kind) string {
	return map[kind]string{boolean: "the boolean", integer: "the integer", decimal: "the number", text: "the string"}[k]
}

func (c *checker) kindRemedy(n *node, path *field.Path, want kind) string {
	isScalar := n.kind != list && n.kind != object
	switch {
	case want == text && isScalar && c.hides(path):
		return "put it in quotes"
	case want == text && isScalar:
		return fmt.Sprintf("put it in quotes: %q", n.raw)
	case want == list && n.kind == object:
		return "begin the entry with a hyphen: - "
	case want == list:
		return "write a list: one entry a line, each after a hyphen"
	case want == object && n.kind == list:
		return "remove the hyphen: this is one object, not a list"
	case want == object:
		return "write NAME: VALUE lines below it, indented"
	case want == boolean:
		return "write true or false, without quotes"
	case want == integer && n.kind == text && isInteger(n.raw):
		return "write the number without quotes"
	case want == integer:
		return "write a whole number"
	}
	return "write a value of the expected kind"
}

func isInteger(s string) bool {
	_, err := strconv.ParseInt(s, 10, 64)
	return err == nil
}

// checkRange holds an integer against the size of its field.
func (c *checker) checkRange(n *node, t reflect.Type, path *field.Path) {
	if json.Unmarshal(n.json, reflect.New(t).Interface()) == nil {
		return
	}
	bits := t.Bits()
	low, high := -math.Exp2(float64(bits-1)), math.Exp2(float64(bits-1))-1
	if t.Kind() >= reflect.Uint && t.Kind() <= reflect.Uintptr {
		low, high = 0, math.Exp2(float64(bits))-1
	}
	c.add(n, path, fmt.Sprintf("%s is out of range", c.shown(n, path)), fmt.Sprintf("use %.0f to %.0f", low, high))
}

// at appends a name to a path that may be empty: as a field, or as a key of a map.
func at(path *field.Path, name string, key bool) *field.Path {
	switch {
	case path == nil:
		return field.NewPath(name)
	case key:
		return path.Key(name)
	default:
		return path.Child(name)
	}
}
