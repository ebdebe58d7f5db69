package server_test

import (
	"net/http"
	"testing"

	"github.com/sluice-serving/sluice/xds/ir"
)

// respondRoute answers by itself.
func respondRoute(name, prefix, body string) ir.Route {
	return ir.Route{
		Name: name, Object: ir.Ref{Kind: "HTTPRoute", Name: name}, Match: ir.Match{Path: ir.Path{Kind: ir.PathPrefix, Value: prefix}},
		Respond: &ir.Respond{Status: http.StatusNotFound, Body: body},
	}
}

// TestModelsAreFoundByTheirNamesInPaths asks hosts of each spelling for models, for those that are not there, and for what is
// no model.
func TestModelsAreFoundByTheirNamesInPaths(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	iris, wide := echo(t, "iris"), echo(t, "wide")
	unknown := respondRoute("unknown", "/", "no such model")
	unknown.ByModel = true
	guarded := host("*", all(iris))
	guarded.Model, guarded.Routes[0].Access = "secret", keys()
	model := host("*", all(iris))
	model.Model = "iris"
	d.publish([]ir.Host{
		{Listener: listenerName, Name: "*", Routes: []ir.Route{unknown}},
		{Listener: listenerName, Name: "*.example.com", Routes: []ir.Route{route("wide", ir.PathPrefix, "/", all(wide))}},
		model, guarded,
		{Listener: listenerName, Name: "localhost", Model: "iris", Routes: model.Routes},
		{Listener: listenerName, Name: "localhost", Model: "secret", Routes: guarded.Routes},
		{Listener: listenerName, Name: "localhost", Routes: []ir.Route{unknown}},
	}, []ir.Backend{iris, wide})
	for _, name := range []string{"localhost", "localhost:8080", "LOCALHOST", "LocalHost:8080", "127.0.0.1", "[::1]:8080", "SomeWhere"} {
		for path, want := range map[string]string{
			"/v1/models/iris:predict": "iris", "/v2/models/iris/infer": "iris", "/v2/models/iris?a=b": "iris",
			"/v1/models/other:predict": "", "/v1/models/": "", "/elsewhere": "",
		} {
			got := d.get(name, path)
			if want != "" && got.backend != want || want == "" && (got.status != http.StatusNotFound || got.body != "no such model") {
				t.Errorf("%s%s: %d by %q: %s; want %q", name, path, got.status, got.backend, got.body, want)
			}
		}
		if got := d.get(name, "/v1/models/secret:predict"); got.status != http.StatusUnauthorized {
			t.Errorf("%s without a key: %d %s", name, got.status, got.body)
		}
		got := d.send(request{host: name, path: "/v1/models/secret:predict", header: http.Header{"X-Api-Key": {rightKey}}})
		if got.backend != "iris" {
			t.Errorf("%s with a key: %d %s", name, got.status, got.body)
		}
	}
	// A path can't name a host.
	for _, path := range []string{"/v1/models/iris|localhost", "/v1/models/iris%7Clocalhost:predict", "/v1/models/iris|*:predict"} {
		if got := d.get("localhost", path); got.status != http.StatusNotFound {
			t.Errorf("%s: %d by %q", path, got.status, got.backend)
		}
	}
	// Other hosts have no models.
	for _, name := range []string{"elsewhere.example.com", "ELSEWHERE.example.com"} {
		if got := d.get(name, "/v1/models/iris:predict"); got.backend != "wide" {
			t.Errorf("%s: %d by %q", name, got.status, got.backend)
		}
	}
}
