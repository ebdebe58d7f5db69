package engine

import (
	"path/filepath"
	"slices"
	"strings"
)

// pathNames give for paths that sluice made up those that the user knows, the longest first.
type pathNames []rewrite

// namesOf reads the names of a container's views: a mount is shown as the real file or directory, what is around it as
// what the container's manifest calls it.
func namesOf(root string, mounts []mount) pathNames {
	var out pathNames
	for _, m := range mounts {
		out = append(out, rewrite{filepath.Join(root, m.path), m.real})
	}
	slices.SortStableFunc(out, func(a, b rewrite) int { return len(b.from) - len(a.from) })
	return append(out, rewrite{root + "/", "/"})
}

// show puts the user's paths into a message.
func (n pathNames) show(text string) string {
	for _, name := range n {
		text = strings.ReplaceAll(text, name.from, name.to)
	}
	return text
}
