package translate

import (
	"fmt"
	"net/netip"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// ControllerName is what our entries in a route's status carry, and our GatewayClass names.
const ControllerName gatewayv1.GatewayController = "sluice.dev/gateway-controller"

// Reasons that the Gateway API leaves to implementations.
const (
	// reasonNoReadyListeners: every listener that would take the route is itself not served.
	reasonNoReadyListeners gatewayv1.RouteConditionReason = "NoReadyListeners"
	// reasonFilterNotFound: an ExtensionRef names an object that does not exist.
	reasonFilterNotFound gatewayv1.RouteConditionReason = "FilterNotFound"
)

// routeStatus gives our entries of a route's status. Conditions have no transition time: the writer, which
// knows the status before, sets it.
func routeStatus(r *route, a attachment, c *compiled) gatewayv1.RouteStatus {
	status := gatewayv1.RouteStatus{Parents: make([]gatewayv1.RouteParentStatus, 0, len(a.parents))}
	for _, p := range a.parents {
		accepted := condition(string(gatewayv1.RouteConditionAccepted), true, string(gatewayv1.RouteReasonAccepted), "the route is served", r.generation)
		if wrong := acceptance(p, c); wrong != nil {
			accepted = condition(string(gatewayv1.RouteConditionAccepted), false, wrong.reason, wrong.message, r.generation)
		}
		resolved := condition(string(gatewayv1.RouteConditionResolvedRefs), true, string(gatewayv1.RouteReasonResolvedRefs), "every reference leads to an object", r.generation)
		if c.resolved != nil {
			resolved = condition(string(gatewayv1.RouteConditionResolvedRefs), false, c.resolved.reason, c.resolved.message, r.generation)
		}
		status.Parents = append(status.Parents, gatewayv1.RouteParentStatus{
			ParentRef:      p.ref,
			ControllerName: ControllerName,
			Conditions:     []metav1.Condition{accepted, resolved},
		})
	}
	return status
}

// acceptance gives why a route's Accepted condition is False for one parent, or nil.
func acceptance(p parent, c *compiled) *problem {
	if p.refused != nil {
		return p.refused
	}
	return c.accepted
}

// attached adds one for each listener that an accepted route is attached to.
func attached(a attachment, c *compiled) map[listenerKey]struct{} {
	taken := map[listenerKey]struct{}{}
	for _, p := range a.parents {
		if acceptance(p, c) != nil {
			continue
		}
		for _, l := range p.listeners {
			taken[l] = struct{}{}
		}
	}
	return taken
}

// gatewayStatus gives a Gateway's status; attachedRoutes counts the accepted routes of each listener.
func gatewayStatus(gateway *gatewayv1.Gateway, door *frontDoor, address string, attachedRoutes func(listenerKey) int) gatewayv1.GatewayStatus {
	name := nameOf(gateway)
	var status gatewayv1.GatewayStatus
	var served, invalid []string
	written := map[gatewayv1.SectionName]bool{}
	for _, l := range door.gateways[name] {
		if l.invalid == nil {
			served = append(served, string(l.key.section))
		} else {
			invalid = append(invalid, fmt.Sprintf("%s (%s)", l.key.section, l.invalid.message))
		}
		// Two listeners of one name share a place in the status.
		if !written[l.key.section] {
			written[l.key.section] = true
			status.Listeners = append(status.Listeners, listenerStatus(l, gateway.Generation, attachedRoutes(l.key)))
		}
	}
	status.Conditions = gatewayConditions(door.rejected[name], served, invalid, gateway.Generation)
	if parsed, err := netip.ParseAddr(address); err == nil && !parsed.IsUnspecified() && len(served) > 0 {
		kind := gatewayv1.IPAddressType
		status.Addresses = []gatewayv1.GatewayStatusAddress{{Type: &kind, Value: address}}
	}
	return status
}

func gatewayConditions(rejected *problem, served, invalid []string, generation int64) []metav1.Condition {
	const accepted, programmed = string(gatewayv1.GatewayConditionAccepted), string(gatewayv1.GatewayConditionProgrammed)
	notValid := string(gatewayv1.GatewayReasonListenersNotValid)
	switch {
	case rejected != nil:
		return []metav1.Condition{
			condition(accepted, false, rejected.reason, rejected.message, generation),
			condition(programmed, false, string(gatewayv1.GatewayReasonInvalid), "the Gateway is not accepted", generation),
		}
	case len(served) == 0:
		return []metav1.Condition{
			condition(accepted, false, notValid, clip("no listener is served: "+strings.Join(invalid, "; ")), generation),
			condition(programmed, false, string(gatewayv1.GatewayReasonInvalid), "no listener is served", generation),
		}
	case len(invalid) > 0:
		return []metav1.Condition{
			condition(accepted, true, notValid, clip("served: "+strings.Join(served, ", ")+"; not served: "+strings.Join(invalid, "; ")), generation),
			condition(programmed, true, string(gatewayv1.GatewayReasonProgrammed), "the listeners that are served are sent to Envoy", generation),
		}
	default:
		return []metav1.Condition{
			condition(accepted, true, string(gatewayv1.GatewayReasonAccepted), "every listener is served", generation),
			condition(programmed, true, string(gatewayv1.GatewayReasonProgrammed), "every listener is sent to Envoy", generation),
		}
	}
}

func listenerStatus(l *listener, generation int64, attachedRoutes int) gatewayv1.ListenerStatus {
	status := gatewayv1.ListenerStatus{
		Name:           l.key.section,
		SupportedKinds: []gatewayv1.RouteGroupKind{},
		AttachedRoutes: int32(attachedRoutes),
	}
	group := gatewayv1.Group(gatewayv1.GroupName)
	for _, kind := range l.kinds {
		status.SupportedKinds = append(status.SupportedKinds, gatewayv1.RouteGroupKind{Group: &group, Kind: gatewayv1.Kind(kind)})
	}
	status.Conditions = append(listenerServed(l.invalid, generation), listenerResolved(l, generation))
	return status
}

// listenerServed gives the conditions Accepted, Programmed and Conflicted.
func listenerServed(invalid *problem, generation int64) []metav1.Condition {
	const accepted, programmed, conflicted = string(gatewayv1.ListenerConditionAccepted), string(gatewayv1.ListenerConditionProgrammed), string(gatewayv1.ListenerConditionConflicted)
	noConflict := condition(conflicted, false, string(gatewayv1.ListenerReasonNoConflicts), "no other listener stands in its place", generation)
	if invalid == nil {
		return []metav1.Condition{
			condition(accepted, true, string(gatewayv1.ListenerReasonAccepted), "the listener is served", generation),
			condition(programmed, true, string(gatewayv1.ListenerReasonProgrammed), "the listener is sent to Envoy", generation),
			noConflict,
		}
	}
	if invalid.conflict {
		noConflict = condition(conflicted, true, invalid.reason, invalid.message, generation)
	}
	return []metav1.Condition{
		condition(accepted, false, invalid.reason, invalid.message, generation),
		condition(programmed, false, string(gatewayv1.ListenerReasonInvalid), "the listener is not accepted", generation),
		noConflict,
	}
}

func listenerResolved(l *listener, generation int64) metav1.Condition {
	const resolved = string(gatewayv1.ListenerConditionResolvedRefs)
	if l.unresolvedRefs != nil {
		return condition(resolved, false, l.unresolvedRefs.reason, clip(l.unresolvedRefs.message), generation)
	}
	if unknownKinds := l.unknownKinds; len(unknownKinds) > 0 {
		return condition(resolved, false, string(gatewayv1.ListenerReasonInvalidRouteKinds),
			clip("allowedRoutes.kinds has "+strings.Join(unknownKinds, ", ")+": HTTPRoute and GRPCRoute are served"), generation)
	}
	return condition(resolved, true, string(gatewayv1.ListenerReasonResolvedRefs), "every reference leads to an object", generation)
}

func condition(kind string, holds bool, reason, message string, generation int64) metav1.Condition {
	status := metav1.ConditionFalse
	if holds {
		status = metav1.ConditionTrue
	}
	return metav1.Condition{Type: kind, Status: status, Reason: reason, Message: message, ObservedGeneration: generation}
}
