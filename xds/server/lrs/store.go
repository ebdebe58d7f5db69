package lrs

import (
	"sync"
	"sync/atomic"
	"time"
)

// Endpoint is one endpoint of one cluster. Address is "ip:port".
type Endpoint struct{ Cluster, Address string }

// Counts are what one report says of an endpoint: the requests since the report before, and those in flight at its end.
// Succeeded are counted when the answer's headers come. Failed are gRPC statuses that name a fault of the server, gRPC streams
// that ended early, and tries after which there was another: Envoy's router counts no others without statistics of its own, and
// package stats has those.
type Counts struct{ Issued, Succeeded, Failed, InFlight uint64 }

func (c Counts) plus(other Counts) Counts {
	return Counts{c.Issued + other.Issued, c.Succeeded + other.Succeeded, c.Failed + other.Failed, c.InFlight + other.InFlight}
}

// Load is an endpoint's load, of all Envoys together: means over the window, and the requests in flight at the last report.
type Load struct {
	RequestsPerSecond float64
	ErrorsPerSecond   float64
	InFlight          uint64
}

// Plus gives the load of two endpoints together.
func (l Load) Plus(other Load) Load {
	return Load{l.RequestsPerSecond + other.RequestsPerSecond, l.ErrorsPerSecond + other.ErrorsPerSecond, l.InFlight + other.InFlight}
}

// Snapshot is the load of every endpoint that had a request within the window. Nobody changes it.
type Snapshot map[Endpoint]Load

// Observer is told of each report, from the goroutine that took it; it must not keep that one waiting. It must not change
// counts.
type Observer interface {
	Observe(now time.Time, counts map[Endpoint]Counts)
}

// StoreOptions are what a [Store] is made from.
type StoreOptions struct {
	// Reports is how many reports of each Envoy make the window; 0 is 10.
	Reports int
	// Observer may be nil.
	Observer Observer
}

// Store keeps the last reports of each Envoy. An endpoint that is in none of them, because it is idle or its cluster has
// gone, takes no memory.
type Store struct {
	reports  int
	observer Observer
	snapshot atomic.Pointer[Snapshot]

	mu        sync.Mutex
	reporters map[*Reporter]struct{}
}

// NewStore makes an empty store.
func NewStore(o StoreOptions) *Store {
	if o.Reports == 0 {
		o.Reports = 10
	}
	s := &Store{reports: o.Reports, observer: o.Observer, reporters: map[*Reporter]struct{}{}}
	s.snapshot.Store(&Snapshot{})
	return s
}

// Snapshot gives the load by the last reports.
func (s *Store) Snapshot() Snapshot { return *s.snapshot.Load() }

// Begin adds an Envoy, whose first report will be of the time since now.
func (s *Store) Begin(now time.Time) *Reporter {
	r := &Reporter{store: s, last: now, window: newWindow(s.reports)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reporters[r] = struct{}{}
	return r
}

// Reporter is one Envoy's reports. One goroutine uses it.
type Reporter struct {
	store *Store
	// window and last, the time of the newest report, are guarded by the store's mutex.
	window *window
	last   time.Time
}

// Add takes a report that came at now. The caller no longer changes counts.
func (r *Reporter) Add(now time.Time, counts map[Endpoint]Counts) {
	r.store.mu.Lock()
	r.window.add(period{took: now.Sub(r.last), counts: counts})
	r.last = now
	r.store.publishLocked()
	r.store.mu.Unlock()
	if r.store.observer != nil {
		r.store.observer.Observe(now, counts)
	}
}

// End forgets the Envoy: what it had in flight is unknown.
func (r *Reporter) End() {
	r.store.mu.Lock()
	defer r.store.mu.Unlock()
	delete(r.store.reporters, r)
	r.store.publishLocked()
}

// publishLocked makes the snapshot anew. The caller has s.mu.
func (s *Store) publishLocked() {
	next := Snapshot{}
	for r := range s.reporters {
		r.window.addTo(next)
	}
	s.snapshot.Store(&next)
}
