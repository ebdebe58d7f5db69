package standalone

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/manifest"
	"github.com/sluice-serving/sluice/controller/plan"
)

// maxManifestBytes bounds one manifest file. etcd refuses objects above 1.5 MiB; a file may hold several.
const maxManifestBytes = 8 << 20

// reading is what the directories hold at one time.
type reading struct {
	// files are sorted by path. A file that is as it was is the same value as in the reading before.
	files []*fileReading
	// dirs are all directories that have to be watched to see a change.
	dirs []string
}

// fileReading is what one file holds.
type fileReading struct {
	path      string
	documents []manifest.Document
	problems  []manifest.Problem
	// unread says that it could not be read, which may pass without a change of the file.
	unread bool
	// model says that it is a model file, which is served by itself.
	model bool
	// hidden says that nobody can tell whether it holds AccessPolicies; see [directory.closeHidden].
	hidden bool
	// keepable says that all of it is right and may be stored; text is what is not stored yet.
	keepable bool
	text     []byte
}

// directory reads manifests from paths, each a directory, a manifest or a model file. It parses a file
// again only when it changed.
type directory struct {
	paths  []string
	parsed map[string]parsedFile
	// places are those of the last walk.
	places places
	// known are the manifests and directories that could be read once and have not gone since. The inventory keeps what was
	// in force of them.
	known map[string]bool
}

type parsedFile struct {
	stamp   stamp
	reading *fileReading
}

func newDirectory(paths []string) *directory {
	d := &directory{parsed: map[string]parsedFile{}, places: newPlaces(), known: map[string]bool{}}
	for _, path := range paths {
		d.paths = append(d.paths, filepath.Clean(path))
	}
	return d
}

// read walks the paths. What can't be read is a problem of its own file and stops nothing else.
func (d *directory) read() reading {
	var result reading
	kept := map[string]parsedFile{}
	before := d.places
	d.places = newPlaces()
	for _, path := range d.paths {
		found := findFiles(path, d.wasManifest)
		result.dirs = append(result.dirs, found.dirs...)
		for _, failed := range found.failed {
			d.closeHidden(failed)
			result.files = append(result.files, failed)
		}
		chosen := found.chosen(before.servesManifests(path))
		d.places.note(found, before)
		for _, file := range chosen {
			if _, twice := kept[file.path]; twice {
				continue
			}
			parsed, ok := d.parsed[file.path]
			if !ok || parsed.reading.unread || parsed.stamp != file.stamp {
				parsed = d.parseFile(file)
			}
			d.places.uncertain = d.places.uncertain || parsed.reading.unread
			kept[file.path] = parsed
			result.files = append(result.files, parsed.reading)
		}
	}
	d.parsed = kept
	d.remember(result.files)
	slices.SortFunc(result.files, func(a, b *fileReading) int { return cmp.Compare(a.path, b.path) })
	slices.Sort(result.dirs)
	result.dirs = slices.Compact(result.dirs)
	return result
}

// reread reads what stands at the paths that have changed, and gives the files that are another than before and those
// that have gone. It says false where more than these files may be another: then everything has to be walked.
func (d *directory) reread(touched touchedPaths) (files []*fileReading, gone []string, known bool) {
	if touched.all {
		return nil, nil, false
	}
	for path := range touched.paths {
		file, what := d.places.look(path, d.wasManifest)
		_, read := d.parsed[file.path]
		switch {
		case what == elsewhere:
			return nil, nil, false
		case what == removed:
			delete(d.parsed, file.path)
			delete(d.known, file.path)
			gone = append(gone, file.path)
		case what == written && (read || !file.model):
			// Its time and size may be the same: something has named it.
			parsed := d.parseFile(file)
			if parsed.reading.unread {
				return nil, nil, false
			}
			d.parsed[file.path] = parsed
			if !file.model && !parsed.reading.hidden {
				d.known[file.path] = true
			}
			files = append(files, parsed.reading)
		}
	}
	return files, gone, true
}

func (d *directory) parseFile(file foundFile) parsedFile {
	reading := readFile(file)
	d.closeHidden(&reading)
	return parsedFile{file.stamp, &reading}
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
		return readModel(file.path, file.root)
	}
	if file.stamp.size > maxManifestBytes {
		result.hidden = true
		return problem(fmt.Sprintf("is %d bytes long, a manifest file may have %d", file.stamp.size, maxManifestBytes), "split it into several files")
	}
	data, err := os.ReadFile(file.path)
	if err != nil {
		// One that has gone since it was found has nothing to hide.
		result.unread, result.hidden = true, !errors.Is(err, fs.ErrNotExist)
		return problem(fmt.Sprintf("can't be read: %v", err), "make it readable or remove it")
	}
	result.documents, result.problems = manifest.Parse(file.path, data)
	if result.keepable = len(result.problems) == 0 && keepable(result.documents, data); result.keepable {
		result.text = data
	}
	return result
}

// readModel gives the InferenceService that serves a bare model file, found at or below root.
func readModel(path, root string) fileReading {
	result := fileReading{path: path, model: true}
	absolute, err := filepath.Abs(path)
	if err == nil {
		root, err = filepath.Abs(root)
	}
	if err == nil {
		var service v1beta1.InferenceService
		if service, err = plan.ModelFile(absolute, root, ModelHead(absolute)); err == nil {
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
