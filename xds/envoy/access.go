package envoy

import (
	xdscore "github.com/cncf/xds/go/xds/core/v3"
	matcher "github.com/cncf/xds/go/xds/type/matcher/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	apikey "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/api_key_auth/v3"
	composite "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/composite/v3"
	jwt "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/sluice-serving/sluice/xds/ir"
)

// accessFilter runs the filter that a route gives it, and on other routes nothing.
const accessFilter = "sluice.access"

// accessFilters are what stands in the chain of every listener for routes that ask something of their callers. They
// stand behind the filters that choose a route anew, and read the route that was chosen last.
func accessFilters() []*hcm.HttpFilter {
	return []*hcm.HttpFilter{
		typedFilter(accessFilter, pack(&composite.Composite{})),
		{
			Name: tokenFilter,
			ConfigType: &hcm.HttpFilter_ConfigDiscovery{ConfigDiscovery: &core.ExtensionConfigSource{
				ConfigSource: aggregated(),
				TypeUrls:     []string{jwtType},
			}},
		},
	}
}

// access gives the filters of a route their work.
func access(a *ir.Access) map[string]*anypb.Any {
	if a == nil {
		return nil
	}
	perFilter := map[string]*anypb.Any{}
	if a.APIKeys != nil {
		perFilter[accessFilter] = pack(&composite.CompositePerRoute{Matcher: always(typed("sluice.api-key", apiKeys(a.APIKeys)))})
	}
	if a.Token != "" {
		perFilter[tokenFilter] = pack(&jwt.PerRouteConfig{
			RequirementSpecifier: &jwt.PerRouteConfig_RequirementName{RequirementName: a.Token},
		})
	}
	return perFilter
}

// always runs a filter for each request of a route.
func always(filter *core.TypedExtensionConfig) *matcher.Matcher {
	return &matcher.Matcher{OnNoMatch: &matcher.Matcher_OnMatch{OnMatch: &matcher.Matcher_OnMatch_Action{
		Action: &xdscore.TypedExtensionConfig{
			Name:        "sluice.execute",
			TypedConfig: pack(&composite.ExecuteFilterAction{TypedConfig: filter}),
		},
	}}}
}

func typed(name string, config proto.Message) *core.TypedExtensionConfig {
	return &core.TypedExtensionConfig{Name: name, TypedConfig: pack(config)}
}

func apiKeys(k *ir.APIKeys) *apikey.ApiKeyAuth {
	out := &apikey.ApiKeyAuth{Forwarding: &apikey.Forwarding{Header: k.ClientHeader, HideCredentials: true}}
	for _, c := range k.Credentials {
		out.Credentials = append(out.Credentials, &apikey.Credential{Key: string(c.Key), Client: c.Client})
	}
	for _, s := range k.Sources {
		out.KeySources = append(out.KeySources, &apikey.KeySource{Header: s.Header, Query: s.Query, Cookie: s.Cookie})
	}
	return out
}
