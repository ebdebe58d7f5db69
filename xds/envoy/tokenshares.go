package envoy

import (
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	composite "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/composite/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/sluice-serving/sluice/xds/ir"
)

// tokenShares takes the filter of tokens apart by policy.
type tokenShares []ir.TokenPolicy

// Alone gives a scope that no request reaches, whose one route runs a filter of that policy alone: Envoy looks at the
// configuration of a filter in a route as at that of the shared one, for which a listener would have to ask by name.
func (s tokenShares) Alone(object ir.Ref) Resource {
	name := strings.Join([]string{"trial", object.Kind, object.Namespace, object.Name, tokenFilter}, "/")
	config := tokenConfig(s.keep(func(r ir.Ref) bool { return r == object }))
	only := notFound()
	only.TypedPerFilterConfig = map[string]*anypb.Any{
		accessFilter: pack(&composite.CompositePerRoute{Matcher: always(typed(tokenFilter, config))}),
	}
	return newResource(ScopeType, name, &routev3.ScopedRouteConfiguration{
		Name: name,
		Key:  scopeKey(name, tokenFilter),
		RouteConfiguration: &routev3.RouteConfiguration{
			Name:         name,
			VirtualHosts: []*routev3.VirtualHost{{Name: tokenFilter, Domains: []string{"*"}, Routes: []*routev3.Route{only}}},
		},
	}, object)
}

func (s tokenShares) Without(out func(ir.Ref) bool) Resource {
	return tokens(s.keep(func(r ir.Ref) bool { return !out(r) }))
}

// keep gives some of the policies, in their order.
func (s tokenShares) keep(wanted func(ir.Ref) bool) []ir.TokenPolicy {
	var kept []ir.TokenPolicy
	for _, p := range s {
		if wanted(p.Object) {
			kept = append(kept, p)
		}
	}
	return kept
}
