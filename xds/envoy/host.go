package envoy

import (
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/sluice-serving/sluice/xds/ir"
)

// HostName is the name of the resource that carries a host of a listener, or of that host for one model, unless model is
// empty.
func HostName(listener, host, model string) string {
	if model != "" {
		host += modelMark + model
	}
	return listener + "/" + host
}

// Host gives the scope of h with its routes inline: one resource a host, so that a change to it costs Envoy
// that host's table and no other. It ends in an answer of 404, for otherwise a request whose path matches
// nothing would be tried again under a wildcard host.
func Host(h ir.Host) Resource {
	r := scope(HostName(h.Listener, h.Name, h.Model), h.Listener, h)
	if len(r.Objects) > 1 {
		r.Shares = hostShares(h)
	}
	return r
}

// scope gives h's routes under a name, for requests whose scope key begins with listener.
func scope(name, listener string, h ir.Host) Resource {
	routes := make([]*routev3.Route, 0, len(h.Routes)+1)
	objects := make([]ir.Ref, 0, len(h.Routes))
	largest := 0
	for _, r := range h.Routes {
		routes = append(routes, route(h.Listener, h.Name, r))
		objects = append(objects, r.Object)
		if r.Respond != nil {
			largest = max(largest, len(r.Respond.Body))
		}
	}
	config := &routev3.RouteConfiguration{
		Name: name,
		VirtualHosts: []*routev3.VirtualHost{{
			Name:    h.Name,
			Domains: []string{"*"},
			Routes:  append(routes, notFound()),
		}},
		RequestHeadersToRemove: []string{scopeHeader},
		// A route may name a cluster that Envoy has refused: that route answers 500, the others go on.
		ValidateClusters: wrapperspb.Bool(false),
	}
	if largest > defaultBodyLimit {
		config.MaxDirectResponseBodySizeBytes = wrapperspb.UInt32(uint32(largest)) //nolint:gosec // bounded by the manifest's size
	}
	config.TypedPerFilterConfig = hostFilters(h)
	r := newResource(ScopeType, name, &routev3.ScopedRouteConfiguration{
		Name:               name,
		Key:                scopeKey(scopeListener(listener, h.Model), h.Name),
		RouteConfiguration: config,
	}, objects...)
	r.Guards = guardsOf(h)
	return r
}

// defaultBodyLimit is the largest body of a direct response that Envoy takes without being told.
const defaultBodyLimit = 4096

func notFound() *routev3.Route {
	return &routev3.Route{
		Name:  "no-route",
		Match: &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}},
		Action: &routev3.Route_DirectResponse{DirectResponse: &routev3.DirectResponseAction{
			Status:     404,
			BodyFormat: jsonError("no route for %REQ(:AUTHORITY)% %PATH(NQ)%"),
		}},
	}
}

// jsonError formats {"error": message}; Envoy escapes what the message's operators give.
func jsonError(message string) *core.SubstitutionFormatString {
	return &core.SubstitutionFormatString{
		Format: &core.SubstitutionFormatString_JsonFormat{JsonFormat: &structpb.Struct{
			Fields: map[string]*structpb.Value{"error": structpb.NewStringValue(message)},
		}},
	}
}
