package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/sluice-serving/sluice/xds/envoy"
	"github.com/sluice-serving/sluice/xds/ir"
)

func TestHostsFindTheirBackends(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	exact, wide, narrow := echo(t, "exact"), echo(t, "wide"), echo(t, "narrow")
	d.publish([]ir.Host{
		host("iris.example.com", all(exact)),
		host("*.example.com", all(wide)),
		host("*.deep.example.com", all(narrow)),
		{Listener: listenerName, Name: "paths.example.com", Routes: []ir.Route{route("paths", ir.PathExact, "/v1", all(exact))}},
	}, []ir.Backend{exact, wide, narrow})

	for _, c := range []struct {
		host, path string
		status     int
		backend    string
	}{
		{"iris.example.com", "/v1/models", 200, "exact"},
		{"iris.example.com:8080", "/", 200, "exact"},
		{"IRIS.Example.COM", "/", 200, "exact"},
		{"other.example.com", "/", 200, "wide"},
		{"OTHER.example.com:80", "/", 200, "wide"},
		{"a.b.example.com", "/", 200, "wide"},
		{"a.deep.example.com", "/", 200, "narrow"},
		{"deep.example.com", "/", 200, "wide"},
		{"example.com", "/", 404, ""},
		{"iris.example.org", "/x?token=secret", 404, ""},
		{"[::1]:8080", "/", 404, ""},
		// An exact host's paths never fall to a wildcard that would match.
		{"paths.example.com", "/v1", 200, "exact"},
		{"paths.example.com", "/v2", 404, ""},
		{"PATHS.example.com", "/v2", 404, ""},
	} {
		got := d.get(c.host, c.path)
		if got.status != c.status || got.backend != c.backend {
			t.Errorf("%s%s: %d by %q, want %d by %q", c.host, c.path, got.status, got.backend, c.status, c.backend)
		}
		if got.status == http.StatusNotFound {
			var e struct{ Error string }
			if err := json.Unmarshal([]byte(got.body), &e); err != nil || e.Error == "" || got.header.Get("Content-Type") != "application/json" {
				t.Errorf("%s%s: 404 with %q (%s)", c.host, c.path, got.body, got.header.Get("Content-Type"))
			}
			t.Log(got.body)
		}
	}
}

func TestClientCannotChooseItsScope(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	public, private := echo(t, "public"), echo(t, "private")
	inner := ir.Listener{Name: "inner", Address: "127.0.0.1", Port: freePort(t)}
	d.publishConfig(ir.Config{
		Listeners: []ir.Listener{inner, d.listener()},
		Hosts: []ir.Host{
			{Listener: "inner", Name: "app.example.com", Routes: []ir.Route{route("private", ir.PathPrefix, "/", all(private))}},
			{Listener: "inner", Name: "only-inner.example.com", Routes: []ir.Route{route("only", ir.PathPrefix, "/", all(private))}},
			host("app.example.com", all(public)),
		},
		Backends: []ir.Backend{private, public},
	})

	forged := http.Header{"X-Sluice-Scope": {"inner|only-inner.example.com", "inner|app.example.com"}}
	got := d.send(request{host: "app.example.com", path: "/", header: forged})
	if got.backend != "public" {
		t.Errorf("a client chose the backend %q by our own header", got.backend)
	}
	for name := range got.echoed(t).Header {
		if name == "X-Sluice-Scope" {
			t.Errorf("the backend sees %s", name)
		}
	}
	for _, h := range []string{"", "nowhere.example.com", "only-inner.example.com"} {
		if got := d.sendRaw(d.port, "GET / HTTP/1.1\r\nHost: "+h+"\r\nX-Sluice-Scope: inner|only-inner.example.com\r\nX-Sluice-Scope: inner|app.example.com\r\nConnection: close\r\n\r\n"); got.StatusCode != 404 {
			t.Errorf("host %q with forged headers: status %d, want 404", h, got.StatusCode)
		}
	}
	if got := d.sendTo(inner.Port, request{host: "app.example.com", path: "/"}); got.backend != "private" {
		t.Errorf("the same host on the other listener: %d by %q, want private", got.status, got.backend)
	}
}

func TestWeightsSplitTraffic(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	stable, canary, off := echo(t, "stable"), echo(t, "canary"), echo(t, "off")
	d.publish([]ir.Host{host("m.example.com",
		ir.Weighted{Backend: "stable", Weight: 9},
		ir.Weighted{Backend: "canary", Weight: 1},
		ir.Weighted{Backend: "off", Weight: 0},
	)}, []ir.Backend{canary, off, stable})

	const requests = 1000
	count := map[string]int{}
	for range requests {
		count[d.get("m.example.com", "/").backend]++
	}
	// 100 expected, standard deviation 9.5; 60 to 140 is beyond four of them.
	if n := count["canary"]; n < 60 || n > 140 {
		t.Errorf("canary got %d of %d, want about a tenth", n, requests)
	}
	if count["stable"]+count["canary"] != requests {
		t.Errorf("some answers came from elsewhere: %v", count)
	}
}

func TestRoutesChangeRequests(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	b := echo(t, "b")
	weighted := all(b)
	weighted.RequestHeaders = &ir.HeaderChange{Set: []ir.Header{{Name: "x-order", Value: "backend"}}}
	routes := []ir.Route{
		route("headers", ir.PathExact, "/headers", weighted),
		route("rewrite-root", ir.PathPrefix, "/strip", all(b)),
		route("rewrite-prefix", ir.PathPrefix, "/from/", all(b)),
		route("rewrite-path", ir.PathPrefix, "/whole", all(b)),
		route("regex", ir.PathRegex, `/v[12]/models/iris([:/].*)?`, all(b)),
		route("method", ir.PathExact, "/method", all(b)),
		{Name: "respond", Match: ir.Match{Path: ir.Path{Kind: ir.PathExact, Value: "/respond"}}, Respond: &ir.Respond{Status: 503, ContentType: "application/json", Body: `{"error":"100% not ready"}`}},
		{Name: "large", Match: ir.Match{Path: ir.Path{Kind: ir.PathExact, Value: "/large"}}, Respond: &ir.Respond{Status: 200, ContentType: "text/plain", Body: string(make([]byte, 10000))}},
		{Name: "redirect", Match: ir.Match{Path: ir.Path{Kind: ir.PathPrefix, Value: "/old"}}, Redirect: &ir.Redirect{Status: 308, Scheme: "https", Host: "new.example.com", Port: 8443, Prefix: "/new"}},
	}
	routes[0].RequestHeaders = &ir.HeaderChange{
		Set:    []ir.Header{{Name: "x-order", Value: "route"}, {Name: "x-percent", Value: "100%REQ(:PATH)%"}, {Name: "x-empty", Value: ""}},
		Add:    []ir.Header{{Name: "x-add", Value: "second"}},
		Remove: []string{"x-gone"},
	}
	routes[0].ResponseHeaders = &ir.HeaderChange{Remove: []string{"x-backend"}, Set: []ir.Header{{Name: "x-answer", Value: "set"}}}
	routes[1].Forward.Rewrite = &ir.Rewrite{Prefix: "/", Host: "inside.example.com"}
	routes[2].Forward.Rewrite = &ir.Rewrite{Prefix: "/to"}
	routes[3].Forward.Rewrite = &ir.Rewrite{Path: `/one\1`}
	routes[5].Match.Method = "POST"
	routes[5].Match.Headers = []ir.ValueMatch{{Name: "x-kind", Value: "a.*", Regex: true}}
	routes[5].Match.Query = []ir.ValueMatch{{Name: "v", Value: "2"}}
	d.publish([]ir.Host{{Listener: listenerName, Name: "h.example.com", Routes: routes}}, []ir.Backend{b})

	got := d.send(request{host: "h.example.com", path: "/headers", header: http.Header{"X-Gone": {"1"}, "X-Add": {"first"}, "X-Request-Id": {"mine"}}})
	h := got.echoed(t).Header
	for name, want := range map[string]string{"X-Order": "backend", "X-Percent": "100%REQ(:PATH)%", "X-Gone": "", "X-Request-Id": "mine"} {
		if h.Get(name) != want {
			t.Errorf("request header %s is %q, want %q", name, h.Get(name), want)
		}
	}
	if _, ok := h["X-Empty"]; !ok {
		t.Error("a header that was set to nothing is missing")
	}
	if add := h.Values("X-Add"); len(add) != 2 {
		t.Errorf("x-add is %q, want both values", add)
	}
	if got.header.Get("X-Backend") != "" || got.header.Get("X-Answer") != "set" || got.header.Get("Server") != "sluice" || got.header.Get("X-Request-Id") != "mine" {
		t.Errorf("response headers: %v", got.header)
	}

	for path, want := range map[string]string{
		"/strip": "/", "/strip/": "/", "/strip/a/b?q=1": "/a/b?q=1",
		"/from": "/to", "/from/a": "/to/a",
		"/whole/a?q=1":                 `/one\1?q=1`,
		"/v1/models/iris:predict":      "/v1/models/iris:predict",
		"/v2/models/iris":              "/v2/models/iris",
		"/v2/models/x/../iris/infer":   "/v2/models/iris/infer",
		"/v2/models/iris/infer?a=b%20": "/v2/models/iris/infer?a=b%20",
	} {
		if got := d.get("h.example.com", path); got.status != 200 || got.echoed(t).Path != want {
			t.Errorf("%s arrives as %s, want %s", path, got.body, want)
		}
	}
	if e := d.get("h.example.com", "/strip/x").echoed(t); e.Host != "inside.example.com" {
		t.Errorf("host was not rewritten: %q", e.Host)
	}
	for _, path := range []string{"/stripe", "/v3/models/iris", "/v1/models/iris2", "/x/v1/models/iris", "/method"} {
		if got := d.get("h.example.com", path); got.status != 404 {
			t.Errorf("%s: status %d, want 404", path, got.status)
		}
	}
	if got := d.send(request{method: "POST", host: "h.example.com", path: "/method?v=2", header: http.Header{"X-Kind": {"abc"}}}); got.status != 200 {
		t.Errorf("method, header and query match: status %d", got.status)
	}
	if got := d.get("h.example.com", "/respond"); got.status != 503 || got.body != `{"error":"100% not ready"}` || got.header.Get("Content-Type") != "application/json" {
		t.Errorf("direct response: %d %q %v", got.status, got.body, got.header)
	}
	if got := d.get("h.example.com", "/large"); got.status != 200 || len(got.body) != 10000 {
		t.Errorf("large direct response: %d, %d bytes", got.status, len(got.body))
	}
	if got := d.get("h.example.com", "/old/a?q=1"); got.status != 308 || got.header.Get("Location") != "https://new.example.com:8443/new/a?q=1" {
		t.Errorf("redirect: %d to %q", got.status, got.header.Get("Location"))
	}
}

func TestRedirectNamesNoPortThatItsSchemeImplies(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	rules := []ir.Route{
		{Name: "https", Match: ir.Match{Path: ir.Path{Kind: ir.PathPrefix, Value: "/https"}}, Redirect: &ir.Redirect{Status: 301, Scheme: "https", Port: 443, Prefix: "/to"}},
		{Name: "http", Match: ir.Match{Path: ir.Path{Kind: ir.PathPrefix, Value: "/http"}}, Redirect: &ir.Redirect{Status: 301, Scheme: "http", Port: 80}},
		{Name: "host", Match: ir.Match{Path: ir.Path{Kind: ir.PathPrefix, Value: "/host"}}, Redirect: &ir.Redirect{Status: 301, Scheme: "https", Host: "new.example.com", Port: 443}},
		{Name: "port", Match: ir.Match{Path: ir.Path{Kind: ir.PathPrefix, Value: "/port"}}, Redirect: &ir.Redirect{Status: 301, Port: 80}},
		{Name: "other", Match: ir.Match{Path: ir.Path{Kind: ir.PathPrefix, Value: "/other"}}, Redirect: &ir.Redirect{Status: 301, Scheme: "https", Port: 4430}},
	}
	var hosts []ir.Host
	for _, name := range []string{"exact.example.com", "*.example.com", "*"} {
		hosts = append(hosts, ir.Host{Listener: listenerName, Name: name, Routes: rules})
	}
	d.publish(hosts, nil)
	for _, name := range []string{"exact.example.com", "some.example.com", "elsewhere"} {
		for _, port := range []string{"", ":8080", ":443"} {
			for path, want := range map[string]string{
				"/https/a?b":   "https://" + name + "/to/a?b",
				"/http?x=:80/": "http://" + name + "/http?x=:80/",
				"/host":        "https://new.example.com/host",
				"/port":        "http://" + name + "/port",
				"/other":       "https://" + name + ":4430/other",
			} {
				if got := d.get(name+port, path); got.status != 301 || got.header.Get("Location") != want {
					t.Errorf("%s%s: %d to %q, want %q", name+port, path, got.status, got.header.Get("Location"), want)
				}
			}
		}
	}
	// A host that is spelt with capitals still finds the route that chose other code for the first filter.
	if got := d.get("Some.Example.com:8080", "/https"); got.header.Get("Location") != "https://Some.Example.com/to" {
		t.Errorf("with capitals: %d to %q", got.status, got.header.Get("Location"))
	}
}

func TestTryThatTakesTooLongIsMadeElsewhere(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	slow := serve(t, "slow", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	b := echo(t, "b")
	b.Endpoints = append(b.Endpoints, slow.Endpoints...)
	h := host("a.example.com", all(b))
	h.Routes[0].Forward.Retry = &ir.Retry{Attempts: 1, TryTimeoutMS: 100}
	d.publish([]ir.Host{h}, []ir.Backend{b})
	for range 6 {
		if got := d.get("a.example.com", "/"); got.status != 200 {
			t.Fatalf("status %d: %s", got.status, got.body)
		}
	}
}

func TestWebSocketUpgradePasses(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	b := serve(t, "b", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "websocket" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		connection, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer connection.Close()
		_, _ = io.WriteString(connection, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	}))
	d.publish([]ir.Host{host("w.example.com", all(b))}, []ir.Backend{b})
	got := d.sendRaw(d.port, "GET /chat HTTP/1.1\r\nHost: w.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	if got.StatusCode != http.StatusSwitchingProtocols {
		t.Errorf("status %d", got.StatusCode)
	}
}

func TestAccessLogTellsWhatHappened(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	b := echo(t, "b")
	path := filepath.Join(d.dir, "access.log")
	c := ir.Config{Listeners: []ir.Listener{d.listener()}, Hosts: []ir.Host{host("a.example.com", all(b))}, Backends: []ir.Backend{b}}
	d.settle(d.server.Replace(envoy.Resources(c, envoy.Options{AccessLog: path})))
	d.get("a.example.com", "/v1/models?key=secret")
	d.stopProxy() // writes out what is buffered
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var line struct {
		Method, Host, Path, Route, Cluster string
		Status                             int
	}
	if err := json.Unmarshal(data, &line); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
	if line.Method != "GET" || line.Host != "a.example.com" || line.Path != "/v1/models" || line.Status != 200 || line.Route != "a.example.com" || line.Cluster != "b" {
		t.Errorf("%s", data)
	}
}
