package translate

import (
	"slices"

	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/xds/ir"
)

// HostKey names an [ir.Host].
type HostKey struct {
	// Listener is the [ir.Listener]'s name, Host the [ir.Host]'s, and Model its model's.
	Listener, Host, Model string
}

// KeyOf gives the key of a host.
func KeyOf(h ir.Host) HostKey { return HostKey{Listener: h.Listener, Host: h.Name, Model: h.Model} }

// attachment is where a route stands among the Gateways.
type attachment struct {
	// hosts are those that the route's rules are part of, each once.
	hosts []HostKey
	// parents are the route's parentRefs that name a Gateway of ours, in the order written.
	parents []parent
	// gateways are the Gateways that the route names, ours or not, there or not.
	gateways []types.NamespacedName
}

// parent is what became of one parentRef.
type parent struct {
	ref gatewayv1.ParentReference
	// refused is nil where at least one listener takes the route.
	refused *problem
	// listeners are those that take the route.
	listeners []listenerKey
}

// attach finds the listeners and hosts of a route.
func attach(r *route, door *frontDoor, namespaceLabels map[string]string) attachment {
	var out attachment
	hosts := set[HostKey]{}
	for _, ref := range r.parentRefs {
		name, isGateway := gatewayOf(ref, r.key.name.Namespace)
		if !isGateway {
			continue
		}
		if !slices.Contains(out.gateways, name) {
			out.gateways = append(out.gateways, name)
		}
		listeners, ours := door.gateways[name]
		if !ours {
			continue
		}
		p := parent{ref: ref}
		var takers []*listener
		takers, p.refused = selectListeners(r, ref, listeners, namespaceLabels)
		for _, l := range takers {
			p.listeners = append(p.listeners, l.key)
			for _, host := range hostsOn(l, r, door) {
				if _, seen := hosts[host]; !seen {
					hosts.add(host)
					out.hosts = append(out.hosts, host)
				}
			}
		}
		out.parents = append(out.parents, p)
	}
	return out
}

// gatewayOf gives the Gateway that a parentRef names; it may name another kind.
func gatewayOf(ref gatewayv1.ParentReference, namespace string) (types.NamespacedName, bool) {
	if valueOr(ref.Group, gatewayv1.GroupName) != gatewayv1.GroupName || valueOr(ref.Kind, "Gateway") != "Gateway" {
		return types.NamespacedName{}, false
	}
	return types.NamespacedName{
		Namespace: string(valueOr(ref.Namespace, gatewayv1.Namespace(namespace))),
		Name:      string(ref.Name),
	}, true
}

// selectListeners narrows a Gateway's listeners to those that take the route. Where none is left, the problem
// names the first of the conditions that left none.
func selectListeners(r *route, ref gatewayv1.ParentReference, all []*listener, namespaceLabels map[string]string) ([]*listener, *problem) {
	steps := []struct {
		keep    func(*listener) bool
		reason  gatewayv1.RouteConditionReason
		message string
	}{
		{
			func(l *listener) bool {
				return (ref.SectionName == nil || *ref.SectionName == l.key.section) && (ref.Port == nil || *ref.Port == l.port)
			},
			gatewayv1.RouteReasonNoMatchingParent, "the Gateway has no listener with the parentRef's sectionName and port",
		},
		{
			func(l *listener) bool { return l.allows(r.key.kind, r.key.name.Namespace, namespaceLabels) },
			gatewayv1.RouteReasonNotAllowedByListeners, "no listener's allowedRoutes allows " + r.key.kind + "s of namespace " + r.key.name.Namespace,
		},
		{
			func(l *listener) bool {
				return slices.ContainsFunc(r.hostnames, func(h string) bool { _, ok := intersect(l.hostname, h); return ok })
			},
			gatewayv1.RouteReasonNoMatchingListenerHostname, "none of the route's hostnames is one that a listener takes",
		},
		{
			func(l *listener) bool { return l.invalid == nil },
			reasonNoReadyListeners, "no listener that would take the route is served: the Gateway's status says why",
		},
	}
	left := slices.Clone(all)
	for _, step := range steps {
		left = slices.DeleteFunc(left, func(l *listener) bool { return !step.keep(l) })
		if len(left) == 0 {
			return nil, &problem{reason: string(step.reason), message: step.message}
		}
	}
	return left, nil
}

// hostsOn gives those hosts of a listener that the route's rules are part of. A host that belongs to a
// listener with a narrower hostname is not among them.
func hostsOn(l *listener, r *route, door *frontDoor) []HostKey {
	var hosts []HostKey
	p := door.ports[l.port]
	for _, hostname := range r.hostnames {
		host, ok := intersect(l.hostname, hostname)
		if ok && p.owner(host) == l {
			hosts = append(hosts, HostKey{Listener: l.scope(), Host: host, Model: r.model})
		}
	}
	return hosts
}
