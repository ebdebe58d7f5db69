package translate

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/xds/ir"
)

const (
	// PlannedNamespace holds the routes that Sluice plans itself: they may lead to every namespace's Services.
	PlannedNamespace = "sluice-system"
	// maxWeight is the API server's own bound of a backendRef's weight.
	maxWeight = 1_000_000
	// maxBackends bounds a rule's backends, so that no sum of weights leaves 32 bits. The API server takes 16.
	maxBackends = 1000
)

// weighted gives the shares of a rule. One that leads nowhere keeps its share, as [ir.Unresolved].
func (c *compiler) weighted(r *rule) (shares []ir.Weighted, problems []problem) {
	if len(r.backends) > maxBackends {
		return nil, []problem{unsupported("backendRefs has %d entries, at most %d are served", len(r.backends), maxBackends)}
	}
	for i := range r.backends {
		ref := &r.backends[i]
		weight := valueOr(ref.Weight, 1)
		if weight < 0 || weight > maxWeight {
			problems = append(problems, unsupported("backendRefs[%d].weight %d is not between 0 and %d", i, weight, maxWeight))
			continue
		}
		share := ir.Weighted{Backend: ir.Unresolved, Weight: uint32(weight)}
		key, missing := c.resolve(ref.BackendObjectReference, r.grpc)
		if missing != nil {
			c.unresolved = append(c.unresolved, *missing)
		} else {
			share.Backend = key.name()
			c.named[share.Backend] = key
		}
		var wrong []problem
		share.RequestHeaders, share.ResponseHeaders, wrong = backendFilters(ref.Filters)
		problems = append(problems, within(wrong, "backendRefs[%d]", i)...)
		shares = append(shares, share)
	}
	return shares, problems
}

// backendFilters gives the filters of a single backend, of which only those of headers can be served.
func backendFilters(in []gatewayv1.HTTPRouteFilter) (request, response *ir.HeaderChange, problems []problem) {
	for i := range in {
		var wrong []problem
		switch f := &in[i]; {
		case f.Type == gatewayv1.HTTPRouteFilterRequestHeaderModifier && request == nil:
			request, wrong = readHeaderChange(f.RequestHeaderModifier)
		case f.Type == gatewayv1.HTTPRouteFilterResponseHeaderModifier && response == nil:
			response, wrong = readHeaderChange(f.ResponseHeaderModifier)
		default:
			wrong = []problem{unsupported("%s can't be applied to one backend, or is given twice: put it among the rule's filters", f.Type)}
		}
		problems = append(problems, within(wrong, "filters[%d]", i)...)
	}
	return request, response, problems
}

// resolve gives the destination that a reference leads to, or why it leads nowhere.
func (c *compiler) resolve(ref gatewayv1.BackendObjectReference, grpc bool) (backendKey, *problem) {
	if group, kind := valueOr(ref.Group, ""), valueOr(ref.Kind, "Service"); group != "" || kind != "Service" {
		return backendKey{}, unresolved(gatewayv1.RouteReasonInvalidKind, "backend kind %q of group %q is not served: a Service (group \"\") works today", kind, group)
	}
	name := types.NamespacedName{Namespace: c.route.key.name.Namespace, Name: string(ref.Name)}
	if ref.Namespace != nil {
		name.Namespace = string(*ref.Namespace)
	}
	if !c.permitted(name) {
		return backendKey{}, unresolved(gatewayv1.RouteReasonRefNotPermitted, "Service %s is in another namespace: a ReferenceGrant in namespace %q must allow %ss of namespace %q to refer to it", name, name.Namespace, c.route.key.kind, c.route.key.name.Namespace)
	}
	c.uses.services[name] = struct{}{}
	c.ruleServices.add(name)
	service, ok := c.store.services[name]
	if !ok {
		return backendKey{}, unresolved(gatewayv1.RouteReasonBackendNotFound, "Service %s does not exist", name)
	}
	if service.Spec.Type == corev1.ServiceTypeExternalName {
		return backendKey{}, unresolved(gatewayv1.RouteReasonInvalidKind, "Service %s has type ExternalName, which is not served: make a Service without a selector and an EndpointSlice with its addresses", name)
	}
	if ref.Port == nil {
		return backendKey{}, unresolved(gatewayv1.RouteReasonBackendNotFound, "the reference to Service %s names no port", name)
	}
	return c.resolvePort(backendKey{service: name, port: *ref.Port}, service, grpc)
}

func (c *compiler) resolvePort(key backendKey, service *corev1.Service, grpc bool) (backendKey, *problem) {
	port, ok := servicePort(service, key.port)
	if !ok {
		return backendKey{}, unresolved(gatewayv1.RouteReasonBackendNotFound, "Service %s has no TCP port %d", key.service, key.port)
	}
	protocol, ok := portProtocol(port)
	if !ok {
		return backendKey{}, unresolved(gatewayv1.RouteReasonUnsupportedProtocol, "port %d of Service %s has appProtocol %q: TLS to a backend is not served yet", key.port, key.service, *port.AppProtocol)
	}
	key.forceH2C = grpc && protocol != ir.H2C
	return key, nil
}

// permitted says whether the route may refer to that Service.
func (c *compiler) permitted(service types.NamespacedName) bool {
	from := c.route.key
	if service.Namespace == from.name.Namespace || from.name.Namespace == PlannedNamespace {
		return true
	}
	c.uses.grants[service.Namespace] = struct{}{}
	for _, grant := range c.store.grants[service.Namespace] {
		if grantsFrom(grant, from.kind, from.name.Namespace) && grantsTo(grant, "Service", service.Name) {
			return true
		}
	}
	return false
}

func grantsFrom(grant *gatewayv1.ReferenceGrant, kind, namespace string) bool {
	for _, f := range grant.Spec.From {
		if f.Group == gatewayv1.GroupName && string(f.Kind) == kind && string(f.Namespace) == namespace {
			return true
		}
	}
	return false
}

func grantsTo(grant *gatewayv1.ReferenceGrant, kind, name string) bool {
	for _, t := range grant.Spec.To {
		if t.Group == "" && string(t.Kind) == kind && (t.Name == nil || *t.Name == "" || string(*t.Name) == name) {
			return true
		}
	}
	return false
}

// unresolved is a reference that leads nowhere: the route's ResolvedRefs condition says so.
func unresolved(reason gatewayv1.RouteConditionReason, format string, args ...any) *problem {
	return &problem{reason: string(reason), message: fmt.Sprintf(format, args...)}
}

// noteBackends keeps those destinations that requests, or copies of them, can be sent to.
func (c *compiler) noteBackends(forward *ir.Forward) {
	if forward == nil {
		return
	}
	for _, share := range forward.Backends {
		if key, ok := c.named[share.Backend]; ok {
			c.backends.add(key)
		}
	}
	for _, mirror := range forward.Mirrors {
		if key, ok := c.named[mirror.Backend]; ok {
			c.backends.add(key)
		}
	}
}
