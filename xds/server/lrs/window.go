package lrs

import "time"

// period is one report and the time that it is of.
type period struct {
	took   time.Duration
	counts map[Endpoint]Counts
}

// sum is what the periods of a window say of an endpoint together; periods counts those that name it.
type sum struct {
	counts  Counts
	periods int
}

// window holds the last periods of one Envoy and their sums, which change with what comes and goes rather than being
// added up anew each second.
type window struct {
	most    int
	periods []period // oldest first
	took    time.Duration
	sums    map[Endpoint]sum
}

func newWindow(most int) *window { return &window{most: most, sums: map[Endpoint]sum{}} }

func (w *window) add(p period) {
	if len(w.periods) == w.most {
		w.drop(w.periods[0])
		w.periods = append(w.periods[:0], w.periods[1:]...)
	}
	w.periods = append(w.periods, p)
	w.took += p.took
	for endpoint, counts := range p.counts {
		old := w.sums[endpoint]
		w.sums[endpoint] = sum{counts: old.counts.plus(counts), periods: old.periods + 1}
	}
}

func (w *window) drop(p period) {
	w.took -= p.took
	for endpoint, counts := range p.counts {
		left := w.sums[endpoint]
		if left.periods--; left.periods == 0 {
			delete(w.sums, endpoint)
			continue
		}
		left.counts.Issued -= counts.Issued
		left.counts.Succeeded -= counts.Succeeded
		left.counts.Failed -= counts.Failed
		left.counts.InFlight -= counts.InFlight
		w.sums[endpoint] = left
	}
}

// addTo adds the loads to s. Requests in flight are those of the newest period: an endpoint that it leaves out has none.
func (w *window) addTo(s Snapshot) {
	seconds := w.took.Seconds()
	if seconds <= 0 {
		return
	}
	newest := w.periods[len(w.periods)-1].counts
	for endpoint, total := range w.sums {
		s[endpoint] = s[endpoint].Plus(Load{
			RequestsPerSecond: float64(total.counts.Issued) / seconds,
			ErrorsPerSecond:   float64(total.counts.Failed) / seconds,
			InFlight:          newest[endpoint].InFlight,
		})
	}
}
