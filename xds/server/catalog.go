package server

import (
	"maps"
	"slices"

	"github.com/sluice-serving/sluice/xds/envoy"
	"github.com/sluice-serving/sluice/xds/ir"
)

// catalog is what is published and what the Envoys said of it.
type catalog struct {
	// entries are by type and name. The trials of refused resources are among them.
	entries map[string]map[string]*entry
	// retained are keys that are not published: what a client has of them from an earlier server it keeps.
	retained map[envoy.Key]struct{}
	// touched are the keys of which clients may have to get something else, since the store last took them.
	touched []envoy.Key
	// news are refusals that are in no log yet.
	news []Rejection
	// refused are the entries with anything refused, and maybe some that were.
	refused map[*entry]struct{}
}

// entry is one published resource.
type entry struct {
	published envoy.Resource
	// wanted is what clients are to get: published, less the shares in aside.
	wanted *content
	// rejected is set once an Envoy has refused wanted, and until wanted changes.
	rejected *Rejection
	// good is what was accepted last before wanted; nil when nothing was.
	good *content
	// closed is what stands in for a wanted that is rejected and guarded; nil once an Envoy has refused that too.
	closed *content
	// aside are the objects whose shares Envoys refuse.
	aside map[ir.Ref]refusal
	// explained says that rejected is because of those in aside and of nothing else.
	explained bool
	// trials are the shares of wanted, each by itself, while the objects are sought because of which it is rejected.
	trials map[ir.Ref]envoy.Key
	// owner is set on a trial: the entry whose share it is.
	owner *entry
}

// content is one version of a resource.
type content struct {
	envoy.Resource

	// accepted says that an Envoy has accepted it, connected still or not.
	accepted bool
	// holders are the connected clients that have it.
	holders []*watcher
}

// refusal is a share that an Envoy has refused by itself.
type refusal struct {
	// version is the share's: a share that has changed is tried again.
	version   string
	rejection Rejection
}

// standing says what a client is to have of a resource.
type standing int

const (
	// absent: it is not published, and a client that has it is to drop it.
	absent standing = iota
	// present: the client is to have the offered content.
	present
	// withheld: it is refused and nothing was accepted before, or retained; a client that has some version keeps it.
	withheld
)

func newCatalog() *catalog {
	return &catalog{
		entries: make(map[string]map[string]*entry), retained: make(map[envoy.Key]struct{}), refused: make(map[*entry]struct{}),
	}
}

func (c *catalog) at(key envoy.Key) *entry { return c.entries[key.TypeURL][key.Name] }

func (c *catalog) touch(key envoy.Key) { c.touched = append(c.touched, key) }

// add makes an entry for a resource that has none.
func (c *catalog) add(r envoy.Resource, owner *entry) {
	byName := c.entries[r.TypeURL]
	if byName == nil {
		byName = make(map[string]*entry)
		c.entries[r.TypeURL] = byName
	}
	delete(c.retained, r.Key())
	byName[r.Name] = &entry{published: r, wanted: &content{Resource: r}, owner: owner}
	c.touch(r.Key())
}

// offered is the content for clients, nil if there is none for now.
func (e *entry) offered() *content {
	switch {
	case e.rejected == nil:
		return e.wanted
	case e.closes():
		return e.closed
	}
	return e.good
}

// closes says whether the content accepted before must not stand in for the refused one, which has other guards. While it
// is sought which share is to blame, it goes on.
func (e *entry) closes() bool {
	return e.rejected != nil && e.owner == nil && len(e.trials) == 0 && e.wanted.Guards != nil &&
		(e.good == nil || !e.wanted.Guards.Same(e.good.Guards))
}

// contents are all that a client may have.
func (e *entry) contents() []*content { return []*content{e.wanted, e.good, e.closed} }

// refusal is the rejection as it stands: with the policies that can't be enforced.
func (e *entry) refusal() Rejection {
	r := *e.rejected
	r.Policies = e.closedPolicies()
	return r
}

// closedPolicies are those in whose place clients get the closed content.
func (e *entry) closedPolicies() []ir.Ref {
	if !e.closes() {
		return nil
	}
	return e.wanted.Guards.Policies
}

// offer gives the content to send for key, which is only set when the standing is present.
func (c *catalog) offer(key envoy.Key) (envoy.Resource, standing) {
	e := c.at(key)
	if e == nil {
		if _, kept := c.retained[key]; kept {
			return envoy.Resource{}, withheld
		}
		return envoy.Resource{}, absent
	}
	if o := e.offered(); o != nil {
		return o.Resource, present
	}
	return envoy.Resource{}, withheld
}

// set takes r as the published content.
func (c *catalog) set(r envoy.Resource) {
	e := c.at(r.Key())
	if e == nil {
		c.add(r, nil)
		return
	}
	if e.published.Version == r.Version && slices.Equal(e.published.Objects, r.Objects) {
		return
	}
	c.endTrials(e)
	e.published = r
	e.keepAside()
	e.want(e.remaining())
	c.touch(r.Key())
}

// want makes r what clients are to get, unless it is already.
func (e *entry) want(r envoy.Resource) {
	switch {
	case e.wanted.Version == r.Version:
		// The same content may have come from other objects; what was said of it stands.
		e.wanted.Resource = r
		if e.rejected != nil {
			e.rejected.Objects = r.Objects
		}
		e.explained = e.explained && len(e.aside) > 0
		return
	case e.good != nil && e.good.Version == r.Version:
		e.wanted, e.good = e.good, nil
		e.wanted.Resource = r
	default:
		if e.wanted.accepted && e.rejected == nil {
			e.good = e.wanted
		}
		e.wanted = &content{Resource: r}
	}
	e.rejected, e.closed, e.explained = nil, nil, false
}

// remove forgets key.
func (c *catalog) remove(key envoy.Key) {
	if e := c.at(key); e != nil {
		c.endTrials(e)
		delete(c.entries[key.TypeURL], key.Name)
		c.touch(key)
	}
	if _, kept := c.retained[key]; kept {
		delete(c.retained, key)
		c.touch(key)
	}
}

// accept notes that a client has taken a version.
func (c *catalog) accept(by *watcher, key envoy.Key, version string) {
	e := c.at(key)
	if e == nil {
		return
	}
	for _, v := range e.contents() {
		if v != nil && v.Version == version && !slices.Contains(v.holders, by) {
			v.accepted = true
			v.holders = append(v.holders, by)
		}
	}
	if e.owner != nil {
		c.conclude(e.owner)
	}
}

// reject sets a content aside that a client refused: not if it has changed since, and not twice.
func (c *catalog) reject(r Rejection) {
	e := c.at(envoy.Key{TypeURL: r.TypeURL, Name: r.Name})
	if e != nil && e.closed != nil && e.closed.Version == r.Version {
		e.closed = nil
		c.touch(e.published.Key())
		return
	}
	if e == nil || e.wanted.Version != r.Version || e.rejected != nil {
		return
	}
	r.Objects = e.wanted.Objects
	e.rejected = &r
	if e.owner == nil && e.wanted.Guards != nil {
		e.closed = &content{Resource: e.wanted.Guards.Closed(e.wanted.Objects)}
	}
	c.refused[e] = struct{}{}
	c.touch(e.published.Key())
	switch {
	case e.owner != nil:
		c.conclude(e.owner)
	case e.wanted.Shares != nil:
		c.beginTrials(e)
	default:
		c.news = append(c.news, e.refusal())
	}
}

// forget notes that a client has nothing of a type by these names any more.
func (c *catalog) forget(by *watcher, typeURL string, names []string) {
	for _, name := range names {
		if e := c.entries[typeURL][name]; e != nil {
			e.forget(by)
		}
	}
}

// forgetAll notes that a client has gone.
func (c *catalog) forgetAll(by *watcher) {
	for _, byName := range c.entries {
		for _, e := range byName {
			e.forget(by)
		}
	}
}

func (e *entry) forget(by *watcher) {
	for _, v := range e.contents() {
		if v == nil {
			continue
		}
		if i := slices.Index(v.holders, by); i >= 0 {
			v.holders = slices.Delete(v.holders, i, i+1)
		}
	}
}

// names lists the published names of a type, sorted, without trials.
func (c *catalog) names(typeURL string) []string {
	var names []string
	for name, e := range c.entries[typeURL] {
		if e.owner == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// rejections lists what is refused now. A resource whose culprits are sought is not in it yet.
func (c *catalog) rejections() []Rejection {
	var list []Rejection
	for e := range c.refused {
		if c.at(e.published.Key()) != e || e.rejected == nil && len(e.aside) == 0 {
			delete(c.refused, e)
			continue
		}
		if e.owner != nil || len(e.trials) > 0 {
			continue
		}
		for r := range maps.Values(e.aside) {
			r.rejection.Policies = e.closedPolicies()
			list = append(list, r.rejection)
		}
		if e.rejected != nil && !e.explained {
			list = append(list, e.refusal())
		}
	}
	for i := range list {
		list[i].Objects = slices.Clone(list[i].Objects)
	}
	return list
}
