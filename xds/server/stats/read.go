package stats

import (
	"slices"
	"strconv"
	"strings"

	metrics "github.com/envoyproxy/go-control-plane/envoy/service/metrics/v3"
	prometheus "github.com/prometheus/client_model/go"

	"github.com/sluice-serving/sluice/xds/ir"
)

// overflow is the flag of a request that a circuit breaker kept from the endpoint chosen for it.
const overflow = "UO"

// read gives what a message says of answers. All else that Envoy counts is passed over.
func read(message *metrics.StreamMetricsMessage) Flush {
	flush := Flush{ByEndpoint: map[string]*Answers{}, Refused: map[Refusal]uint64{}}
	bounds := ir.LatencyBounds()
	for _, family := range message.GetEnvoyMetrics() {
		switch family.GetName() {
		case ir.AnswersStat:
			for _, metric := range family.GetMetric() {
				flush.addCount(metric)
			}
		case ir.LatencyStat:
			for _, metric := range family.GetMetric() {
				flush.addLatency(metric, bounds[:])
			}
		}
	}
	return flush
}

func (f *Flush) addCount(metric *prometheus.Metric) {
	// Envoy goes on to send an endpoint that is idle, with zeros, until it forgets it.
	n := metric.GetCounter().GetValue()
	if n <= 0 {
		return
	}
	status, _ := strconv.ParseUint(label(metric, ir.CodeTag), 10, 64) // without an answer it is no number, and 0 is right
	endpoint, flags := label(metric, ir.EndpointTag), label(metric, ir.FlagsTag)
	if endpoint == "" || strings.Contains(flags, overflow) {
		f.Refused[Refusal{status, flags}] += uint64(n)
		return
	}
	f.at(endpoint).ByClass[classOf(status)] += uint64(n)
}

// addLatency takes a histogram of one flush, whose buckets count all latencies up to their bound.
func (f *Flush) addLatency(metric *prometheus.Metric, bounds []float64) {
	histogram := metric.GetHistogram()
	endpoint := label(metric, ir.EndpointTag)
	if histogram.GetSampleCount() == 0 || endpoint == "" {
		return
	}
	into := &f.at(endpoint).Latency
	var below uint64
	for _, bucket := range histogram.GetBucket() {
		// An Envoy of an older sluice may have other bounds: what it counts goes to the bucket that its bound is in.
		i, _ := slices.BinarySearch(bounds, bucket.GetUpperBound())
		into.Counts[i] += max(bucket.GetCumulativeCount(), below) - below
		below = max(bucket.GetCumulativeCount(), below)
	}
	into.Counts[len(bounds)] += max(histogram.GetSampleCount(), below) - below
	into.Sum += histogram.GetSampleSum()
}

func (f *Flush) at(endpoint string) *Answers {
	answers := f.ByEndpoint[endpoint]
	if answers == nil {
		answers = &Answers{}
		f.ByEndpoint[endpoint] = answers
	}
	return answers
}

// label gives a tag's value, and "" where Envoy has nothing to say, which it spells "-" in places.
func label(metric *prometheus.Metric, name string) string {
	for _, pair := range metric.GetLabel() {
		if pair.GetName() == name {
			return strings.TrimPrefix(pair.GetValue(), "-")
		}
	}
	return ""
}
