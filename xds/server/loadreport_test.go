package server_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/sluice-serving/sluice/xds/ir"
	"github.com/sluice-serving/sluice/xds/server/lrs"
)

// reported adds up the load reports.
type reported struct {
	mu     sync.Mutex
	counts map[lrs.Endpoint]lrs.Counts
	// next is closed at the next report.
	next chan struct{}
}

func newReported() *reported {
	return &reported{counts: map[lrs.Endpoint]lrs.Counts{}, next: make(chan struct{})}
}

func (r *reported) Observe(_ time.Time, counts map[lrs.Endpoint]lrs.Counts) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for endpoint, now := range r.counts {
		now.InFlight = counts[endpoint].InFlight
		r.counts[endpoint] = now
	}
	for endpoint, c := range counts {
		sum := r.counts[endpoint]
		r.counts[endpoint] = lrs.Counts{
			Issued: sum.Issued + c.Issued, Succeeded: sum.Succeeded + c.Succeeded, Failed: sum.Failed + c.Failed, InFlight: c.InFlight,
		}
	}
	close(r.next)
	r.next = make(chan struct{})
}

func (r *reported) read(endpoint lrs.Endpoint) (counts lrs.Counts, next <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counts[endpoint], r.next
}

// waitReported returns when the sums for endpoint are want.
func (d *dataPlane) waitReported(endpoint lrs.Endpoint, want lrs.Counts) {
	d.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		got, next := d.reported.read(endpoint)
		if got == want {
			return
		}
		select {
		case <-next:
		case <-deadline:
			d.t.Fatalf("reported of %v: %+v, want %+v", endpoint, got, want)
		}
	}
}

// waitTracked returns when Envoy counts the requests to every cluster published so far: those to a new cluster before
// the report after it came are in none.
func (d *dataPlane) waitTracked(host string, backend ir.Backend) {
	d.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		got, next := d.reported.read(endpointOf(backend))
		if got.Issued > 0 {
			return
		}
		d.get(host, "/")
		select {
		case <-next:
		case <-deadline:
			d.t.Fatal("no load report came")
		}
	}
}

func endpointOf(b ir.Backend) lrs.Endpoint {
	return lrs.Endpoint{Cluster: b.Name, Address: addressOf(b.Endpoints[0])}
}

func TestRequestsMadeAreTheRequestsReported(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	entered, released := make(chan struct{}), make(chan struct{})
	warm := echo(t, "warm")
	b := serve(t, "b", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/fail":
			w.WriteHeader(http.StatusInternalServerError)
		case "/missing":
			w.WriteHeader(http.StatusNotFound)
		case "/slow":
			entered <- struct{}{}
			<-released
		}
	}))
	// A backend ends when its last request does, so that a test that failed would hang.
	release := sync.OnceFunc(func() { close(released) })
	t.Cleanup(release)
	d.publish([]ir.Host{host("a.example.com", all(b)), host("warm.example.com", all(warm))}, []ir.Backend{b, warm})
	d.waitTracked("warm.example.com", warm)

	for path, times := range map[string]int{"/": 20, "/missing": 4, "/fail": 3} {
		for range times {
			d.get("a.example.com", path)
		}
	}
	done := make(chan answer, 1)
	go func() { done <- d.get("a.example.com", "/slow") }()
	<-entered
	// Answers 5xx are among the statistics of answers alone.
	d.waitReported(endpointOf(b), lrs.Counts{Issued: 28, Succeeded: 24, InFlight: 1})
	if got := d.loads.Snapshot()[endpointOf(b)]; got.InFlight != 1 || got.RequestsPerSecond <= 0 {
		t.Errorf("snapshot: %+v, want one request in flight and a rate", got)
	}
	release()
	<-done
	d.waitReported(endpointOf(b), lrs.Counts{Issued: 28, Succeeded: 25})
	d.waitIdle()
}

// waitIdle returns when a window's length has passed without a request: an idle Envoy goes on reporting, or else the
// load would stand still as it last was.
func (d *dataPlane) waitIdle() {
	d.t.Helper()
	deadline := time.After(20 * time.Second)
	for len(d.loads.Snapshot()) > 0 {
		_, next := d.reported.read(lrs.Endpoint{})
		select {
		case <-next:
		case <-deadline:
			d.t.Fatalf("an idle Envoy's load is still %v", d.loads.Snapshot())
		}
	}
}

func TestReportsComeAgainAfterTheServerRestarts(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	b := echo(t, "b")
	hosts, backends := []ir.Host{host("a.example.com", all(b))}, []ir.Backend{b}
	d.publish(hosts, backends)
	d.waitTracked("a.example.com", b)
	d.stopServer()
	if got := d.loads.Snapshot(); len(got) != 0 {
		t.Errorf("without an Envoy the load is %v, want none", got)
	}
	d.startServer()
	d.publish(hosts, backends)
	deadline := time.Now().Add(20 * time.Second)
	for d.loads.Snapshot()[endpointOf(b)].RequestsPerSecond == 0 {
		_, next := d.reported.read(endpointOf(b))
		d.get("a.example.com", "/")
		select {
		case <-next:
		case <-time.After(time.Until(deadline)):
			t.Fatal("no load report came")
		}
	}
}
