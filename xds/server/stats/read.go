package stats

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	metrics "github.com/envoyproxy/go-control-plane/envoy/service/metrics/v3"
	prometheus "github.com/prometheus/client_model/go"

	"github.com/sluice-serving/sluice/xds/ir"
)

// overflow is the flag of a request that a circuit breaker kept from the endpoint chosen for it.
const overflow = "UO"

// lastTry is the flag of an endpoint's answer after which nothing was tried again, though its status asked for that.
const lastTry = "URX"

// read gives what a message says of answers. All else that Envoy counts is passed over.
func read(message *metrics.StreamMetricsMessage) Flush {
	flush := Flush{ByEndpoint: map[string]*Answers{}, Refused: map[Refusal]uint64{}}
	bounds := ir.LatencyBounds()
	for _, family := range message.GetEnvoyMetrics() {
		switch family.GetName() {
		case ir.FailuresStat:
			for _, metric := range family.GetMetric() {
				flush.addFailures(metric)
			}
		case ir.LatencyStat:
			for _, metric := range family.GetMetric() {
				flush.addAnswers(metric, bounds[:])
			}
		}
	}
	return flush
}

// addFailures takes what has flags, and what Envoy refused. An endpoint's own answer of failure is among the latencies.
func (f *Flush) addFailures(metric *prometheus.Metric) {
	// Envoy goes on to send an endpoint that is idle, with zeros, until it forgets it.
	n := metric.GetCounter().GetValue()
	if n <= 0 {
		return
	}
	status, flags := statusOf(label(metric, ir.CodeTag)), label(metric, ir.FlagsTag)
	switch endpoint := label(metric, ir.EndpointTag); {
	case endpoint == "" || strings.Contains(flags, overflow):
		f.Refused[Refusal{status, flags, reasonOf(label(metric, ir.DetailsTag), flags)}] += uint64(n)
	case flags != "":
		f.at(endpoint).add(status, uint64(n))
	}
}

// addAnswers takes a histogram of one flush, whose buckets count all latencies up to their bound. An answer with flags is
// among the failures; the time that it took is one of the endpoint's only where it is the last of several tries.
func (f *Flush) addAnswers(metric *prometheus.Metric, bounds []float64) {
	histogram := metric.GetHistogram()
	endpoint, code, flags := answerOf(label(metric, ir.AnswerTag))
	if histogram.GetSampleCount() == 0 || endpoint == "" || strings.Contains(flags, overflow) {
		return
	}
	switch {
	case flags == "":
		f.at(endpoint).add(statusOf(code), histogram.GetSampleCount())
	case flags == lastTry:
	case statusOf(code) == http.StatusOK:
		// Flags on a whole answer 200 are those of a gRPC call that Envoy ended: the endpoint has no part in what the client got.
		f.at(endpoint).Failed += histogram.GetSampleCount()
		return
	default:
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

// answerOf takes an [ir.AnswerTag] apart; all is empty if it is none.
func answerOf(tag string) (endpoint, code, flags string) {
	parts := strings.Split(tag, " ")
	if len(parts) != 3 {
		return "", "", ""
	}
	return said(parts[0]), said(parts[1]), said(parts[2])
}

// statusOf is 0 for a request without an answer, whose status is no number.
func statusOf(code string) uint64 {
	status, _ := strconv.ParseUint(code, 10, 64)
	return status
}

func (f *Flush) at(endpoint string) *Answers {
	answers := f.ByEndpoint[endpoint]
	if answers == nil {
		answers = &Answers{}
		f.ByEndpoint[endpoint] = answers
	}
	return answers
}

// label gives a tag's value, and "" for a tag that is not there.
func label(metric *prometheus.Metric, name string) string {
	for _, pair := range metric.GetLabel() {
		if pair.GetName() == name {
			return said(pair.GetValue())
		}
	}
	return ""
}

// said is "" where Envoy has nothing to say, which it spells "-" in places.
func said(value string) string { return strings.TrimPrefix(value, "-") }
