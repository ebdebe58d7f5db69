package server_test

import (
	"net/http"
	"testing"

	"github.com/sluice-serving/sluice/xds/envoy"
	"github.com/sluice-serving/sluice/xds/ir"
)

// TestPortChangesItsProtocol puts a listener with TLS in the place of a plain one on the same address, and back: a listener's
// name has its protocol, so that it is another that opens while the one before is still there.
func TestPortChangesItsProtocol(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	backend := echo(t, "backend")
	named := func(name string, chains ...ir.Chain) ir.Config {
		l := d.listener()
		l.Name, l.TLS = name, chains
		h := host("a.example.com", all(backend))
		h.Listener = name
		return ir.Config{
			Listeners: []ir.Listener{l}, Backends: []ir.Backend{backend}, Hosts: []ir.Host{h},
			Certificates: []ir.Certificate{newCertificate(t, "pair", 1, "a.example.com")},
		}
	}
	plain, secure := named("http"), named("https", ir.Chain{Scope: "https", Certificates: []string{"pair"}})
	d.publishConfig(plain)
	if got := d.get("a.example.com", "/"); got.status != http.StatusOK {
		t.Fatalf("the plain listener answers %d", got.status)
	}

	d.swap(plain, secure)
	response, err := d.getTLS(d.tlsClient("a.example.com"), "a.example.com", "/")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("the listener with TLS answers %d", response.StatusCode)
	}
	d.swap(secure, plain)
	if got := d.get("a.example.com", "/"); got.status != http.StatusOK {
		t.Errorf("the plain listener answers %d once it is back", got.status)
	}
}

// swap publishes what is new in a configuration and removes what has gone from another in one step.
func (d *dataPlane) swap(old, now ir.Config) {
	d.t.Helper()
	kept := map[envoy.Key]bool{}
	set := envoy.Resources(now, envoy.Options{Limits: d.limits})
	for _, r := range set {
		kept[r.Key()] = true
	}
	var gone []envoy.Key
	for _, r := range envoy.Resources(old, envoy.Options{Limits: d.limits}) {
		if !kept[r.Key()] {
			gone = append(gone, r.Key())
		}
	}
	d.settle(d.server.Publish(set, gone))
	if refused := d.server.Rejections(); len(refused) > 0 {
		d.t.Errorf("Envoy refuses %+v", refused)
	}
}
