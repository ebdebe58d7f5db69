package standalone

import (
	"fmt"
	"path/filepath"
	"reflect"

	"github.com/sluice-serving/sluice/controller/manifest"
)

// objectKey identifies an object among all that the directories hold.
type objectKey struct {
	kind, namespace, name string
}

func (k objectKey) String() string {
	if k.namespace == "" {
		return k.kind + " " + k.name
	}
	return k.kind + " " + k.namespace + "/" + k.name
}

func keyOfObject(object manifest.Object) objectKey {
	return objectKey{kindOf(object), object.GetNamespace(), object.GetName()}
}

// kindOf is the object's kind: as it stands in its manifest, else the name of its Go type.
func kindOf(object manifest.Object) string {
	if kind := object.GetObjectKind().GroupVersionKind().Kind; kind != "" {
		return kind
	}
	return reflect.TypeOf(object).Elem().Name()
}

// inventory is the objects in force: of each, the last good version.
type inventory map[objectKey]manifest.Document

// takeInventory decides, from the objects in force before and what the files hold now, which objects are
// in force. An object whose file, or a directory above it, can't be read or parsed any more keeps its last good
// version, so that a slip of the editor takes nothing down; an object that an intact file no longer holds is
// gone. An object that two files hold stays with the file that had it first.
func takeInventory(before inventory, now reading) (inventory, []manifest.Problem) {
	after := inventory{}
	var problems []manifest.Problem
	var closing closing
	broken := map[string]bool{}
	for _, file := range now.files {
		problems = append(problems, file.problems...)
		broken[file.path] = broken[file.path] || len(file.problems) > 0
		for _, document := range file.documents {
			key := keyOfObject(document.Object)
			if document.Refused {
				closing.add(document)
				continue
			}
			holder, taken := after[key]
			if !taken {
				after[key] = document
				continue
			}
			kept, refused := holder, document
			if before[key].Source.File == document.Source.File && holder.Source.File != document.Source.File {
				kept, refused = document, holder
			}
			after[key] = kept
			problems = append(problems, twice(key, kept, refused))
			closing.add(refused)
		}
	}
	for key, document := range before {
		if _, present := after[key]; !present && !document.Refused && below(document.Source.File, broken) {
			closing.keep(key, document)
			after[key] = document
		}
	}
	closing.apply(after)
	return after, problems
}

// below says whether a path or a directory above it is among paths.
func below(path string, paths map[string]bool) bool {
	for !paths[path] {
		parent := filepath.Dir(path)
		if parent == path {
			return false
		}
		path = parent
	}
	return true
}

func twice(key objectKey, kept, refused manifest.Document) manifest.Problem {
	return manifest.Problem{
		Source: refused.Source, Object: key.String(), Field: "metadata.name",
		Message: fmt.Sprintf("the same object stands at %s, which is the one in force", kept.Source),
		Remedy:  "remove one of them or give it another name or namespace",
	}
}

// changes are the keys whose object differs between two inventories.
func (before inventory) changes(after inventory) []objectKey {
	var changed []objectKey
	for key, document := range after {
		if old, known := before[key]; !known || old.Digest != document.Digest || old.Source.File != document.Source.File {
			changed = append(changed, key)
		}
	}
	for key := range before {
		if _, kept := after[key]; !kept {
			changed = append(changed, key)
		}
	}
	return changed
}
