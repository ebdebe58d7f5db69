package server

import (
	"maps"
	"slices"

	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"

	"github.com/sluice-serving/sluice/xds/envoy"
)

// subscription is what a client wants of one type and what it is known to have.
type subscription struct {
	wildcard bool
	// names are those asked for one by one.
	names map[string]struct{}
	// held is the version of each resource that the client has accepted, in this stream or before it.
	held map[string]string
	// asked are names that the client waits for: they are answered even when there is nothing by that name.
	asked map[string]struct{}
	// dirty are the names to look at: held may not be what is offered.
	dirty map[string]struct{}
	// again are names to send even though the client has them.
	again map[string]struct{}
	// all makes every published name dirty at the next look.
	all bool
	// silent says that a client which has nothing asked for everything and has had no response yet: there is one for
	// it even when there is nothing, since Envoy opens no port before, and waits 15 s.
	silent bool
	// refused is how often a name was in a response that was refused as a whole, since it was accepted last.
	refused map[string]int
	// probes are groups of names to send by themselves, in order, because a larger response with them was
	// refused.
	probes [][]string
}

// wildcardByDefault are the types of which an empty first request asks for everything.
func wildcardByDefault(typeURL string) bool {
	switch typeURL {
	case envoy.ClusterType, envoy.ListenerType, envoy.ScopeType:
		return true
	default:
		return false
	}
}

// open begins a subscription from the first request of its type. What the client brings from an earlier stream
// (initial_resource_versions) counts as held, so that nothing unchanged is sent again.
func open(req *discovery.DeltaDiscoveryRequest) *subscription {
	sub := &subscription{
		names:   make(map[string]struct{}),
		held:    maps.Clone(req.GetInitialResourceVersions()),
		asked:   make(map[string]struct{}),
		dirty:   make(map[string]struct{}),
		again:   make(map[string]struct{}),
		refused: make(map[string]int),
	}
	if sub.held == nil {
		sub.held = make(map[string]string)
	}
	for name := range sub.held {
		sub.dirty[name] = struct{}{}
	}
	if len(req.GetResourceNamesSubscribe()) == 0 && wildcardByDefault(req.GetTypeUrl()) {
		sub.everything()
		sub.silent = len(sub.held) == 0
	}
	for _, name := range req.GetResourceNamesSubscribe() {
		sub.want(name)
	}
	return sub
}

// update applies a later request. A name that is asked for again is sent again: the client has dropped it.
func (sub *subscription) update(req *discovery.DeltaDiscoveryRequest) {
	for _, name := range req.GetResourceNamesUnsubscribe() {
		sub.drop(name)
	}
	for _, name := range req.GetResourceNamesSubscribe() {
		if !sub.wildcard {
			delete(sub.held, name)
		}
		sub.want(name)
	}
}

func (sub *subscription) want(name string) {
	if name == "*" {
		sub.everything()
		return
	}
	sub.names[name] = struct{}{}
	sub.asked[name] = struct{}{}
	sub.dirty[name] = struct{}{}
}

func (sub *subscription) everything() {
	sub.wildcard = true
	sub.all = true
}

func (sub *subscription) drop(name string) {
	if name == "*" {
		sub.wildcard = false
		return
	}
	delete(sub.names, name)
	delete(sub.asked, name)
	delete(sub.again, name)
	if !sub.wildcard {
		delete(sub.held, name)
	}
}

func (sub *subscription) wants(name string) bool {
	if sub.wildcard {
		return true
	}
	_, ok := sub.names[name]
	return ok
}

// resend makes a name be sent again, changed or not.
func (sub *subscription) resend(name string) {
	sub.again[name] = struct{}{}
	sub.dirty[name] = struct{}{}
}

// clean notes that nothing is to be sent for a name.
func (sub *subscription) clean(name string) {
	delete(sub.asked, name)
	delete(sub.again, name)
	delete(sub.dirty, name)
}

// has notes the version of a name that the client has accepted. The name stays dirty: it may have been published
// anew since that version was sent.
func (sub *subscription) has(name, version string) {
	if sub.wants(name) {
		sub.held[name] = version
	}
	delete(sub.asked, name)
	delete(sub.refused, name)
}

// lacks notes that the client has been told that there is nothing by a name.
func (sub *subscription) lacks(name string) {
	delete(sub.held, name)
	delete(sub.asked, name)
	delete(sub.refused, name)
}

// candidates are the names that the next response may hold, sorted: those of the first probe with work left, else all that are dirty.
func (sub *subscription) candidates() []string {
	for len(sub.probes) > 0 {
		group := slices.DeleteFunc(slices.Clone(sub.probes[0]), func(name string) bool {
			_, ok := sub.dirty[name]
			return !ok
		})
		if len(group) > 0 {
			return group
		}
		sub.probes = sub.probes[1:]
	}
	return slices.Sorted(maps.Keys(sub.dirty))
}
