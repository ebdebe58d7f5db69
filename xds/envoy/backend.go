package envoy

import (
	"math"
	"time"

	cluster3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpoint3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	least "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/least_request/v3"
	upstream "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/sluice-serving/sluice/xds/ir"
)

const (
	connectTimeout = 5 * time.Second

	// http1IdleTimeout closes an unused HTTP/1.1 connection before the model server does: uvicorn, under most
	// Python servers, does so after 5 s, and a request that meets the close can't be tried again safely.
	http1IdleTimeout = 4 * time.Second
)

// Backend gives the cluster of b and, apart from it, its endpoints, which change much more often.
func Backend(b ir.Backend, l Limits) []Resource { return []Resource{cluster(b, l), assignment(b)} }

func cluster(b ir.Backend, l Limits) Resource {
	return newResource(ClusterType, b.Name, &cluster3.Cluster{
		Name:                 b.Name,
		ClusterDiscoveryType: &cluster3.Cluster_Type{Type: cluster3.Cluster_EDS},
		EdsClusterConfig:     &cluster3.Cluster_EdsClusterConfig{EdsConfig: aggregated()},
		ConnectTimeout:       durationpb.New(connectTimeout),
		LoadBalancingPolicy:  leastRequest(),
		CommonLbConfig: &cluster3.Cluster_CommonLbConfig{
			// With every endpoint draining there is nowhere to send to; panic would send all the same.
			HealthyPanicThreshold: &typev3.Percent{Value: 0},
			// Each change reaches the workers at once instead of up to a second later.
			UpdateMergeWindow: durationpb.New(0),
		},
		CircuitBreakers:               circuitBreakers(l),
		OutlierDetection:              passOverDead(),
		PerConnectionBufferLimitBytes: wrapperspb.UInt32(bufferLimit),
		TypedExtensionProtocolOptions: map[string]*anypb.Any{
			"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": pack(protocolOptions(b.Protocol)),
		},
	}, b.Object)
}

// leastRequest looks at every endpoint instead of two drawn at random: a model server often takes one request
// at a time, and a request must not wait behind another while a replica is idle.
func leastRequest() *cluster3.LoadBalancingPolicy {
	return &cluster3.LoadBalancingPolicy{Policies: []*cluster3.LoadBalancingPolicy_Policy{{
		TypedExtensionConfig: &core.TypedExtensionConfig{
			Name: "envoy.load_balancing_policies.least_request",
			TypedConfig: pack(&least.LeastRequest{
				SelectionMethod: least.LeastRequest_FULL_SCAN,
			}),
		},
	}}}
}

func protocolOptions(p ir.Protocol) *upstream.HttpProtocolOptions {
	if p == ir.H2C {
		return &upstream.HttpProtocolOptions{
			UpstreamProtocolOptions: &upstream.HttpProtocolOptions_ExplicitHttpConfig_{
				ExplicitHttpConfig: &upstream.HttpProtocolOptions_ExplicitHttpConfig{
					ProtocolConfig: &upstream.HttpProtocolOptions_ExplicitHttpConfig_Http2ProtocolOptions{
						Http2ProtocolOptions: &core.Http2ProtocolOptions{},
					},
				},
			},
		}
	}
	return &upstream.HttpProtocolOptions{
		CommonHttpProtocolOptions: &core.HttpProtocolOptions{IdleTimeout: durationpb.New(http1IdleTimeout)},
		UpstreamProtocolOptions: &upstream.HttpProtocolOptions_ExplicitHttpConfig_{
			ExplicitHttpConfig: &upstream.HttpProtocolOptions_ExplicitHttpConfig{
				ProtocolConfig: &upstream.HttpProtocolOptions_ExplicitHttpConfig_HttpProtocolOptions{
					HttpProtocolOptions: &core.Http1ProtocolOptions{},
				},
			},
		},
	}
}

func assignment(b ir.Backend) Resource {
	load := &endpoint3.ClusterLoadAssignment{
		ClusterName: b.Name,
		// Every request stays at the first priority while that has one healthy endpoint (DESIGN, section 5).
		Policy: &endpoint3.ClusterLoadAssignment_Policy{OverprovisioningFactor: wrapperspb.UInt32(math.MaxUint32)},
	}
	if len(b.Endpoints) > 0 {
		locality := new(endpoint3.LocalityLbEndpoints)
		for _, e := range b.Endpoints {
			locality.LbEndpoints = append(locality.LbEndpoints, endpoint(e))
		}
		load.Endpoints = []*endpoint3.LocalityLbEndpoints{locality}
	}
	return newResource(EndpointType, b.Name, load, b.Object)
}

func endpoint(e ir.Endpoint) *endpoint3.LbEndpoint {
	out := &endpoint3.LbEndpoint{HostIdentifier: &endpoint3.LbEndpoint_Endpoint{
		Endpoint: &endpoint3.Endpoint{Address: socketAddress(e.Address, e.Port)},
	}}
	if e.Draining {
		out.HealthStatus = core.HealthStatus_DRAINING
	}
	return out
}
