package server_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluice-serving/sluice/xds/ir"
)

var policyRef = ir.Ref{Kind: "AccessPolicy", Namespace: "default", Name: "iris"}

// withKeys guards a route.
func withKeys(r ir.Route) ir.Route {
	r.Access = keys()
	r.Access.Policy = policyRef
	return r
}

func irisHost(routes ...ir.Route) []ir.Host {
	return []ir.Host{{Listener: listenerName, Name: "iris.example.com", Routes: routes}}
}

// TestRefusedGuardCloses has Envoy refuse the version of a host that brings a guard: the open one must not go on.
func TestRefusedGuardCloses(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	b := echo(t, "b")
	open := route("iris", ir.PathPrefix, "/", all(b))
	want := func(when string, header http.Header, status int) {
		t.Helper()
		got := d.send(request{host: "iris.example.com", path: "/", header: header})
		if got.status != status {
			t.Fatalf("%s: %d %s, want %d", when, got.status, got.body, status)
		}
		if status == http.StatusServiceUnavailable && !strings.Contains(got.body, `{"error":"nobody is let in here`) {
			t.Errorf("%s: %s", when, got.body)
		}
	}
	key := http.Header{"X-Api-Key": {rightKey}}

	d.publish(irisHost(open), []ir.Backend{b})
	want("open", nil, http.StatusOK)
	d.publish(irisHost(withKeys(badRoute("iris", b))), []ir.Backend{b})
	want("a refused guard", key, http.StatusServiceUnavailable)
	r := d.server.Rejections()
	if len(r) != 1 || len(r[0].Policies) != 1 || r[0].Policies[0] != policyRef {
		t.Errorf("rejections: %+v", r)
	}

	d.publish(irisHost(withKeys(open)), []ir.Backend{b})
	want("mended, without the key", nil, http.StatusUnauthorized)
	want("mended, with the key", key, http.StatusOK)
	d.publish(irisHost(withKeys(badRoute("iris", b))), []ir.Backend{b})
	want("refused with the guard as it was, without the key", nil, http.StatusUnauthorized)
	want("refused with the guard as it was, with the key", key, http.StatusOK)
	if r := d.server.Rejections(); len(r) != 1 || len(r[0].Policies) != 0 {
		t.Errorf("rejections: %+v", r)
	}
	d.publish(irisHost(badRoute("iris", b)), []ir.Backend{b})
	want("refused without the guard", nil, http.StatusUnauthorized)

	changed := withKeys(badRoute("iris", b))
	changed.Access.APIKeys.Credentials = changed.Access.APIKeys.Credentials[1:]
	d.publish(irisHost(changed), []ir.Backend{b})
	want("refused with one key less", key, http.StatusServiceUnavailable)
	d.publish(irisHost(open), []ir.Backend{b})
	want("open again", nil, http.StatusOK)
}

// TestRefusedGuardOfOneRouteCloses has two objects in a host, of which Envoy refuses the one that comes to be guarded.
func TestRefusedGuardOfOneRouteCloses(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	b := echo(t, "b")
	private, other := route("private", ir.PathPrefix, "/private", all(b)), route("other", ir.PathPrefix, "/other", all(b))
	d.publish(irisHost(private, other), []ir.Backend{b})
	bad := withKeys(badRoute("private", b))
	bad.Match.Path.Value = "/private"
	d.publish(irisHost(bad, other), []ir.Backend{b})
	if got := d.get("iris.example.com", "/private/a"); got.status < 400 {
		t.Errorf("the open version of the refused route goes on: %d %s", got.status, got.body)
	}
	if got := d.get("iris.example.com", "/other"); got.status != http.StatusOK {
		t.Errorf("the other route: %d %s", got.status, got.body)
	}
}

// TestRefusalTellsNoKey looks for keys in all that is said of a refused host.
func TestRefusalTellsNoKey(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	b := echo(t, "b")
	var hosts []ir.Host
	for i := range 2 {
		name := fmt.Sprintf("h%d.example.com", i)
		hosts = append(hosts, ir.Host{Listener: listenerName, Name: name, Routes: []ir.Route{withKeys(badRoute(name, b))}})
	}
	d.publish(hosts, []ir.Backend{b})
	rejections := d.server.Rejections()
	if len(rejections) != 2 {
		t.Fatalf("rejections: %+v", rejections)
	}
	for _, r := range rejections {
		if strings.Contains(r.Reason, rightKey) || strings.Contains(r.Reason, "route_configuration") || !strings.HasPrefix(r.Reason, "Proto constraint validation failed") {
			t.Errorf("the reason is %s", r.Reason)
		}
	}
	log, err := os.ReadFile(filepath.Join(d.dir, "envoy.log"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(log), rightKey) {
		t.Error("Envoy's log has the key")
	}
}
