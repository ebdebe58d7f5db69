package server

import (
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"

	"github.com/sluice-serving/sluice/xds/envoy"
)

// state is all that a stream knows of its client. One goroutine owns it. It decides and never sends.
type state struct {
	// client is whose state it is, in the catalog's eyes.
	client        *watcher
	subscriptions map[string]*subscription
	// unasked are clusters that the client has but whose endpoints it has not asked for yet. Routes wait for
	// them: a cluster without endpoints is not in use yet, and a route to it would answer 500.
	unasked map[string]struct{}
	// moving are the clusters in the response of clusters that is not answered yet.
	moving map[string]struct{}
	// busy are the types of which a response has not been answered yet: at most one of each.
	busy map[string]struct{}
}

// delivery is the content of one response.
type delivery struct {
	typeURL string
	added   []envoy.Resource
	removed []string
}

func newState(client *watcher) *state {
	return &state{
		client:        client,
		subscriptions: make(map[string]*subscription),
		unasked:       make(map[string]struct{}),
		moving:        make(map[string]struct{}),
		busy:          make(map[string]struct{}),
	}
}

// subscribe applies the subscriptions that a request carries; first says that it is the first of its type.
func (st *state) subscribe(req *discovery.DeltaDiscoveryRequest) (first bool) {
	typeURL := req.GetTypeUrl()
	sub := st.subscriptions[typeURL]
	if first = sub == nil; first {
		sub = open(req)
		st.subscriptions[typeURL] = sub
	} else {
		sub.update(req)
	}
	switch typeURL {
	case envoy.ClusterType:
		if first {
			for name := range sub.held {
				st.expectEndpoints(name)
			}
		}
	case envoy.EndpointType:
		for _, name := range req.GetResourceNamesSubscribe() {
			delete(st.unasked, name)
			// A client that comes back asks with the version that it has, maybe before it knows that the
			// cluster has changed.
			if _, moving := st.moving[name]; moving {
				sub.resend(name)
			}
		}
	}
	return first
}

// expectEndpoints holds routes back until the client has asked for the endpoints of a cluster.
func (st *state) expectEndpoints(cluster string) {
	endpoints := st.subscriptions[envoy.EndpointType]
	if envoy.ListsEndpoints(cluster) && (endpoints == nil || !endpoints.wants(cluster)) {
		st.unasked[cluster] = struct{}{}
	}
}

// touch makes the next look include key.
func (st *state) touch(key envoy.Key) {
	if sub := st.subscriptions[key.TypeURL]; sub != nil {
		sub.dirty[key.Name] = struct{}{}
	}
}

// removalOrder is the order in which it is safe to take away: what refers goes before what is referred to. Listeners, to
// which nothing refers, go before others are added.
// Endpoints come last because Envoy itself gives up those of a cluster that is gone. Extensions and secrets are missing: they go with
// their listener, whose connections still drain then, and a request on one whose filter has lost its configuration is
// answered 500. Envoy gives them up by itself when the listener has gone.
func removalOrder() []string {
	return []string{envoy.ScopeType, envoy.ClusterType, envoy.EndpointType}
}

// next gives the response to send now, if any, and counts it as sent. A type waits until those before it have
// been answered, so that nothing is referred to before the client has it.
//
// Endpoints do not wait for clusters: once Envoy runs, it answers a response of clusters only when they are
// warm, for which it needs their endpoints.
func (st *state) next(c *catalog) (delivery, bool) {
	for _, typeURL := range envoy.Types() {
		if d := st.preceding(c, typeURL); len(d.added) > 0 {
			st.dispatched(d)
			return d, true
		}
		if typeURL != envoy.ClusterType && typeURL != envoy.EndpointType && (len(st.busy) > 0 || len(st.unasked) > 0) {
			return delivery{}, false
		}
		if _, busy := st.busy[typeURL]; busy {
			continue
		}
		// A listener may open where another was, and Envoy refuses one whose address is taken.
		if d := st.removals(c, typeURL); typeURL == envoy.ListenerType && len(d.removed) > 0 {
			st.dispatched(d)
			return d, true
		}
		d := st.additions(c, typeURL)
		if sub := st.subscriptions[typeURL]; len(d.added)+len(d.removed) > 0 || sub != nil && sub.silent {
			st.dispatched(d)
			return d, true
		}
	}
	for _, typeURL := range removalOrder() {
		if d := st.removals(c, typeURL); len(d.removed) > 0 {
			st.dispatched(d)
			return d, true
		}
	}
	return delivery{}, false
}

// preceding collects the extensions that have to be there before scopes; everything before these is there.
func (st *state) preceding(c *catalog, typeURL string) delivery {
	d := delivery{typeURL: envoy.ExtensionType}
	sub := st.subscriptions[envoy.ExtensionType]
	if typeURL != envoy.ScopeType || sub == nil || len(st.busy) > 0 || len(st.unasked) > 0 {
		return d
	}
	for _, name := range sub.candidates() {
		key := envoy.Key{TypeURL: envoy.ExtensionType, Name: name}
		resource, stands := c.offer(key)
		if envoy.Precedes(key) && sub.wants(name) && stands == present && sub.held[name] != resource.Version {
			d.added = append(d.added, resource)
		}
	}
	return d
}

// dispatched notes that d is on its way. A cluster that changes warms until its endpoints come again, changed or
// not, and Envoy does not ask for them since the name is subscribed already (xDS protocol, "Resource warming";
// envoy#13009).
func (st *state) dispatched(d delivery) {
	st.busy[d.typeURL] = struct{}{}
	sub := st.subscriptions[d.typeURL]
	sub.silent = false
	for _, r := range d.added {
		delete(sub.again, r.Name)
	}
	for _, name := range d.removed {
		delete(sub.again, name)
	}
	if d.typeURL != envoy.ClusterType {
		return
	}
	for _, r := range d.added {
		st.moving[r.Name] = struct{}{}
		if endpoints := st.subscriptions[envoy.EndpointType]; endpoints != nil && endpoints.wants(r.Name) {
			endpoints.resend(r.Name)
		}
	}
}

// answered notes that the client has said what it thinks of d.
func (st *state) answered(d delivery) {
	delete(st.busy, d.typeURL)
	if d.typeURL == envoy.ClusterType {
		st.moving = make(map[string]struct{})
	}
}

// additions collects what is new or changed of a type, and answers names that do not exist.
func (st *state) additions(c *catalog, typeURL string) delivery {
	d := delivery{typeURL: typeURL}
	sub := st.subscriptions[typeURL]
	if sub == nil {
		return d
	}
	if sub.all {
		for name := range c.entries[typeURL] {
			sub.dirty[name] = struct{}{}
		}
		sub.all = false
	}
	for {
		candidates := sub.candidates()
		for _, name := range candidates {
			resource, stands := c.offer(envoy.Key{TypeURL: typeURL, Name: name})
			held, has := sub.held[name]
			_, asked := sub.asked[name]
			_, again := sub.again[name]
			switch {
			case !sub.wants(name):
				sub.clean(name)
			case stands == present && held == resource.Version && !again:
				// A client that brought this version from an earlier stream has accepted it there.
				c.accept(st.client, resource.Key(), resource.Version)
				sub.clean(name)
			case stands == present:
				if times := sub.refused[name]; times > 0 && typeURL == envoy.ScopeType {
					resource = resource.Anew(times)
				}
				d.added = append(d.added, resource)
			case !has && (asked || again):
				d.removed = append(d.removed, name)
			case !has, stands == withheld:
				sub.clean(name)
			}
		}
		switch {
		case len(d.added) > 0:
			// A refusal of what is added would take the names that do not exist with it: they come by themselves.
			d.removed = nil
			return d
		case len(d.removed) > 0, len(sub.probes) == 0:
			return d
		}
		// A probe that has no work left may hide others behind it.
		sub.probes = sub.probes[1:]
	}
}

// removals collects what the client has and is to drop.
func (st *state) removals(c *catalog, typeURL string) delivery {
	d := delivery{typeURL: typeURL}
	sub := st.subscriptions[typeURL]
	if sub == nil {
		return d
	}
	for _, name := range sub.candidates() {
		_, has := sub.held[name]
		if _, stands := c.offer(envoy.Key{TypeURL: typeURL, Name: name}); has && stands == absent {
			d.removed = append(d.removed, name)
		}
	}
	return d
}

// complete says whether the client has asked for every type that it will need, so that nothing left to send
// means that it has all.
func (st *state) complete() bool {
	if st.subscriptions[envoy.ClusterType] == nil || len(st.unasked) > 0 {
		return false
	}
	listeners := st.subscriptions[envoy.ListenerType]
	if listeners == nil {
		return false
	}
	return len(listeners.held) == 0 ||
		st.subscriptions[envoy.ScopeType] != nil && st.subscriptions[envoy.ExtensionType] != nil
}

// accepted applies an ACK.
func (st *state) accepted(d delivery) {
	st.answered(d)
	sub := st.subscriptions[d.typeURL]
	for _, r := range d.added {
		sub.has(r.Name, r.Version)
		if d.typeURL == envoy.ClusterType {
			st.expectEndpoints(r.Name)
		}
	}
	for _, name := range d.removed {
		st.dropped(sub, d.typeURL, name)
	}
}

// dropped notes that the client has been told that a name is gone.
func (st *state) dropped(sub *subscription, typeURL, name string) {
	sub.lacks(name)
	if typeURL == envoy.ClusterType {
		delete(st.unasked, name)
	}
}

// refused applies a NACK. It gives the resource to blame if there was only one; otherwise it arranges for
// smaller responses that will tell.
func (st *state) refused(d delivery, reason string) (culprit envoy.Resource, found bool) {
	st.answered(d)
	sub := st.subscriptions[d.typeURL]
	if d.typeURL == envoy.EndpointType {
		for _, r := range d.added {
			// Envoy takes a cluster that was warming into use without endpoints when those sent are refused:
			// what was accepted before has to come again.
			sub.resend(r.Name)
		}
	}
	for _, name := range d.removed {
		// There is nothing in a removal to be refused, and nothing smaller to send.
		st.dropped(sub, d.typeURL, name)
	}
	switch len(d.added) {
	case 0:
		return envoy.Resource{}, false
	case 1:
		return d.added[0], true
	}
	names := make([]string, len(d.added))
	for i, r := range d.added {
		names[i] = r.Name
		sub.refused[r.Name]++
	}
	sub.probes = append(split(names, reason), sub.probes...)
	return envoy.Resource{}, false
}
