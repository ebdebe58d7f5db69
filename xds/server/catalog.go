package server

import (
	"maps"
	"slices"

	"github.com/sluice-serving/sluice/xds/envoy"
)

// catalog is what is published, by type and name.
type catalog map[string]map[string]*entry

// entry is one published resource and what the Envoys said of it.
type entry struct {
	wanted envoy.Resource
	// accepted says that an Envoy has accepted wanted.
	accepted bool
	// rejected is set once an Envoy has refused wanted, and until the content changes.
	rejected *Rejection
	// good is the content accepted last before wanted; nil when none was.
	good *envoy.Resource
}

// standing says what a client is to have of a resource.
type standing int

const (
	// absent: it is not published, and a client that has it is to drop it.
	absent standing = iota
	// present: the client is to have the offered content.
	present
	// withheld: it is refused and nothing was accepted before; a client that has some version keeps it.
	withheld
)

// offer gives the content to send for key, which is only set when the standing is present.
func (c catalog) offer(key envoy.Key) (envoy.Resource, standing) {
	e := c[key.TypeURL][key.Name]
	switch {
	case e == nil:
		return envoy.Resource{}, absent
	case e.rejected == nil:
		return e.wanted, present
	case e.good != nil:
		return *e.good, present
	default:
		return envoy.Resource{}, withheld
	}
}

// set takes r as the wanted content and says whether that changes what clients get.
func (c catalog) set(r envoy.Resource) bool {
	byName := c[r.TypeURL]
	if byName == nil {
		byName = make(map[string]*entry)
		c[r.TypeURL] = byName
	}
	e := byName[r.Name]
	if e == nil {
		byName[r.Name] = &entry{wanted: r}
		return true
	}
	if e.wanted.Version == r.Version {
		// The same content may have come from other objects; what was said of it stands.
		e.wanted.Objects = r.Objects
		if e.rejected != nil {
			e.rejected.Objects = r.Objects
		}
		return false
	}
	if e.accepted && e.rejected == nil {
		good := e.wanted
		e.good = &good
	}
	e.wanted, e.accepted, e.rejected = r, false, nil
	return true
}

// remove forgets key and says whether it was there.
func (c catalog) remove(key envoy.Key) bool {
	if c[key.TypeURL][key.Name] == nil {
		return false
	}
	delete(c[key.TypeURL], key.Name)
	return true
}

// accept notes that an Envoy has taken a version.
func (c catalog) accept(key envoy.Key, version string) {
	if e := c[key.TypeURL][key.Name]; e != nil && e.wanted.Version == version {
		e.accepted = true
	}
}

// reject sets the wanted content of a resource aside and says whether it did: not if the content has changed
// since, and not twice.
func (c catalog) reject(r Rejection) bool {
	e := c[r.TypeURL][r.Name]
	if e == nil || e.wanted.Version != r.Version || e.rejected != nil {
		return false
	}
	r.Objects = e.wanted.Objects
	e.rejected = &r
	return true
}

// names lists the published names of a type, sorted.
func (c catalog) names(typeURL string) []string {
	return slices.Sorted(maps.Keys(c[typeURL]))
}
