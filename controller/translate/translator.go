package translate

import (
	"maps"
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1beta1 "sigs.k8s.io/gateway-api/apis/v1beta1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
	"github.com/sluice-serving/sluice/xds/ir"
)

// Object is any object of the Kubernetes API. It is controller-runtime's client.Object, without that package's
// weight.
type Object interface {
	metav1.Object
	runtime.Object
}

// Translator keeps what [Translate] would give, and brings it up to date by translating anew only those
// routes, hosts and backends that a change touches. It is not safe for use by several goroutines.
//
// The pass of a change through it has a fixed order: objects are set and deleted, which marks what looks at
// them; Flush then brings the front door, the routes, the hosts, the backends and the Gateways' statuses up to
// date, in this order, as each reads only those before it.
type Translator struct {
	address string
	store   *store
	door    frontDoor
	guards  guards
	states  map[routeKey]*routeState

	// What the parts published last are, by key.
	listeners map[string]ir.Listener
	hosts     map[HostKey]ir.Host
	backends  map[backendKey]ir.Backend
	statuses  map[types.NamespacedName]gatewayv1.GatewayStatus

	// Which routes look at what.
	byService        index[types.NamespacedName, routeKey]
	byDirectResponse index[types.NamespacedName, routeKey]
	byGrants         index[string, routeKey]
	byGateway        index[types.NamespacedName, routeKey]
	byNamespace      index[string, routeKey]
	byTarget         index[targetKey, routeKey]
	byPods           index[string, routeKey]
	// Which routes are part of a host, lead to a backend, are attached to a listener.
	byHost     index[HostKey, routeKey]
	byBackend  index[backendKey, routeKey]
	byListener index[listenerKey, routeKey]
	// Which backends a Service has, and which Service a slice was set for.
	backendsOf   index[types.NamespacedName, backendKey]
	sliceService map[types.NamespacedName]types.NamespacedName

	dirty dirty
}

// routeState is a route as it was translated last.
type routeState struct {
	compiled *compiled
	attached attachment
	counted  map[listenerKey]struct{}
	status   gatewayv1.RouteStatus
}

// dirty is what has to be brought up to date.
type dirty struct {
	door     bool
	guards   bool
	routes   set[routeKey]
	hosts    set[HostKey]
	backends set[backendKey]
	gateways set[types.NamespacedName]
}

func newDirty() dirty {
	return dirty{
		routes:   set[routeKey]{},
		hosts:    set[HostKey]{},
		backends: set[backendKey]{},
		gateways: set[types.NamespacedName]{},
	}
}

// NewTranslator has no objects. Listeners bind the IP address listen; empty means 0.0.0.0.
func NewTranslator(listen string) *Translator {
	return &Translator{
		address:          listenAddress(listen),
		store:            newStore(),
		states:           map[routeKey]*routeState{},
		listeners:        map[string]ir.Listener{},
		hosts:            map[HostKey]ir.Host{},
		backends:         map[backendKey]ir.Backend{},
		statuses:         map[types.NamespacedName]gatewayv1.GatewayStatus{},
		byService:        index[types.NamespacedName, routeKey]{},
		byDirectResponse: index[types.NamespacedName, routeKey]{},
		byGrants:         index[string, routeKey]{},
		byGateway:        index[types.NamespacedName, routeKey]{},
		byNamespace:      index[string, routeKey]{},
		byTarget:         index[targetKey, routeKey]{},
		byPods:           index[string, routeKey]{},
		byHost:           index[HostKey, routeKey]{},
		byBackend:        index[backendKey, routeKey]{},
		byListener:       index[listenerKey, routeKey]{},
		backendsOf:       index[types.NamespacedName, backendKey]{},
		sliceService:     map[types.NamespacedName]types.NamespacedName{},
		dirty:            newDirty(),
	}
}

// Bind gives a port an IP address of its own. It is for before the first Set.
func (t *Translator) Bind(port int32, address string) { t.store.addresses[port] = address }

// Guarded says whether every caller of an InferenceService has to show something: by its own policy or its Gateway's.
func (t *Translator) Guarded(service, gateway types.NamespacedName) bool {
	for _, target := range []targetKey{{kindService, service}, {kindGateway, gateway}, namespaceTarget(service.Namespace), namespaceTarget("")} {
		if _, guarded := t.guards.byTarget[target]; guarded {
			return true
		}
	}
	return false
}

// Set adds an object, or puts it in the place of that with its kind and name. The translator keeps it: it must
// not be changed afterwards. Kinds that translation does not read are ignored.
func (t *Translator) Set(object Object) {
	name := nameOf(object)
	switch o := object.(type) {
	case *gatewayv1.Gateway:
		t.store.gateways[name] = o
		t.touchGateway(name)
	case *gatewayv1.HTTPRoute:
		t.setRoute(newHTTPRoute(o))
	case *gatewayv1.GRPCRoute:
		t.setRoute(newGRPCRoute(o))
	case *gatewayv1.ReferenceGrant:
		putNested(t.store.grants, o.Namespace, o.Name, o)
		t.touchGranted(o.Namespace)
		addMembers(t.dirty.routes, t.byGrants, o.Namespace)
	case *gatewayv1beta1.ReferenceGrant:
		putNested(t.store.grants, o.Namespace, o.Name, (*gatewayv1.ReferenceGrant)(o))
		t.touchGranted(o.Namespace)
		addMembers(t.dirty.routes, t.byGrants, o.Namespace)
	case *corev1.Service:
		before := t.store.services[name]
		t.store.services[name] = o
		t.touchService(name, before, o)
	case *discoveryv1.EndpointSlice:
		t.removeSlice(name)
		if service, ok := serviceOf(o); ok {
			putNested(t.store.slices, service, o.Name, o)
			t.sliceService[name] = service
			addMembers(t.dirty.backends, t.backendsOf, service)
		}
	case *sluicev1alpha1.DirectResponse:
		t.store.directResponses[name] = o
		addMembers(t.dirty.routes, t.byDirectResponse, name)
	case *sluicev1alpha1.AccessPolicy:
		t.store.accessPolicies[name] = o
		t.dirty.guards = true
	case *v1beta1.InferenceService:
		t.touchInferenceService(name, o)
	case *corev1.Secret:
		t.store.secrets[name] = o
		t.touchReferred(targetKey{kindSecret, name})
	case *corev1.ConfigMap:
		t.store.configMaps[name] = o
		t.touchReferred(targetKey{kindConfigMap, name})
	case *corev1.Namespace:
		t.store.namespaces[o.Name] = o.Labels
		addMembers(t.dirty.routes, t.byNamespace, o.Name)
	}
}

// Delete removes the object with that object's kind and name, if there is one.
func (t *Translator) Delete(object Object) {
	name := nameOf(object)
	switch o := object.(type) {
	case *gatewayv1.Gateway:
		delete(t.store.gateways, name)
		delete(t.statuses, name)
		t.touchGateway(name)
	case *gatewayv1.HTTPRoute:
		t.deleteRoute(routeKey{kindHTTPRoute, name})
	case *gatewayv1.GRPCRoute:
		t.deleteRoute(routeKey{kindGRPCRoute, name})
	case *gatewayv1.ReferenceGrant, *gatewayv1beta1.ReferenceGrant:
		removeNested(t.store.grants, name.Namespace, name.Name)
		t.touchGranted(name.Namespace)
		addMembers(t.dirty.routes, t.byGrants, name.Namespace)
	case *corev1.Service:
		before := t.store.services[name]
		delete(t.store.services, name)
		t.touchService(name, before, nil)
	case *discoveryv1.EndpointSlice:
		t.removeSlice(name)
	case *sluicev1alpha1.DirectResponse:
		delete(t.store.directResponses, name)
		addMembers(t.dirty.routes, t.byDirectResponse, name)
	case *sluicev1alpha1.AccessPolicy:
		delete(t.store.accessPolicies, name)
		t.dirty.guards = true
	case *v1beta1.InferenceService:
		t.touchInferenceService(name, nil)
	case *corev1.Secret:
		delete(t.store.secrets, name)
		t.touchReferred(targetKey{kindSecret, name})
	case *corev1.ConfigMap:
		delete(t.store.configMaps, name)
		t.touchReferred(targetKey{kindConfigMap, name})
	case *corev1.Namespace:
		delete(t.store.namespaces, o.Name)
		addMembers(t.dirty.routes, t.byNamespace, o.Name)
	}
}

func (t *Translator) setRoute(r *route) {
	if before := t.store.routes[r.key]; before == nil || !reflect.DeepEqual(before.owners, r.owners) {
		t.touchTarget(targetKey(r.key))
	}
	t.store.routes[r.key] = r
	t.byNamespace.add(r.key.name.Namespace, r.key)
	t.dirty.routes.add(r.key)
}

func (t *Translator) deleteRoute(key routeKey) {
	delete(t.store.routes, key)
	t.touchTarget(targetKey(key))
	if state, ok := t.states[key]; ok {
		// Should the route come back before the next Flush, it is another object, which has no status.
		state.status = gatewayv1.RouteStatus{}
	}
	t.byNamespace.remove(key.name.Namespace, key)
	t.dirty.routes.add(key)
}

func (t *Translator) touchGateway(name types.NamespacedName) {
	t.dirty.door = true
	t.touchTarget(targetKey{kindGateway, name})
	t.dirty.gateways.add(name)
}

// touchService marks the backends of a Service; its routes only where a port came, went or changed, or whose pods it
// selects, and those that lead to such pods by another Service.
func (t *Translator) touchService(name types.NamespacedName, before, after *corev1.Service) {
	addMembers(t.dirty.backends, t.backendsOf, name)
	same := before != nil && after != nil && before.Spec.Type == after.Spec.Type &&
		reflect.DeepEqual(before.OwnerReferences, after.OwnerReferences) &&
		reflect.DeepEqual(before.Spec.Selector, after.Spec.Selector) &&
		reflect.DeepEqual(before.Spec.Ports, after.Spec.Ports)
	if !same {
		addMembers(t.dirty.routes, t.byService, name)
	}
	if (planned(before) || planned(after)) && (!same || !reflect.DeepEqual(before.Labels, after.Labels)) {
		addMembers(t.dirty.routes, t.byPods, name.Namespace)
	}
}

// removeSlice forgets an EndpointSlice, which may have belonged to another Service than it does now.
func (t *Translator) removeSlice(name types.NamespacedName) {
	service, ok := t.sliceService[name]
	if !ok {
		return
	}
	delete(t.sliceService, name)
	removeNested(t.store.slices, service, name.Name)
	addMembers(t.dirty.backends, t.backendsOf, service)
}

// Config gives everything that is published. Its values are shared and must not be changed. It costs a pass
// over all of them: it is for dumps and tests, not for each change.
func (t *Translator) Config() ir.Config {
	config := ir.Config{
		Listeners:    slices.Collect(maps.Values(t.listeners)),
		Hosts:        slices.Collect(maps.Values(t.hosts)),
		Backends:     slices.Collect(maps.Values(t.backends)),
		Tokens:       t.guards.sortedTokens(),
		Certificates: slices.Collect(maps.Values(t.door.certificates)),
	}
	sortConfig(&config)
	return config
}
