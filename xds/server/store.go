package server

import (
	"slices"
	"sync"
	"time"

	"github.com/sluice-serving/sluice/xds/envoy"
)

// store is the published state and the streams that follow it. Its lock is held for map operations only, never
// while something is sent.
type store struct {
	// changed holds a token when rejections or clients have changed since it was last received.
	changed chan struct{}

	mu       sync.Mutex
	catalog  *catalog
	revision Revision
	watchers map[*watcher]struct{}
	// progress is closed, and replaced, when a stream has settled or ended.
	progress chan struct{}
}

// watcher is the part of a stream that the store writes to; the store's lock guards its fields.
type watcher struct {
	// wake holds a token when dirty has grown since it was last received.
	wake chan struct{}

	node    string
	since   time.Time
	dirty   map[envoy.Key]struct{}
	settled Revision
	waiting bool
}

func newStore() *store {
	return &store{
		changed:  make(chan struct{}, 1),
		catalog:  newCatalog(),
		watchers: make(map[*watcher]struct{}),
		progress: make(chan struct{}),
	}
}

func (s *store) publish(set []envoy.Resource, remove []envoy.Key) Revision {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.publishLocked(set, remove)
}

func (s *store) retain(keys []envoy.Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range keys {
		if s.catalog.at(key) == nil {
			s.catalog.retained[key] = struct{}{}
		}
	}
}

func (s *store) replace(set []envoy.Resource) Revision {
	s.mu.Lock()
	defer s.mu.Unlock()
	stays := make(map[envoy.Key]struct{}, len(set))
	for _, r := range set {
		stays[r.Key()] = struct{}{}
	}
	var remove []envoy.Key
	for _, typeURL := range envoy.Types() {
		for _, name := range s.catalog.names(typeURL) {
			key := envoy.Key{TypeURL: typeURL, Name: name}
			if _, ok := stays[key]; !ok {
				remove = append(remove, key)
			}
		}
	}
	return s.publishLocked(set, remove)
}

func (s *store) publishLocked(set []envoy.Resource, remove []envoy.Key) Revision {
	for _, r := range set {
		s.catalog.set(r)
	}
	for _, key := range remove {
		s.catalog.remove(key)
	}
	// The first publication counts even when it is empty: it says that there is nothing to serve.
	if s.spreadLocked() || s.revision == 0 {
		s.revision++
		s.touchLocked()
	}
	return s.revision
}

// spreadLocked makes every stream look at what the catalog touched, and says whether there was anything.
func (s *store) spreadLocked() bool {
	keys := s.catalog.touched
	if len(keys) == 0 {
		return false
	}
	s.catalog.touched = nil
	s.touchLocked(keys...)
	// A rejection may have come or gone.
	s.notifyLocked()
	return true
}

// touchLocked makes every stream look at the keys again.
func (s *store) touchLocked(keys ...envoy.Key) {
	for w := range s.watchers {
		for _, k := range keys {
			w.dirty[k] = struct{}{}
		}
		offerToken(w.wake)
	}
}

// next merges what was touched since into the stream's state and decides, under the same lock, what to send:
// so a route that names a new cluster is never read without that cluster being known as new.
func (s *store) next(w *watcher, st *state) (delivery, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.revision == 0 {
		return delivery{}, false
	}
	d, ok := s.lookLocked(w, st)
	for s.spreadLocked() && !ok {
		// What the look noticed, that the client has something from an earlier stream, has made more to do.
		d, ok = s.lookLocked(w, st)
	}
	w.waiting = ok || len(st.busy) > 0
	if !w.waiting && st.complete() && w.settled < s.revision {
		w.settled = s.revision
		s.advanceLocked()
	}
	return d, ok
}

// lookLocked merges what was touched into the stream's state and decides what to send.
func (s *store) lookLocked(w *watcher, st *state) (delivery, bool) {
	for key := range w.dirty {
		st.touch(key)
	}
	if len(w.dirty) > 0 {
		// Another map: the room of one that was large once would be walked at each look.
		w.dirty = make(map[envoy.Key]struct{})
	}
	return st.next(s.catalog)
}

// accept notes that a client has taken d.
func (s *store) accept(w *watcher, d delivery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range d.added {
		s.catalog.accept(w, r.Key(), r.Version)
	}
	s.catalog.forget(w, d.typeURL, d.removed)
	s.spreadLocked()
}

// reject sets a resource aside for every stream.
func (s *store) reject(r Rejection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catalog.reject(r)
	s.spreadLocked()
}

// unsubscribed notes that a client gave up names of a type.
func (s *store) unsubscribed(w *watcher, typeURL string, names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catalog.forget(w, typeURL, names)
}

// news gives the refusals that nobody has logged.
func (s *store) news() []Rejection {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.catalog.news
	s.catalog.news = nil
	return list
}

func (s *store) attach(w *watcher) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watchers[w] = struct{}{}
	s.notifyLocked()
}

func (s *store) identify(w *watcher, node string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.node = node
	s.notifyLocked()
}

func (s *store) detach(w *watcher) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.watchers, w)
	s.catalog.forgetAll(w)
	s.advanceLocked()
	s.notifyLocked()
}

// settled says whether every stream has answered r, and gives a channel that closes when that may have changed.
func (s *store) settled(r Revision) (bool, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for w := range s.watchers {
		if w.settled < r {
			return false, s.progress
		}
	}
	return true, s.progress
}

func (s *store) rejections() []Rejection {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.catalog.rejections()
}

func (s *store) clients() []Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Client, 0, len(s.watchers))
	for w := range s.watchers {
		list = append(list, Client{Node: w.node, Since: w.since, Settled: w.settled, Waiting: w.waiting})
	}
	return list
}

func (s *store) offered() []envoy.Resource {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []envoy.Resource
	for _, typeURL := range envoy.Types() {
		for _, name := range s.catalog.names(typeURL) {
			if r, standing := s.catalog.offer(envoy.Key{TypeURL: typeURL, Name: name}); standing == present {
				list = append(list, r)
			}
		}
	}
	return list
}

// acknowledgements gives the nodes of the clients that have what is offered.
func (s *store) acknowledgements() map[envoy.Key][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	nodes := make(map[envoy.Key][]string)
	for _, typeURL := range envoy.Types() {
		for _, name := range s.catalog.names(typeURL) {
			key := envoy.Key{TypeURL: typeURL, Name: name}
			offered := s.catalog.at(key).offered()
			if offered == nil {
				continue
			}
			for _, w := range offered.holders {
				nodes[key] = append(nodes[key], w.node)
			}
			slices.Sort(nodes[key])
		}
	}
	return nodes
}

func (s *store) advanceLocked() {
	close(s.progress)
	s.progress = make(chan struct{})
}

func (s *store) notifyLocked() { offerToken(s.changed) }

// offerToken leaves a token in a channel of capacity one, unless one is there already.
func offerToken(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
