package envoy

import (
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	inspector "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/tls_inspector/v3"
	tls "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/proto"

	"github.com/sluice-serving/sluice/xds/ir"
)

// Certificate gives a certificate with its key (SDS). A renewed one reaches new connections and leaves those there are.
func Certificate(c ir.Certificate) Resource {
	return newResource(SecretType, c.Name, &tls.Secret{
		Name: c.Name,
		Type: &tls.Secret_TlsCertificate{TlsCertificate: &tls.TlsCertificate{
			CertificateChain: inline(c.Chain),
			PrivateKey:       inline(string(c.Key)),
		}},
	}, c.Object)
}

// filterChains gives one chain in clear text, or one for each server name of a TLS listener.
func filterChains(l ir.Listener, o Options) []*listenerv3.FilterChain {
	if len(l.TLS) == 0 {
		return []*listenerv3.FilterChain{filterChain(l, o)}
	}
	var chains []*listenerv3.FilterChain
	for _, c := range l.TLS {
		scoped := l
		scoped.Name = c.Scope
		chain := filterChain(scoped, o)
		chain.Name = c.Scope
		if c.ServerName != "" {
			chain.FilterChainMatch = &listenerv3.FilterChainMatch{ServerNames: []string{c.ServerName}}
		}
		chain.TransportSocket = transportSocket(downstreamTLS(c))
		chains = append(chains, chain)
	}
	return chains
}

// listenerFilters read the server name before a chain is chosen.
func listenerFilters(l ir.Listener) []*listenerv3.ListenerFilter {
	if len(l.TLS) == 0 {
		return nil
	}
	return []*listenerv3.ListenerFilter{{
		Name:       "envoy.filters.listener.tls_inspector",
		ConfigType: &listenerv3.ListenerFilter_TypedConfig{TypedConfig: pack(&inspector.TlsInspector{})},
	}}
}

func downstreamTLS(c ir.Chain) *tls.DownstreamTlsContext {
	common := &tls.CommonTlsContext{TlsParams: modernTLS(), AlpnProtocols: []string{"h2", "http/1.1"}}
	for _, name := range c.Certificates {
		common.TlsCertificateSdsSecretConfigs = append(common.TlsCertificateSdsSecretConfigs, &tls.SdsSecretConfig{
			Name: name, SdsConfig: aggregated(),
		})
	}
	return &tls.DownstreamTlsContext{CommonTlsContext: common}
}

// modernTLS refuses what is older than TLS 1.2 (RFC 8996).
func modernTLS() *tls.TlsParameters {
	return &tls.TlsParameters{TlsMinimumProtocolVersion: tls.TlsParameters_TLSv1_2, TlsMaximumProtocolVersion: tls.TlsParameters_TLSv1_3}
}

// transportSocket speaks TLS by an upstream or downstream context.
func transportSocket(context proto.Message) *core.TransportSocket {
	return &core.TransportSocket{
		Name:       "envoy.transport_sockets.tls",
		ConfigType: &core.TransportSocket_TypedConfig{TypedConfig: pack(context)},
	}
}
