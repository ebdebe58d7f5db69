package envoy

import (
	mutation "github.com/envoyproxy/go-control-plane/envoy/config/common/mutation_rules/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	early "github.com/envoyproxy/go-control-plane/envoy/extensions/http/early_header_mutation/header_mutation/v3"
)

// The scope of a request is (listener, host). Envoy can take a scope key from headers alone, so each connection
// manager writes both into headers of ours before routing; they are removed again before the upstream.
const (
	listenerHeader = "x-sluice-listener"
	hostHeader     = "x-sluice-host"
)

// scopedRoutes is the same for every connection manager, so that Envoy keeps one subscription for them all.
func scopedRoutes() *hcm.ScopedRoutes {
	return &hcm.ScopedRoutes{
		Name: "sluice",
		ScopeKeyBuilder: &hcm.ScopedRoutes_ScopeKeyBuilder{
			Fragments: []*hcm.ScopedRoutes_ScopeKeyBuilder_FragmentBuilder{
				fragmentFromHeader(listenerHeader, ""),
				// The first element before a colon is the host without its port.
				fragmentFromHeader(hostHeader, ":"),
			},
		},
		RdsConfigSource: aggregated(),
		ConfigSpecifier: &hcm.ScopedRoutes_ScopedRds{ScopedRds: &hcm.ScopedRds{
			ScopedRdsConfigSource: aggregated(),
		}},
	}
}

func fragmentFromHeader(name, separator string) *hcm.ScopedRoutes_ScopeKeyBuilder_FragmentBuilder {
	return &hcm.ScopedRoutes_ScopeKeyBuilder_FragmentBuilder{
		Type: &hcm.ScopedRoutes_ScopeKeyBuilder_FragmentBuilder_HeaderValueExtractor_{
			HeaderValueExtractor: &hcm.ScopedRoutes_ScopeKeyBuilder_FragmentBuilder_HeaderValueExtractor{
				Name:             name,
				ElementSeparator: separator,
				ExtractType:      &hcm.ScopedRoutes_ScopeKeyBuilder_FragmentBuilder_HeaderValueExtractor_Index{Index: 0},
			},
		},
	}
}

// scopeHeaders removes what a client sent under our names, then writes the listener's name and the authority.
// The removal comes first because an empty authority writes nothing: without it, a client that sends no host
// would choose its own scope.
func scopeHeaders(listener string) []*core.TypedExtensionConfig {
	config := &early.HeaderMutation{Mutations: []*mutation.HeaderMutation{
		{Action: &mutation.HeaderMutation_Remove{Remove: listenerHeader}},
		{Action: &mutation.HeaderMutation_Remove{Remove: hostHeader}},
		{Action: &mutation.HeaderMutation_Append{Append: overwrite(listenerHeader, literal(listener))}},
		{Action: &mutation.HeaderMutation_Append{Append: overwrite(hostHeader, "%REQ(:AUTHORITY)%")}},
	}}
	return []*core.TypedExtensionConfig{{
		Name:        "envoy.http.early_header_mutation.header_mutation",
		TypedConfig: pack(config),
	}}
}

// scopeKey is what a request's two fragments are compared with, exactly.
func scopeKey(listener, host string) *routev3.ScopedRouteConfiguration_Key {
	return &routev3.ScopedRouteConfiguration_Key{Fragments: []*routev3.ScopedRouteConfiguration_Key_Fragment{
		{Type: &routev3.ScopedRouteConfiguration_Key_Fragment_StringKey{StringKey: listener}},
		{Type: &routev3.ScopedRouteConfiguration_Key_Fragment_StringKey{StringKey: host}},
	}}
}

// aggregated names the ADS stream as the source.
func aggregated() *core.ConfigSource {
	return &core.ConfigSource{
		ConfigSourceSpecifier: &core.ConfigSource_Ads{Ads: &core.AggregatedConfigSource{}},
		ResourceApiVersion:    core.ApiVersion_V3,
	}
}
