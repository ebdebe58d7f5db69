package envoy

import (
	"net"
	"strconv"
	"strings"
	"time"

	cluster3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpoint3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	jwt "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3"
	tls "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/sluice-serving/sluice/xds/ir"
)

const (
	// tokenFilter names the filter of tokens, and the resource that carries its configuration (ECDS).
	tokenFilter = "sluice.token"
	jwtType     = "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication"

	// keyRefresh is how long a fetched key set is used: the time in which an issuer's new key is known.
	keyRefresh   = 5 * time.Minute
	fetchTimeout = 5 * time.Second
)

// Tokens gives all token policies as the configuration of one filter, and a cluster for each place where keys are
// fetched. Providers can't be given by route, so that they stand in the filter itself, which lets everything through
// but where a route names one of its requirements. Every listener needs the filter, without policies too.
func Tokens(policies []ir.TokenPolicy, o Options) []Resource {
	var all []Resource
	fetched := map[string]bool{}
	for _, policy := range policies {
		for i := range policy.Providers {
			p := &policy.Providers[i]
			if p.Remote != nil && !fetched[jwksCluster(p.Remote)] {
				fetched[jwksCluster(p.Remote)] = true
				all = append(all, fetchCluster(p.Remote, o, policy.Object))
			}
		}
	}
	return append(all, tokens(policies))
}

// tokens gives the filter's resource. A policy that Envoy refuses is left out of it: a route that names it lets nobody in.
func tokens(policies []ir.TokenPolicy) Resource {
	objects := make([]ir.Ref, 0, len(policies))
	for _, policy := range policies {
		objects = append(objects, policy.Object)
	}
	r := newResource(ExtensionType, tokenFilter, &core.TypedExtensionConfig{
		Name:        tokenFilter,
		TypedConfig: pack(tokenConfig(policies)),
	}, objects...)
	if len(r.Objects) > 1 {
		r.Shares = tokenShares(policies)
	}
	return r
}

func tokenConfig(policies []ir.TokenPolicy) *jwt.JwtAuthentication {
	config := &jwt.JwtAuthentication{
		Providers:      map[string]*jwt.JwtProvider{},
		RequirementMap: map[string]*jwt.JwtRequirement{},
	}
	for _, policy := range policies {
		for i := range policy.Providers {
			config.Providers[policy.Providers[i].Name] = tokenProvider(&policy.Providers[i])
		}
		config.RequirementMap[policy.Name] = requirement(policy.Providers)
	}
	return config
}

// requirement accepts a token of any of the providers.
func requirement(providers []ir.TokenProvider) *jwt.JwtRequirement {
	either := new(jwt.JwtRequirementOrList)
	for i := range providers {
		either.Requirements = append(either.Requirements, &jwt.JwtRequirement{
			RequiresType: &jwt.JwtRequirement_ProviderName{ProviderName: providers[i].Name},
		})
	}
	if len(either.GetRequirements()) == 1 {
		return either.GetRequirements()[0]
	}
	return &jwt.JwtRequirement{RequiresType: &jwt.JwtRequirement_RequiresAny{RequiresAny: either}}
}

func tokenProvider(p *ir.TokenProvider) *jwt.JwtProvider {
	out := &jwt.JwtProvider{
		Issuer:    p.Issuer,
		Audiences: p.Audiences,
		// Not the query parameter access_token, which Envoy would take too: a URL ends in logs and histories.
		FromHeaders:      []*jwt.JwtHeader{{Name: "Authorization", ValuePrefix: "Bearer "}},
		ClockSkewSeconds: p.ClockSkewSeconds,
	}
	for _, c := range p.Claims {
		out.ClaimToHeaders = append(out.ClaimToHeaders, &jwt.JwtClaimToHeader{HeaderName: c.Header, ClaimName: c.Claim})
	}
	if p.Remote == nil {
		out.JwksSourceSpecifier = &jwt.JwtProvider_LocalJwks{LocalJwks: inline(p.JWKS)}
		return out
	}
	out.JwksSourceSpecifier = &jwt.JwtProvider_RemoteJwks{RemoteJwks: &jwt.RemoteJwks{
		HttpUri: &core.HttpUri{
			Uri:              p.Remote.URI,
			HttpUpstreamType: &core.HttpUri_Cluster{Cluster: jwksCluster(p.Remote)},
			Timeout:          durationpb.New(fetchTimeout),
		},
		CacheDuration: durationpb.New(keyRefresh),
		// Fetched ahead of requests, and with nothing waiting for it: an issuer that is down stops its own tokens alone.
		AsyncFetch: &jwt.JwksAsyncFetch{FastListener: true},
	}}
	return out
}

// issuers begins the names of the clusters that key sets are fetched from. A backend of a namespace of this name has no
// colon in its cluster's.
const issuers = "jwks/"

// ListsEndpoints says whether a cluster's endpoints are a resource of their own. An issuer's address stands in its cluster.
func ListsEndpoints(cluster string) bool {
	return !strings.HasPrefix(cluster, issuers) || !strings.Contains(cluster, ":")
}

func jwksCluster(r *ir.RemoteJWKS) string {
	scheme := "http"
	if r.TLS {
		scheme = "https"
	}
	return issuers + scheme + "/" + net.JoinHostPort(r.Host, strconv.Itoa(int(r.Port)))
}

// fetchCluster reaches an issuer by its name, with TLS checked against the machine's authorities.
func fetchCluster(r *ir.RemoteJWKS, o Options, object ir.Ref) Resource {
	name := jwksCluster(r)
	out := &cluster3.Cluster{
		Name:                 name,
		ClusterDiscoveryType: &cluster3.Cluster_Type{Type: cluster3.Cluster_LOGICAL_DNS},
		ConnectTimeout:       durationpb.New(connectTimeout),
		LoadAssignment: &endpoint3.ClusterLoadAssignment{
			ClusterName: name,
			Endpoints: []*endpoint3.LocalityLbEndpoints{{LbEndpoints: []*endpoint3.LbEndpoint{{
				HostIdentifier: &endpoint3.LbEndpoint_Endpoint{Endpoint: &endpoint3.Endpoint{Address: socketAddress(r.Host, r.Port)}},
			}}}},
		},
	}
	if r.TLS {
		out.TransportSocket = transportSocket(&tls.UpstreamTlsContext{
			Sni:                  r.Host,
			AutoSniSanValidation: true,
			CommonTlsContext: &tls.CommonTlsContext{
				TlsParams: modernTLS(),
				ValidationContextType: &tls.CommonTlsContext_ValidationContext{ValidationContext: &tls.CertificateValidationContext{
					TrustedCa: &core.DataSource{Specifier: &core.DataSource_Filename{Filename: o.TrustedCA}},
				}},
			},
		})
	}
	out.CircuitBreakers = &cluster3.CircuitBreakers{Thresholds: []*cluster3.CircuitBreakers_Thresholds{{MaxConnections: wrapperspb.UInt32(8)}}}
	return newResource(ClusterType, name, out, object)
}
