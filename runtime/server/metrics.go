package server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sluice-serving/sluice/runtime/model"
)

// Protocol labels a request by how it came.
type Protocol string

// The protocols.
const (
	V1   Protocol = "v1"
	V2   Protocol = "v2"
	GRPC Protocol = "grpc"
)

// Metrics are what a runtime counts. The label model is empty for a request to
// a model that there isn't, so that clients can't make up labels.
type Metrics struct {
	// requests counts inferences by outcome; it misses what fails before its
	// path is known (a bad HTTP request, a refused connection).
	requests *prometheus.CounterVec
	// duration runs from the request's header to its answer being written to
	// the socket's buffer; it misses queues before the process.
	duration *prometheus.HistogramVec
	// predict is KServe's name for the time in the model alone, waiting for a
	// slot or a batch included.
	predict  *prometheus.HistogramVec
	inFlight *prometheus.GaugeVec
	// batch counts rows for each call of the model.
	batch *prometheus.HistogramVec
	// load is how long the last load and warm-up took.
	load *prometheus.GaugeVec
}

var _ model.Observer = (*Metrics)(nil)

// NewMetrics makes the metrics and registers them.
func NewMetrics(registerer prometheus.Registerer) *Metrics {
	// From a tenth of a millisecond, which a small model takes, to two minutes.
	seconds := []float64{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120}
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sluice_runtime_requests_total", Help: "Inference requests answered."}, []string{"model", "protocol", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "sluice_runtime_request_duration_seconds", Help: "Time to answer an inference request.", Buckets: seconds}, []string{"model", "protocol"}),
		predict:  prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "request_predict_seconds", Help: "Time in the model, as KServe's servers name it.", Buckets: seconds}, []string{"model_name"}),
		inFlight: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "sluice_runtime_requests_in_flight", Help: "Inference requests being answered."}, []string{"model"}),
		batch:    prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "sluice_runtime_batch_rows", Help: "Rows of one call of the model.", Buckets: prometheus.ExponentialBuckets(1, 2, 11)}, []string{"model"}),
		load:     prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "sluice_runtime_model_load_seconds", Help: "Time the last load and warm-up took."}, []string{"model"}),
	}
	registerer.MustRegister(m.requests, m.duration, m.predict, m.inFlight, m.batch, m.load)
	return m
}

// Loaded records a load.
func (m *Metrics) Loaded(name string, took time.Duration) {
	m.load.WithLabelValues(name).Set(took.Seconds())
}

// Batch records the rows of one call.
func (m *Metrics) Batch(name string, rows int) {
	m.batch.WithLabelValues(name).Observe(float64(rows))
}

// counted is a request that has been counted in.
type counted struct {
	metrics  *Metrics
	model    string
	protocol Protocol
	start    time.Time
}

// begin counts a request in.
func (m *Metrics) begin(name string, protocol Protocol) counted {
	m.inFlight.WithLabelValues(name).Inc()
	return counted{m, name, protocol, time.Now()}
}

// end counts it out, with an HTTP status or gRPC code.
func (c counted) end(code int) {
	c.metrics.inFlight.WithLabelValues(c.model).Dec()
	c.metrics.requests.WithLabelValues(c.model, string(c.protocol), codeText(code)).Inc()
	c.metrics.duration.WithLabelValues(c.model, string(c.protocol)).Observe(time.Since(c.start).Seconds())
}

// codeText is a code in decimal; that of most answers costs nothing.
func codeText(code int) string {
	if code == http.StatusOK {
		return "200"
	}
	return strconv.Itoa(code)
}

func (m *Metrics) predicted(name string, took time.Duration) {
	m.predict.WithLabelValues(name).Observe(took.Seconds())
}
