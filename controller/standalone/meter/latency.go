package meter

import (
	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/xds/server/stats"
)

// latencyByRevision adds up the latencies of each revision's endpoints.
func latencyByRevision(services []admin.Service, window map[string]*stats.Answers) map[revision]*stats.Latency {
	found := locate(services)
	latencies := map[revision]*stats.Latency{}
	for endpoint, answers := range window {
		r, known := found[endpoint]
		if !known {
			continue
		}
		if latencies[r] == nil {
			latencies[r] = &stats.Latency{}
		}
		latencies[r].Add(&answers.Latency)
	}
	return latencies
}

// shownLatency gives what can be said of latencies; nil if there are none.
func shownLatency(l *stats.Latency) *admin.Latency {
	if l == nil || l.Samples() == 0 {
		return nil
	}
	return &admin.Latency{
		Samples:         l.Samples(),
		P50Milliseconds: milliseconds(l, 0.5),
		P90Milliseconds: milliseconds(l, 0.9),
		P99Milliseconds: milliseconds(l, 0.99),
	}
}

// milliseconds is nil where the samples say nothing of the quantile.
func milliseconds(l *stats.Latency, q float64) *float64 {
	value, known := l.Quantile(q)
	if !known {
		return nil
	}
	value /= 1000
	return &value
}
