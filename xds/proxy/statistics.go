package proxy

import (
	"time"

	bootstrap "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	metrics "github.com/envoyproxy/go-control-plane/envoy/config/metrics/v3"
	matcher "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/sluice-serving/sluice/xds/ir"
)

const (
	// statsEvery is the time between two flushes to the metrics service.
	statsEvery = time.Second

	// forgetStatsAfter is how long an endpoint may be idle before Envoy drops what it counts of it, at most twice that.
	forgetStatsAfter = 10 * time.Second

	// statsBatch bounds a message: a thousand latencies take about a megabyte.
	statsBatch = 1000
)

// addStatistics makes Envoy report, each second, what the listeners count of answers to the metrics service beside the
// discovery server.
//
// Statistics of clusters are turned off: a sink takes everything there is. With 10,000 clusters that had a request, Envoy
// then sends a million figures a second, or falls behind and doubles its memory; without them it sends two for each
// endpoint in use, and needs a third less memory for itself. What Envoy decides by (requests in flight, ejections) it
// counts apart from its statistics, and the load reports do not come from them.
func addStatistics(b *bootstrap.Bootstrap) error {
	sink, err := pack(&metrics.MetricsServiceConfig{
		GrpcService:            controlPlane()[0],
		TransportApiVersion:    core.ApiVersion_V3,
		ReportCountersAsDeltas: wrapperspb.Bool(true),
		EmitTagsAsLabels:       true,
		HistogramEmitMode:      metrics.HistogramEmitMode_HISTOGRAM,
		BatchSize:              statsBatch,
	})
	if err != nil {
		return err
	}
	b.StatsSinks = []*metrics.StatsSink{{
		Name:       "envoy.stat_sinks.metrics_service",
		ConfigType: &metrics.StatsSink_TypedConfig{TypedConfig: sink},
	}}
	b.StatsFlushInterval = durationpb.New(statsEvery)
	b.StatsEviction = &bootstrap.Bootstrap_StatsEvictionInterval{StatsEvictionInterval: durationpb.New(forgetStatsAfter)}
	bounds := ir.LatencyBounds()
	b.StatsConfig = &metrics.StatsConfig{
		StatsMatcher: &metrics.StatsMatcher{StatsMatcher: &metrics.StatsMatcher_ExclusionList{
			ExclusionList: &matcher.ListStringMatcher{Patterns: []*matcher.StringMatcher{prefix("cluster.")}},
		}},
		HistogramBucketSettings: []*metrics.HistogramBucketSettings{{Match: prefix(ir.LatencyStat), Buckets: bounds[:]}},
	}
	return nil
}

func prefix(text string) *matcher.StringMatcher {
	return &matcher.StringMatcher{MatchPattern: &matcher.StringMatcher_Prefix{Prefix: text}}
}
