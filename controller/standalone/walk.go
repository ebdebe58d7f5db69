package standalone

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sluice-serving/sluice/controller/manifest"
	"github.com/sluice-serving/sluice/controller/plan"
)

// foundFile is a file that may hold a manifest or a model. Its path begins as the user wrote it.
type foundFile struct {
	path string
	// real is the path of its directory entry, absolute and below it free of symbolic links.
	real string
	// root is the path that the user named, at or below which it was found.
	root  string
	stamp stamp
	model bool
	// named says that it is root itself.
	named bool
}

// found is what stands below one path.
type found struct {
	root string
	// dirs are what has to be watched, absolute and without symbolic links: a link that leads elsewhere later is then
	// another directory.
	dirs      []string
	manifests []foundFile
	models    []foundFile
	// failed are the files and directories that can't be read now.
	failed []*fileReading
	// walked are the directories that were read, by their real paths, as they were found.
	walked map[string]string
	// linked says that a symbolic link leads to something of it.
	linked bool
	// wasManifest says whether a manifest stood at a path.
	wasManifest func(path string) bool
}

// chosen gives the manifests, or, where there are none, the model files: models usually stand beside the manifests that
// name them, and would be served twice. manifestsBefore says that there were manifests before: what can't be read now
// may be them.
func (f *found) chosen(manifestsBefore bool) []foundFile {
	switch {
	case len(f.manifests) > 0:
		return f.manifests
	case manifestsBefore && len(f.failed) > 0:
		return nil
	}
	return newest(f.models)
}

// newest leaves out the older versions of models.
func newest(models []foundFile) []foundFile {
	var paths []string
	for _, model := range models {
		paths = append(paths, model.path)
	}
	kept := map[string]bool{}
	for _, path := range plan.NewestModels(paths) {
		kept[path] = true
	}
	return slices.DeleteFunc(models, func(model foundFile) bool { return !kept[model.path] })
}

// walk is one search through a path.
type walk struct {
	found
	// links are directories by symbolic links. They are followed after the others, so that a link to what stands below
	// the path anyhow changes no file's name.
	links []string
}

// findFiles searches a path, which may be a file, a directory or a symbolic link to either.
func findFiles(root string, wasManifest func(path string) bool) found {
	w := walk{found: found{root: root, walked: map[string]string{}, linked: isLink(root), wasManifest: wasManifest}}
	info, err := os.Stat(root)
	switch {
	case err != nil:
		w.fail(root, err)
		w.dirs = append(w.dirs, nearestDir(root))
	case info.IsDir():
		w.dir(root)
		for len(w.links) > 0 {
			next := w.links[0]
			w.links = w.links[1:]
			w.dir(next)
		}
		if w.linked {
			w.dirs = append(w.dirs, nearestDir(root))
		}
	default:
		dir := nearestDir(root)
		w.file(foundFile{path: root, real: filepath.Join(dir, filepath.Base(root)), named: true}, info)
		w.dirs = append(w.dirs, dir)
	}
	return w.found
}

// dir reads one directory and those below it. Names that begin with a dot are no one's manifests: a repository's own
// files, the locks of editors, and the directory behind the links of a mounted ConfigMap.
func (w *walk) dir(path string) {
	real, err := realPath(path)
	if err != nil {
		w.fail(path, err)
		return
	}
	if _, seen := w.walked[real]; seen {
		return // a link may lead back
	}
	w.walked[real] = path
	w.dirs = append(w.dirs, real)
	entries, err := os.ReadDir(path)
	if err != nil {
		w.fail(path, err)
		return
	}
	for _, entry := range entries {
		if !isHidden(entry.Name()) {
			w.entry(filepath.Join(path, entry.Name()), filepath.Join(real, entry.Name()), entry)
		}
	}
}

// isHidden also leaves out what a file system keeps for its own repair, which only root can read.
func isHidden(name string) bool { return strings.HasPrefix(name, ".") || name == "lost+found" }

func (w *walk) entry(path, real string, entry fs.DirEntry) {
	if entry.IsDir() {
		w.dir(path)
		return
	}
	w.linked = w.linked || entry.Type()&fs.ModeSymlink != 0
	info, err := os.Stat(path)
	switch {
	case err != nil:
		w.fail(path, err)
	case info.IsDir():
		w.links = append(w.links, path)
	case info.Mode().IsRegular():
		w.file(foundFile{path: path, real: real}, info)
		if target, err := realPath(path); err == nil && entry.Type()&fs.ModeSymlink != 0 {
			w.dirs = append(w.dirs, filepath.Dir(target))
		}
	}
}

// fail notes what can't be read. What has gone since it was found is no failure, unless the user named it.
func (f *found) fail(path string, err error) {
	info, gone := os.Lstat(path)
	if path != f.root && errors.Is(gone, fs.ErrNotExist) {
		return
	}
	f.failed = append(f.failed, &fileReading{
		path: path, hidden: path == f.root || gone != nil || mayHoldManifests(info),
		problems: []manifest.Problem{{
			Source:  manifest.Source{File: path},
			Message: fmt.Sprintf("can't be read: %v", err),
			Remedy:  "make it readable or remove it",
		}},
	})
}

// mayHoldManifests says whether what can't be read may be a manifest or a directory of them: a directory, a file that ends
// as manifests do, or a link that ends so or has no ending, as directories mostly have none.
func mayHoldManifests(info fs.FileInfo) bool {
	switch strings.ToLower(filepath.Ext(info.Name())) {
	case ".yaml", ".yml", ".json":
		return true
	case "":
		return !info.Mode().IsRegular()
	}
	return info.IsDir()
}

// file sorts a file in. Files of other kinds than manifests and models are none of ours, unless the user named them. A JSON
// file that was a manifest stays one whatever is in it now: a slip of the editor takes nothing down.
func (f *found) file(file foundFile, info fs.FileInfo) {
	file.root, file.stamp = f.root, stampOf(info)
	extension := strings.ToLower(filepath.Ext(file.path))
	isModel := plan.IsModelFile(file.path, ModelHead)
	isManifest := extension == ".yaml" || extension == ".yml"
	if extension == ".json" && !isModel {
		var err error
		isManifest, err = isManifestJSON(file)
		isManifest = isManifest || file.named || f.wasManifest(file.path)
		if err != nil && !isManifest {
			f.fail(file.path, err)
			return
		}
	}
	switch {
	case isManifest:
		f.manifests = append(f.manifests, file)
	case file.named || isModel:
		file.model = true
		f.models = append(f.models, file)
	}
}

// ModelHead gives the first bytes of a file, by which formats of models are told apart; none where it can't be read.
func ModelHead(path string) []byte {
	const enough = 4096
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer file.Close()
	head, err := io.ReadAll(io.LimitReader(file, enough))
	if err != nil {
		return nil
	}
	return head
}

func isLink(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

// realPath is a path made absolute and free of symbolic links.
func realPath(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(absolute)
}

// nearestDir is the directory that has to be watched to see something appear or change at a path: the one it stands in,
// or the first above that which is there.
func nearestDir(path string) string {
	dir, err := filepath.Abs(path)
	if err != nil {
		dir = path
	}
	for {
		parent := filepath.Dir(dir)
		if real, err := filepath.EvalSymlinks(parent); err == nil || parent == dir {
			return real
		}
		dir = parent
	}
}
