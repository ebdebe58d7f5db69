package envoy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluice-serving/sluice/xds/envoy"
	"github.com/sluice-serving/sluice/xds/ir"
)

func TestHostComesApartByObject(t *testing.T) {
	t.Parallel()
	a, b := ir.Ref{Kind: "HTTPRoute", Namespace: "n", Name: "a"}, ir.Ref{Kind: "HTTPRoute", Namespace: "n", Name: "b"}
	rule := func(name string, object ir.Ref) ir.Route {
		return ir.Route{Name: name, Object: object, Match: ir.Match{Path: ir.Path{Kind: ir.PathPrefix, Value: "/" + name}}, Respond: &ir.Respond{Status: 200}}
	}
	host := func(routes ...ir.Route) envoy.Resource {
		return envoy.Host(ir.Host{Listener: "l", Name: "h.example.com", Routes: routes})
	}
	whole := host(rule("1", a), rule("2", b), rule("3", a))
	rest := whole.Shares.Without(func(r ir.Ref) bool { return r == b })
	if want := host(rule("1", a), rule("3", a)); rest.Name != want.Name || rest.Version != want.Version {
		t.Errorf("without b: %s %s, want %s %s", rest.Name, rest.Version, want.Name, want.Version)
	}
	if rest.Shares != nil {
		t.Error("what comes of one object has shares")
	}
	alone := whole.Shares.Alone(b)
	if alone.Name == whole.Name || alone.TypeURL != whole.TypeURL {
		t.Errorf("a share alone is %s %s", alone.TypeURL, alone.Name)
	}
	if diff := cmp.Diff([]ir.Ref{b}, alone.Objects); diff != "" {
		t.Error(diff)
	}
	// The share's version changes with its own rules only.
	for _, c := range []struct {
		in   envoy.Resource
		same bool
	}{
		{host(rule("9", a), rule("2", b)), true},
		{host(rule("1", a), rule("4", b)), false},
		{host(rule("1", a), rule("2", b), rule("3", b)), false},
	} {
		got := c.in.Shares.Alone(b)
		if got.Name != alone.Name || (got.Version == alone.Version) != c.same {
			t.Errorf("%s %s after %s %s, same: %t", got.Name, got.Version, alone.Name, alone.Version, c.same)
		}
	}
}
