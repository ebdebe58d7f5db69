package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sluice-serving/sluice/xds/envoy"
	"github.com/sluice-serving/sluice/xds/ir"
)

// badRoute is one that Envoy refuses: a control character in a header's value.
func badRoute(name string, b ir.Backend) ir.Route {
	r := route(name, ir.PathPrefix, "/", all(b))
	r.RequestHeaders = &ir.HeaderChange{Set: []ir.Header{{Name: "x-bad", Value: "a\nb"}}}
	return r
}

func TestRejectedHostTouchesOnlyItself(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	b, other := echo(t, "b"), echo(t, "other")
	backends := []ir.Backend{b, other}
	regex := route("regex", ir.PathRegex, "/a(", all(b))
	d.publish([]ir.Host{
		host("above-all.example.com", all(b)),
		{Listener: listenerName, Name: "bad-1.example.com", Routes: []ir.Route{badRoute("bad-1", b)}},
		{Listener: listenerName, Name: "bad-2.example.com", Routes: []ir.Route{regex}},
		host("good-1.example.com", all(b)),
		host("good-2.example.com", all(b)),
		host("good-3.example.com", all(b)),
	}, backends)
	for _, h := range []string{"above-all.example.com", "good-1.example.com", "good-2.example.com", "good-3.example.com"} {
		if got := d.get(h, "/"); got.status != 200 {
			t.Errorf("%s: status %d", h, got.status)
		}
	}
	rejections := d.server.Rejections()
	if len(rejections) != 2 || rejections[0].Name != envoy.HostName(listenerName, "bad-1.example.com", "") || rejections[1].Name != envoy.HostName(listenerName, "bad-2.example.com", "") {
		t.Fatalf("rejections: %+v", rejections)
	}
	if o := rejections[0].Objects; len(o) != 1 || o[0].String() != "HTTPRoute default/bad-1" {
		t.Errorf("the rejection is on %v", o)
	}
	t.Log(rejections[0].Reason, "|", rejections[1].Reason)
	if got := d.get("bad-1.example.com", "/"); got.status != 404 {
		t.Errorf("a host that was never accepted answers %d", got.status)
	}

	// A good host turns bad: what was accepted stays, and a change to another host still arrives.
	d.publish([]ir.Host{
		{Listener: listenerName, Name: "bad-2.example.com", Routes: []ir.Route{regex}},
		{Listener: listenerName, Name: "good-1.example.com", Routes: []ir.Route{badRoute("good-1", other)}},
		host("good-2.example.com", all(other)),
		host("good-3.example.com", all(b)),
	}, backends)
	if got := d.get("good-1.example.com", "/"); got.backend != "b" {
		t.Errorf("the accepted version was not kept: %d by %q", got.status, got.backend)
	}
	if got := d.get("good-2.example.com", "/"); got.backend != "other" {
		t.Errorf("a change beside a rejected one did not arrive: %d by %q", got.status, got.backend)
	}
	if r := d.server.Rejections(); len(r) != 2 || r[1].Name != envoy.HostName(listenerName, "good-1.example.com", "") {
		t.Errorf("rejections: %+v", r)
	}

	// Mended, the mark goes.
	d.publish([]ir.Host{host("good-1.example.com", all(other)), host("bad-2.example.com", all(b))}, backends)
	for _, h := range []string{"good-1.example.com", "bad-2.example.com"} {
		if got := d.get(h, "/"); got.status != 200 {
			t.Errorf("%s mended: status %d", h, got.status)
		}
	}
	if r := d.server.Rejections(); len(r) != 0 {
		t.Errorf("rejections after mending: %+v", r)
	}
}

func TestRejectedBackendTouchesOnlyItself(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	good, bad := echo(t, "good"), echo(t, "bad")
	bad.Endpoints = []ir.Endpoint{{Address: "not-an-address", Port: 80}}
	long := echo(t, strings.Repeat("n", 70))
	d.publish([]ir.Host{host("good.example.com", all(good)), host("bad.example.com", all(bad)), host("long.example.com", all(long))}, []ir.Backend{bad, good, long})
	if got := d.get("good.example.com", "/"); got.status != 200 {
		t.Errorf("good: %d", got.status)
	}
	if got := d.get("long.example.com", "/"); got.status != 200 {
		t.Errorf("long name: %d", got.status)
	}
	got := d.get("bad.example.com", "/")
	if got.status != 503 {
		t.Errorf("bad: %d %s", got.status, got.body)
	}
	t.Log(got.body)
	r := d.server.Rejections()
	if len(r) != 1 || r[0].TypeURL != envoy.EndpointType || r[0].Objects[0].String() != "Service default/bad" {
		t.Errorf("rejections: %+v", r)
	}
}

// A cluster whose endpoints are refused is answered for at once: Envoy would warm it for 15 s, and answer nothing
// about clusters meanwhile.
func TestRejectedEndpointsDelayNothing(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	good := echo(t, "good")
	d.publish([]ir.Host{host("good.example.com", all(good))}, []ir.Backend{good})
	bad, next := echo(t, "bad"), echo(t, "next")
	bad.Endpoints = []ir.Endpoint{{Address: "not-an-address", Port: 80}}
	began := time.Now()
	d.publish([]ir.Host{host("bad.example.com", all(bad)), host("next.example.com", all(next))}, []ir.Backend{bad, next})
	// A changed cluster whose changed endpoints are refused goes on with those accepted before.
	changed := next
	changed.Protocol, changed.Endpoints = ir.H2C, bad.Endpoints
	d.publish([]ir.Host{host("next.example.com", all(next))}, []ir.Backend{changed})
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	if got := d.get("next.example.com", "/"); got.status != 200 {
		t.Errorf("the other new backend: %d %s", got.status, got.body)
	}
}

// An expression over a long model name is accepted, and one that Envoy finds too large is refused alone.
func TestLargeExpressions(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	b := echo(t, "b")
	name := strings.Repeat("long-model-name", 17)
	d.publish([]ir.Host{
		{Listener: listenerName, Name: "long.example.com", Routes: []ir.Route{route("long", ir.PathRegex, "/v[12]/models/"+name+"([:/].*)?", all(b))}},
		{Listener: listenerName, Name: "large.example.com", Routes: []ir.Route{route("large", ir.PathRegex, "/(a{1000}){10}(b{500}){10}", all(b))}},
	}, []ir.Backend{b})
	if got := d.get("long.example.com", "/v1/models/"+name+":predict"); got.status != 200 {
		t.Errorf("long name: %d %s %v", got.status, got.body, d.server.Rejections())
	}
	r := d.server.Rejections()
	if len(r) != 1 || r[0].Objects[0].Name != "large" {
		t.Errorf("rejections: %+v", r)
	}
}

func TestTakenPortIsReportedOnItsGateway(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	b := echo(t, "b")
	taken := ir.Listener{Name: "taken", Address: "127.0.0.1", Port: b.Endpoints[0].Port, Object: ir.Ref{Kind: "Gateway", Name: "second"}}
	d.publishConfig(ir.Config{Listeners: []ir.Listener{d.listener(), taken}, Hosts: []ir.Host{host("h.example.com", all(b))}, Backends: []ir.Backend{b}})
	if got := d.get("h.example.com", "/"); got.status != 200 {
		t.Errorf("the other listener answers %d", got.status)
	}
	r := d.server.Rejections()
	if len(r) != 1 || r[0].Objects[0].Name != "second" || !strings.Contains(r[0].Reason, "in use") {
		t.Errorf("rejections: %+v", r)
	}
}
