package meter

import (
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sluice-serving/sluice/xds/ir"
	"github.com/sluice-serving/sluice/xds/server/stats"
)

var (
	_ stats.Observer       = (*Answers)(nil)
	_ prometheus.Collector = (*Answers)(nil)
)

// Answers add up by revision, for Prometheus, what Envoy counts of answers: sluice_responses_total by class of status,
// sluice_request_duration_seconds of whole answers, and sluice_refused_total of what Envoy refused by itself. They miss
// what was answered while sluice was away, up to a second before an Envoy that was killed, and, but for the last,
// backends of a user's own that no service's pod stands behind.
type Answers struct {
	services                     Services
	responses, duration, refused *prometheus.Desc

	mu      sync.Mutex
	places  places
	sums    map[revision]*answered
	refusal map[stats.Refusal]uint64
}

// answered is what is known of a revision; seen is when it last had a pod or an answer.
type answered struct {
	stats.Answers

	seen time.Time
}

// NewAnswers makes counters that begin at zero.
func NewAnswers(services Services) *Answers {
	of := []string{"namespace", "service", "revision"}
	return &Answers{
		services: services,
		responses: prometheus.NewDesc("sluice_responses_total",
			"Answers of endpoints as clients got them, by class of HTTP status; none is for requests that ended without an answer.",
			append(of, "response_code_class"), nil),
		duration: prometheus.NewDesc("sluice_request_duration_seconds",
			"Time from a request's first byte at Envoy to the last byte of the endpoint's answer that it passes on.", of, nil),
		refused: prometheus.NewDesc("sluice_refused_total",
			"Requests that Envoy refused by itself, by HTTP status (200 for a gRPC call, whose own status tells), Envoy's response flags and the reason.",
			[]string{"code", "flags", "reason"}, nil),
		places:  places{},
		sums:    map[revision]*answered{},
		refusal: map[stats.Refusal]uint64{},
	}
}

// ObserveAnswers adds one flush.
func (a *Answers) ObserveAnswers(now time.Time, flush stats.Flush) {
	found := locate(a.services.Services())
	a.mu.Lock()
	defer a.mu.Unlock()
	a.places.update(now, found)
	// A revision is there from its first pod on, with zeros, so that a rate can be taken of its first answers.
	for _, revision := range found {
		a.at(revision, now)
	}
	for endpoint, answers := range flush.ByEndpoint {
		if place, known := a.places[endpoint]; known {
			a.at(place.revision, now).Add(answers)
		}
	}
	for refusal, n := range flush.Refused {
		a.refusal[refusal] += n
	}
	for revision, sum := range a.sums {
		if now.Sub(sum.seen) > forgetAfter {
			delete(a.sums, revision)
		}
	}
}

func (a *Answers) at(r revision, now time.Time) *answered {
	sum, known := a.sums[r]
	if !known {
		sum = &answered{}
		a.sums[r] = sum
	}
	sum.seen = now
	return sum
}

// Describe implements [prometheus.Collector].
func (a *Answers) Describe(descriptions chan<- *prometheus.Desc) {
	descriptions <- a.responses
	descriptions <- a.duration
	descriptions <- a.refused
}

// Collect implements [prometheus.Collector].
func (a *Answers) Collect(metrics chan<- prometheus.Metric) {
	sums, refusal := a.read()
	bounds := exported()
	for r, sum := range sums {
		for class, n := range sum.ByClass {
			metrics <- prometheus.MustNewConstMetric(a.responses, prometheus.CounterValue, float64(n), r.namespace, r.service, r.name, className(class))
		}
		metrics <- prometheus.MustNewConstHistogram(a.duration, sum.Latency.Samples(), sum.Latency.Sum/microseconds, buckets(sum.Latency, bounds),
			r.namespace, r.service, r.name)
	}
	for refusal, n := range refusal {
		metrics <- prometheus.MustNewConstMetric(a.refused, prometheus.CounterValue, float64(n), strconv.FormatUint(refusal.Status, 10),
			refusal.Flags, string(refusal.Reason))
	}
}

// read copies the sums, so that no scrape makes a flush wait.
func (a *Answers) read() (map[revision]answered, map[stats.Refusal]uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	sums := make(map[revision]answered, len(a.sums))
	for revision, sum := range a.sums {
		sums[revision] = *sum
	}
	refusal := make(map[stats.Refusal]uint64, len(a.refusal))
	for kind, n := range a.refusal {
		refusal[kind] = n
	}
	return sums, refusal
}

// className spells a class as dashboards of Knative and Istio have it.
func className(class int) string {
	if class == 0 {
		return "none"
	}
	return fmt.Sprintf("%dxx", class)
}

// microseconds is how many there are in a second.
const microseconds = 1e6

// exported marks the bounds that Prometheus is told of: a third of them, since it keeps a series for each.
func exported() map[float64]bool {
	marked := map[float64]bool{}
	for _, seconds := range []float64{
		0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800,
	} {
		marked[seconds] = true
	}
	return marked
}

// buckets counts the latencies up to each of bounds, in seconds.
func buckets(l stats.Latency, bounds map[float64]bool) map[float64]uint64 {
	upTo := make(map[float64]uint64, len(bounds))
	var below uint64
	for i, bound := range ir.LatencyBounds() {
		below += l.Counts[i]
		if seconds := bound / microseconds; bounds[seconds] {
			upTo[seconds] = below
		}
	}
	return upTo
}
