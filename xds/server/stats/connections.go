package stats

import (
	"log/slog"
	"strings"
	"time"

	metrics "github.com/envoyproxy/go-control-plane/envoy/service/metrics/v3"
)

// Envoy counts, for each listener, the client connections that it closes as they come since there are too many: of all
// listeners together, which is what `sluice run --max-connections` bounds, or of the listener.
const (
	listenerStats    = "listener."
	globalOverflow   = ".downstream_global_cx_overflow"
	listenerOverflow = ".downstream_cx_overflow"
)

// warnEvery is how often it is said at most that connections are closed.
const warnEvery = time.Minute

// Counter adds up; a prometheus.Counter does it.
type Counter interface {
	Add(n float64)
}

// refusedConnections is how many client connections a flush says were closed since there were too many.
func refusedConnections(message *metrics.StreamMetricsMessage) float64 {
	var refused float64
	for _, family := range message.GetEnvoyMetrics() {
		name := family.GetName()
		if !strings.HasPrefix(name, listenerStats) || !strings.HasSuffix(name, globalOverflow) && !strings.HasSuffix(name, listenerOverflow) {
			continue
		}
		for _, metric := range family.GetMetric() {
			refused += max(0, metric.GetCounter().GetValue())
		}
	}
	return refused
}

// connectionWatch counts the connections that one Envoy refuses, and says so from time to time: who is refused gets no word.
type connectionWatch struct {
	counter Counter
	logger  *slog.Logger
	warned  time.Time
}

func (w *connectionWatch) take(now time.Time, message *metrics.StreamMetricsMessage) {
	n := refusedConnections(message)
	if n == 0 {
		return
	}
	if w.counter != nil {
		w.counter.Add(n)
	}
	if now.Sub(w.warned) >= warnEvery {
		w.warned = now
		w.logger.Warn("client connections are closed as they come: there are as many as --max-connections allows", "closed", n)
	}
}
