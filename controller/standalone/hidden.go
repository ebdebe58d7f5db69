package standalone

import (
	"path/filepath"

	"github.com/sluice-serving/sluice/controller/manifest"
)

// closeHidden adds, to what can't be read and could not be read before either, what closes everything: there may be
// AccessPolicies in it. Of what could be read once, the last good version is in force.
func (d *directory) closeHidden(reading *fileReading) {
	if reading.hidden && !d.known[reading.path] {
		reading.documents = append(reading.documents, manifest.Unread(reading.path))
	}
}

// wasManifest says whether a manifest stands at a path, or stood there when it could last be read.
func (d *directory) wasManifest(path string) bool { return d.known[path] }

// remember brings what is known to a walk: what could be read, and what was known of what can't be read now or stands below
// such a directory.
func (d *directory) remember(files []*fileReading) {
	known, failed := map[string]bool{}, map[string]bool{}
	for _, file := range files {
		switch parsed, read := d.parsed[file.path]; {
		case !read || parsed.reading.unread || parsed.reading.hidden:
			failed[file.path] = true
		case !d.places.models[file.path]:
			known[file.path] = true
		}
	}
	for _, dir := range d.places.dirs {
		if !failed[dir.path] {
			known[dir.path] = true
		}
	}
	for path := range d.known {
		if atOrBelow(path, failed) {
			known[path] = true
		}
	}
	d.known = known
}

// atOrBelow says whether a path is one of those given or stands below one.
func atOrBelow(path string, these map[string]bool) bool {
	for {
		parent := filepath.Dir(path)
		switch {
		case these[path]:
			return true
		case parent == path:
			return false
		}
		path = parent
	}
}
