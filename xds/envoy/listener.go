package envoy

import (
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/sluice-serving/sluice/xds/ir"
)

const (
	// bufferLimit is how many bytes Envoy holds for one connection before it stops reading (flow control), and
	// how much of a body it keeps for a retry or a mirror. A prompt of 100k tokens is about 400 KiB and images
	// in a prompt some MiB; nothing in our filter chain needs a whole body, so larger ones stream through.
	bufferLimit = 4 << 20

	// idleTimeout ends a stream on which neither side has sent anything. Envoy's five minutes would cut a
	// generation that is not streamed; an hour only clears away what is dead.
	idleTimeout = time.Hour

	// headersTimeout bounds how long a client may take to send its request headers.
	headersTimeout = 10 * time.Second
)

// Options are the settings of every listener.
type Options struct {
	// AccessLog is the file that each listener appends one JSON line a request to; empty writes none.
	AccessLog string
	// ReusePort gives each of Envoy's workers a socket of its own, which balances better, but lets a second
	// process of the same user take a share of the port unnoticed. Off, a taken port is refused.
	ReusePort bool
	// TrustedCA is the file of the authorities by which Envoy knows the servers that it fetches key sets from.
	TrustedCA string
	Limits    Limits
}

// Listener gives the listener of l. It depends on no host, route or backend, so that it never changes, and
// never drains a connection, when services do.
func Listener(l ir.Listener, o Options) Resource {
	return newResource(ListenerType, l.Name, &listenerv3.Listener{
		Name:                          l.Name,
		Address:                       socketAddress(l.Address, l.Port),
		ListenerFilters:               listenerFilters(l),
		FilterChains:                  filterChains(l, o),
		PerConnectionBufferLimitBytes: wrapperspb.UInt32(bufferLimit),
		EnableReusePort:               wrapperspb.Bool(o.ReusePort),
		StatPrefix:                    l.Name,
	}, l.Object)
}

// filterChain serves the hosts of l.Name.
func filterChain(l ir.Listener, o Options) *listenerv3.FilterChain {
	return &listenerv3.FilterChain{Filters: []*listenerv3.Filter{{
		Name:       "envoy.filters.network.http_connection_manager",
		ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: pack(connectionManager(l, o))},
	}}}
}

// connectionManager speaks HTTP/1.1 and HTTP/2 with prior knowledge on the same port. A path has one spelling when routes
// are matched: a backend that read "//a", "/x/../a" or "/%2Fa" as "/a" would answer there for a route with another guard.
func connectionManager(l ir.Listener, o Options) *hcm.HttpConnectionManager {
	return &hcm.HttpConnectionManager{
		CodecType:                     hcm.HttpConnectionManager_AUTO,
		StatPrefix:                    l.Name,
		ServerName:                    "sluice",
		RouteSpecifier:                &hcm.HttpConnectionManager_ScopedRoutes{ScopedRoutes: scopedRoutes()},
		EarlyHeaderMutationExtensions: scopeHeaders(l.Name),
		HttpFilters:                   limited(o.Limits, false, httpFilters(l.Name)),
		UpgradeConfigs: []*hcm.HttpConnectionManager_UpgradeConfig{{
			UpgradeType: "websocket",
			Filters:     limited(o.Limits, true, httpFilters(l.Name)),
		}},
		Http2ProtocolOptions:         clientHTTP2(),
		CommonHttpProtocolOptions:    clientHeaders(),
		NormalizePath:                wrapperspb.Bool(true),
		MergeSlashes:                 true,
		PathWithEscapedSlashesAction: hcm.HttpConnectionManager_REJECT_REQUEST,
		UseRemoteAddress:             wrapperspb.Bool(true),
		GenerateRequestId:            wrapperspb.Bool(true),
		PreserveExternalRequestId:    true,
		AlwaysSetRequestIdInResponse: true,
		StreamIdleTimeout:            durationpb.New(idleTimeout),
		RequestHeadersTimeout:        durationpb.New(headersTimeout),
		LocalReplyConfig:             localReplies(o.Limits),
		AccessLog:                    append(statistics(), accessLog(o.AccessLog)...),
	}
}

// clientHeaders drops names with an underscore: many a backend (CGI, WSGI) takes x_client_id for x-client-id, and so what
// a client wrote for what Envoy vouches for.
func clientHeaders() *core.HttpProtocolOptions {
	return &core.HttpProtocolOptions{HeadersWithUnderscoresAction: core.HttpProtocolOptions_DROP_HEADER}
}

func socketAddress(address string, port uint16) *core.Address {
	return &core.Address{Address: &core.Address_SocketAddress{SocketAddress: &core.SocketAddress{
		Address:       address,
		PortSpecifier: &core.SocketAddress_PortValue{PortValue: uint32(port)},
	}}}
}
