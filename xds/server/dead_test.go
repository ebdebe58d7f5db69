package server_test

import (
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
	for range 2 {
		b.Endpoints = append(b.Endpoints, ir.Endpoint{Address: "127.0.0.1", Port: freePort(t)})
	}
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
