package manifest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/sluice-serving/sluice/api/nearest"
)

// suggest says what an unknown field was most likely meant to be: a field that there used to be, a field that
// belongs elsewhere in the object, or a name of this struct that is spelt nearly so. owners ends with the struct.
func (c *checker) suggest(name string, path *field.Path, owners []reflect.Type) string {
	here := owners[len(owners)-1]
	if instead := removed(name, path); instead != "" {
		return instead
	}
	if near := nearest.Name(name, c.known.names(here)); near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	for _, f := range c.known.of(here) {
		if inner := pointee(f.typ); inner.Kind() == reflect.Struct && !decodesItself(inner) && f.name != "metadata" && f.name != "status" {
			if _, there := c.known.field(inner, name); there {
				return fmt.Sprintf("it belongs into %s; check the indentation", at(path, f.name, false))
			}
		}
	}
	outer := path
	for i := len(owners) - 2; i >= 0 && outer != nil; i-- {
		outer = parent(outer)
		if _, there := c.known.field(owners[i], name); there {
			if outer == nil {
				return "it belongs to the top of the document; check the indentation"
			}
			return fmt.Sprintf("it belongs into %s; check the indentation", outer)
		}
	}
	return "remove it; known here are " + fewNames(c.known.names(here))
}

// removed knows the fields of earlier releases, and those that are often made up, that manifests on the web have.
func removed(name string, path *field.Path) string {
	component := path.String()
	switch {
	case name == "spec" && (strings.HasSuffix(component, ".template") || strings.HasSuffix(component, ".worker")):
		return "this is the pod's spec itself; move what stands below spec one level up"
	case name == "httpRoute" && component == "spec.router.route":
		return "did you mean http?"
	case name == "managed" && component == "spec.router.gateway":
		return "remove it: a gateway without refs is made by the controller"
	}
	if component != "spec.predictor" && component != "spec.transformer" && component != "spec.explainer" {
		return ""
	}
	switch name {
	case "custom":
		return "KFServing's custom is now containers; move its container there"
	case "alibi", "aix":
		return "KServe no longer has this explainer; use containers with its image"
	}
	return ""
}

// parent gives the path of the struct around a struct: spec.predictor for spec.predictor.containers[0].
func parent(path *field.Path) *field.Path {
	text := path.String()
	for strings.HasSuffix(text, "]") {
		open := strings.LastIndexByte(text, '[')
		if open < 0 {
			break // The bracket is a misspelt field's own.
		}
		text = text[:open]
	}
	i := strings.LastIndexByte(text, '.')
	if i < 0 {
		return nil
	}
	return field.NewPath(text[:i])
}

const maxNames = 12

func fewNames(names []string) string {
	names = slices.Sorted(slices.Values(names))
	if len(names) > maxNames {
		return strings.Join(names[:maxNames], ", ") + fmt.Sprintf(" and %d more", len(names)-maxNames)
	}
	return strings.Join(names, ", ")
}
