package envoy

import (
	"strings"

	accesslog "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	cel "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/filters/cel/v3"
	stats "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/stats/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/sluice-serving/sluice/xds/ir"
)

// The most statistics that Envoy keeps of answers. Those of an endpoint without traffic are dropped after some seconds, so
// that a service takes these places only while it is asked.
const (
	maxAnswerCounters    = 100_000
	maxLatencyHistograms = 50_000
)

// wholeAnswer holds for a request whose endpoint answered to the end. Others have no latency worth the name, and without a
// value the logger would write a line for each.
const wholeAnswer = `response.code_details == "via_upstream"`

// statistics count what each endpoint answers and how long it took. Envoy has such figures for each cluster by itself, but
// in whole milliseconds, for all revisions behind a Service together, and with some hundred others that nobody reads.
//
// A latency runs from the request's first byte at Envoy to the last byte of the answer that it passes on: the client's
// upload, tries before the last and a slow reader count.
func statistics() []*accesslog.AccessLog {
	endpoint := &stats.Config_Tag{Name: ir.EndpointTag, ValueFormat: "%UPSTREAM_HOST%"}
	answers := &stats.Config{
		StatsScope: statsScope(),
		Counters: []*stats.Config_Counter{{
			Stat: &stats.Config_Stat{Name: scoped(ir.AnswersStat), Tags: []*stats.Config_Tag{
				endpoint,
				{Name: ir.CodeTag, ValueFormat: "%RESPONSE_CODE%"},
				{Name: ir.FlagsTag, ValueFormat: "%RESPONSE_FLAGS%"},
			}},
			ValueFixed: wrapperspb.UInt64(1),
		}},
	}
	latency := &stats.Config{
		StatsScope: statsScope(),
		Histograms: []*stats.Config_Histogram{{
			Stat:        &stats.Config_Stat{Name: scoped(ir.LatencyStat), Tags: []*stats.Config_Tag{endpoint}},
			Unit:        stats.Config_Histogram_Microseconds,
			ValueFormat: "%COMMON_DURATION(DS_RX_BEG:DS_TX_END:us)%",
		}},
	}
	return []*accesslog.AccessLog{statsLog(answers, nil), statsLog(latency, expression(wholeAnswer))}
}

// statsScope is one for all listeners, so that the limits hold for them together.
func statsScope() *typev3.Scope {
	return &typev3.Scope{
		Prefix:         ir.StatsScope,
		SharingName:    ir.StatsScope,
		MaxCounters:    wrapperspb.UInt32(maxAnswerCounters),
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

// expression logs the requests for which a CEL expression holds.
func expression(text string) *accesslog.AccessLogFilter {
	return &accesslog.AccessLogFilter{FilterSpecifier: &accesslog.AccessLogFilter_ExtensionFilter{
		ExtensionFilter: &accesslog.ExtensionFilter{
			Name:       "envoy.access_loggers.extension_filters.cel",
			ConfigType: &accesslog.ExtensionFilter_TypedConfig{TypedConfig: pack(&cel.ExpressionFilter{Expression: text})},
		},
	}}
}
