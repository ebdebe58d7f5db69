package translate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/xds/ir"
)

// GatewayClass is the name of the class whose Gateways Sluice serves.
const GatewayClass = "sluice"

// listenerKey is one listener of one Gateway.
type listenerKey struct {
	gateway types.NamespacedName
	section gatewayv1.SectionName
}

// listener is a Gateway's listener as routes meet it.
type listener struct {
	key      listenerKey
	port     int32
	hostname string // lower case, or anyHost
	// invalid is nil when the listener serves requests.
	invalid *problem
	// kinds are the kinds of routes that may attach; unknownKinds those asked for that can't.
	kinds        []string
	unknownKinds []string
	from         gatewayv1.FromNamespaces
	selector     labels.Selector
	// tls is set on a listener of protocol HTTPS, and certificates are then the names of its certificates.
	tls          bool
	certificates []string
	// unresolvedRefs is why a certificateRef leads nowhere.
	unresolvedRefs *problem
}

// frontDoor is what all Gateways together ask for: it changes only when a Gateway does.
type frontDoor struct {
	// gateways holds the listeners of each Gateway of our class, in the order written.
	gateways map[types.NamespacedName][]*listener
	// rejected holds what is wrong with a Gateway as a whole; its listeners are then all invalid.
	rejected map[types.NamespacedName]*problem
	// ports holds, for each port that is open, which listener each hostname belongs to.
	ports map[int32]*port
	// certificates are those of served listeners, by name.
	certificates map[string]ir.Certificate
	// uses are the Secrets, and the namespaces of ReferenceGrants, that were looked at.
	uses set[targetKey]
}

// port is one open port with its valid listeners, of one Gateway or more.
type port struct {
	ir ir.Listener
	// byHostname holds each valid listener once, by its hostname.
	byHostname map[string]*listener
}

// owner gives the listener that requests for host belong to: that with the narrowest hostname. Routes
// attached to other listeners do not apply to host, as listener isolation wants it.
func (p *port) owner(host string) *listener {
	for _, hostname := range wider(host) {
		if l, ok := p.byHostname[hostname]; ok {
			return l
		}
	}
	return nil
}

// planListeners decides which listeners of which Gateways are served, and on which ports.
func planListeners(s *store, address string) frontDoor {
	door := frontDoor{
		gateways: map[types.NamespacedName][]*listener{},
		rejected: map[types.NamespacedName]*problem{},
		ports:    map[int32]*port{},

		certificates: map[string]ir.Certificate{},
		uses:         set[targetKey]{},
	}
	for _, gateway := range oldestFirst(s.gateways) {
		name := nameOf(gateway)
		listeners := make([]*listener, 0, len(gateway.Spec.Listeners))
		for i := range gateway.Spec.Listeners {
			l := newListener(name, &gateway.Spec.Listeners[i])
			door.resolveCertificates(l, gateway.Spec.Listeners[i].TLS, s)
			listeners = append(listeners, l)
		}
		markIndistinct(listeners)
		if wrong := checkGateway(gateway); wrong != nil {
			door.rejected[name] = wrong
			for _, l := range listeners {
				l.invalid = cmp.Or(l.invalid, &problem{reason: string(gatewayv1.ListenerReasonPending), message: "the Gateway is not accepted: " + wrong.message})
			}
		}
		door.gateways[name] = listeners
		for _, l := range listeners {
			door.open(l, cmp.Or(s.addresses[l.port], address))
		}
	}
	for _, p := range door.ports {
		p.chain()
	}
	door.dropUnused()
	return door
}

// open gives a valid listener its place on its port. The hostnames of Gateways that share a port are
// distinct: where two are not, the older Gateway's listener stands, so that a new object can't stop one
// that serves; the order is that which the Gateway API gives to ListenerSets.
func (d *frontDoor) open(l *listener, address string) {
	if l.invalid != nil {
		return
	}
	p, ok := d.ports[l.port]
	if !ok {
		p = &port{
			ir: ir.Listener{
				Name:    listenerName(l),
				Address: address,
				Port:    uint16(l.port),
				Object:  ir.Ref{Kind: "Gateway", Namespace: l.key.gateway.Namespace, Name: l.key.gateway.Name},
			},
			byHostname: map[string]*listener{},
		}
		d.ports[l.port] = p
	}
	if other := p.anyListener(); other != nil && other.tls != l.tls {
		l.invalid = &problem{
			reason:   string(gatewayv1.ListenerReasonProtocolConflict),
			conflict: true,
			message:  fmt.Sprintf("port %d is served with another protocol by listener %q of Gateway %s: give this listener another port", l.port, other.key.section, other.key.gateway),
		}
		return
	}
	if other, taken := p.byHostname[l.hostname]; taken {
		l.invalid = &problem{
			reason:   string(gatewayv1.ListenerReasonHostnameConflict),
			conflict: true,
			message: fmt.Sprintf("port %d with %s is taken by listener %q of the older Gateway %s: give this listener another port or hostname",
				l.port, describeHostname(l.hostname), other.key.section, other.key.gateway),
		}
		return
	}
	p.byHostname[l.hostname] = l
}

// listenerName is the [ir.Listener]'s: Gateways that share a port share its listener.
func listenerName(l *listener) string {
	if l.tls {
		return fmt.Sprintf("https-%d", l.port)
	}
	return fmt.Sprintf("http-%d", l.port)
}

// oldestFirst orders the Gateways of our class by creation, then by name.
func oldestFirst(all map[types.NamespacedName]*gatewayv1.Gateway) []*gatewayv1.Gateway {
	ours := slices.DeleteFunc(slices.Collect(maps.Values(all)), func(g *gatewayv1.Gateway) bool {
		return g.Spec.GatewayClassName != GatewayClass
	})
	slices.SortFunc(ours, func(a, b *gatewayv1.Gateway) int {
		return cmp.Or(
			a.CreationTimestamp.Compare(b.CreationTimestamp.Time),
			strings.Compare(nameOf(a).String(), nameOf(b).String()),
		)
	})
	return ours
}

// checkGateway gives what keeps a whole Gateway from being served, or nil.
func checkGateway(gateway *gatewayv1.Gateway) *problem {
	spec := gateway.Spec
	switch {
	case len(spec.Addresses) > 0:
		return &problem{reason: string(gatewayv1.GatewayReasonUnsupportedAddress), message: "spec.addresses can't be chosen: leave it out, the address is the one that Sluice listens on"}
	case spec.Infrastructure != nil && spec.Infrastructure.ParametersRef != nil:
		return &problem{reason: string(gatewayv1.GatewayReasonInvalidParameters), message: "spec.infrastructure.parametersRef is not supported: leave it out"}
	case spec.TLS != nil:
		return &problem{reason: string(gatewayv1.GatewayReasonInvalidParameters), message: "spec.tls is not supported yet: leave it out"}
	case spec.DefaultScope != "" && spec.DefaultScope != gatewayv1.GatewayDefaultScopeNone:
		return &problem{reason: string(gatewayv1.GatewayReasonInvalidParameters), message: "spec.defaultScope is not supported: leave it out and name the Gateway in each route's parentRefs"}
	}
	return nil
}

// newListener reads one listener; what it does not support makes it invalid.
func newListener(gateway types.NamespacedName, in *gatewayv1.Listener) *listener {
	l := &listener{key: listenerKey{gateway, in.Name}, port: in.Port, hostname: anyHost, from: gatewayv1.NamespacesFromSame}
	l.kinds, l.unknownKinds = allowedKinds(in.AllowedRoutes)
	wrong := func(reason gatewayv1.ListenerConditionReason, format string, args ...any) {
		l.invalid = cmp.Or(l.invalid, &problem{reason: string(reason), message: fmt.Sprintf(format, args...)})
	}
	l.tls = in.Protocol == gatewayv1.HTTPSProtocolType
	if !l.tls && in.Protocol != gatewayv1.HTTPProtocolType {
		wrong(gatewayv1.ListenerReasonUnsupportedProtocol, "protocol %s is not served and port %d is not opened: use HTTP or HTTPS", in.Protocol, in.Port)
	}
	if in.Port < 1 || in.Port > 65535 {
		wrong(gatewayv1.ListenerReasonUnsupportedValue, "port %d is not between 1 and 65535", in.Port)
	}
	if in.TLS != nil && in.Protocol == gatewayv1.HTTPProtocolType {
		wrong(gatewayv1.ListenerReasonUnsupportedValue, "tls can't be given with protocol HTTP: leave it out")
	}
	if in.Hostname != nil && *in.Hostname != "" {
		hostname, fault := parseHostname(string(*in.Hostname))
		if fault != "" {
			wrong(gatewayv1.ListenerReasonUnsupportedValue, "hostname %q %s", *in.Hostname, fault)
		}
		l.hostname = hostname
	}
	if in.AllowedRoutes != nil && in.AllowedRoutes.Namespaces != nil {
		if err := l.allowNamespaces(in.AllowedRoutes.Namespaces); err != nil {
			wrong(gatewayv1.ListenerReasonUnsupportedValue, "allowedRoutes.namespaces: %v", err)
		}
	}
	return l
}

func (l *listener) allowNamespaces(in *gatewayv1.RouteNamespaces) error {
	if in.From == nil {
		return nil
	}
	l.from = *in.From
	switch l.from {
	case gatewayv1.NamespacesFromAll, gatewayv1.NamespacesFromSame, gatewayv1.NamespacesFromNone:
		return nil
	case gatewayv1.NamespacesFromSelector:
		selector, err := metav1.LabelSelectorAsSelector(in.Selector)
		l.selector = selector
		return err
	default:
		return fmt.Errorf("from %q is not one of All, Same, Selector", l.from)
	}
}

// allowedKinds splits the kinds that a listener allows into those that can be served and the others.
func allowedKinds(in *gatewayv1.AllowedRoutes) (kinds, unknown []string) {
	if in == nil || len(in.Kinds) == 0 {
		return []string{kindHTTPRoute, kindGRPCRoute}, nil
	}
	for _, k := range in.Kinds {
		group := gatewayv1.Group(gatewayv1.GroupName)
		if k.Group != nil {
			group = *k.Group
		}
		name := string(k.Kind)
		switch {
		case group != gatewayv1.GroupName || (name != kindHTTPRoute && name != kindGRPCRoute):
			unknown = append(unknown, string(group)+"/"+name)
		case !slices.Contains(kinds, name):
			kinds = append(kinds, name)
		}
	}
	return kinds, unknown
}

// markIndistinct makes those listeners of one Gateway invalid that can't be told apart: all of them, as
// the Gateway API says, since none may be picked as the winner.
func markIndistinct(listeners []*listener) {
	type place struct {
		port     int32
		hostname string
	}
	sections := map[gatewayv1.SectionName]int{}
	places := map[place][]*listener{}
	for _, l := range listeners {
		sections[l.key.section]++
		if l.invalid == nil {
			at := place{l.port, l.hostname}
			places[at] = append(places[at], l)
		}
	}
	for at, same := range places {
		if len(same) < 2 {
			continue
		}
		for _, l := range same {
			l.invalid = &problem{
				reason:   string(gatewayv1.ListenerReasonHostnameConflict),
				conflict: true,
				message:  fmt.Sprintf("%d listeners of this Gateway have port %d with %s: give each a port or hostname of its own", len(same), at.port, describeHostname(at.hostname)),
			}
		}
	}
	for _, l := range listeners {
		if sections[l.key.section] > 1 {
			l.invalid = &problem{
				reason:  string(gatewayv1.ListenerReasonUnsupportedValue),
				message: fmt.Sprintf("%d listeners of this Gateway are named %q: give each a name of its own", sections[l.key.section], l.key.section),
			}
		}
	}
}

func describeHostname(hostname string) string {
	if hostname == anyHost {
		return "no hostname"
	}
	return fmt.Sprintf("hostname %q", hostname)
}

// allows says whether routes of that kind and namespace may attach.
func (l *listener) allows(kind, namespace string, namespaceLabels map[string]string) bool {
	if !slices.Contains(l.kinds, kind) {
		return false
	}
	switch l.from {
	case gatewayv1.NamespacesFromAll:
		return true
	case gatewayv1.NamespacesFromSame:
		return namespace == l.key.gateway.Namespace
	case gatewayv1.NamespacesFromSelector:
		return l.selector != nil && l.selector.Matches(labels.Set(namespaceLabels))
	default:
		return false
	}
}
