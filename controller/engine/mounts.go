package engine

import (
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// mount is one volumeMount with the real place that it stands for.
type mount struct {
	// path is the mount path in the container, absolute and clean.
	path string
	// real is the file or directory on this machine.
	real string
	// file is true for a single file.
	file bool
	// readOnly is what the pod asked for. A process can't be held to it; a container engine is.
	readOnly bool
}

// rewrite replaces the path from, and all below it, by to.
type rewrite struct{ from, to string }

// mountTable rewrites mount paths to real ones: longest from first, so that a mount within a mount wins.
type mountTable []rewrite

// viewDir is a directory of symbolic links that shows mounts beside what is around them.
type viewDir struct {
	// dir is the directory to make.
	dir string
	// base is a directory whose entries are linked too, unless links or another view has the name.
	base string
	// links are the entries by name, with the real place that each points to.
	links map[string]string
}

// planMounts says how to present mounts to a process that has this machine's file system: most mount paths become the real
// directory itself. Where a mount is a single file, a program may be given its directory, and where one mount lies within
// another, it may be given the outer one: those directories become views below root, parents before children.
func planMounts(root string, mounts []mount) (mountTable, []viewDir) {
	byPath := map[string]mount{}
	for _, m := range mounts {
		byPath[m.path] = m
	}
	viewed := viewedDirs(byPath)
	var views []viewDir
	for _, dir := range slices.Sorted(maps.Keys(viewed)) {
		views = append(views, viewOf(root, dir, byPath, viewed))
	}
	table := mountTable{}
	for _, dir := range slices.Collect(maps.Keys(viewed)) {
		table = append(table, rewrite{dir, filepath.Join(root, dir)})
	}
	for from, m := range byPath {
		switch {
		case viewed[from]:
		case viewed[path.Dir(from)]:
			table = append(table, rewrite{from, filepath.Join(root, from)})
		default:
			table = append(table, rewrite{from, m.real})
		}
	}
	slices.SortFunc(table, func(a, b rewrite) int {
		if len(a.from) != len(b.from) {
			return len(b.from) - len(a.from)
		}
		return strings.Compare(a.from, b.from)
	})
	return table, views
}

// viewedDirs are the container directories that can't be one real directory. The root is never one of them: every path
// would then lead through the view.
func viewedDirs(byPath map[string]mount) map[string]bool {
	viewed := map[string]bool{}
	for p, m := range byPath {
		parent := path.Dir(p)
		if m.file && parent != "/" {
			viewed[parent] = true
		}
		for outer := parent; outer != "/"; outer = path.Dir(outer) {
			if _, ok := byPath[outer]; !ok {
				continue
			}
			for between := parent; ; between = path.Dir(between) {
				viewed[between] = true
				if between == outer {
					break
				}
			}
		}
	}
	return viewed
}

func viewOf(root, dir string, byPath map[string]mount, viewed map[string]bool) viewDir {
	v := viewDir{dir: filepath.Join(root, dir), base: realOf(dir, byPath), links: map[string]string{}}
	for p, m := range byPath {
		if path.Dir(p) == dir && !viewed[p] {
			v.links[path.Base(p)] = m.real
		}
	}
	return v
}

// realOf is where a container directory would be if nothing were mounted below it: within the nearest mount around it, or
// at the same path of this machine.
func realOf(dir string, byPath map[string]mount) string {
	for outer := dir; outer != "/"; outer = path.Dir(outer) {
		if m, ok := byPath[outer]; ok && !m.file {
			return filepath.Join(m.real, strings.TrimPrefix(dir, outer))
		}
	}
	return dir
}

// rewriteText replaces mount paths in a command, argument or environment value. A path counts only whole: /mnt/models is
// found in --dir=/mnt/models/a and file:///mnt/models, not in /mnt/models2, /data/mnt/models or $HOME/mnt/models.
func (t mountTable) rewriteText(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); {
		if s[i] == '/' && startsPath(s[:i]) {
			if r, ok := t.at(s[i:]); ok {
				out.WriteString(r.to)
				i += len(r.from)
				continue
			}
		}
		out.WriteByte(s[i])
		i++
	}
	return out.String()
}

// at finds the entry whose path stands at the beginning of s.
func (t mountTable) at(s string) (rewrite, bool) {
	for _, r := range t {
		rest, ok := strings.CutPrefix(s, r.from)
		if ok && (rest == "" || !isFileNameByte(rest[0])) {
			return r, true
		}
	}
	return rewrite{}, false
}

// startsPath says whether an absolute path may begin after head: at the start, after a separator, or after a scheme's "//".
func startsPath(head string) bool {
	if head == "" || strings.HasSuffix(head, "://") {
		return true
	}
	c := head[len(head)-1]
	return !isFileNameByte(c) && strings.IndexByte("/~$)}]*?", c) < 0
}

func isFileNameByte(c byte) bool { return isNameByte(c) || c == '-' || c == '.' || c >= 0x80 }
