package server

import (
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sluice-serving/sluice/xds/envoy"
)

// metrics are what the server counts. They would miss a client that answers nothing: sluice_xds_responses_total
// ahead of the answers shows that one.
type metrics struct {
	responses *prometheus.CounterVec
	resources *prometheus.CounterVec
	removals  *prometheus.CounterVec
	answers   *prometheus.CounterVec
	latency   *prometheus.HistogramVec
}

func newMetrics(registerer prometheus.Registerer, s *store) *metrics {
	m := &metrics{
		responses: counter("responses_total", "Responses sent.", "type"),
		resources: counter("resources_sent_total", "Resources sent, changed or new.", "type"),
		removals:  counter("resources_removed_total", "Names sent as removed or not existing.", "type"),
		answers:   counter("requests_total", "Requests received, by what they say: none, ack, nack or stale.", "type", "answer"),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "sluice", Subsystem: "xds", Name: "answer_seconds",
			Help:    "Time from a response to its ACK or NACK.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 4, 9),
		}, []string{"type"}),
	}
	if registerer == nil {
		return m
	}
	registerer.MustRegister(m.responses, m.resources, m.removals, m.answers, m.latency,
		gauge("clients", "Connected clients.", func() int { return len(s.clients()) }),
		gauge("rejected_resources", "Resources set aside because a client refused them.", func() int { return len(s.rejections()) }))
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "sluice", Subsystem: "xds", Name: name, Help: help}, labels)
}

func gauge(name, help string, value func() int) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "sluice", Subsystem: "xds", Name: name, Help: help},
		func() float64 { return float64(value()) })
}

func (m *metrics) sent(d delivery) {
	label := shortType(d.typeURL)
	m.responses.WithLabelValues(label).Inc()
	m.resources.WithLabelValues(label).Add(float64(len(d.added)))
	m.removals.WithLabelValues(label).Add(float64(len(d.removed)))
}

func (m *metrics) answered(typeURL string, a answer) {
	m.answers.WithLabelValues(shortType(typeURL), string(a)).Inc()
}

func (m *metrics) took(typeURL string, d time.Duration) {
	m.latency.WithLabelValues(shortType(typeURL)).Observe(d.Seconds())
}

// shortType is the last element of a type URL that we serve: "Cluster". A client can't make up labels.
func shortType(typeURL string) string {
	if !slices.Contains(envoy.Types(), typeURL) {
		return "other"
	}
	return typeURL[strings.LastIndexByte(typeURL, '.')+1:]
}
