package envoy

import (
	mutation "github.com/envoyproxy/go-control-plane/envoy/config/common/mutation_rules/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	early "github.com/envoyproxy/go-control-plane/envoy/extensions/http/early_header_mutation/header_mutation/v3"
)

const (
	// scopeHeader is where the scope of a request stands: the listener and the host. Envoy can take a scope's key from headers
	// alone, so that each connection manager writes it into one of ours before routing; it is removed again before the upstream.
	scopeHeader = "x-sluice-scope"
	// hostMark stands between the two. No listener's name has it, nor a colon, and neither has a model's.
	hostMark = "|"
)

// scopedRoutes is the same for every connection manager, so that Envoy keeps one subscription for them all.
func scopedRoutes() *hcm.ScopedRoutes {
	return &hcm.ScopedRoutes{
		Name: "sluice",
		ScopeKeyBuilder: &hcm.ScopedRoutes_ScopeKeyBuilder{
			Fragments: []*hcm.ScopedRoutes_ScopeKeyBuilder_FragmentBuilder{{
				Type: &hcm.ScopedRoutes_ScopeKeyBuilder_FragmentBuilder_HeaderValueExtractor_{
					HeaderValueExtractor: &hcm.ScopedRoutes_ScopeKeyBuilder_FragmentBuilder_HeaderValueExtractor{
						Name: scopeHeader,
						// The first element before a colon is the listener and the host without its port.
						ElementSeparator: ":",
						ExtractType:      &hcm.ScopedRoutes_ScopeKeyBuilder_FragmentBuilder_HeaderValueExtractor_Index{Index: 0},
					},
				},
			}},
		},
		RdsConfigSource: aggregated(),
		ConfigSpecifier: &hcm.ScopedRoutes_ScopedRds{ScopedRds: &hcm.ScopedRds{
			ScopedRdsConfigSource: aggregated(),
		}},
	}
}

// scopeHeaders writes the listener's name and the authority in place of all that a client sent under our name. The value is
// never empty, with which Envoy would leave the client's.
func scopeHeaders(listener string) []*core.TypedExtensionConfig {
	config := &early.HeaderMutation{Mutations: []*mutation.HeaderMutation{
		{Action: &mutation.HeaderMutation_Append{Append: overwrite(scopeHeader, literal(listener+hostMark)+"%REQ(:AUTHORITY)%")}},
	}}
	return []*core.TypedExtensionConfig{{
		Name:        "envoy.http.early_header_mutation.header_mutation",
		TypedConfig: pack(config),
	}}
}

// scopeKey is what the scope of a request is compared with, exactly.
func scopeKey(listener, host string) *routev3.ScopedRouteConfiguration_Key {
	return &routev3.ScopedRouteConfiguration_Key{Fragments: []*routev3.ScopedRouteConfiguration_Key_Fragment{
		{Type: &routev3.ScopedRouteConfiguration_Key_Fragment_StringKey{StringKey: listener + hostMark + host}},
	}}
}

// aggregated names the ADS stream as the source.
func aggregated() *core.ConfigSource {
	return &core.ConfigSource{
		ConfigSourceSpecifier: &core.ConfigSource_Ads{Ads: &core.AggregatedConfigSource{}},
		ResourceApiVersion:    core.ApiVersion_V3,
	}
}
