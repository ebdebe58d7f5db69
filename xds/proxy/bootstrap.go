package proxy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	bootstrap "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	upstream "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/sluice-serving/sluice/xds/ir"
)

// discoveryCluster is the only cluster that Envoy does not learn by xDS.
const discoveryCluster = "sluice-xds"

// Bootstrap gives Envoy's static configuration: who it is, where its admin interface and the discovery server
// are, and the limits that xDS can't carry. It is pure.
func Bootstrap(o Options) (*bootstrap.Bootstrap, error) {
	resources, err := discoveryServer(o.XDSSocket)
	if err != nil {
		return nil, err
	}
	limits, err := overloadManager(o.MaxConnections, o.MaxMemory)
	if err != nil {
		return nil, err
	}
	config := &bootstrap.Bootstrap{
		Node:             &core.Node{Id: o.Node, Cluster: "sluice"},
		Admin:            &bootstrap.Admin{Address: pipe(filepath.Join(o.Dir, adminSocketName))},
		StaticResources:  resources,
		DynamicResources: dynamicResources(),
		ClusterManager:   &bootstrap.ClusterManager{LoadStatsConfig: loadReports()},
		// Statistics of a cluster come into being with its first request: of 10,000 services, most are idle.
		DeferredStatOptions: &bootstrap.Bootstrap_DeferredStatOptions{EnableDeferredCreationStats: true},
		OverloadManager:     limits,
		LayeredRuntime: &bootstrap.LayeredRuntime{Layers: []*bootstrap.RuntimeLayer{{
			Name: "static",
			LayerSpecifier: &bootstrap.RuntimeLayer_StaticLayer{StaticLayer: &structpb.Struct{
				Fields: map[string]*structpb.Value{
					// Envoy's own default, 100, refuses what a long model name makes.
					"re2.max_program_size.error_level": structpb.NewNumberValue(ir.MaxRegexProgram),
				},
			}},
		}}},
	}
	return config, addStatistics(config)
}

// bootstrapJSON gives the bootstrap as the file that Envoy reads. Equal options give equal bytes, in every build of sluice:
// protojson alone spaces differently from one build to the next.
func bootstrapJSON(o Options) ([]byte, error) {
	config, err := Bootstrap(o)
	if err != nil {
		return nil, err
	}
	data, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("envoy's bootstrap: %w", err)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, data, "", "  "); err != nil {
		return nil, fmt.Errorf("envoy's bootstrap: %w", err)
	}
	return indented.Bytes(), nil
}

func dynamicResources() *bootstrap.Bootstrap_DynamicResources {
	aggregated := &core.ConfigSource{
		ConfigSourceSpecifier: &core.ConfigSource_Ads{Ads: &core.AggregatedConfigSource{}},
		ResourceApiVersion:    core.ApiVersion_V3,
	}
	return &bootstrap.Bootstrap_DynamicResources{
		CdsConfig: aggregated,
		LdsConfig: aggregated,
		AdsConfig: &core.ApiConfigSource{
			ApiType:                   core.ApiConfigSource_DELTA_GRPC,
			TransportApiVersion:       core.ApiVersion_V3,
			SetNodeOnFirstMessageOnly: true,
			GrpcServices:              controlPlane(),
		},
	}
}

// loadReports makes Envoy report to the load reporting server, which stands beside the discovery server.
func loadReports() *core.ApiConfigSource {
	return &core.ApiConfigSource{
		ApiType:             core.ApiConfigSource_GRPC,
		TransportApiVersion: core.ApiVersion_V3,
		GrpcServices:        controlPlane(),
	}
}

// controlPlane is the way to the gRPC server of ours.
func controlPlane() []*core.GrpcService {
	return []*core.GrpcService{{TargetSpecifier: &core.GrpcService_EnvoyGrpc_{
		EnvoyGrpc: &core.GrpcService_EnvoyGrpc{
			ClusterName: discoveryCluster,
			// A control plane that was restarted is found again within a second, not after thirty.
			RetryPolicy: &core.RetryPolicy{RetryBackOff: &core.BackoffStrategy{
				BaseInterval: durationpb.New(100 * time.Millisecond),
				MaxInterval:  durationpb.New(time.Second),
			}},
		},
	}}}
}

func discoveryServer(socket string) (*bootstrap.Bootstrap_StaticResources, error) {
	options, err := pack(&upstream.HttpProtocolOptions{
		UpstreamProtocolOptions: &upstream.HttpProtocolOptions_ExplicitHttpConfig_{
			ExplicitHttpConfig: &upstream.HttpProtocolOptions_ExplicitHttpConfig{
				ProtocolConfig: &upstream.HttpProtocolOptions_ExplicitHttpConfig_Http2ProtocolOptions{
					Http2ProtocolOptions: &core.Http2ProtocolOptions{
						// A discovery server that hangs without closing its socket is given up.
						ConnectionKeepalive: &core.KeepaliveSettings{
							Interval: durationpb.New(30 * time.Second),
							Timeout:  durationpb.New(10 * time.Second),
						},
					},
				},
			},
		},
	})
	if err != nil {
		return nil, err
	}
	return &bootstrap.Bootstrap_StaticResources{Clusters: []*clusterv3.Cluster{{
		Name:                 discoveryCluster,
		ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC},
		ConnectTimeout:       durationpb.New(time.Second),
		LoadAssignment: &endpoint.ClusterLoadAssignment{
			ClusterName: discoveryCluster,
			Endpoints: []*endpoint.LocalityLbEndpoints{{LbEndpoints: []*endpoint.LbEndpoint{{
				HostIdentifier: &endpoint.LbEndpoint_Endpoint{Endpoint: &endpoint.Endpoint{Address: pipe(socket)}},
			}}}},
		},
		TypedExtensionProtocolOptions: map[string]*anypb.Any{
			"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options,
		},
	}}}, nil
}

// pipe is a unix socket that only its owner can use.
func pipe(path string) *core.Address {
	return &core.Address{Address: &core.Address_Pipe{Pipe: &core.Pipe{Path: path, Mode: 0o600}}}
}

func pack(m proto.Message) (*anypb.Any, error) {
	packed, err := anypb.New(m)
	if err != nil {
		return nil, fmt.Errorf("envoy's bootstrap: %w", err)
	}
	return packed, nil
}
