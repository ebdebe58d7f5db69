package server_test

import (
	"net/http"
	"testing"

	"github.com/sluice-serving/sluice/xds/envoy"
	"github.com/sluice-serving/sluice/xds/ir"
)

// TestRefusedTokenPolicyLeavesTheOthersInForce publishes a policy that Envoy refuses among good ones, which share a filter with it.
func TestRefusedTokenPolicyLeavesTheOthersInForce(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	backend, from := echo(t, "backend"), newIssuer(t)
	policy := func(name string) ir.TokenPolicy {
		p := from.policy("default/" + name)
		p.Object.Name = name
		return p
	}
	bad := policy("bad")
	bad.Providers[0].Claims = []ir.ClaimHeader{{Header: "x-bad\nname", Claim: "sub"}}
	publish := func(names []string, policies ...ir.TokenPolicy) {
		var hosts []ir.Host
		for _, name := range names {
			hosts = append(hosts, guarded(name+".example.com", &ir.Access{Token: "default/" + name}, backend))
		}
		d.publishConfig(ir.Config{Listeners: []ir.Listener{d.listener()}, Backends: []ir.Backend{backend}, Hosts: hosts, Tokens: policies})
	}
	opens := func(name string, want bool) {
		t.Helper()
		got := d.send(request{host: name + ".example.com", path: "/", header: bearer(from.sign(claims("", nil)))})
		if opened := got.status == http.StatusOK; opened != want {
			t.Errorf("%s with a token: %d %s", name, got.status, got.body)
		}
		if got := d.get(name+".example.com", "/"); got.status == http.StatusOK {
			t.Errorf("%s lets anyone in", name)
		}
	}

	publish([]string{"first", "bad"}, policy("first"), bad)
	opens("first", true)
	opens("bad", false)
	refused := d.server.Rejections()
	if len(refused) != 1 || refused[0].TypeURL != envoy.ExtensionType || len(refused[0].Objects) != 1 || refused[0].Objects[0].Name != "bad" {
		t.Errorf("rejections: %+v", refused)
	}

	publish([]string{"first", "bad", "later"}, policy("first"), bad, policy("later"))
	opens("first", true)
	opens("bad", false)
	opens("later", true)

	publish([]string{"first", "bad", "later"}, policy("first"), policy("bad"), policy("later"))
	opens("bad", true)
	if refused := d.server.Rejections(); len(refused) != 0 {
		t.Errorf("rejections after mending: %+v", refused)
	}
}
