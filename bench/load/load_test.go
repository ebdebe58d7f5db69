package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve gives the target of a test server, and how many connections came to it.
func serve(t *testing.T, handler http.HandlerFunc) (Target, *atomic.Int64) {
	t.Helper()
	var connections atomic.Int64
	server := httptest.NewUnstartedServer(handler)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	return Target{Address: server.Listener.Addr().String(), Host: "a.localhost:8080", Path: "/in?q=1"}, &connections
}

func TestConnectionIsKeptAndAsksWhatTheTargetSays(t *testing.T) {
	t.Parallel()
	target, connections := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s %s %s", r.Method, r.Host, r.RequestURI)
	})
	connection, err := Dial(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	for range 3 {
		answer, err := connection.Ask()
		if err != nil {
			t.Fatal(err)
		}
		if got, want := string(answer.Body()), "GET a.localhost:8080 /in?q=1"; got != want || answer.StatusCode() != http.StatusOK {
			t.Errorf("answered %d %q, want %q", answer.StatusCode(), got, want)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections for three requests, want one", n)
	}
}

func TestABodyIsPosted(t *testing.T) {
	t.Parallel()
	target, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "%s %s %s", r.Method, r.Header.Get("Content-Type"), body)
	})
	target.Body = []byte(`{"a":1}`)
	connection, err := Dial(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	for range 2 {
		answer, err := connection.Ask()
		if err != nil {
			t.Fatal(err)
		}
		if got, want := string(answer.Body()), `POST application/json {"a":1}`; got != want {
			t.Errorf("answered %q, want %q", got, want)
		}
	}
}

// TestClosedKeepsEachConnectionBusy wants as many requests in flight as there are connections, never more.
func TestClosedKeepsEachConnectionBusy(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var now, most int
	target, connections := serve(t, func(http.ResponseWriter, *http.Request) {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		time.Sleep(time.Millisecond)
		mu.Lock()
		now--
		mu.Unlock()
	})
	result, err := Closed(t.Context(), Options{Target: target, Connections: 4, Warmup: 20 * time.Millisecond, Duration: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if result.Requests == 0 || result.Elapsed != 300*time.Millisecond || result.P50 <= 0 || result.P99 < result.P50 {
		t.Errorf("result %+v", result)
	}
	if most > 4 || connections.Load() != 4 {
		t.Errorf("%d requests at once over %d connections, want at most 4 over 4", most, connections.Load())
	}
}

func TestClosedFailsWithTheFirstBadAnswer(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	target, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) == 5 {
			http.Error(w, "no endpoint", http.StatusServiceUnavailable)
		}
	})
	_, err := Closed(t.Context(), Options{Target: target, Connections: 2, Duration: time.Minute})
	if err == nil || !strings.Contains(err.Error(), "503: no endpoint") {
		t.Errorf("%v, want the bad answer", err)
	}
}

func TestClosedEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	target, _ := serve(t, func(http.ResponseWriter, *http.Request) { cancel() })
	if _, err := Closed(ctx, Options{Target: target, Connections: 2, Duration: time.Minute}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want %v", err, context.Canceled)
	}
}

func TestClosedNeedsAServer(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	if _, err := Closed(t.Context(), Options{Target: Target{Address: address}, Connections: 1, Duration: time.Minute}); err == nil || !strings.Contains(err.Error(), address) {
		t.Errorf("%v, want an error that names %s", err, address)
	}
}
