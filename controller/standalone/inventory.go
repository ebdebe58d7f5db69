package standalone

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
	"github.com/sluice-serving/sluice/controller/manifest"
)

// inventory says which objects are in force: of each, the last good version. An object whose file, or a directory above it,
// can't be read or parsed any more keeps its last good version, so that a slip of the editor takes nothing down; an object
// that an intact file no longer holds is gone. An object that two files hold stays with the file that had it first.
type inventory struct {
	// files are what was read last, by path. Directories that can't be read are among them.
	files map[string]*fileReading
	// claims are the documents that the files hold of each object, by file and in their order there.
	claims map[objectKey][]manifest.Document
	// objects are those in force, and orphans those of them that no file holds: they stay as long as theirs is broken.
	objects map[objectKey]manifest.Document
	orphans map[objectKey]bool
	// policyFiles are the files with AccessPolicies, and standIns are in force for those of them that are not.
	policyFiles map[string]bool
	standIns    map[objectKey]manifest.Document
}

func newInventory() *inventory {
	return &inventory{
		files: map[string]*fileReading{}, claims: map[objectKey][]manifest.Document{},
		objects: map[objectKey]manifest.Document{}, orphans: map[objectKey]bool{},
		policyFiles: map[string]bool{}, standIns: map[objectKey]manifest.Document{},
	}
}

// inventoryChange is what differs from one state of an inventory to the next.
type inventoryChange struct {
	// objects are those that are new, gone, or have other content or another file.
	objects []objectKey
	// moved are those that only stand at another line.
	moved []objectKey
	// files and contested are the files and the objects held twice of which the problems may be others.
	files     []string
	contested []objectKey
}

// take makes the inventory that of a reading of everything.
func (v *inventory) take(now reading) inventoryChange {
	var changed []*fileReading
	present := make(map[string]bool, len(now.files))
	for _, file := range now.files {
		present[file.path] = true
		if v.files[file.path] != file {
			changed = append(changed, file)
		}
	}
	var gone []string
	for path := range v.files {
		if !present[path] {
			gone = append(gone, path)
		}
	}
	return v.update(changed, gone)
}

// update takes files that were read anew and files that have gone. It looks at no others.
func (v *inventory) update(files []*fileReading, gone []string) inventoryChange {
	var change inventoryChange
	touched := map[objectKey]bool{}
	policies := len(v.policyFiles)
	for key := range v.orphans {
		touched[key] = true
	}
	for _, path := range gone {
		v.release(path, touched)
		change.files = append(change.files, path)
	}
	for _, file := range files {
		v.release(file.path, touched)
		v.claim(file, touched)
		change.files = append(change.files, file.path)
	}
	for key := range touched {
		change.contested = append(change.contested, key)
		switch v.decide(key) {
		case same:
		case moved:
			change.moved = append(change.moved, key)
		case changed:
			change.objects = append(change.objects, key)
		}
	}
	if policies+len(v.policyFiles) > 0 {
		change.objects = append(change.objects, v.close()...)
	}
	return change
}

// get gives the object in force for a key.
func (v *inventory) get(key objectKey) (manifest.Document, bool) {
	if document, inForce := v.objects[key]; inForce {
		return document, true
	}
	document, stands := v.standIns[key]
	return document, stands
}

// all gives every object in force, sorted by kind, namespace and name.
func (v *inventory) all() []manifest.Document {
	every := maps.Clone(v.objects)
	maps.Copy(every, v.standIns)
	var documents []manifest.Document
	for _, key := range slices.SortedFunc(maps.Keys(every), func(a, b objectKey) int { return strings.Compare(a.String(), b.String()) }) {
		documents = append(documents, every[key])
	}
	return documents
}

// release takes a file's documents away.
func (v *inventory) release(path string, touched map[objectKey]bool) {
	file, known := v.files[path]
	if !known {
		return
	}
	delete(v.files, path)
	delete(v.policyFiles, path)
	for _, document := range file.documents {
		key := keyOfObject(document.Object)
		touched[key] = true
		v.claims[key] = slices.DeleteFunc(v.claims[key], func(d manifest.Document) bool { return d.Source.File == path })
		if len(v.claims[key]) == 0 {
			delete(v.claims, key)
		}
	}
}

func (v *inventory) claim(file *fileReading, touched map[objectKey]bool) {
	v.files[file.path] = file
	for _, document := range file.documents {
		key := keyOfObject(document.Object)
		if key.kind == sluicev1alpha1.KindAccessPolicy {
			v.policyFiles[file.path] = true
		}
		if document.Refused {
			continue // see [inventory.close]
		}
		touched[key] = true
		v.claims[key] = append(v.claims[key], document)
		slices.SortStableFunc(v.claims[key], func(a, b manifest.Document) int { return cmp.Compare(a.Source.File, b.Source.File) })
	}
}

// difference is how far an object in force is another than before.
type difference int

const (
	same difference = iota
	// moved: it stands at another line.
	moved
	changed
)

// decide puts the right version of an object into force.
func (v *inventory) decide(key objectKey) difference {
	before, had := v.objects[key]
	claims := v.claims[key]
	delete(v.orphans, key)
	if len(claims) == 0 {
		switch {
		case !had:
			return same
		case v.broken(before.Source.File):
			v.orphans[key] = true
			return same
		}
		delete(v.objects, key)
		return changed
	}
	now := claims[0]
	if i := slices.IndexFunc(claims, func(d manifest.Document) bool { return had && d.Source.File == before.Source.File }); i > 0 {
		now = claims[i]
	}
	v.objects[key] = now
	switch {
	case !had || before.Digest != now.Digest || before.Source.File != now.Source.File:
		return changed
	case before.Source != now.Source:
		return moved
	}
	return same
}

// broken says whether a file, or a directory above it, can't be read or parsed.
func (v *inventory) broken(path string) bool {
	for {
		if file, known := v.files[path]; known && len(file.problems) > 0 {
			return true
		}
		parent := filepath.Dir(path)
		if parent == path {
			return false
		}
		path = parent
	}
}

// fileProblems are what is wrong in a file.
func (v *inventory) fileProblems(path string) []manifest.Problem {
	if file, known := v.files[path]; known {
		return file.problems
	}
	return nil
}

// twiceProblems are those of the versions of an object that are not in force because another one is.
func (v *inventory) twiceProblems(key objectKey) []manifest.Problem {
	claims := v.claims[key]
	if len(claims) < 2 {
		return nil
	}
	var problems []manifest.Problem
	kept, passed := v.objects[key], false
	for _, document := range claims {
		if !passed && document.Source == kept.Source {
			passed = true
			continue
		}
		problems = append(problems, manifest.Problem{
			Source: document.Source, Object: key.String(), Field: "metadata.name",
			Message: fmt.Sprintf("the same object stands at %s, which is the one in force", kept.Source),
			Remedy:  "remove one of them or give it another name or namespace",
		})
	}
	return problems
}

// problems are all of them, sorted by file and line.
func (v *inventory) problems() []manifest.Problem {
	var all []manifest.Problem
	for path := range v.files {
		all = append(all, v.fileProblems(path)...)
	}
	for key := range v.claims {
		all = append(all, v.twiceProblems(key)...)
	}
	sortProblems(all)
	return all
}
