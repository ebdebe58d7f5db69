package manifest

import (
	"bytes"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
)

// DefaultNamespace is the namespace of objects that name none.
const DefaultNamespace = "default"

// Parse reads a file of one or several documents, YAML or JSON. It gives the objects that are right, defaulted
// and in their order, and all that is wrong with the others; a fault in one document leaves the others as they
// are. A v1 List stands for its items. Parse never panics, and takes at most MaxFileBytes.
func Parse(file string, data []byte) ([]Document, []Problem) {
	p := &parser{file: file, known: newFieldIndex(), seen: map[string]int{}}
	if len(data) > MaxFileBytes {
		p.fault(&fault{0, fmt.Sprintf("the file has %d bytes, and at most %d are read", len(data), MaxFileBytes),
			"split it, or keep data that is no manifest elsewhere"})
		return nil, p.problems
	}
	for _, n := range p.read(data) {
		p.take(n)
	}
	p.closeUnread(data)
	slices.SortStableFunc(p.problems, func(a, b Problem) int { return a.Line - b.Line })
	return p.documents, p.problems
}

// parser is the state of one call of Parse.
type parser struct {
	file  string
	known *fieldIndex
	// seen are the objects of the file so far, with their lines.
	seen      map[string]int
	documents []Document
	problems  []Problem
	// faulty says that some document could not be read at all.
	faulty bool
	// policies counts the documents of kind AccessPolicy, right or wrong.
	policies int
}

// read gives the roots of the documents that could be read, and reports the others.
func (p *parser) read(data []byte) []*node {
	if trimmed := bytes.TrimSpace(data); len(trimmed) > 0 && trimmed[0] == '{' {
		roots, err := readJSON(data)
		if err != nil {
			p.fault(asFault(err))
		}
		if roots != nil || err != nil {
			return roots
		}
	}
	var roots []*node
	b := &builder{}
	for _, c := range split(data) {
		found, err := b.readChunk(c)
		roots = append(roots, found...)
		if err != nil {
			p.fault(asFault(err))
		}
	}
	return roots
}

// take reads one document, or each item of a list.
func (p *parser) take(root *node) {
	if root.text("kind") == "List" && root.text("apiVersion") == "v1" {
		items := root.get("items")
		if items == nil || items.value.kind != list {
			p.report(root, "", finding{line: root.line, path: field.NewPath("items"), message: "a List has a list of items", remedy: "add it"})
			return
		}
		for _, item := range items.value.items {
			p.takeDocument(item)
		}
		return
	}
	p.takeDocument(root)
}

func (p *parser) takeDocument(root *node) {
	d := &reading{parser: p, root: root}
	if root.text("kind") == sluicev1alpha1.KindAccessPolicy {
		p.policies++
	}
	document, ok := d.read()
	for _, f := range d.findings {
		p.report(root, d.name, f)
	}
	if ok {
		p.documents = append(p.documents, document)
	} else if closed := d.standIn(); closed != nil {
		p.documents = append(p.documents, *closed)
	}
}

func (p *parser) fault(f *fault) {
	p.faulty = true
	p.problems = append(p.problems, Problem{Source: Source{p.file, f.line}, Message: f.message, Remedy: f.remedy})
}

func (p *parser) report(root *node, name string, f finding) {
	problem := Problem{Source: Source{p.file, f.line}, Object: name, Message: f.message, Remedy: f.remedy, Foreign: f.foreign}
	if f.path != nil {
		problem.Field = f.path.String()
	}
	if problem.Line == 0 {
		problem.Line = root.at(segmentsOf(problem.Field))
	}
	p.problems = append(p.problems, problem)
}
