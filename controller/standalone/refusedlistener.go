package standalone

import (
	"fmt"
	"slices"

	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/controller/manifest"
	"github.com/sluice-serving/sluice/xds/envoy"
	"github.com/sluice-serving/sluice/xds/ir"
)

// builtInGateway is the Gateway that is there without a manifest.
func (d *Driver) builtInGateway() ir.Ref {
	gateway := d.settings.Ingress.Gateway
	return ir.Ref{Kind: "Gateway", Namespace: gateway.Namespace, Name: gateway.Name}
}

// builtInProblems are what is wrong with an object that no manifest has: with the built-in Gateway, of which flags say
// what it is, where Envoy refuses it.
func (l *loop) builtInProblems(key objectKey) []manifest.Problem {
	gateway := l.driver.builtInGateway()
	reason, refused := l.rejected[gateway]
	if !refused || key != (objectKey{gateway.Kind, gateway.Namespace, gateway.Name}) {
		return nil
	}
	return []manifest.Problem{{
		Object:  key.String() + ", which is built in",
		Message: "Envoy refused what was made of it: " + reason,
		Remedy:  "it is made of flags of sluice run: --listen, --http-port, --https-port, --tls-cert, --access-log; mend the one that Envoy names, and start sluice again",
	}}
}

// refusedListeners are the listeners of a Gateway that Envoy refuses: what came in by them comes in by their last accepted
// version, or not at all.
func (p *parts) refusedListeners(gateway ir.Ref) []admin.Unready {
	var refused []admin.Unready
	for _, rejection := range p.envoys.Rejections() {
		// What is of nobody's object is the built-in Gateway's.
		ours := len(rejection.Objects) == 0 || slices.Contains(rejection.Objects, gateway)
		if rejection.TypeURL == envoy.ListenerType && ours {
			refused = append(refused, admin.Unready{Subject: "listener " + rejection.Name, Reason: fmt.Sprintf("refused by Envoy: %s", rejection.Reason)})
		}
	}
	return refused
}
