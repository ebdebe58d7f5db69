package repository

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Format is a kind of model file.
type Format struct {
	Name       string   // as an InferenceService's modelFormat has it
	Extensions []string // with their dot
	// Holds tells by a file's first bytes whether it is of the format, where its ending doesn't say; nil: the ending does.
	Holds func(head []byte) bool
}

// File is the model file of one version.
type File struct {
	Version string // "1" where the layout has no versions
	Path    string
	Format  string // a Format's Name
	// Name is the model's where a settings file says it, else empty.
	Name string
}

// LayoutError says why no model was found at a path.
type LayoutError struct{ Path, Problem string }

func (e *LayoutError) Error() string { return fmt.Sprintf("%s: %s", e.Path, e.Problem) }

// Find finds the model at path, its newest version first. These layouts are
// known:
//   - a model file;
//   - a folder with one model file, or one named model.* among several;
//   - a folder of versions, "1/model.onnx", as Triton has it;
//   - a folder with MLServer's model-settings.json, which may name the model and its file;
//   - a folder with nothing but one folder that is one of the above.
//
// An error is a *LayoutError or the file system's.
func Find(path string, formats []Format) ([]File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("no model can be read: %w", err)
	}
	if !info.IsDir() {
		format, ok := formatOf(path, formats)
		if !ok {
			return nil, &LayoutError{Path: path, Problem: "it is of no format that is served: " + describeFormats(formats)}
		}
		return []File{{Version: "1", Path: path, Format: format}}, nil
	}
	const depth = 1
	return findIn(path, formats, depth)
}

func findIn(dir string, formats []Format, depth int) ([]File, error) {
	if found, err := findSettings(dir, formats); found != nil || err != nil {
		return found, err
	}
	return findFiles(dir, formats, depth)
}

// findFiles finds the model in a folder by its files alone.
func findFiles(dir string, formats []Format, depth int) ([]File, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("no model can be read: %w", err)
	}
	var folders, others []string
	var files []File
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		info, err := os.Stat(path) // follows links: Kubernetes mounts are full of them
		switch format, known := formatOf(path, formats); {
		case err != nil || strings.HasPrefix(entry.Name(), "."):
		case info.IsDir():
			folders = append(folders, path)
		case known:
			files = append(files, File{Version: "1", Path: path, Format: format})
		default:
			others = append(others, entry.Name())
		}
	}
	if len(files) > 0 {
		return one(dir, files)
	}
	versions, err := findVersions(folders, formats)
	if err != nil || len(versions) > 0 {
		return versions, err
	}
	if len(folders) == 1 && depth > 0 {
		return findIn(folders[0], formats, depth-1)
	}
	return nil, &LayoutError{Path: dir, Problem: "it holds no model file (" + describeFormats(formats) + "); it holds " + listed(others, folders)}
}

// findVersions reads the folders that are named by a number.
func findVersions(folders []string, formats []Format) ([]File, error) {
	var versions []File
	for _, folder := range folders {
		if _, err := strconv.ParseUint(filepath.Base(folder), 10, 63); err != nil {
			continue
		}
		found, err := findIn(folder, formats, 0)
		if err != nil {
			return nil, err
		}
		found[0].Version = filepath.Base(folder)
		versions = append(versions, found[0])
	}
	sort.Slice(versions, func(i, j int) bool { return number(versions[i]) > number(versions[j]) })
	return versions, nil
}

func one(dir string, files []File) ([]File, error) {
	if len(files) == 1 {
		return files, nil
	}
	names := make([]string, len(files))
	for i, file := range files {
		name := filepath.Base(file.Path)
		if strings.TrimSuffix(name, filepath.Ext(name)) == "model" {
			return []File{file}, nil
		}
		names[i] = name
	}
	return nil, &LayoutError{Path: dir, Problem: fmt.Sprintf("it holds %d model files (%s), and one is served: name the file, or call it model%s", len(files), strings.Join(names, ", "), filepath.Ext(names[0]))}
}

func formatOf(path string, formats []Format) (string, bool) {
	extension := strings.ToLower(filepath.Ext(path))
	for _, format := range formats {
		if slices.Contains(format.Extensions, extension) && (format.Holds == nil || format.Holds(headOf(path))) {
			return format.Name, true
		}
	}
	return "", false
}

// headOf gives a file's first bytes; none where they can't be read, as of a folder.
func headOf(path string) []byte {
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

func describeFormats(formats []Format) string {
	parts := make([]string, len(formats))
	for i, format := range formats {
		parts[i] = format.Name + " is *" + strings.Join(format.Extensions, " or *")
		if format.Holds != nil {
			parts[i] += " that the library wrote"
		}
	}
	return strings.Join(parts, ", ")
}

func listed(files, folders []string) string {
	names := append([]string{}, files...)
	for _, folder := range folders {
		names = append(names, filepath.Base(folder)+"/")
	}
	const most = 8
	switch {
	case len(names) == 0:
		return "nothing"
	case len(names) > most:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	default:
		return strings.Join(names, ", ")
	}
}

func number(f File) uint64 {
	n, _ := strconv.ParseUint(f.Version, 10, 63) // only numbers get here
	return n
}
