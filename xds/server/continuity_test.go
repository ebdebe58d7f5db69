package server_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/sluice-serving/sluice/xds/envoy"
	"github.com/sluice-serving/sluice/xds/ir"
)

func TestRestartedServerSendsOnlyWhatChanged(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	b, other := echo(t, "b"), echo(t, "other")
	hosts := []ir.Host{host("a.example.com", all(b)), host("*.example.org", all(b)), host("gone.example.com", all(b))}
	d.publish(hosts, []ir.Backend{b, other})

	d.stopServer()
	if got := d.get("a.example.com", "/"); got.status != 200 {
		t.Fatalf("without its control plane Envoy answers %d", got.status)
	}
	d.startServer()
	d.publish(hosts, []ir.Backend{b, other})
	if n := d.sentResources(); n != 0 {
		t.Errorf("%v resources were sent again unchanged", n)
	}

	d.stopServer()
	d.startServer()
	d.publish([]ir.Host{host("a.example.com", all(other)), hosts[1]}, []ir.Backend{b, other})
	if n := d.sentResources(); n != 1 {
		t.Errorf("%v resources were sent, want the one that changed", n)
	}
	if got := d.get("a.example.com", "/"); got.backend != "other" {
		t.Errorf("the change did not arrive: %d by %q", got.status, got.backend)
	}
	if got := d.get("gone.example.com", "/"); got.status != 404 {
		t.Errorf("a host that was removed while the server was away answers %d", got.status)
	}

	// A cluster that changed while the server was away does not wait for endpoints that Envoy has.
	d.stopServer()
	d.startServer()
	other.Protocol = ir.H2C
	began := time.Now()
	d.publish([]ir.Host{host("a.example.com", all(other)), hosts[1]}, []ir.Backend{b, other})
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the changed cluster took %s", took)
	}
	if got := d.get("a.example.com", "/"); got.backend != "other" {
		t.Errorf("after the change: %d by %q", got.status, got.backend)
	}
}

// TestRetainedResourcesStayUntilTheyAreRemoved restarts the server without what a request is in flight at: it is not cut off.
func TestRetainedResourcesStayUntilTheyAreRemoved(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	release, arrived := make(chan struct{}), make(chan struct{})
	slow := serve(t, "slow", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-release
	}))
	other := echo(t, "other")
	d.publish([]ir.Host{host("slow.example.com", all(slow)), host("a.example.com", all(other))}, []ir.Backend{slow, other})
	inFlight := make(chan int, 1)
	go func() { inFlight <- d.get("slow.example.com", "/").status }()
	<-arrived

	d.stopServer()
	d.startServer()
	keys := []envoy.Key{{TypeURL: envoy.ClusterType, Name: slow.Name}, {TypeURL: envoy.EndpointType, Name: slow.Name}}
	d.server.Retain(keys)
	d.publish([]ir.Host{host("a.example.com", all(other))}, []ir.Backend{other})
	if got := d.get("slow.example.com", "/"); got.status != 404 {
		t.Errorf("the host that is gone answers %d", got.status)
	}
	close(release)
	if status := <-inFlight; status != 200 {
		t.Errorf("the request in flight was answered %d", status)
	}
	d.settle(d.server.Publish(nil, keys))
	if clusters, err := d.proxy.ActiveRequests(t.Context()); err != nil || clusters[slow.Name] != nil || clusters[other.Name] == nil {
		t.Errorf("clusters %v, %v", clusters, err)
	}
}

// Envoy waits 15 s for clusters, and as long for routes, that nobody sends.
func TestNothingToServeDelaysNothing(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	began := time.Now()
	d.publish(nil, nil)
	if got := d.get("a.example.com", "/"); got.status != 404 {
		t.Errorf("status %d", got.status)
	}
	if took := time.Since(began); took > 7*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestListenerStaysWhenServicesChange(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	b := echo(t, "b")
	d.publish([]ir.Host{host("a.example.com", all(b))}, []ir.Backend{b})
	before := d.sentOf("Listener")
	d.publish([]ir.Host{host("a.example.com", all(b)), host("*.example.com", all(b)), host("*", all(b))}, []ir.Backend{b})
	for _, h := range []string{"x.example.com", "elsewhere"} {
		if got := d.get(h, "/"); got.status != 200 {
			t.Errorf("%s: %d", h, got.status)
		}
	}
	if after := d.sentOf("Listener"); after != before {
		t.Errorf("the listener was sent %v times more", after-before)
	}
}

// A cluster that changes warms until its endpoints come again; Envoy does not ask for them, and waits 15 s.
func TestChangedClusterIsReadyAtOnce(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	b := serve(t, "b", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X-Backend", r.Proto) }))
	d.publish([]ir.Host{host("a.example.com", all(b))}, []ir.Backend{b})
	b.Protocol = ir.H2C
	d.publish([]ir.Host{host("a.example.com", all(b))}, []ir.Backend{b})
	deadline := time.Now().Add(3 * time.Second)
	for d.get("a.example.com", "/").backend != "HTTP/2.0" {
		if time.Now().After(deadline) {
			t.Fatal("the changed cluster is not in use")
		}
	}
}

func TestNoRequestFailsWhileBackendsComeAndGo(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	one, two := echo(t, "one"), echo(t, "two")
	d.publish([]ir.Host{host("a.example.com", all(one))}, []ir.Backend{one})

	var failed atomic.Int64
	var sent atomic.Int64
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				sent.Add(1)
				if got := d.get("a.example.com", "/"); got.status != 200 {
					failed.Add(1)
					t.Logf("status %d: %s", got.status, got.body)
				}
			}
		})
	}
	for i := range 30 {
		b := one
		if i%2 == 0 {
			b = two
		}
		d.publish([]ir.Host{host("a.example.com", all(b))}, []ir.Backend{b})
	}
	close(stop)
	clients.Wait()
	if failed.Load() > 0 {
		t.Errorf("%d of %d requests failed", failed.Load(), sent.Load())
	}
}

func TestDrainingEndpointKeepsItsRequests(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	entered, release := make(chan struct{}), make(chan struct{})
	slow := serve(t, "b", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		entered <- struct{}{}
		<-release
	}))
	fast := echo(t, "fast")
	fast.Endpoints = append(fast.Endpoints, slow.Endpoints...)
	slow.Name = "fast"
	d.publish([]ir.Host{host("a.example.com", all(slow))}, []ir.Backend{slow})
	done := make(chan answer, 1)
	go func() { done <- d.get("a.example.com", "/") }()
	<-entered

	fast.Endpoints[1].Draining = true
	d.publish([]ir.Host{host("a.example.com", all(slow))}, []ir.Backend{fast})
	for range 10 {
		if got := d.get("a.example.com", "/"); got.backend != "fast" {
			t.Fatalf("a new request: %d by %q", got.status, got.backend)
		}
	}
	active, err := d.proxy.ActiveRequests(t.Context(), "fast", "of.no+cluster")
	if err != nil {
		t.Fatal(err)
	}
	if len(active) != 1 {
		t.Errorf("the cluster asked for is told with others: %v", active)
	}
	if n := active["fast"][addressOf(fast.Endpoints[1])]; n != 1 {
		t.Errorf("requests in flight at the draining endpoint: %d, want 1: %v", n, active)
	}
	close(release)
	if got := <-done; got.status != 200 {
		t.Errorf("the draining endpoint's request: %d", got.status)
	}
	// With every endpoint draining there is nowhere to go.
	slow.Endpoints[0].Draining = true
	d.publish([]ir.Host{host("a.example.com", all(slow))}, []ir.Backend{slow})
	got := d.get("a.example.com", "/")
	if got.status != 503 || !strings.HasPrefix(got.body, `{"error":"no healthy upstream"}`) {
		t.Errorf("all draining: %d %s", got.status, got.body)
	}
}

func TestOrderlyStopFinishesRequests(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	entered, release := make(chan struct{}), make(chan struct{})
	slow := serve(t, "slow", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		entered <- struct{}{}
		<-release
		w.Header().Set("X-Backend", "slow")
	}))
	d.publish([]ir.Host{host("a.example.com", all(slow))}, []ir.Backend{slow})
	done := make(chan answer, 1)
	go func() { done <- d.get("a.example.com", "/") }()
	<-entered
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		d.stopProxy()
	}()
	// Envoy drains for as long as the request runs, two seconds at most.
	select {
	case <-stopped:
		t.Error("Envoy ended with a request in flight")
	case <-time.After(500 * time.Millisecond):
	}
	close(release)
	if got := <-done; got.status != 200 || got.backend != "slow" {
		t.Errorf("the request in flight: %d by %q", got.status, got.backend)
	}
	<-stopped
}

func TestRefusedConnectionIsTriedElsewhere(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	b := echo(t, "b")
	b.Endpoints = append(b.Endpoints, ir.Endpoint{Address: "127.0.0.1", Port: freePort(t)})
	d.publish([]ir.Host{host("a.example.com", all(b))}, []ir.Backend{b})
	for range 20 {
		if got := d.get("a.example.com", "/"); got.status != 200 {
			t.Fatalf("status %d: %s", got.status, got.body)
		}
	}
}

func TestHTTP2WithPriorKnowledge(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	b := serve(t, "b", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "Grpc-Status")
		w.Header().Set("X-Backend", r.Proto)
		w.Header().Set("Grpc-Status", "0")
	}))
	b.Protocol = ir.H2C
	d.publish([]ir.Host{host("g.example.com", all(b))}, []ir.Backend{b})
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: &http.Transport{Protocols: protocols}}
	defer client.CloseIdleConnections()
	for host, want := range map[string]string{"g.example.com": "0", "unknown": "12"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.url("/inference.GRPCInferenceService/ServerLive"), http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		req.Header.Set("Content-Type", "application/grpc")
		response, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		status := response.Header.Get("Grpc-Status") + response.Trailer.Get("Grpc-Status")
		if response.Proto != "HTTP/2.0" || response.StatusCode != 200 || status != want {
			t.Errorf("%s: %s %d grpc-status %q, want %q (%v)", host, response.Proto, response.StatusCode, status, want, response.Header)
		}
	}
}

func TestMirrorsSeeTheRequest(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	b := echo(t, "b")
	seen := make(chan string, 1)
	shadow := serve(t, "shadow", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen <- r.Host + r.URL.Path }))
	h := host("a.example.com", all(b))
	h.Routes[0].Forward.Mirrors = []ir.Mirror{{Backend: "shadow", Numerator: 1, Denominator: 1}}
	d.publish([]ir.Host{h}, []ir.Backend{b, shadow})
	if got := d.get("a.example.com", "/x"); got.backend != "b" {
		t.Errorf("answer: %d by %q", got.status, got.backend)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	select {
	case got := <-seen:
		if got != "a.example.com/x" {
			t.Errorf("the mirror sees %q", got)
		}
	case <-ctx.Done():
		t.Error("the mirror saw nothing")
	}
}

// sentResources counts the resources that the present server has sent.
func (d *dataPlane) sentResources() float64 { return d.sentOf("") }

// sentOf counts those of one type, or of all.
func (d *dataPlane) sentOf(typeName string) float64 {
	d.t.Helper()
	return d.counted("sluice_xds_resources_sent_total", typeName)
}

// counted adds up a counter of the present server where its first label, by name, has a value; empty is all.
func (d *dataPlane) counted(metric, value string) float64 {
	d.t.Helper()
	families, err := d.registry.Gather()
	if err != nil {
		d.t.Fatal(err)
	}
	total := 0.0
	for _, f := range families {
		if f.GetName() != metric {
			continue
		}
		for _, m := range f.GetMetric() {
			if value == "" || label(m) == value {
				total += m.GetCounter().GetValue()
			}
		}
	}
	return total
}

func label(m *dto.Metric) string { return m.GetLabel()[0].GetValue() }
