package standalone

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/sluice-serving/sluice/controller/manifest"
)

// readFirst reads the directories for the first time. What is broken in them serves by its last good version, as it does
// when it breaks during a run.
func (l *loop) readFirst() {
	kept, wrong := l.good.store.load()
	var all []goodText
	for name, text := range kept {
		path, served := l.directory.named(text.path)
		if !served {
			l.dropKept(name)
			continue
		}
		l.good.kept[name] = text.kept()
		l.directory.expect(path)
		text.path = path
		all = append(all, text)
		l.good.due[path] = true // It may have gone.
	}
	l.readAll()
	slices.SortFunc(all, func(a, b goodText) int { return strings.Compare(a.path, b.path) })
	change, refused := l.inventory.restore(all)
	l.takeFiles(change)
	for path, err := range refused {
		l.good.unread[path] = err
		l.troubled[problemPlace{file: path}] = true
	}
	l.reportWrong(wrong)
}

// reportWrong tells which broken manifests lack a last good version because it can't be used, and drops what else can't be.
func (l *loop) reportWrong(wrong map[string]error) {
	if err := wrong[""]; err != nil {
		l.logger.Warn("last good versions of manifests can't be read", "error", err)
		delete(wrong, "")
	}
	for path, file := range l.inventory.files {
		absolute, err := filepath.Abs(path)
		if name := goodName(absolute); err == nil && wrong[name] != nil {
			if len(file.problems) > 0 {
				l.good.unread[path] = wrong[name]
				l.troubled[problemPlace{file: path}] = true
			}
			delete(wrong, name)
		}
	}
	for name, err := range wrong {
		l.logger.Warn("a last good version can't be read", "error", err)
		l.dropKept(name)
	}
}

// dropKept removes what is kept of a manifest that is served no more.
func (l *loop) dropKept(name string) {
	if err := l.good.store.remove(name); err != nil {
		l.logger.Warn("not removed", "error", err)
	}
}

// named gives an absolute path as it is called below the paths that the user named, and false where it is below none.
func (d *directory) named(absolute string) (string, bool) {
	for _, root := range d.paths {
		base, err := filepath.Abs(root)
		if err != nil {
			continue
		}
		if absolute == base {
			return root, true
		}
		if below, err := filepath.Rel(base, absolute); err == nil && filepath.IsLocal(below) {
			return filepath.Join(root, below), true
		}
	}
	return "", false
}

// expect notes before the first walk that a manifest stood at a path and could be read.
func (d *directory) expect(path string) {
	d.known[path] = true
	for _, root := range d.paths {
		if atOrBelow(path, map[string]bool{root: true}) {
			d.places.hadManifests[root] = true
		}
	}
}

// restore puts into force what the run before had in force of files that are broken now, as its last good version; paths
// are as the user named them. What another file holds by now is that file's. It also says, by path, what of it this version
// of sluice refuses.
func (v *inventory) restore(kept []goodText) (change inventoryChange, refused map[string]error) {
	refused = map[string]error{}
	for _, text := range kept {
		if !v.broken(text.path) {
			continue
		}
		documents, problems := manifest.Parse(text.path, text.text)
		if len(problems) > 0 {
			refused[text.path] = problems[0]
			v.closeFile(text.path)
		}
		for _, document := range documents {
			key := keyOfObject(document.Object)
			if _, inForce := v.objects[key]; inForce || document.Refused {
				continue
			}
			v.objects[key], v.orphans[key] = document, true
			change.objects = append(change.objects, key)
		}
	}
	if len(v.policyFiles) > 0 {
		change.objects = append(change.objects, v.close()...)
	}
	return change, refused
}

// closeFile closes everything because of a file: there may be policies in it that nobody can read.
func (v *inventory) closeFile(path string) {
	if file, present := v.files[path]; present {
		file.documents = append(file.documents, manifest.Unread(path))
		v.policyFiles[path] = true
	}
}
