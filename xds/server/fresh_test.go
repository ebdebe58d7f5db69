package server_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/sluice-serving/sluice/xds/ir"
)

// An Envoy that starts while refused resources stand is served everything else at once, is not asked to refuse them again,
// and is told as soon as they are mended. One of them had a good version before, which the new Envoy gets.
func TestFreshEnvoyIsNotAskedWhatWasRefused(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	b, other := echo(t, "b"), echo(t, "other")
	badBackend := echo(t, "bad-backend")
	badBackend.Endpoints = []ir.Endpoint{{Address: "not-an-address", Port: 80}}
	publish := func(once ir.Host, fresh ir.Host, third ir.Backend) {
		d.publish([]ir.Host{once, fresh, host("good.example.com", all(b)), host("third.example.com", all(third))}, []ir.Backend{b, other, third})
	}
	bad := func(name string) ir.Host {
		return ir.Host{Listener: listenerName, Name: name + ".example.com", Routes: []ir.Route{badRoute(name, other)}}
	}
	publish(host("once.example.com", all(b)), bad("fresh"), badBackend)
	publish(bad("once"), bad("fresh"), badBackend)
	refused := d.server.Rejections()
	if len(refused) != 3 {
		t.Fatalf("rejections: %+v", refused)
	}

	nacks := d.counted("sluice_xds_requests_total", "nack")
	first := d.proxy.State().PID
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	d.awaitOther(first)
	d.publish(d.published.Hosts, d.published.Backends)
	for name, want := range map[string]int{"good.example.com": 200, "once.example.com": 200, "fresh.example.com": 404} {
		if got := d.get(name, "/"); got.status != want {
			t.Errorf("%s: status %d, want %d", name, got.status, want)
		}
	}
	if now := d.counted("sluice_xds_requests_total", "nack"); now != nacks {
		t.Errorf("the new Envoy refused %v responses, want none", now-nacks)
	}
	if now := d.server.Rejections(); len(now) != 3 {
		t.Errorf("rejections after the new Envoy came: %+v", now)
	}

	mended := badBackend
	mended.Endpoints = other.Endpoints
	publish(host("once.example.com", all(other)), host("fresh.example.com", all(other)), mended)
	for _, name := range []string{"once.example.com", "fresh.example.com", "third.example.com"} {
		if got := d.get(name, "/"); got.backend != "other" {
			t.Errorf("%s mended: %d by %q", name, got.status, got.backend)
		}
	}
	if now := d.server.Rejections(); len(now) != 0 {
		t.Errorf("rejections after mending: %+v", now)
	}
}

// awaitOther waits until an Envoy other than a killed one is connected, alone.
func (d *dataPlane) awaitOther(killed int) {
	d.t.Helper()
	deadline := time.Now().Add(90 * time.Second)
	for d.proxy.State().PID == killed || d.proxy.State().PID == 0 || len(d.server.Clients()) != 1 || d.proxy.Ready(d.t.Context()) != nil {
		if time.Now().After(deadline) {
			d.t.Fatalf("no other Envoy: %+v, clients %+v", d.proxy.State(), d.server.Clients())
		}
		time.Sleep(10 * time.Millisecond)
	}
}
