package standalone

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// places are the real places of what was found at the last walk. By them, an event that names a path leads to the one
// file that has to be read, and the others are not looked at.
type places struct {
	// dirs are the directories that were walked, by their real paths.
	dirs map[string]walkedDir
	// files are the manifests and models found, chosen or not, by their real paths.
	files map[string]foundFile
	// models are the paths of model files, as the user wrote them.
	models map[string]bool
	// manifests counts the manifests of each root. A root without any serves its model files.
	manifests map[string]int
	// hadManifests are the roots whose manifests may only be unreadable now.
	hadManifests map[string]bool
	// uncertain says that a change at one path may concern another, or none that an event names: a symbolic link leads
	// somewhere, something can't be read, or one place was found twice.
	uncertain bool
}

// walkedDir is a directory as it was found, and from which root.
type walkedDir struct{ path, root string }

func newPlaces() places {
	return places{
		dirs: map[string]walkedDir{}, files: map[string]foundFile{}, models: map[string]bool{}, manifests: map[string]int{}, hadManifests: map[string]bool{},
	}
}

// servesManifests says whether manifests stand below a root, or stood there when it could last be read.
func (p *places) servesManifests(root string) bool {
	return p.manifests[root] > 0 || p.hadManifests[root]
}

// note takes what was found below one root.
func (p *places) note(found found, before places) {
	p.uncertain = p.uncertain || found.linked || len(found.failed) > 0
	for real, path := range found.walked {
		_, twice := p.dirs[real]
		p.uncertain = p.uncertain || twice
		p.dirs[real] = walkedDir{path, found.root}
	}
	for _, files := range [][]foundFile{found.manifests, found.models} {
		for _, file := range files {
			_, twice := p.files[file.real]
			p.uncertain = p.uncertain || twice
			p.files[file.real] = file
		}
	}
	for _, file := range found.models {
		p.models[file.path] = true
	}
	p.manifests[found.root] = len(found.manifests)
	p.hadManifests[found.root] = len(found.manifests) == 0 && len(found.failed) > 0 && before.servesManifests(found.root)
}

// happening is what became of a path.
type happening int

const (
	// nothing that is read stands or stood there.
	nothing happening = iota
	// written: the file given is new or may be another.
	written
	// removed: the file given has gone.
	removed
	// elsewhere: what is read at other paths may be another now.
	elsewhere
)

// look tells what became of the file at a real path, and notes it.
func (p *places) look(real string, wasManifest func(path string) bool) (foundFile, happening) {
	before, known := p.files[real]
	dir, inside := p.dirs[filepath.Dir(real)]
	_, isDir := p.dirs[real]
	switch {
	case p.uncertain, isDir:
		return before, elsewhere
	case !known && (!inside || isHidden(filepath.Base(real))):
		return before, nothing
	}
	if !known {
		before = foundFile{path: filepath.Join(dir.path, filepath.Base(real)), real: real, root: dir.root}
	}
	info, err := os.Lstat(real)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !known:
		return before, nothing
	case errors.Is(err, fs.ErrNotExist):
		return p.replace(before, known, nil)
	case err != nil, info.IsDir(), info.Mode()&fs.ModeSymlink != 0, known && !info.Mode().IsRegular():
		return before, elsewhere
	case !info.Mode().IsRegular():
		return before, nothing
	}
	now := found{root: before.root, wasManifest: wasManifest}
	now.file(foundFile{path: before.path, real: real, named: before.named}, info)
	if len(now.failed) > 0 {
		return before, elsewhere
	}
	return p.replace(before, known, append(now.manifests, now.models...))
}

// replace puts what stands at a path now, one file or none, in the place of what stood there. Whether a root has manifests
// decides about all of its model files, and one model file may stand back for another.
func (p *places) replace(before foundFile, known bool, now []foundFile) (foundFile, happening) {
	served := p.manifests[before.root] > 0
	wasManifest, isManifest := known && !before.model, len(now) > 0 && !now[0].model
	switch {
	case isManifest && !wasManifest:
		p.manifests[before.root]++
	case wasManifest && !isManifest:
		p.manifests[before.root]--
	}
	delete(p.files, before.real)
	for _, file := range now {
		p.files[file.real] = file
	}
	serves := p.manifests[before.root] > 0
	switch {
	case served != serves:
		return before, elsewhere
	case serves && isManifest:
		return now[0], written
	case serves && wasManifest:
		return before, removed
	case serves, !known && len(now) == 0:
		return before, nothing
	case known && len(now) > 0:
		return now[0], written
	}
	return before, elsewhere
}
