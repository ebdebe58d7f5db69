package proxy

import (
	"time"

	overload "github.com/envoyproxy/go-control-plane/envoy/config/overload/v3"
	connections "github.com/envoyproxy/go-control-plane/envoy/extensions/resource_monitors/downstream_connections/v3"
	heap "github.com/envoyproxy/go-control-plane/envoy/extensions/resource_monitors/fixed_heap/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	connectionsMonitor = "envoy.resource_monitors.global_downstream_max_connections"
	heapMonitor        = "envoy.resource_monitors.fixed_heap"

	// overloadRefresh is how often Envoy looks at its memory.
	overloadRefresh = 250 * time.Millisecond

	// trackedStream is the power of two of the bytes that a stream must hold to be among those that are reset first.
	trackedStream = 20

	// leastIdle is what is left of an idle connection's hour when the memory is all but used up.
	leastIdle = 2 * time.Second
)

// overloadManager keeps Envoy within its bounds: client connections beyond a number are closed as they come, and the
// nearer its memory comes to the limit, the more it gives up: idle connections, kept-alive ones, new requests, the streams
// that hold the most. No step cuts a stream that waits for its answer and holds little, and none closes a connection
// without a word: their number is bounded, and a client that gets one is told why its request is refused.
func overloadManager(maxConnections int64, maxMemory uint64) (*overload.OverloadManager, error) {
	config, err := pack(&connections.DownstreamConnectionsConfig{MaxActiveDownstreamConnections: maxConnections})
	if err != nil {
		return nil, err
	}
	manager := &overload.OverloadManager{
		RefreshInterval:  durationpb.New(overloadRefresh),
		ResourceMonitors: []*overload.ResourceMonitor{monitor(connectionsMonitor, config)},
	}
	if maxMemory == 0 {
		return manager, nil
	}
	if config, err = pack(&heap.FixedHeapConfig{MaxHeapSizeBytes: maxMemory}); err != nil {
		return nil, err
	}
	idle, err := pack(&overload.ScaleTimersOverloadActionConfig{TimerScaleFactors: []*overload.ScaleTimersOverloadActionConfig_ScaleTimer{{
		Timer:          overload.ScaleTimersOverloadActionConfig_HTTP_DOWNSTREAM_CONNECTION_IDLE,
		OverloadAdjust: &overload.ScaleTimersOverloadActionConfig_ScaleTimer_MinTimeout{MinTimeout: durationpb.New(leastIdle)},
	}}})
	if err != nil {
		return nil, err
	}
	manager.ResourceMonitors = append(manager.ResourceMonitors, monitor(heapMonitor, config))
	manager.BufferFactoryConfig = &overload.BufferFactoryConfig{MinimumAccountToTrackPowerOfTwo: trackedStream}
	manager.Actions = []*overload.OverloadAction{
		{Name: "envoy.overload_actions.reduce_timeouts", Triggers: scaled(0.80, 0.95), TypedConfig: idle},
		{Name: "envoy.overload_actions.shrink_heap", Triggers: from(0.90)},
		{Name: "envoy.overload_actions.disable_http_keepalive", Triggers: from(0.92)},
		{Name: "envoy.overload_actions.stop_accepting_requests", Triggers: from(0.95)},
		{Name: "envoy.overload_actions.reset_high_memory_stream", Triggers: scaled(0.96, 1)},
	}
	return manager, nil
}

func monitor(name string, config *anypb.Any) *overload.ResourceMonitor {
	return &overload.ResourceMonitor{Name: name, ConfigType: &overload.ResourceMonitor_TypedConfig{TypedConfig: config}}
}

// from acts when the share of the memory that is used reaches a value.
func from(share float64) []*overload.Trigger {
	return []*overload.Trigger{{Name: heapMonitor, TriggerOneof: &overload.Trigger_Threshold{Threshold: &overload.ThresholdTrigger{Value: share}}}}
}

// scaled acts more and more from one share to another.
func scaled(begin, full float64) []*overload.Trigger {
	return []*overload.Trigger{{Name: heapMonitor, TriggerOneof: &overload.Trigger_Scaled{
		Scaled: &overload.ScaledTrigger{ScalingThreshold: begin, SaturationThreshold: full},
	}}}
}
