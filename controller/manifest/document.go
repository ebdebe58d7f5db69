package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
	kjson "sigs.k8s.io/json"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
)

// reading is the reading of one document.
type reading struct {
	*parser
	root *node
	kind kindInfo
	// name is the object for messages, as far as it is known.
	name     string
	findings []finding
}

func (d *reading) add(f finding) { d.findings = append(d.findings, f) }

// read gives the document, or leaves findings.
func (d *reading) read() (Document, bool) {
	if !d.readKind() {
		return Document{}, false
	}
	d.check()
	data, err := json.Marshal(d.root.value())
	if err != nil {
		d.add(finding{line: d.root.line, message: "the document has no form in JSON: " + err.Error()})
		return Document{}, false
	}
	obj, decoded := d.decode(data)
	if !decoded {
		return Document{}, false
	}
	d.complete(obj)
	if len(d.findings) > 0 {
		return Document{}, false
	}
	digest := sha256.Sum256(data)
	return Document{Object: obj, Source: Source{d.file, d.root.line}, Digest: hex.EncodeToString(digest[:])}, true
}

// readKind finds the document's kind and its object's name.
func (d *reading) readKind() bool {
	if d.root.kind != object {
		d.add(finding{line: d.root.line, message: fmt.Sprintf("a document is an object, and this is %s", d.root.kind),
			remedy: "begin it with apiVersion and kind"})
		return false
	}
	apiVersion, kind := d.root.text("apiVersion"), d.root.text("kind")
	for _, f := range []struct{ name, value, example string }{
		{"apiVersion", apiVersion, "serving.kserve.io/v1beta1"}, {"kind", kind, "InferenceService"},
	} {
		if f.value != "" {
			continue
		}
		d.add(finding{line: d.root.at([]string{f.name}), path: field.NewPath(f.name),
			foreign: apiVersion == "" && kind == "",
			message: "the document has no " + f.name, remedy: fmt.Sprintf("add %s, for example %s: %s", f.name, f.name, f.example)})
	}
	if len(d.findings) > 0 {
		return false
	}
	d.nameObject(kind)
	info, wrong := lookup(apiVersion, kind)
	if wrong != nil {
		d.add(*wrong)
		return false
	}
	d.kind = info
	d.nameObject(kind)
	return true
}

func (d *reading) nameObject(kind string) {
	name, namespace := d.root.text("metadata", "name"), d.root.text("metadata", "namespace")
	switch {
	case name == "":
		d.name = kind
	case d.kind.cluster:
		d.name = kind + " " + name
	case namespace == "":
		d.name = kind + " " + DefaultNamespace + "/" + name
	default:
		d.name = kind + " " + namespace + "/" + name
	}
}

// check holds the document against its Go type. What becomes of an object, its status, is not the user's to say
// and not looked at.
func (d *reading) check() {
	typed := d.kind.make()
	t := reflect.TypeOf(typed)
	c := &checker{known: d.known, secret: d.kind.Kind == "Secret", quantities: isOwn(t.Elem()), spares: d.kind.Kind == v1beta1.KindInferenceService}
	c.check(withoutStatus(d.root), t, nil, nil)
	d.findings = append(d.findings, c.findings...)
}

func withoutStatus(root *node) *node {
	if root.get("status") == nil {
		return root
	}
	rest := *root
	rest.members = nil
	for _, m := range root.members {
		if m.name != "status" {
			rest.members = append(rest.members, m)
		}
	}
	return &rest
}

// decode reads the object. With unknown fields it is still read, so that the rest of it can be validated in the
// same turn; with anything else wrong it can't be.
func (d *reading) decode(data []byte) (Object, bool) {
	for _, f := range d.findings {
		if !f.unknown {
			return nil, false
		}
	}
	if d.root.get("status") != nil {
		var err error
		if data, err = json.Marshal(withoutStatus(d.root).value()); err != nil {
			return nil, false
		}
	}
	obj := d.kind.make()
	strict, err := kjson.UnmarshalStrict(data, obj)
	if err != nil {
		d.add(finding{line: d.root.line, message: d.plainly(err), remedy: "correct the value"})
		return nil, false
	}
	if len(strict) > 0 && len(d.findings) == 0 {
		for _, err := range strict {
			d.add(finding{line: d.root.line, message: d.plainly(err), remedy: "correct or remove the field"})
		}
	}
	return obj, true
}

// plainly gives the decoder's message, which for a Secret might quote a value.
func (d *reading) plainly(err error) string {
	if d.kind.Kind == "Secret" {
		return "the Secret can't be decoded"
	}
	return "can't be decoded: " + strings.TrimPrefix(err.Error(), "json: ")
}
