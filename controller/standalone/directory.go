package standalone

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/manifest"
	"github.com/sluice-serving/sluice/controller/plan"
)

// maxManifestBytes bounds one manifest file. etcd refuses objects above 1.5 MiB; a file may hold several.
const maxManifestBytes = 8 << 20

// reading is what the directories hold at one time.
type reading struct {
	// files are sorted by path.
	files []fileReading
	// dirs are all directories below the paths, to be watched.
	dirs []string
}

// fileReading is what one file holds.
type fileReading struct {
	path      string
	documents []manifest.Document
	problems  []manifest.Problem
}

// directory reads manifests from paths, each a directory, a manifest or a model file. It parses a file
// again only when it changed.
type directory struct {
	paths  []string
	parsed map[string]parsedFile
}

type parsedFile struct {
	modified time.Time
	size     int64
	reading  fileReading
}

func newDirectory(paths []string) *directory {
	return &directory{paths: paths, parsed: map[string]parsedFile{}}
}

// read walks the paths. What can't be read is a problem of its own file and stops nothing else.
func (d *directory) read() reading {
	var result reading
	kept := map[string]parsedFile{}
	for _, path := range d.paths {
		found := findFiles(path)
		result.dirs = append(result.dirs, found.dirs...)
		result.files = append(result.files, found.failed...)
		for _, file := range found.chosen() {
			if _, twice := kept[file.path]; twice {
				continue
			}
			parsed, ok := d.parsed[file.path]
			if !ok || parsed.modified != file.modified || parsed.size != file.size {
				parsed = parsedFile{file.modified, file.size, readFile(file)}
			}
			kept[file.path] = parsed
			result.files = append(result.files, parsed.reading)
		}
	}
	d.parsed = kept
	slices.SortFunc(result.files, func(a, b fileReading) int { return cmp.Compare(a.path, b.path) })
	slices.Sort(result.dirs)
	result.dirs = slices.Compact(result.dirs)
	return result
}

// foundFile is a file that may hold a manifest or a model.
type foundFile struct {
	path     string
	modified time.Time
	size     int64
	model    bool
}

// found is what stands below one path.
type found struct {
	dirs      []string
	manifests []foundFile
	models    []foundFile
	failed    []fileReading
}

// chosen gives the manifests, or, where there are none, the model files: models usually stand beside the
// manifests that name them, and would be served twice.
func (f found) chosen() []foundFile {
	if len(f.manifests) > 0 {
		return f.manifests
	}
	return f.models
}

func findFiles(root string) found {
	var result found
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			result.fail(path, err)
			return nil
		}
		if entry.IsDir() {
			if path != root && strings.HasPrefix(entry.Name(), ".") {
				return fs.SkipDir
			}
			result.dirs = append(result.dirs, path)
			return nil
		}
		// Stat and not the entry's own: a manifest may be a symbolic link, as mounted ConfigMaps are.
		info, err := os.Stat(path)
		if err != nil {
			result.fail(path, err)
			return nil
		}
		if info.Mode().IsRegular() {
			result.add(foundFile{path: path, modified: info.ModTime(), size: info.Size()}, path == root)
		}
		return nil
	})
	if err != nil {
		result.fail(root, err)
	}
	if info, err := os.Stat(root); err == nil && !info.IsDir() {
		result.dirs = append(result.dirs, filepath.Dir(root))
	}
	return result
}

func (f *found) fail(path string, err error) {
	f.failed = append(f.failed, fileReading{path: path, problems: []manifest.Problem{{
		Source:  manifest.Source{File: path},
		Message: fmt.Sprintf("can't be read: %v", err),
		Remedy:  "make it readable or remove it",
	}}})
}

// add sorts a file in. Files of other kinds than manifests and models are none of ours, unless the user
// named them.
func (f *found) add(file foundFile, named bool) {
	switch extension := strings.ToLower(filepath.Ext(file.path)); {
	case extension == ".yaml" || extension == ".yml":
		f.manifests = append(f.manifests, file)
	case extension == ".json" && (named || isManifestJSON(file)):
		f.manifests = append(f.manifests, file)
	case named || plan.IsModelFile(file.path):
		file.model = true
		f.models = append(f.models, file)
	}
}

// isManifestJSON tells a manifest from the sample requests that stand beside it: it has a kind.
func isManifestJSON(file foundFile) bool {
	if file.size > maxManifestBytes {
		return false
	}
	data, err := os.ReadFile(file.path)
	if err != nil {
		return false
	}
	var head struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	return json.Unmarshal(data, &head) == nil && head.APIVersion != "" && head.Kind != ""
}

func readFile(file foundFile) fileReading {
	result := fileReading{path: file.path}
	problem := func(message, remedy string) fileReading {
		result.problems = append(result.problems, manifest.Problem{
			Source: manifest.Source{File: file.path}, Message: message, Remedy: remedy,
		})
		return result
	}
	if file.model {
		return readModel(file.path)
	}
	if file.size > maxManifestBytes {
		return problem(fmt.Sprintf("is %d bytes long, a manifest file may have %d", file.size, maxManifestBytes), "split it into several files")
	}
	data, err := os.ReadFile(file.path)
	if err != nil {
		return problem(fmt.Sprintf("can't be read: %v", err), "make it readable or remove it")
	}
	result.documents, result.problems = manifest.Parse(file.path, data)
	return result
}

// readModel gives the InferenceService that serves a bare model file.
func readModel(path string) fileReading {
	result := fileReading{path: path}
	absolute, err := filepath.Abs(path)
	if err == nil {
		var service v1beta1.InferenceService
		if service, err = plan.ModelFile(absolute); err == nil {
			service.Default(v1beta1.Defaults{})
			result.documents = append(result.documents, manifest.Document{
				Object: &service, Source: manifest.Source{File: path}, Digest: absolute,
			})
			return result
		}
	}
	problem := manifest.Problem{Source: manifest.Source{File: path}, Message: err.Error()}
	var refused *plan.ModelFileError
	if errors.As(err, &refused) {
		problem.Message, problem.Remedy = refused.Message, refused.Remedy
	}
	result.problems = append(result.problems, problem)
	return result
}
