package meter

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sluice-serving/sluice/xds/server/lrs"
	"github.com/sluice-serving/sluice/xds/server/stats"
)

var (
	_ lrs.Observer         = (*Counters)(nil)
	_ stats.Observer       = (*Counters)(nil)
	_ prometheus.Collector = (*Counters)(nil)
)

// Counters add load reports up by revision, for Prometheus: sluice_requests_total, and the failures that only statistics of
// answers have. They would miss what Envoy refuses itself, good answers of a new endpoint before its first report (up to a
// second), the last ones of an Envoy that is killed, backends of a user's own that no service's pod stands behind, and gRPC streams that Envoy cuts at a
// time limit after they began.
type Counters struct {
	services Services
	total    *prometheus.Desc

	mu     sync.Mutex
	places places
	counts map[revision]*count
}

// count is what is known of a revision; seen is when it last had a pod or a request.
type count struct {
	succeeded, failed uint64
	seen              time.Time
}

// NewCounters makes counters that begin at zero.
func NewCounters(services Services) *Counters {
	return &Counters{
		services: services,
		total: prometheus.NewDesc("sluice_requests_total",
			"Tries that endpoints have answered, as Envoy reports them. An error is a 5xx, a gRPC status that names a fault of the server, or no answer, even if another try followed.",
			[]string{"namespace", "service", "revision", "outcome"}, nil),
		places: places{},
		counts: map[revision]*count{},
	}
}

// Observe adds one report.
func (c *Counters) Observe(now time.Time, counts map[lrs.Endpoint]lrs.Counts) {
	found := locate(c.services.Services())
	c.mu.Lock()
	defer c.mu.Unlock()
	c.updateLocked(now, found)
	for endpoint, n := range counts {
		c.addLocked(now, endpoint.Address, n.Succeeded, n.Failed)
	}
}

// ObserveAnswers adds the failures of one flush.
func (c *Counters) ObserveAnswers(now time.Time, flush stats.Flush) {
	found := locate(c.services.Services())
	c.mu.Lock()
	defer c.mu.Unlock()
	c.updateLocked(now, found)
	for endpoint, answers := range flush.ByEndpoint {
		c.addLocked(now, endpoint, 0, answers.Failed)
	}
}

// addLocked adds an endpoint's requests to its revision's. The caller has c.mu.
func (c *Counters) addLocked(now time.Time, address string, succeeded, failed uint64) {
	if place, known := c.places[address]; known {
		sum := c.at(place.revision, now)
		sum.succeeded += succeeded
		sum.failed += failed
	}
}

// updateLocked takes the revisions that there are. One is there from its first pod on, with zeros, so that a rate can be taken
// of its first requests. The caller has c.mu.
func (c *Counters) updateLocked(now time.Time, found map[string]revision) {
	c.places.update(now, found)
	for _, revision := range found {
		c.at(revision, now)
	}
	for revision, sum := range c.counts {
		if now.Sub(sum.seen) > forgetAfter {
			delete(c.counts, revision)
		}
	}
}

func (c *Counters) at(r revision, now time.Time) *count {
	sum, known := c.counts[r]
	if !known {
		sum = &count{}
		c.counts[r] = sum
	}
	sum.seen = now
	return sum
}

// Describe implements [prometheus.Collector].
func (c *Counters) Describe(descriptions chan<- *prometheus.Desc) { descriptions <- c.total }

// Collect implements [prometheus.Collector].
func (c *Counters) Collect(metrics chan<- prometheus.Metric) {
	for revision, sum := range c.read() {
		for outcome, n := range map[string]uint64{"success": sum.succeeded, "error": sum.failed} {
			metrics <- prometheus.MustNewConstMetric(c.total, prometheus.CounterValue, float64(n),
				revision.namespace, revision.service, revision.name, outcome)
		}
	}
}

// read copies the counts, so that no scrape makes a report wait.
func (c *Counters) read() map[revision]count {
	c.mu.Lock()
	defer c.mu.Unlock()
	copied := make(map[revision]count, len(c.counts))
	for revision, sum := range c.counts {
		copied[revision] = *sum
	}
	return copied
}
