package meter

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	prometheus "github.com/prometheus/client_model/go"

	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/xds/server/stats"
)

// histogramLines gives a histogram's sum and count, and of its buckets those in which something is.
func histogramLines(name, labels string, h *prometheus.Histogram) []string {
	lines := []string{
		fmt.Sprintf("%s_count{%s} %d", name, labels, h.GetSampleCount()),
		fmt.Sprintf("%s_sum{%s} %g", name, labels, h.GetSampleSum()),
	}
	var below uint64
	for _, bucket := range h.GetBucket() {
		if n := bucket.GetCumulativeCount(); n > below {
			lines = append(lines, fmt.Sprintf("%s_bucket{le=%g,%s} %d", name, bucket.GetUpperBound(), labels, n))
			below = n
		}
	}
	return lines
}

// answered gives n answers 200 that took up to a millisecond, and one that took beyond an hour.
func answeredOf(n uint64) *stats.Answers {
	a := &stats.Answers{ByClass: [stats.Classes]uint64{2: n + 1}}
	a.Latency.Counts[10] = n
	a.Latency.Counts[len(a.Latency.Counts)-1] = 1
	a.Latency.Sum = float64(n)*1000 + 4e9
	return a
}

func TestAnswersAddUpByRevision(t *testing.T) {
	t.Parallel()
	w := &world{services: []admin.Service{iris(pod("iris-00001", 1000, 0))}}
	a := NewAnswers(w)
	a.ObserveAnswers(clock(1), stats.Flush{
		ByEndpoint: map[string]*stats.Answers{"127.0.0.1:1000": answeredOf(5), "10.0.0.1:80": answeredOf(99)},
		Refused:    map[stats.Refusal]uint64{{Status: 413, Reason: stats.MaxBodyBytes}: 2},
	})
	// A flush of the other port, one of a pod that has gone meanwhile, and one of what Envoy refused.
	w.services = []admin.Service{iris(pod("iris-00001", 3000, 0))}
	a.ObserveAnswers(clock(2), stats.Flush{
		ByEndpoint: map[string]*stats.Answers{"127.0.0.1:1001": {ByClass: [stats.Classes]uint64{0: 1, 5: 3}}},
		Refused:    map[stats.Refusal]uint64{{Status: 413, Reason: stats.MaxBodyBytes}: 1, {Status: 503, Flags: "UH", Reason: stats.NoEndpoint}: 1},
	})
	wantMetrics(t, a,
		"sluice_refused_total{code=413,flags=,reason=max_body_bytes} 3",
		"sluice_refused_total{code=503,flags=UH,reason=no_endpoint} 1",
		"sluice_request_duration_seconds_bucket{le=0.001,namespace=default,revision=iris-00001,service=iris} 5",
		"sluice_request_duration_seconds_count{namespace=default,revision=iris-00001,service=iris} 6",
		"sluice_request_duration_seconds_sum{namespace=default,revision=iris-00001,service=iris} 4000.005",
		"sluice_responses_total{namespace=default,response_code_class=1xx,revision=iris-00001,service=iris} 0",
		"sluice_responses_total{namespace=default,response_code_class=2xx,revision=iris-00001,service=iris} 6",
		"sluice_responses_total{namespace=default,response_code_class=3xx,revision=iris-00001,service=iris} 0",
		"sluice_responses_total{namespace=default,response_code_class=4xx,revision=iris-00001,service=iris} 0",
		"sluice_responses_total{namespace=default,response_code_class=5xx,revision=iris-00001,service=iris} 3",
		"sluice_responses_total{namespace=default,response_code_class=none,revision=iris-00001,service=iris} 1",
	)

	// What has no pod any more is forgotten; what Envoy refused belongs to no pod.
	w.services = nil
	a.ObserveAnswers(clock(30), stats.Flush{})
	a.ObserveAnswers(clock(90), stats.Flush{})
	wantMetrics(t, a, "sluice_refused_total{code=413,flags=,reason=max_body_bytes} 3", "sluice_refused_total{code=503,flags=UH,reason=no_endpoint} 1")
}

func TestEveryExportedBoundIsOneOfEnvoys(t *testing.T) {
	t.Parallel()
	bounds := exported()
	if got := buckets(stats.Latency{}, bounds); len(got) != len(bounds) {
		t.Errorf("%d of %d bounds are among Envoy's", len(got), len(bounds))
	}
}

func TestLatencyIsThatOfTheRevisionsEndpoints(t *testing.T) {
	t.Parallel()
	w := &world{
		services: []admin.Service{iris(pod("iris-00001", 1000, 0), pod("iris-00002", 2000, 0), pod("iris-00003", 3000, 0))},
		window: map[string]*stats.Answers{
			"127.0.0.1:1000": answeredOf(60), "127.0.0.1:1001": answeredOf(60), "127.0.0.1:2000": answeredOf(8), "10.0.0.1:80": answeredOf(500),
		},
	}
	load := NewLoads(w, w, w).Load()
	first := load.Revisions[0].Latency
	if first == nil || first.Samples != 122 || first.P50Milliseconds == nil || *first.P50Milliseconds < 0.8 || *first.P50Milliseconds > 1 {
		t.Errorf("the first revision's latency is %+v, want a median of up to a millisecond of 122", first)
	}
	if diff := cmp.Diff(&admin.Latency{Samples: 9}, load.Revisions[1].Latency); diff != "" {
		t.Errorf("nine samples: %s", diff)
	}
	if load.Revisions[2].Latency != nil {
		t.Errorf("no samples: %+v", load.Revisions[2].Latency)
	}
}
