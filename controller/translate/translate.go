// Package translate turns Gateway API objects into the intermediate model of xds/ir and into the statuses
// that the objects should have.
//
// [Translate] does it all at once. It is a composition of pure functions, each for one part: the front door
// (which listeners are served on which ports), one route's compilation (references resolved, rules ordered
// later), one route's attachment (its hosts), one host, one backend, one status. [Translator] calls the same
// functions for those parts only that a change touches.
//
// A user's mistake is never an error here: it is a condition on the object, and everything else goes on. A rule
// that asks for something unsupported answers 500, and its route's Accepted condition is False.
package translate

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
	"github.com/sluice-serving/sluice/xds/ir"
)

// Objects is everything that translation reads. Objects of one kind have distinct names.
type Objects struct {
	Gateways        []gatewayv1.Gateway             `json:"gateways,omitempty"`
	HTTPRoutes      []gatewayv1.HTTPRoute           `json:"httpRoutes,omitempty"`
	GRPCRoutes      []gatewayv1.GRPCRoute           `json:"grpcRoutes,omitempty"`
	ReferenceGrants []gatewayv1.ReferenceGrant      `json:"referenceGrants,omitempty"`
	Services        []corev1.Service                `json:"services,omitempty"`
	EndpointSlices  []discoveryv1.EndpointSlice     `json:"endpointSlices,omitempty"`
	Secrets         []corev1.Secret                 `json:"secrets,omitempty"`
	DirectResponses []sluicev1alpha1.DirectResponse `json:"directResponses,omitempty"`
	AccessPolicies  []sluicev1alpha1.AccessPolicy   `json:"accessPolicies,omitempty"`
	// InferenceServices are read for what asks for access: that they are there, and their annotation.
	InferenceServices []v1beta1.InferenceService `json:"inferenceServices,omitempty"`
	ConfigMaps        []corev1.ConfigMap         `json:"configMaps,omitempty"`
	// Namespaces are read for their labels, which a listener's allowedRoutes may select. One that is not
	// given has only the label kubernetes.io/metadata.name.
	Namespaces []corev1.Namespace `json:"namespaces,omitempty"`
	// Listen is the IP address that listeners bind; empty means 0.0.0.0.
	Listen string `json:"listen,omitempty"`
}

// Result is what [Translate] gives. A route that names no Gateway of ours has a status without parents;
// a Gateway of another class has none. Conditions have no transition time, and a route's status has only our
// own parents: the writer, which knows the status before, sets and keeps these.
type Result struct {
	Config     ir.Config
	Gateways   map[types.NamespacedName]gatewayv1.GatewayStatus
	HTTPRoutes map[types.NamespacedName]gatewayv1.HTTPRouteStatus
	GRPCRoutes map[types.NamespacedName]gatewayv1.GRPCRouteStatus
	// Policies are the statuses of AccessPolicies, and of the InferenceServices that ask for API keys by annotation.
	Policies map[ir.Ref]gatewayv1.PolicyStatus
}

// Translate gives the whole model and every status.
func Translate(in Objects) Result {
	s := newFilledStore(in)
	address := listenAddress(in.Listen)
	door := planListeners(s, address)
	guards := planGuards(s)
	out := Result{
		Gateways:   map[types.NamespacedName]gatewayv1.GatewayStatus{},
		HTTPRoutes: map[types.NamespacedName]gatewayv1.HTTPRouteStatus{},
		GRPCRoutes: map[types.NamespacedName]gatewayv1.GRPCRouteStatus{},
		Policies:   guards.statuses,
	}
	hosts := map[HostKey][]*compiled{}
	for _, key := range door.hosts() {
		hosts[key] = nil
	}
	backends := map[backendKey]struct{}{}
	counts := map[listenerKey]int{}
	for _, r := range s.routes {
		c := compile(r, s, &guards)
		a := attach(r, &door, s.namespaceLabels(r.key.name.Namespace))
		for _, host := range a.hosts {
			hosts[host] = append(hosts[host], c)
		}
		if len(a.hosts) > 0 {
			for backend := range c.backends {
				backends[backend] = struct{}{}
			}
		}
		for l := range attached(a, c) {
			counts[l]++
		}
		out.setRoute(r, routeStatus(r, a, c))
	}
	for name := range door.gateways {
		out.Gateways[name] = gatewayStatus(s.gateways[name], &door, address, func(l listenerKey) int { return counts[l] })
	}
	for _, p := range door.ports {
		out.Config.Listeners = append(out.Config.Listeners, p.ir)
	}
	for key, routes := range hosts {
		out.Config.Hosts = append(out.Config.Hosts, door.translate(key, routes, &guards))
	}
	for key := range backends {
		out.Config.Backends = append(out.Config.Backends, translateBackend(key, s.services[key.service], s.slices[key.service]))
	}
	out.Config.Tokens = guards.sortedTokens()
	out.Config.Certificates = slices.Collect(maps.Values(door.certificates))
	sortConfig(&out.Config)
	return out
}

func (r *Result) setRoute(of *route, status gatewayv1.RouteStatus) {
	switch of.key.kind {
	case kindHTTPRoute:
		r.HTTPRoutes[of.key.name] = gatewayv1.HTTPRouteStatus{RouteStatus: status}
	case kindGRPCRoute:
		r.GRPCRoutes[of.key.name] = gatewayv1.GRPCRouteStatus{RouteStatus: status}
	}
}

// hosts gives each valid listener's own hostname: it is a host even without routes, so that its requests
// don't fall to a wider listener.
func (d *frontDoor) hosts() []HostKey {
	var all []HostKey
	for _, p := range d.ports {
		all = append(all, p.hosts()...)
	}
	return all
}

func listenAddress(listen string) string {
	if listen == "" {
		return "0.0.0.0"
	}
	return listen
}

func sortConfig(c *ir.Config) {
	slices.SortFunc(c.Listeners, func(a, b ir.Listener) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(c.Hosts, compareHosts)
	slices.SortFunc(c.Certificates, func(a, b ir.Certificate) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(c.Tokens, func(a, b ir.TokenPolicy) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(c.Backends, func(a, b ir.Backend) int { return strings.Compare(a.Name, b.Name) })
}
