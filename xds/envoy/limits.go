package envoy

import (
	"math"
	"time"

	cluster3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	adaptive "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/adaptive_concurrency/v3"
	body "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/body_size_limit/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Limits are what a listener and a backend take at most; 0 is no limit.
type Limits struct {
	// Body is how many bytes of a request's body a listener passes on. Those of a stream add up; what is sent over a
	// WebSocket does not count.
	Body uint64
	// Requests is how many may be in flight at one listener.
	Requests uint32
	// BackendRequests is how many may be in flight at one backend, so that a slow one leaves room for the others.
	BackendRequests uint32
}

const (
	// maxStreams is how many requests a client may have in flight on one HTTP/2 connection; it waits with more.
	maxStreams = 1000

	// streamWindow and connectionWindow are how many bytes of bodies a client may send ahead of what a backend takes. Of
	// Envoy's own 16 and 24 MiB, a thousand streams could fill the memory.
	streamWindow     = 1 << 20
	connectionWindow = 8 << 20
)

// requestLimit counts the requests of all workers. Envoy has no filter for just that: this one looks for the best limit
// between two bounds, and both are ours. The time that it compares others with is fixed, since its measuring is of no use.
func requestLimit(most uint32) *hcm.HttpFilter {
	bound := wrapperspb.UInt32(most)
	return typedFilter("envoy.filters.http.adaptive_concurrency", pack(&adaptive.AdaptiveConcurrency{
		ConcurrencyControllerConfig: &adaptive.AdaptiveConcurrency_GradientControllerConfig{
			GradientControllerConfig: &adaptive.GradientControllerConfig{
				ConcurrencyLimitParams: &adaptive.GradientControllerConfig_ConcurrencyLimitCalculationParams{
					MaxConcurrencyLimit:       bound,
					ConcurrencyUpdateInterval: durationpb.New(time.Minute),
				},
				MinRttCalcParams: &adaptive.GradientControllerConfig_MinimumRTTCalculationParams{
					FixedValue:     durationpb.New(time.Second),
					MinConcurrency: bound,
				},
			},
		},
	}))
}

// bodyLimit counts what passes and keeps nothing.
func bodyLimit(most uint64) *hcm.HttpFilter {
	return typedFilter("envoy.filters.http.body_size_limit", pack(&body.BodySizeLimit{MaxRequestBytes: wrapperspb.UInt64(most)}))
}

// limited puts the limits before a chain. A chain for upgraded connections has no body to limit.
func limited(l Limits, upgraded bool, chain []*hcm.HttpFilter) []*hcm.HttpFilter {
	var filters []*hcm.HttpFilter
	if l.Requests > 0 {
		filters = append(filters, requestLimit(l.Requests))
	}
	if l.Body > 0 && !upgraded {
		filters = append(filters, bodyLimit(l.Body))
	}
	return append(filters, chain...)
}

// clientHTTP2 bounds what one connection may ask for. Floods of control frames, resets and empty frames end a connection by
// Envoy's own limits.
func clientHTTP2() *core.Http2ProtocolOptions {
	return &core.Http2ProtocolOptions{
		MaxConcurrentStreams:        wrapperspb.UInt32(maxStreams),
		InitialStreamWindowSize:     wrapperspb.UInt32(streamWindow),
		InitialConnectionWindowSize: wrapperspb.UInt32(connectionWindow),
	}
}

// unlimited stands for no circuit breaker: Envoy's 1,024 would refuse requests that a queue should hold.
const unlimited = math.MaxUint32

// circuitBreakers bound the requests alone: connections to a backend follow from them.
func circuitBreakers(l Limits) *cluster3.CircuitBreakers {
	requests := uint32(unlimited)
	if l.BackendRequests > 0 {
		requests = l.BackendRequests
	}
	return &cluster3.CircuitBreakers{Thresholds: []*cluster3.CircuitBreakers_Thresholds{{
		MaxConnections:     wrapperspb.UInt32(unlimited),
		MaxPendingRequests: wrapperspb.UInt32(requests),
		MaxRequests:        wrapperspb.UInt32(requests),
		MaxRetries:         wrapperspb.UInt32(unlimited),
	}}}
}
