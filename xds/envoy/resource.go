// Package envoy turns the intermediate model of package ir into Envoy's xDS resources. It is pure: the same
// value gives the same bytes, so that a resource's version is the hash of its content and a value that has
// not changed is never sent again.
package envoy

import (
	"crypto/sha256"
	"encoding/hex"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/sluice-serving/sluice/xds/ir"
)

// The xDS resource types that Sluice serves.
const (
	ClusterType   = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
	EndpointType  = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
	SecretType    = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
	ListenerType  = "type.googleapis.com/envoy.config.listener.v3.Listener"
	ScopeType     = "type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration"
	ExtensionType = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig"
)

// Types lists the resource types in the order in which additions and changes are safe: what is referred to
// comes before what refers to it. Extensions come last because a listener's list of wildcard hosts names scopes; the
// one of which the opposite holds is [Precedes].
func Types() []string {
	return []string{ClusterType, EndpointType, SecretType, ListenerType, ScopeType, ExtensionType}
}

// Precedes says whether an extension is to be there before the scopes that refer to it: routes name the requirements of
// the filter of tokens, and let nobody in by one that it does not have.
func Precedes(k Key) bool { return k.TypeURL == ExtensionType && k.Name == tokenFilter }

// Key identifies a resource: no two of one type share a name.
type Key struct {
	TypeURL string
	Name    string
}

// Resource is one xDS resource, ready to send.
type Resource struct {
	TypeURL string
	Name    string
	// Version is the hash of Body: equal content has an equal version, across restarts too.
	Version string
	Body    *anypb.Any
	// Objects are the user's objects that the content came from, each once, in the content's order. A host
	// whose routes come from several HTTPRoutes has several.
	Objects []ir.Ref
	// Shares takes the content apart by object, so that one which Envoy refuses can be told from the others and left
	// out. It is nil where there is only one object.
	Shares Shares
	// Guards is nil where the resource asks nothing of its callers.
	Guards *Guards
}

// Key is the resource's type and name.
func (r Resource) Key() Key { return Key{TypeURL: r.TypeURL, Name: r.Name} }

// Resources gives all that one Envoy needs to serve c, in the order of [Types] and of c's own slices.
func Resources(c ir.Config, o Options) []Resource {
	clusters := make([]Resource, 0, len(c.Backends))
	endpoints := make([]Resource, 0, len(c.Backends))
	for _, b := range c.Backends {
		clusters = append(clusters, cluster(b, o.Limits))
		endpoints = append(endpoints, assignment(b))
	}
	wildcards := make(map[string][]string, len(c.Listeners))
	scopes := make([]Resource, 0, len(c.Hosts))
	for _, h := range c.Hosts {
		scopes = append(scopes, Host(h))
		if IsWildcard(h.Name) {
			wildcards[h.Listener] = append(wildcards[h.Listener], h.Name)
		}
	}
	all := append(clusters, endpoints...)
	for _, certificate := range c.Certificates {
		all = append(all, Certificate(certificate))
	}
	for _, l := range c.Listeners {
		all = append(all, Listener(l, o))
	}
	all = append(all, scopes...)
	for i := range c.Listeners {
		for _, scope := range c.Listeners[i].Scopes() {
			all = append(all, Wildcards(scope, c.Listeners[i].Object, wildcards[scope]))
		}
	}
	return append(all, Tokens(c.Tokens, o)...)
}

// newResource packs body and takes its hash as the version.
func newResource(typeURL, name string, body proto.Message, objects ...ir.Ref) Resource {
	packed := pack(body)
	sum := sha256.Sum256(packed.GetValue())
	return Resource{
		TypeURL: typeURL,
		Name:    name,
		Version: hex.EncodeToString(sum[:8]),
		Body:    packed,
		Objects: distinct(objects),
	}
}

// pack serialises deterministically: maps are sorted, without which a version would change by chance.
func pack(m proto.Message) *anypb.Any {
	packed := new(anypb.Any)
	if err := anypb.MarshalFrom(packed, m, proto.MarshalOptions{Deterministic: true}); err != nil {
		panic("envoy: a message built here does not serialise: " + err.Error())
	}
	return packed
}

// distinct keeps the first of equal references.
func distinct(refs []ir.Ref) []ir.Ref {
	var kept []ir.Ref
	seen := make(map[ir.Ref]bool, len(refs))
	for _, r := range refs {
		if !seen[r] {
			seen[r] = true
			kept = append(kept, r)
		}
	}
	return kept
}
