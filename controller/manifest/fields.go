package manifest

import (
	"encoding/json"
	"reflect"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// knownField is a field of a struct as JSON sees it.
type knownField struct {
	name     string
	typ      reflect.Type
	required bool
	// spared fields are required in every kind but InferenceService.
	spared bool
	// keys tell the entries of a list apart, where it may hold none twice.
	keys []string
}

// fieldIndex knows the fields of the Go types that documents are decoded into. It belongs to one call of Parse.
type fieldIndex struct {
	fields map[reflect.Type][]knownField
}

func newFieldIndex() *fieldIndex { return &fieldIndex{fields: map[reflect.Type][]knownField{}} }

// of gives the fields of a struct: its own, then those of its embedded structs that no shallower field hides.
func (s *fieldIndex) of(t reflect.Type) []knownField {
	if known, ok := s.fields[t]; ok {
		return known
	}
	var known []knownField
	hidden := map[string]bool{}
	for level := []reflect.Type{t}; len(level) > 0; {
		var deeper []reflect.Type
		for _, t := range level {
			for i := range t.NumField() {
				f := t.Field(i)
				name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
				switch {
				case f.Anonymous && name == "":
					deeper = append(deeper, pointee(f.Type))
				case name == "-" || name == "" || hidden[name]:
				default:
					hidden[name] = true
					known = append(known, knownField{name, f.Type, isRequired(t, f.Type, name, options), isSpared(t), entryKeys(t, name)})
				}
			}
		}
		level = deeper
	}
	s.fields[t] = known
	return known
}

func (s *fieldIndex) field(t reflect.Type, name string) (knownField, bool) {
	for _, f := range s.of(t) {
		if f.name == name {
			return f, true
		}
	}
	return knownField{}, false
}

func (s *fieldIndex) names(t reflect.Type) []string {
	known := s.of(t)
	names := make([]string, len(known))
	for i, f := range known {
		names[i] = f.name
	}
	return names
}

// isRequired follows the rule by which the schemas of these kinds were made: a field that is written even when
// it is empty must be there. Core types break it for lists and maps, but for the few that are named here.
func isRequired(owner, t reflect.Type, name, options string) bool {
	if strings.Contains(options, "omit") || name == "status" {
		return false
	}
	switch owner {
	case reflect.TypeFor[corev1.NodeSelector](), reflect.TypeFor[corev1.CephFSVolumeSource](), reflect.TypeFor[corev1.CephFSPersistentVolumeSource](),
		reflect.TypeFor[corev1.RBDVolumeSource](), reflect.TypeFor[corev1.RBDPersistentVolumeSource]():
		return true
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface:
		return false
	case reflect.Slice, reflect.Map:
		return isOwn(owner) || strings.Contains(owner.PkgPath(), "sigs.k8s.io/gateway-api")
	default:
		return true
	}
}

// isSpared says whether an InferenceService may leave out what a type requires: the first container of a component may go without
// a name, and KServe lets a probe's port be that of its container. Validation asks for them where they are needed.
func isSpared(owner reflect.Type) bool {
	switch owner {
	case reflect.TypeFor[corev1.Container](), reflect.TypeFor[corev1.HTTPGetAction](), reflect.TypeFor[corev1.TCPSocketAction]():
		return true
	}
	return false
}

// isOwn says whether a type is of a kind that a cluster knows by a custom resource definition of KServe's or ours.
func isOwn(t reflect.Type) bool { return strings.Contains(t.PkgPath(), "sluice/api/") }

func pointee(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// decodesItself says whether a type reads its own JSON, as quantities, times and ports by name do.
func decodesItself(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]())
}
