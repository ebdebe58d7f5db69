package envoy

import (
	"strings"

	accesslog "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	stats "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/stats/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/sluice-serving/sluice/xds/ir"
)

// The most statistics that Envoy keeps of answers. Those of an endpoint without traffic are dropped after some seconds, so
// that a service takes these places only while it is asked.
const (
	maxFailureCounters   = 100_000
	maxLatencyHistograms = 50_000
)

// leastFailure is the least HTTP status that is written down with its reason.
const leastFailure = 400

// statistics count what each endpoint answers and how long it took. Envoy has such figures for each cluster by itself, but
// in whole milliseconds, for all revisions behind a Service together, and with some hundred others that nobody reads.
//
// A good answer is written once: the histogram of latencies has its status too. Only what has flags, or failed, is counted
// besides, with the reason. A request that was not answered to the end has flags and no latency.
//
// A latency runs from the request's first byte at Envoy to the last byte of the answer that it passes on: the client's
// upload, tries before the last and a slow reader count.
func statistics() []*accesslog.AccessLog {
	latency := &stats.Config{
		StatsScope: statsScope(),
		Histograms: []*stats.Config_Histogram{{
			Stat: &stats.Config_Stat{Name: scoped(ir.LatencyStat), Tags: []*stats.Config_Tag{
				{Name: ir.AnswerTag, ValueFormat: "%UPSTREAM_HOST% %RESPONSE_CODE% %RESPONSE_FLAGS%"},
			}},
			Unit:        stats.Config_Histogram_Microseconds,
			ValueFormat: "%COMMON_DURATION(DS_RX_BEG:DS_TX_END:us)%",
		}},
	}
	failures := &stats.Config{
		StatsScope: statsScope(),
		Counters: []*stats.Config_Counter{{
			Stat: &stats.Config_Stat{Name: scoped(ir.FailuresStat), Tags: []*stats.Config_Tag{
				{Name: ir.EndpointTag, ValueFormat: "%UPSTREAM_HOST%"},
				{Name: ir.CodeTag, ValueFormat: "%RESPONSE_CODE%"},
				{Name: ir.FlagsTag, ValueFormat: "%RESPONSE_FLAGS%"},
				{Name: ir.DetailsTag, ValueFormat: "%RESPONSE_CODE_DETAILS%"},
			}},
			ValueFixed: wrapperspb.UInt64(1),
		}},
	}
	return []*accesslog.AccessLog{statsLog(latency, nil), statsLog(failures, anyOf(flags(), statusFrom(leastFailure), failedCalls()))}
}

// statsScope is one for all listeners, so that the limits hold for them together.
func statsScope() *typev3.Scope {
	return &typev3.Scope{
		Prefix:         ir.StatsScope,
		SharingName:    ir.StatsScope,
		MaxCounters:    wrapperspb.UInt32(maxFailureCounters),
		MaxHistograms:  wrapperspb.UInt32(maxLatencyHistograms),
		EnableEviction: true,
	}
}

// scoped is a statistic's name below the scope.
func scoped(name string) string { return strings.TrimPrefix(name, ir.StatsScope+".") }

func statsLog(config *stats.Config, filter *accesslog.AccessLogFilter) *accesslog.AccessLog {
	return &accesslog.AccessLog{
		Name:       "envoy.access_loggers.stats",
		Filter:     filter,
		ConfigType: &accesslog.AccessLog_TypedConfig{TypedConfig: pack(config)},
	}
}

func anyOf(filters ...*accesslog.AccessLogFilter) *accesslog.AccessLogFilter {
	return &accesslog.AccessLogFilter{FilterSpecifier: &accesslog.AccessLogFilter_OrFilter{OrFilter: &accesslog.OrFilter{Filters: filters}}}
}

func statusFrom(least uint32) *accesslog.AccessLogFilter {
	return &accesslog.AccessLogFilter{FilterSpecifier: &accesslog.AccessLogFilter_StatusCodeFilter{
		StatusCodeFilter: &accesslog.StatusCodeFilter{Comparison: &accesslog.ComparisonFilter{
			Op: accesslog.ComparisonFilter_GE,
			// Envoy wants a key of its runtime, where nothing of ours ever is.
			Value: &core.RuntimeUInt32{DefaultValue: least, RuntimeKey: "sluice.least_failure"},
		}},
	}}
}

// failedCalls are gRPC calls that Envoy refuses: their HTTP status is 200.
func failedCalls() *accesslog.AccessLogFilter {
	return &accesslog.AccessLogFilter{FilterSpecifier: &accesslog.AccessLogFilter_GrpcStatusFilter{
		GrpcStatusFilter: &accesslog.GrpcStatusFilter{Statuses: []accesslog.GrpcStatusFilter_Status{
			accesslog.GrpcStatusFilter_RESOURCE_EXHAUSTED,
			accesslog.GrpcStatusFilter_UNAVAILABLE,
			accesslog.GrpcStatusFilter_UNAUTHENTICATED,
			accesslog.GrpcStatusFilter_PERMISSION_DENIED,
			accesslog.GrpcStatusFilter_UNIMPLEMENTED,
			accesslog.GrpcStatusFilter_INTERNAL,
			accesslog.GrpcStatusFilter_DEADLINE_EXCEEDED,
		}},
	}}
}
