package standalone

import (
	"cmp"
	"slices"

	"github.com/sluice-serving/sluice/xds/ir"
)

// lingering holds, for each backend that Envoy knows, the endpoints that the objects no longer list
// although a process still answers on them. Envoy drops an endpoint's requests in flight the moment the
// endpoint leaves its backend, so such an endpoint stays, marked draining, until it is idle or its process
// has gone. This is the same whether a replica is replaced, a Service selects other pods after a promotion,
// or a whole backend goes.
type lingering struct {
	// published is what Envoy was last told, lingering endpoints included. byObject are the names of those backends by the
	// object that they are made of, and listed counts the backends that have an endpoint, draining or not.
	published map[string]ir.Backend
	byObject  map[ir.Ref]map[string]bool
	listed    map[endpointKey]int
	// planned is what the objects ask for.
	planned map[string]ir.Backend
	// draining are the endpoints that stay for their requests' sake, by backend.
	draining map[string]map[endpointKey]bool
	// recovered are the backends that Envoy has from a run before this one and nothing has asked for since: all but their
	// endpoints is unknown. surveyed says that it has been looked which those are.
	recovered map[string]bool
	surveyed  bool
}

// endpointKey is an endpoint's place in a backend.
type endpointKey struct {
	address string
	port    uint16
}

func keyOf(e ir.Endpoint) endpointKey { return endpointKey{e.Address, e.Port} }

func newLingering() *lingering {
	return &lingering{
		published: map[string]ir.Backend{}, byObject: map[ir.Ref]map[string]bool{}, listed: map[endpointKey]int{},
		planned:  map[string]ir.Backend{},
		draining: map[string]map[endpointKey]bool{}, recovered: map[string]bool{},
	}
}

// plan takes what the objects ask for now. Endpoints that were published and are no longer asked for
// linger if alive says that a process still answers there.
func (l *lingering) plan(changed []ir.Backend, removed []string, alive func(endpointKey) bool) {
	for _, backend := range changed {
		l.planned[backend.Name] = backend
		l.keep(backend.Name, backend.Endpoints, alive)
	}
	for _, name := range removed {
		delete(l.planned, name)
		l.keep(name, nil, alive)
	}
}

// keep notes which published endpoints of a backend have to stay beside the wanted ones.
func (l *lingering) keep(name string, wanted []ir.Endpoint, alive func(endpointKey) bool) {
	listed := map[endpointKey]bool{}
	for _, endpoint := range wanted {
		listed[keyOf(endpoint)] = true
	}
	stay := map[endpointKey]bool{}
	for _, endpoint := range l.published[name].Endpoints {
		if key := keyOf(endpoint); !listed[key] && alive(key) {
			stay[key] = true
		}
	}
	if len(stay) == 0 {
		delete(l.draining, name)
		return
	}
	l.draining[name] = stay
}

// release ends the stay of an endpoint in a backend: it is idle, or its process has gone.
func (l *lingering) release(name string, key endpointKey) {
	delete(l.draining[name], key)
	if len(l.draining[name]) == 0 {
		delete(l.draining, name)
	}
}

// publish gives the backends named, as Envoy is to see them, and those of them that are to be removed.
func (l *lingering) publish(names []string) (set []ir.Backend, removed []string) {
	for _, name := range names {
		backend, planned := l.planned[name]
		if !planned {
			backend, known := l.outgoing(name)
			switch {
			case known && len(backend.Endpoints) > 0:
				l.tell(name, &backend)
				if !l.recovered[name] {
					set = append(set, backend)
				}
			case known:
				l.tell(name, nil)
				delete(l.recovered, name)
				removed = append(removed, name)
			}
			continue
		}
		delete(l.recovered, name)
		backend.Endpoints = withDraining(backend.Endpoints, l.draining[name])
		l.tell(name, &backend)
		set = append(set, backend)
	}
	return set, removed
}

// tell notes what Envoy is told of a backend; nil is its removal.
func (l *lingering) tell(name string, now *ir.Backend) {
	if before, known := l.published[name]; known {
		note(l.byObject, before.Object, name, false)
		for _, endpoint := range before.Endpoints {
			if key := keyOf(endpoint); l.listed[key] > 1 {
				l.listed[key]--
			} else {
				delete(l.listed, key)
			}
		}
		delete(l.published, name)
	}
	if now == nil {
		return
	}
	l.published[name] = *now
	note(l.byObject, now.Object, name, true)
	for _, endpoint := range now.Endpoints {
		l.listed[keyOf(endpoint)]++
	}
}

// lists says whether any published backend has the endpoint, draining or not.
func (l *lingering) lists(key endpointKey) bool { return l.listed[key] > 0 }

// publishedOf are the backends that Envoy has of an object.
func (l *lingering) publishedOf(object ir.Ref) []ir.Backend {
	var backends []ir.Backend
	for name := range l.byObject[object] {
		backends = append(backends, l.published[name])
	}
	return backends
}

// outgoing gives a backend that no route leads to any more, with the endpoints that stay for their requests'
// sake. They are not marked draining: endpoints reach Envoy before routes do, and until the new routes are
// there the backend still takes its share.
func (l *lingering) outgoing(name string) (ir.Backend, bool) {
	backend, known := l.published[name]
	backend.Endpoints = slices.DeleteFunc(slices.Clone(backend.Endpoints), func(e ir.Endpoint) bool {
		return !l.draining[name][keyOf(e)]
	})
	return backend, known
}

func withDraining(endpoints []ir.Endpoint, stay map[endpointKey]bool) []ir.Endpoint {
	all := slices.Clone(endpoints)
	for key := range stay {
		all = append(all, ir.Endpoint{Address: key.address, Port: key.port, Draining: true})
	}
	slices.SortFunc(all, func(a, b ir.Endpoint) int {
		return cmp.Or(cmp.Compare(a.Address, b.Address), cmp.Compare(a.Port, b.Port))
	})
	return all
}
