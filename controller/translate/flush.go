package translate

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/xds/ir"
)

// Change is what differs from the [Translator.Flush] before: values that are new or have changed, and the keys
// of those that have gone. Slices are sorted. The values are shared and must not be changed.
type Change struct {
	Listeners        []ir.Listener
	RemovedListeners []string
	Hosts            []ir.Host
	RemovedHosts     []HostKey
	Backends         []ir.Backend
	RemovedBackends  []string
	Tokens           []ir.TokenPolicy
	RemovedTokens    []string
	Certificates     []ir.Certificate
	// RemovedCertificates are those that no listener uses any more.
	RemovedCertificates []string

	// The statuses are of objects that are there; a deleted object needs none.
	Gateways   map[types.NamespacedName]gatewayv1.GatewayStatus
	HTTPRoutes map[types.NamespacedName]gatewayv1.HTTPRouteStatus
	GRPCRoutes map[types.NamespacedName]gatewayv1.GRPCRouteStatus
	// Policies are the statuses of [Result.Policies]; RemovedPolicies are those that ask for nothing any more.
	Policies        map[ir.Ref]gatewayv1.PolicyStatus
	RemovedPolicies []ir.Ref
}

// Flush translates what the objects set and deleted since the last Flush touch, and gives what differs.
func (t *Translator) Flush() Change {
	var change Change
	if t.dirty.door {
		t.flushDoor(&change)
	}
	if t.dirty.guards {
		t.flushGuards(&change)
	}
	for key := range t.dirty.routes {
		t.flushRoute(key, &change)
	}
	for key := range t.dirty.hosts {
		t.flushHost(key, &change)
	}
	for key := range t.dirty.backends {
		t.flushBackend(key, &change)
	}
	for name := range t.dirty.gateways {
		t.flushGateway(name, &change)
	}
	t.dirty = newDirty()
	change.sort()
	return change
}

func (c *Change) sort() {
	slices.Sort(c.RemovedListeners)
	slices.Sort(c.RemovedBackends)
	slices.Sort(c.RemovedTokens)
	slices.Sort(c.RemovedCertificates)
	slices.SortFunc(c.Certificates, func(a, b ir.Certificate) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(c.Tokens, func(a, b ir.TokenPolicy) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(c.RemovedPolicies, func(a, b ir.Ref) int { return strings.Compare(a.String(), b.String()) })
	slices.SortFunc(c.RemovedHosts, func(a, b HostKey) int {
		return a.compare(b)
	})
	slices.SortFunc(c.Listeners, func(a, b ir.Listener) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(c.Hosts, compareHosts)
	slices.SortFunc(c.Backends, func(a, b ir.Backend) int { return strings.Compare(a.Name, b.Name) })
}

// flushDoor plans all Gateways' listeners anew, of which there are few, and marks the routes of those Gateways
// whose listeners or ports have changed.
func (t *Translator) flushDoor(change *Change) {
	before := t.door
	t.door = planListeners(t.store, t.address)
	t.moveCertificates(before.certificates, change)
	for number := range union(before.ports, t.door.ports) {
		old, now := before.ports[number], t.door.ports[number]
		if !reflect.DeepEqual(old, now) {
			t.touchPort(old, now, change)
		}
	}
	for name := range union(before.gateways, t.door.gateways) {
		if !reflect.DeepEqual(before.gateways[name], t.door.gateways[name]) || !reflect.DeepEqual(before.rejected[name], t.door.rejected[name]) {
			t.dirty.gateways.add(name)
			addMembers(t.dirty.routes, t.byGateway, name)
		}
	}
}

// touchPort marks everything that stands on a port before or after a change of its hostnames: which listener a
// host belongs to may be another now. Either of the two may be nil.
func (t *Translator) touchPort(old, now *port, change *Change) {
	for _, p := range []*port{old, now} {
		if p == nil {
			continue
		}
		// Which Gateway's policy a host has goes by its owner.
		t.touchHosts(func(host HostKey) bool { return p.hasScope(host.Listener) })
		for _, host := range p.hosts() {
			t.dirty.hosts.add(host)
		}
		for _, l := range p.byHostname {
			addMembers(t.dirty.routes, t.byGateway, l.key.gateway)
		}
	}
	// With another protocol a port's listener has another name, and the one before must not stay open beside it.
	if old != nil && (now == nil || old.ir.Name != now.ir.Name) {
		delete(t.listeners, old.ir.Name)
		change.RemovedListeners = append(change.RemovedListeners, old.ir.Name)
	}
	switch {
	case now == nil:
	case old == nil || !reflect.DeepEqual(old.ir, now.ir):
		t.listeners[now.ir.Name] = now.ir
		change.Listeners = append(change.Listeners, now.ir)
	}
}

// flushRoute compiles and attaches one route anew, and marks the hosts, backends and Gateways that this touches.
func (t *Translator) flushRoute(key routeKey, change *Change) {
	old := t.states[key]
	if old == nil {
		old = &routeState{compiled: &compiled{}}
	}
	now := &routeState{compiled: &compiled{}}
	r, exists := t.store.routes[key]
	if exists {
		now.compiled = compile(r, t.store, &t.guards)
		now.attached = attach(r, &t.door, t.store.namespaceLabels(key.name.Namespace))
		now.counted = attached(now.attached, now.compiled)
		now.status = routeStatus(r, now.attached, now.compiled)
		change.setRoute(key, now.status, t.states[key])
		t.states[key] = now
	} else {
		delete(t.states, key)
	}
	t.moveReferences(key, old.compiled.uses, now.compiled.uses)
	move(t.byGateway, key, keysOf(old.attached.gateways), keysOf(now.attached.gateways), nil)
	move(t.byListener, key, old.counted, now.counted, func(l listenerKey, _ bool) { t.dirty.gateways.add(l.gateway) })
	move(t.byHost, key, keysOf(old.attached.hosts), keysOf(now.attached.hosts), func(host HostKey, _ bool) { t.dirty.hosts.add(host) })
	if !reflect.DeepEqual(old.compiled.entries, now.compiled.entries) {
		for _, host := range now.attached.hosts {
			t.dirty.hosts.add(host)
		}
	}
	t.moveBackends(key, old, now)
}

// setRoute notes a status that differs from the one before; before is nil where the route is new.
func (c *Change) setRoute(key routeKey, status gatewayv1.RouteStatus, before *routeState) {
	if before != nil && reflect.DeepEqual(before.status, status) {
		return
	}
	switch key.kind {
	case kindHTTPRoute:
		put(&c.HTTPRoutes, key.name, gatewayv1.HTTPRouteStatus{RouteStatus: status})
	case kindGRPCRoute:
		put(&c.GRPCRoutes, key.name, gatewayv1.GRPCRouteStatus{RouteStatus: status})
	}
}

// moveReferences keeps the indexes of what a route looks at.
func (t *Translator) moveReferences(key routeKey, old, now references) {
	move(t.byService, key, old.services, now.services, nil)
	move(t.byDirectResponse, key, old.directResponses, now.directResponses, nil)
	move(t.byGrants, key, old.grants, now.grants, nil)
	move(t.byTarget, key, old.targets, now.targets, nil)
	move(t.byPods, key, old.pods, now.pods, nil)
}

// moveBackends keeps the indexes of destinations, and marks those that come or go. A route that is part of no
// host leads nowhere.
func (t *Translator) moveBackends(key routeKey, old, now *routeState) {
	move(t.byBackend, key, old.destinations(), now.destinations(), func(backend backendKey, edge bool) {
		if !edge {
			return
		}
		t.dirty.backends.add(backend)
		if _, used := t.byBackend[backend]; used {
			t.backendsOf.add(backend.service, backend)
		} else {
			t.backendsOf.remove(backend.service, backend)
		}
	})
}

func (s *routeState) destinations() set[backendKey] {
	if len(s.attached.hosts) == 0 {
		return nil
	}
	return s.compiled.backends
}

// flushHost translates one host anew.
func (t *Translator) flushHost(key HostKey, change *Change) {
	before, was := t.hosts[key]
	members, used := t.byHost[key]
	if !used && !t.door.isHost(key) {
		if was {
			delete(t.hosts, key)
			change.RemovedHosts = append(change.RemovedHosts, key)
		}
		return
	}
	routes := make([]*compiled, 0, len(members))
	for member := range members {
		routes = append(routes, t.states[member].compiled)
	}
	now := t.door.translate(key, routes, &t.guards)
	if was && reflect.DeepEqual(before, now) {
		return
	}
	t.hosts[key] = now
	change.Hosts = append(change.Hosts, now)
}

// isHost says whether a valid listener has that host as its own hostname.
func (d *frontDoor) isHost(key HostKey) bool {
	p := d.portOf(key)
	return p != nil && slices.Contains(p.hosts(), key)
}

// flushBackend translates one backend anew.
func (t *Translator) flushBackend(key backendKey, change *Change) {
	before, was := t.backends[key]
	if _, used := t.byBackend[key]; !used {
		if was {
			delete(t.backends, key)
			change.RemovedBackends = append(change.RemovedBackends, key.name())
		}
		return
	}
	now := translateBackend(key, t.store.services[key.service], t.store.slices[key.service])
	if was && reflect.DeepEqual(before, now) {
		return
	}
	t.backends[key] = now
	change.Backends = append(change.Backends, now)
}

// flushGateway gives one Gateway's status anew.
func (t *Translator) flushGateway(name types.NamespacedName, change *Change) {
	if _, ours := t.door.gateways[name]; !ours {
		delete(t.statuses, name)
		return
	}
	now := gatewayStatus(t.store.gateways[name], &t.door, t.address, func(l listenerKey) int { return len(t.byListener[l]) })
	before, was := t.statuses[name]
	if was && reflect.DeepEqual(before, now) {
		return
	}
	t.statuses[name] = now
	put(&change.Gateways, name, now)
}

// move takes member from the keys of old to those of now. Where a key is only in one of them, moved is called
// with it and with whether member was its last or is its first.
func move[K, M comparable](x index[K, M], member M, old, now map[K]struct{}, moved func(key K, edge bool)) {
	for key := range old {
		if _, stays := now[key]; stays {
			continue
		}
		if last := x.remove(key, member); moved != nil {
			moved(key, last)
		}
	}
	for key := range now {
		if _, was := old[key]; was {
			continue
		}
		if first := x.add(key, member); moved != nil {
			moved(key, first)
		}
	}
}

func keysOf[K comparable](all []K) set[K] {
	keys := make(set[K], len(all))
	for _, key := range all {
		keys.add(key)
	}
	return keys
}

func union[K comparable, V any](a, b map[K]V) set[K] {
	keys := set[K]{}
	for key := range maps.Keys(a) {
		keys.add(key)
	}
	for key := range maps.Keys(b) {
		keys.add(key)
	}
	return keys
}

// put sets m[key] and makes m if need be.
func put[K comparable, V any](m *map[K]V, key K, value V) {
	if *m == nil {
		*m = map[K]V{}
	}
	(*m)[key] = value
}
