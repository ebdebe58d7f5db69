package stats

import (
	"testing"
	"time"

	metrics "github.com/envoyproxy/go-control-plane/envoy/service/metrics/v3"
	"github.com/google/go-cmp/cmp"
	prometheus "github.com/prometheus/client_model/go"
	"go.uber.org/goleak"

	"github.com/sluice-serving/sluice/xds/ir"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock counts seconds from some moment.
func clock(seconds int) time.Time { return time.Unix(1_700_000_000+int64(seconds), 0) }

func ok(n uint64) *Answers { return &Answers{ByClass: [Classes]uint64{2: n}} }

func TestWindowAddsUpTheLastTenSeconds(t *testing.T) {
	t.Parallel()
	store := NewStore(StoreOptions{})
	for second := range 20 {
		store.Add(clock(second), Flush{ByEndpoint: map[string]*Answers{"a:1": ok(1)}})
	}
	store.Add(clock(19), Flush{ByEndpoint: map[string]*Answers{"b:1": ok(7)}})
	want := map[string]*Answers{"a:1": ok(10), "b:1": ok(7)}
	got, took := store.Window(clock(19))
	if diff := cmp.Diff(want, got); diff != "" || took != 9*time.Second {
		t.Errorf("at 19 s: %s of %s", diff, took)
	}
	got, took = store.Window(clock(25))
	if diff := cmp.Diff(map[string]*Answers{"a:1": ok(4), "b:1": ok(7)}, got); diff != "" || took != 9*time.Second {
		t.Errorf("at 25 s: %s of %s", diff, took)
	}
	if got, _ := store.Window(clock(40)); len(got) != 0 {
		t.Errorf("after an idle window it holds %v", got)
	}
	for i, slot := range store.slots {
		if slot.byEndpoint != nil {
			t.Errorf("slot %d keeps the answers of %d endpoints that are idle", i, len(slot.byEndpoint))
		}
	}
}

func TestWindowStaysAsItWasRead(t *testing.T) {
	t.Parallel()
	store := NewStore(StoreOptions{})
	store.Add(clock(0), Flush{ByEndpoint: map[string]*Answers{"a:1": ok(1)}})
	before, _ := store.Window(clock(0))
	store.Add(clock(0), Flush{ByEndpoint: map[string]*Answers{"a:1": ok(5)}})
	if diff := cmp.Diff(map[string]*Answers{"a:1": ok(1)}, before); diff != "" {
		t.Error(diff)
	}
}

// spread gives n latencies of the given number of microseconds.
func spread(n uint64, microseconds float64) Latency {
	l := Latency{Sum: float64(n) * microseconds}
	for i, bound := range ir.LatencyBounds() {
		if microseconds <= bound {
			l.Counts[i] = n
			return l
		}
	}
	l.Counts[len(l.Counts)-1] = n
	return l
}

func TestQuantilesAreToldOfEnoughSamplesOnly(t *testing.T) {
	t.Parallel()
	mixed := spread(99, 450)
	slow := spread(1, 45e3)
	mixed.Add(&slow)
	for name, test := range map[string]struct {
		latency Latency
		q       float64
		// from and to bound the estimate; both are 0 where nothing may be said.
		from, to float64
	}{
		"no sample":            {Latency{}, 0.5, 0, 0},
		"nine":                 {spread(9, 1000), 0.5, 0, 0},
		"ten":                  {spread(10, 1000), 0.5, 800, 1000},
		"p99 of 99":            {spread(99, 1000), 0.99, 0, 0},
		"p99 of 100":           {spread(100, 1000), 0.99, 800, 1000},
		"p90 of 10":            {spread(10, 1000), 0.9, 800, 1000},
		"median of a mix":      {mixed, 0.5, 400, 500},
		"p99 just below slow":  {mixed, 0.99, 400, 500},
		"beyond the last":      {spread(50, 4e9), 0.5, 0, 0},
		"below the first":      {spread(50, 20), 0.5, 1, 100},
		"an hour, two buckets": {spread(50, 3e9), 0.5, 1800e6, 3600e6},
	} {
		got, known := test.latency.Quantile(test.q)
		if known != (test.to > 0) || got < test.from || got > test.to {
			t.Errorf("%s: %g, %v; want from %g to %g", name, got, known, test.from, test.to)
		}
	}
}

func TestBoundsRiseAndHaveTwoDigits(t *testing.T) {
	t.Parallel()
	before := 0.0
	for _, bound := range ir.LatencyBounds() {
		if bound <= before {
			t.Errorf("%g comes after %g", bound, before)
		}
		digits := bound
		for digits >= 100 {
			digits /= 10
		}
		if digits != float64(int(digits)) {
			t.Errorf("%g has more than two digits", bound)
		}
		before = bound
	}
}

func labels(pairs ...string) []*prometheus.LabelPair {
	var all []*prometheus.LabelPair
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, &prometheus.LabelPair{Name: &pairs[i], Value: &pairs[i+1]})
	}
	return all
}

func counted(name string, n float64, pairs ...string) *prometheus.MetricFamily {
	return &prometheus.MetricFamily{Name: &name, Metric: []*prometheus.Metric{{Label: labels(pairs...), Counter: &prometheus.Counter{Value: &n}}}}
}

func timed(samples uint64, sum float64, upTo map[float64]uint64, pairs ...string) *prometheus.MetricFamily {
	name := ir.LatencyStat
	histogram := &prometheus.Histogram{SampleCount: &samples, SampleSum: &sum}
	for _, bound := range ir.LatencyBounds() {
		if n, given := upTo[bound]; given {
			histogram.Bucket = append(histogram.Bucket, &prometheus.Bucket{UpperBound: &bound, CumulativeCount: &n})
		}
	}
	return &prometheus.MetricFamily{Name: &name, Metric: []*prometheus.Metric{{Label: labels(pairs...), Histogram: histogram}}}
}

func TestReadTakesAnswersAlone(t *testing.T) {
	t.Parallel()
	got := read(&metrics.StreamMetricsMessage{EnvoyMetrics: []*prometheus.MetricFamily{
		counted("http.downstream_rq_total", 99),
		counted(ir.FailuresStat, 1, ir.EndpointTag, "a:1", ir.CodeTag, "0", ir.FlagsTag, "DC"),
		counted(ir.FailuresStat, 1, ir.EndpointTag, "a:1", ir.CodeTag, "-", ir.FlagsTag, "DC"),
		counted(ir.FailuresStat, 6, ir.EndpointTag, "a:1", ir.CodeTag, "503", ir.FlagsTag, "URX", ir.DetailsTag, "via_upstream"),
		counted(ir.FailuresStat, 0, ir.EndpointTag, "idle:1", ir.CodeTag, "500", ir.FlagsTag, "-"),
		counted(ir.FailuresStat, 3, ir.EndpointTag, "a:1", ir.CodeTag, "999", ir.FlagsTag, "-", ir.DetailsTag, "via_upstream"),
		counted(ir.FailuresStat, 4, ir.EndpointTag, "", ir.CodeTag, "503", ir.FlagsTag, "UH", ir.DetailsTag, "no_healthy_upstream"),
		counted(ir.FailuresStat, 2, ir.EndpointTag, "a:1", ir.CodeTag, "503", ir.FlagsTag, "UO", ir.DetailsTag, "overflow"),
		timed(7, 5000, map[float64]uint64{100: 1, 200: 4, 1e3: 6}, ir.AnswerTag, "a:1 200 -"),
		timed(3, 3000, map[float64]uint64{1e3: 3}, ir.AnswerTag, "a:1 999 -"),
		timed(1, 1000, map[float64]uint64{1e3: 1}, ir.AnswerTag, "a:1 503 URX"),
		timed(5, 9000, map[float64]uint64{1e3: 5}, ir.AnswerTag, "a:1 503 UF"),
		timed(2, 9000, map[float64]uint64{1e3: 2}, ir.AnswerTag, "a:1 200 UF,URX"),
		timed(1, 9000, map[float64]uint64{1e3: 1}, ir.AnswerTag, "a:1 200 UO"),
		timed(4, 0, nil, ir.AnswerTag, "b:1 500 -"),
		timed(0, 0, nil, ir.AnswerTag, "idle:1 200 -"),
		timed(3, 3000, map[float64]uint64{1e3: 3}, ir.AnswerTag, "- 404 -"),
	}})
	a := &Answers{ByClass: [Classes]uint64{0: 5, 2: 7, 5: 6}, Failed: 8}
	a.Latency.Sum = 9000
	a.Latency.Counts[0], a.Latency.Counts[3], a.Latency.Counts[10], a.Latency.Counts[ir.LatencyBucketCount] = 1, 3, 6, 1
	b := &Answers{ByClass: [Classes]uint64{5: 4}, Failed: 4}
	b.Latency.Counts[ir.LatencyBucketCount] = 4
	want := Flush{ByEndpoint: map[string]*Answers{"a:1": a, "b:1": b}, Refused: map[Refusal]uint64{
		{Status: 503, Flags: "UH", Reason: NoEndpoint}: 4, {Status: 503, Flags: "UO", Reason: MaxBackendRequests}: 2,
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReasonsAreAClosedSet(t *testing.T) {
	t.Parallel()
	for details, want := range map[string]Reason{
		"reached_concurrency_limit":         MaxRequests,
		"request_payload_too_large":         MaxBodyBytes,
		"overload":                          MaxMemory,
		"request_header_timeout":            Headers,
		"http1.headers_too_large":           Headers,
		"http2.too_many_headers":            Headers,
		"missing_api_key":                   Access,
		"jwt_authn_access_denied{Jwt_is_x}": Access,
		"direct_response":                   NoRoute,
		"path_normalization_failed":         Malformed,
		"http1.codec_error":                 Malformed,
		"upstream_reset_before_response_started{connection_termination}": Other,
		"": Other,
	} {
		if got := reasonOf(details, ""); got != want {
			t.Errorf("%q is %q, want %q", details, got, want)
		}
	}
}
