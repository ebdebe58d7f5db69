package stats

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	metrics "github.com/envoyproxy/go-control-plane/envoy/service/metrics/v3"
	prometheus "github.com/prometheus/client_model/go"
)

type sum float64

func (s *sum) Add(n float64) { *s += sum(n) }

func TestRefusedConnectionsAreCountedAndToldOf(t *testing.T) {
	t.Parallel()
	var total sum
	var lines bytes.Buffer
	w := connectionWatch{counter: &total, logger: slog.New(slog.NewTextHandler(&lines, nil))}
	message := &metrics.StreamMetricsMessage{EnvoyMetrics: []*prometheus.MetricFamily{
		counted("listener.downstream_global_cx_overflow", 3, "envoy.listener_address", "127.0.0.1_8080"),
		counted("listener.127.0.0.1_8443.downstream_cx_overflow", 2),
		counted("listener.downstream_cx_total", 99),
		counted("cluster.downstream_global_cx_overflow", 99),
	}}
	began := time.Unix(1000, 0)
	w.take(began, &metrics.StreamMetricsMessage{})
	w.take(began, message)
	w.take(began.Add(warnEvery/2), message)
	if total != 10 || strings.Count(lines.String(), "closed=5") != 1 {
		t.Errorf("counted %v; told:\n%s", total, lines.String())
	}
	w.take(began.Add(warnEvery), message)
	if total != 15 || strings.Count(lines.String(), "--max-connections") != 2 {
		t.Errorf("counted %v; told:\n%s", total, lines.String())
	}
}
