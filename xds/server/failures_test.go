package server_test

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sluice-serving/sluice/xds/ir"
	"github.com/sluice-serving/sluice/xds/server/lrs"
)

// TestEveryFailureIsToldOnce has an endpoint fail in every way there is: what load reports and statistics of answers have of its
// failures is together as many as there were, each try of its own.
func TestEveryFailureIsToldOnce(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	failing := newFailing(t)
	b := serve(t, "b", failing)
	warm := echo(t, "warm")
	dead := ir.Backend{Name: "dead", Object: b.Object, Endpoints: []ir.Endpoint{{Address: "127.0.0.1", Port: freePort(t)}}}
	retried := host("retried.example.com", all(b))
	retried.Routes[0].Forward.Retry = &ir.Retry{Attempts: 2, StatusCodes: []uint32{503}, TryTimeoutMS: 500}
	timed := host("timed.example.com", all(b))
	timed.Routes[0].Forward.TimeoutMS = 300
	b.Protocol = ir.H2C
	d.publish([]ir.Host{
		host("a.example.com", all(b)), retried, timed, host("dead.example.com", all(dead)), host("warm.example.com", all(warm)),
	}, []ir.Backend{b, warm, dead})
	d.waitTracked("warm.example.com", warm)

	endpoint, deadEndpoint := endpointOf(b), endpointOf(dead)
	want := uint64(0)
	for _, step := range []struct {
		name, host, path string
		grpc             bool
		failures         uint64
	}{
		{"good", "a.example.com", "/", false, 0},
		{"missing", "a.example.com", "/status/404", false, 0},
		{"5xx", "a.example.com", "/status/500", false, 1},
		{"reset", "a.example.com", "/reset", false, 1},
		{"timeout", "timed.example.com", "/never", false, 1},
		{"good at the third try", "retried.example.com", "/third", false, 2},
		{"three tries of 503", "retried.example.com", "/status/503", false, 3},
		{"three tries without an answer", "retried.example.com", "/never", false, 3},
		{"good call", "a.example.com", "/grpc/0", true, 0},
		{"call for nothing", "a.example.com", "/grpc/5", true, 0},
		{"failed call", "a.example.com", "/grpc/13", true, 1},
		{"failed call after headers", "a.example.com", "/late/14", true, 1},
		{"reset call", "a.example.com", "/reset", true, 1},
		{"call cut after headers", "a.example.com", "/cut", true, 1},
		{"timed out call", "timed.example.com", "/never", true, 1},
		// Envoy cuts it and counts it nowhere.
		{"call timed out after headers", "timed.example.com", "/stall", true, 0},
	} {
		d.endure(step.host, step.path, step.grpc)
		want += step.failures
		d.waitFailures(step.name, endpoint, want)
	}
	for range 2 {
		d.endure("dead.example.com", "/", false)
		d.endure("dead.example.com", "/", true)
	}
	// Each of the four requests was tried nine times.
	d.waitFailures("dead", deadEndpoint, 36)
}

// waitFailures returns when the failures told of an endpoint are want.
func (d *dataPlane) waitFailures(name string, endpoint lrs.Endpoint, want uint64) {
	d.t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		counts, report := d.reported.read(endpoint)
		answers, _, flush := d.answers.read(endpoint.Address)
		if counts.Failed+answers.Failed == want {
			return
		}
		select {
		case <-report:
		case <-flush:
		case <-deadline:
			d.t.Fatalf("%s: %d failures are reported and %d among the answers, want %d together", name, counts.Failed, answers.Failed, want)
		}
	}
}

// endure sends a request, or what looks like a gRPC call, and reads the answer for what it is worth.
func (d *dataPlane) endure(host, path string, grpc bool) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url(path), http.NoBody)
	if err != nil {
		d.t.Fatal(err)
	}
	request.Host = host
	if grpc {
		request.Header.Set("Content-Type", "application/grpc")
	}
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	if err != nil {
		d.t.Fatalf("%s%s: %v", host, path, err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
}

// newFailing is an endpoint that fails as its path says.
func newFailing(t *testing.T) http.Handler {
	t.Helper()
	over := make(chan struct{})
	t.Cleanup(sync.OnceFunc(func() { close(over) }))
	never := func(r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-over:
		}
	}
	var tries atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("/status/{code}", func(w http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(r.PathValue("code"))
		w.WriteHeader(code)
	})
	mux.HandleFunc("/third", func(w http.ResponseWriter, _ *http.Request) {
		if tries.Add(1) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("/reset", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("/never", func(_ http.ResponseWriter, r *http.Request) { never(r) })
	mux.HandleFunc("/grpc/{status}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Grpc-Status", r.PathValue("status"))
	})
	begin := func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/grpc")
		_ = http.NewResponseController(w).Flush()
	}
	mux.HandleFunc("/late/{status}", func(w http.ResponseWriter, r *http.Request) {
		begin(w)
		w.Header().Set(http.TrailerPrefix+"Grpc-Status", r.PathValue("status"))
	})
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		begin(w)
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("/stall", func(w http.ResponseWriter, r *http.Request) {
		begin(w)
		never(r)
	})
	mux.HandleFunc("/", func(http.ResponseWriter, *http.Request) {})
	return mux
}
