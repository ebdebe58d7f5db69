package server_test

import (
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sluice-serving/sluice/xds/ir"
)

// A process that has ended stays listed for a moment, and for as long as nobody watches it: its endpoint refuses every
// connection, and being idle it looks like the best choice.
func TestDeadEndpointCostsNoRequest(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	b := echo(t, "b")
	b.Endpoints = append(b.Endpoints, ir.Endpoint{Address: "127.0.0.1", Port: freePort(t)})
	d.publish([]ir.Host{host("a.example.com", all(b))}, []ir.Backend{b})
	var failed atomic.Int64
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for range 100 {
				if got := d.get("a.example.com", "/"); got.status != 200 {
					failed.Add(1)
				}
			}
		})
	}
	clients.Wait()
	if n := failed.Load(); n != 0 {
		t.Errorf("%d of 400 requests failed", n)
	}
}

// Sockets that their server ends are no sign of a dead one, even when the endpoint is the only one left soon after.
func TestEndpointWhoseSocketsEndStaysInUse(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	b := serve(t, "b", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = conn.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"))
		_ = conn.Close()
	}))
	gone := echo(t, "gone")
	only := b.Endpoints
	b.Endpoints = append(slices.Clone(only), gone.Endpoints...)
	for range 20 {
		d.publish([]ir.Host{host("a.example.com", all(b))}, []ir.Backend{b})
		for range 4 {
			response := d.sendRaw(d.port, "GET / HTTP/1.1\r\nHost: a.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
			response.Body.Close()
		}
		alone := b
		alone.Endpoints = only
		d.publish([]ir.Host{host("a.example.com", all(alone))}, []ir.Backend{alone})
		if got := d.get("a.example.com", "/"); got.status != 200 {
			t.Fatalf("the endpoint that is left is not used: %d %s", got.status, got.body)
		}
	}
}
