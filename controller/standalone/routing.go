package standalone

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/controller/manifest"
	"github.com/sluice-serving/sluice/controller/translate"
	"github.com/sluice-serving/sluice/xds/envoy"
	"github.com/sluice-serving/sluice/xds/ir"
	"github.com/sluice-serving/sluice/xds/server"
)

// routing is the way from objects to Envoy: the translator and what was last published of its output.
type routing struct {
	translator *translate.Translator
	listener   envoy.Options
	lingering  *lingering
	// layers hold the objects by where they come from, and objects those in force, which the translator has:
	// of each key, that of the highest layer.
	layers  [layers]map[objectKey]manifest.Object
	objects map[objectKey]manifest.Object
	// holdings are the planned objects' by service.
	holdings holdings
	// listeners and wildcards make the list of wildcard hosts of each listener.
	listeners map[string]ir.Listener
	// scopes gives the listener of each scope.
	scopes    map[string]string
	wildcards map[string]map[string]bool
	// touched are the backends to be published anew.
	touched map[string]bool
	// services are the Services that have changed since they were last taken, and news the objects of manifests of which
	// what is known has changed.
	services map[objectKey]bool
	news     map[objectKey]bool
	// routes, grpcRoutes and gateways are the statuses of all objects of these kinds.
	routes     map[types.NamespacedName]gatewayv1.HTTPRouteStatus
	grpcRoutes map[types.NamespacedName]gatewayv1.GRPCRouteStatus
	gateways   map[types.NamespacedName]gatewayv1.GatewayStatus
	policies   map[ir.Ref]gatewayv1.PolicyStatus
	// policiesOf are the policies whose status speaks of an object.
	policiesOf map[objectKey]map[ir.Ref]bool
	// policyChanges grows whenever policies' statuses change.
	policyChanges int
	// tokens are the token policies that Envoy is told.
	tokens tokens
	// revision is that of the last publication.
	revision server.Revision
}

func newRouting(o Options) *routing {
	r := &routing{
		translator: translate.NewTranslator(o.Listen),
		listener:   o.Listener,
		lingering:  newLingering(),
		objects:    map[objectKey]manifest.Object{},
		holdings:   holdings{},
		listeners:  map[string]ir.Listener{},
		scopes:     map[string]string{},
		wildcards:  map[string]map[string]bool{},
		touched:    map[string]bool{},
		services:   map[objectKey]bool{},
		news:       map[objectKey]bool{},
		routes:     map[types.NamespacedName]gatewayv1.HTTPRouteStatus{},
		grpcRoutes: map[types.NamespacedName]gatewayv1.GRPCRouteStatus{},
		gateways:   map[types.NamespacedName]gatewayv1.GatewayStatus{},
		policies:   map[ir.Ref]gatewayv1.PolicyStatus{},
		policiesOf: map[objectKey]map[ir.Ref]bool{},
		tokens:     newTokens(),
	}
	r.translator.Bind(int32(o.HTTPPort), o.plainAddress())
	for l := range r.layers {
		r.layers[l] = map[objectKey]manifest.Object{}
	}
	return r
}

// layer is where an object that translation reads comes from.
type layer int

// The layers, lowest first.
const (
	// builtIn objects are there unless a manifest brings its own of that name.
	builtIn layer = iota
	// given objects stand in manifests.
	given
	// planned objects are the children of InferenceServices. A manifest can't replace one.
	planned

	layers
)

// set puts an object into a layer.
func (r *routing) set(l layer, object manifest.Object) {
	key := keyOfObject(object)
	r.layers[l][key] = object
	r.enforce(key)
}

// delete takes an object out of a layer; what a lower layer has comes into force.
func (r *routing) delete(l layer, key objectKey) {
	delete(r.layers[l], key)
	r.enforce(key)
}

// enforce gives the translator the object that is in force for a key, unless it has an equal one.
func (r *routing) enforce(key objectKey) {
	r.news[key] = true
	if key.kind == "Service" {
		r.services[key] = true
	}
	have, known := r.objects[key]
	for l := layers - 1; l >= 0; l-- {
		object, present := r.layers[l][key]
		if !present {
			continue
		}
		if !known || !equality.Semantic.DeepEqual(have, object) {
			r.objects[key] = object
			r.translator.Set(object)
		}
		return
	}
	if known {
		delete(r.objects, key)
		r.translator.Delete(have)
	}
}

// touch marks a backend to be published anew.
func (r *routing) touch(backend string) { r.touched[backend] = true }

// takeServices gives the Services that may be others than at the last call.
func (r *routing) takeServices() map[objectKey]bool {
	taken := r.services
	r.services = map[objectKey]bool{}
	return taken
}

// takeNews gives the objects that were set or deleted, or have another status, since the last call.
func (r *routing) takeNews() map[objectKey]bool {
	taken := r.news
	r.news = map[objectKey]bool{}
	return taken
}

// translated is what the translator changed since the last publication; nil is a removal.
type translated struct {
	hosts     map[translate.HostKey]*ir.Host
	listeners map[string]*ir.Listener
	// certificates are by name.
	certificates map[string]*ir.Certificate
}

func newTranslated() translated {
	return translated{hosts: map[translate.HostKey]*ir.Host{}, listeners: map[string]*ir.Listener{}, certificates: map[string]*ir.Certificate{}}
}

// flush takes the translator's changes: statuses at once, the rest added to what is to be published. It
// gives the HTTPRoutes whose status changed.
func (r *routing) flush(pending translated, alive func(endpointKey) bool) []types.NamespacedName {
	change := r.translator.Flush()
	for i := range change.Hosts {
		host := &change.Hosts[i]
		pending.hosts[translate.KeyOf(*host)] = host
	}
	for _, key := range change.RemovedHosts {
		pending.hosts[key] = nil
	}
	for i := range change.Listeners {
		pending.listeners[change.Listeners[i].Name] = &change.Listeners[i]
	}
	for _, name := range change.RemovedListeners {
		pending.listeners[name] = nil
	}
	for i := range change.Certificates {
		pending.certificates[change.Certificates[i].Name] = &change.Certificates[i]
	}
	for _, name := range change.RemovedCertificates {
		pending.certificates[name] = nil
	}
	r.lingering.plan(change.Backends, change.RemovedBackends, alive)
	for _, backend := range change.Backends {
		r.touch(backend.Name)
	}
	for _, name := range change.RemovedBackends {
		r.touch(name)
	}
	takeStatuses(r, "Gateway", r.gateways, change.Gateways)
	takeStatuses(r, "HTTPRoute", r.routes, change.HTTPRoutes)
	takeStatuses(r, "GRPCRoute", r.grpcRoutes, change.GRPCRoutes)
	for object, status := range change.Policies {
		r.takePolicy(object, &status)
	}
	for _, object := range change.RemovedPolicies {
		r.takePolicy(object, nil)
	}
	r.tokens.apply(change)
	return slices.Collect(maps.Keys(change.HTTPRoutes))
}

func takeStatuses[S any](r *routing, kind string, all, changed map[types.NamespacedName]S) {
	for name, status := range changed {
		all[name] = status
		r.news[objectKey{kind, name.Namespace, name.Name}] = true
	}
}

// publish sends what changed to Envoy, as one change.
func (r *routing) publish(envoys Envoys, pending translated) {
	var out publication
	for name := range r.touched {
		r.noteObject(r.lingering.published[name].Object)
		r.noteObject(r.lingering.planned[name].Object)
	}
	backends, gone := r.lingering.publish(slices.Sorted(maps.Keys(r.touched)))
	// Another map: the room of one that was large once would be walked at each change.
	r.touched = map[string]bool{}
	for _, backend := range backends {
		out.set = append(out.set, envoy.Backend(backend, r.listener.Limits)...)
	}
	for _, name := range gone {
		out.drop(envoy.ClusterType, name)
		out.drop(envoy.EndpointType, name)
	}
	relist := map[string]bool{}
	for name, listener := range pending.listeners {
		if listener == nil {
			out.drop(envoy.ListenerType, name)
			r.dropScopes(&out, r.listeners[name], nil)
			delete(r.listeners, name)
			continue
		}
		r.dropScopes(&out, r.listeners[name], listener.Scopes())
		r.listeners[name] = *listener
		for _, scope := range listener.Scopes() {
			r.scopes[scope] = name
			relist[scope] = true
		}
		out.set = append(out.set, envoy.Listener(*listener, r.listener))
	}
	for name, certificate := range pending.certificates {
		if certificate == nil {
			out.drop(envoy.SecretType, name)
		} else {
			out.set = append(out.set, envoy.Certificate(*certificate))
		}
	}
	for key, host := range pending.hosts {
		if host == nil {
			out.drop(envoy.ScopeType, envoy.HostName(key.Listener, key.Host, key.Model))
		} else {
			out.set = append(out.set, envoy.Host(*host))
		}
		r.noteWildcard(key, host != nil, relist)
	}
	for name := range relist {
		if listener, open := r.listeners[r.scopes[name]]; open {
			out.set = append(out.set, envoy.Wildcards(name, listener.Object, slices.Sorted(maps.Keys(r.wildcards[name]))))
		}
	}
	r.tokens.publish(&out, r.listener)
	r.revision = envoys.Publish(out.set, out.remove)
}

// noteObject notes that what is known of an object has changed.
func (r *routing) noteObject(object ir.Ref) {
	r.news[objectKey{object.Kind, object.Namespace, object.Name}] = true
}

// dropScopes removes the lists of wildcard hosts of those scopes that a listener has no more.
func (r *routing) dropScopes(out *publication, listener ir.Listener, stay []string) {
	for _, scope := range listener.Scopes() {
		if scope != "" && !slices.Contains(stay, scope) {
			delete(r.scopes, scope)
			out.remove = append(out.remove, envoy.Wildcards(scope, ir.Ref{}, nil).Key())
		}
	}
}

// publication is one change of what Envoy is told.
type publication struct {
	set    []envoy.Resource
	remove []envoy.Key
}

func (p *publication) drop(typeURL, name string) {
	p.remove = append(p.remove, envoy.Key{TypeURL: typeURL, Name: name})
}

// noteWildcard keeps the list of a listener's wildcard hosts, and marks a listener whose list changed.
func (r *routing) noteWildcard(key translate.HostKey, present bool, relist map[string]bool) {
	if !envoy.IsWildcard(key.Host) || key.Model != "" || r.wildcards[key.Listener][key.Host] == present {
		return
	}
	if r.wildcards[key.Listener] == nil {
		r.wildcards[key.Listener] = map[string]bool{}
	}
	if present {
		r.wildcards[key.Listener][key.Host] = true
	} else {
		delete(r.wildcards[key.Listener], key.Host)
	}
	relist[key.Listener] = true
}
