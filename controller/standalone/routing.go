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
	// objects are those that the translator has, by key, so that an equal one isn't set again.
	objects map[objectKey]manifest.Object
	// listeners and wildcards make the list of wildcard hosts of each listener.
	listeners map[string]ir.Listener
	wildcards map[string]map[string]bool
	// touched are the backends to be published anew.
	touched map[string]bool
	// routes are the statuses of all HTTPRoutes, gateways those of all Gateways.
	routes   map[types.NamespacedName]gatewayv1.HTTPRouteStatus
	gateways map[types.NamespacedName]gatewayv1.GatewayStatus
	// revision is that of the last publication.
	revision server.Revision
}

func newRouting(o Options) *routing {
	return &routing{
		translator: translate.NewTranslator(o.Listen),
		listener:   o.Listener,
		lingering:  newLingering(),
		objects:    map[objectKey]manifest.Object{},
		listeners:  map[string]ir.Listener{},
		wildcards:  map[string]map[string]bool{},
		touched:    map[string]bool{},
		routes:     map[types.NamespacedName]gatewayv1.HTTPRouteStatus{},
		gateways:   map[types.NamespacedName]gatewayv1.GatewayStatus{},
	}
}

// set gives the translator an object, unless it has an equal one.
func (r *routing) set(object manifest.Object) {
	key := keyOfObject(object)
	if have, ok := r.objects[key]; ok && equality.Semantic.DeepEqual(have, object) {
		return
	}
	r.objects[key] = object
	r.translator.Set(object)
}

func (r *routing) delete(key objectKey) {
	if object, ok := r.objects[key]; ok {
		delete(r.objects, key)
		r.translator.Delete(object)
	}
}

// touch marks a backend to be published anew.
func (r *routing) touch(backend string) { r.touched[backend] = true }

// lists says whether any published backend has the endpoint, draining or not.
func (r *routing) lists(key endpointKey) bool {
	for _, backend := range r.lingering.published {
		for _, endpoint := range backend.Endpoints {
			if keyOf(endpoint) == key {
				return true
			}
		}
	}
	return false
}

// translated is what the translator changed since the last publication; nil is a removal.
type translated struct {
	hosts     map[translate.HostKey]*ir.Host
	listeners map[string]*ir.Listener
}

func newTranslated() translated {
	return translated{hosts: map[translate.HostKey]*ir.Host{}, listeners: map[string]*ir.Listener{}}
}

// flush takes the translator's changes: statuses at once, the rest added to what is to be published. It
// gives the HTTPRoutes whose status changed.
func (r *routing) flush(pending translated, alive func(endpointKey) bool) []types.NamespacedName {
	change := r.translator.Flush()
	for i := range change.Hosts {
		host := &change.Hosts[i]
		pending.hosts[translate.HostKey{Listener: host.Listener, Host: host.Name}] = host
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
	r.lingering.plan(change.Backends, change.RemovedBackends, alive)
	for _, backend := range change.Backends {
		r.touch(backend.Name)
	}
	for _, name := range change.RemovedBackends {
		r.touch(name)
	}
	maps.Copy(r.gateways, change.Gateways)
	maps.Copy(r.routes, change.HTTPRoutes)
	return slices.Collect(maps.Keys(change.HTTPRoutes))
}

// publish sends what changed to Envoy, as one change.
func (r *routing) publish(envoys Envoys, pending translated) {
	var out publication
	backends, gone := r.lingering.publish(slices.Sorted(maps.Keys(r.touched)))
	clear(r.touched)
	for _, backend := range backends {
		out.set = append(out.set, envoy.Backend(backend)...)
	}
	for _, name := range gone {
		out.drop(envoy.ClusterType, name)
		out.drop(envoy.EndpointType, name)
	}
	relist := map[string]bool{}
	for name, listener := range pending.listeners {
		if listener == nil {
			out.drop(envoy.ListenerType, name)
			out.remove = append(out.remove, envoy.Wildcards(r.listeners[name], nil).Key())
			delete(r.listeners, name)
			continue
		}
		r.listeners[name] = *listener
		relist[name] = true
		out.set = append(out.set, envoy.Listener(*listener, r.listener))
	}
	for key, host := range pending.hosts {
		if host == nil {
			out.drop(envoy.ScopeType, envoy.HostName(key.Listener, key.Host))
		} else {
			out.set = append(out.set, envoy.Host(*host))
		}
		r.noteWildcard(key, host != nil, relist)
	}
	for name := range relist {
		if listener, open := r.listeners[name]; open {
			out.set = append(out.set, envoy.Wildcards(listener, slices.Sorted(maps.Keys(r.wildcards[name]))))
		}
	}
	r.revision = envoys.Publish(out.set, out.remove)
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
	if !envoy.IsWildcard(key.Host) || r.wildcards[key.Listener][key.Host] == present {
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
