package stats

import "github.com/sluice-serving/sluice/xds/ir"

// minSamples is the fewest samples that a quantile is told of.
const minSamples = 10

// Latency is a distribution of latencies. Counts has a place for each of [ir.LatencyBounds] and a last one for what is
// beyond them. Sum is in microseconds.
type Latency struct {
	Counts [ir.LatencyBucketCount + 1]uint64
	Sum    float64
}

// Add adds another's samples.
func (l *Latency) Add(other *Latency) {
	for i, n := range other.Counts {
		l.Counts[i] += n
	}
	l.Sum += other.Sum
}

// Samples is how many latencies there are.
func (l *Latency) Samples() uint64 {
	var all uint64
	for _, n := range l.Counts {
		all += n
	}
	return all
}

// Quantile estimates in microseconds what a share q of the latencies, from 0 to 1, is below. It does not where there are
// fewer than ten samples, or where less than one is expected above q: of 50 requests nobody knows the slowest hundredth. Nor
// does it where the quantile is beyond the last bound.
func (l *Latency) Quantile(q float64) (microseconds float64, known bool) {
	all := l.Samples()
	if all < minSamples || float64(all)*(1-q) < 1-1e-9 {
		return 0, false
	}
	// Within a bucket latencies are taken to be spread evenly.
	rank := q * float64(all)
	below, lower := 0.0, 0.0
	for i, upper := range ir.LatencyBounds() {
		n := float64(l.Counts[i])
		if n > 0 && below+n >= rank {
			return lower + (upper-lower)*(rank-below)/n, true
		}
		below, lower = below+n, upper
	}
	return 0, false
}
