package meter

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/xds/server/lrs"
	"github.com/sluice-serving/sluice/xds/server/stats"
)

// world is services and rates that a test changes.
type world struct {
	services []admin.Service
	rates    lrs.Snapshot
	window   map[string]*stats.Answers
}

func (w *world) Services() []admin.Service { return w.services }
func (w *world) Snapshot() lrs.Snapshot    { return w.rates }

func (w *world) Window(time.Time) (answers map[string]*stats.Answers, took time.Duration) {
	return w.window, 10 * time.Second
}

// pod has two ports, port and port+1, and a process.
func pod(revision string, port int32, pid int) admin.Pod {
	return admin.Pod{
		Revision: revision, Address: "127.0.0.1", Ports: []admin.Port{{ContainerPort: 8080, Port: port}, {ContainerPort: 9000, Port: port + 1}},
		Containers: []admin.Container{{Name: "init"}, {Name: "c", PID: pid}},
	}
}

func iris(pods ...admin.Pod) admin.Service {
	return admin.Service{Namespace: "default", Name: "iris", Revisions: []admin.Revision{{Name: "iris-00001"}}, Pods: pods}
}

func endpoint(address string) lrs.Endpoint {
	return lrs.Endpoint{Cluster: "default/iris-predictor/80", Address: address}
}

// clock counts seconds from some moment.
func clock(seconds int) time.Time { return time.Unix(1_700_000_000+int64(seconds), 0) }

// wantMetrics compares what a collector gives with lines "NAME{LABEL=VALUE,…} N", whose labels are sorted by name.
func wantMetrics(t *testing.T, c prometheus.Collector, want ...string) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			var labels []string
			for _, label := range metric.GetLabel() {
				labels = append(labels, label.GetName()+"="+label.GetValue())
			}
			value := metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
			if histogram := metric.GetHistogram(); histogram != nil {
				got = append(got, histogramLines(family.GetName(), strings.Join(labels, ","), histogram)...)
				continue
			}
			got = append(got, fmt.Sprintf("%s{%s} %g", family.GetName(), strings.Join(labels, ","), value))
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

func TestCountersAddUpByRevision(t *testing.T) {
	t.Parallel()
	w := &world{services: []admin.Service{iris(pod("iris-00001", 1000, 0), pod("iris-00002", 2000, 0))}}
	c := NewCounters(w)
	c.Observe(clock(1), map[lrs.Endpoint]lrs.Counts{
		endpoint("127.0.0.1:1000"): {Succeeded: 5, Failed: 1},
		endpoint("127.0.0.1:1001"): {Succeeded: 2},
		endpoint("10.0.0.1:80"):    {Succeeded: 99},
	})
	c.ObserveAnswers(clock(1), stats.Flush{ByEndpoint: map[string]*stats.Answers{"127.0.0.1:1001": {Failed: 2}, "10.0.0.1:80": {Failed: 99}}})
	wantMetrics(t, c,
		"sluice_requests_total{namespace=default,outcome=error,revision=iris-00001,service=iris} 3",
		"sluice_requests_total{namespace=default,outcome=error,revision=iris-00002,service=iris} 0",
		"sluice_requests_total{namespace=default,outcome=success,revision=iris-00001,service=iris} 7",
		"sluice_requests_total{namespace=default,outcome=success,revision=iris-00002,service=iris} 0",
	)

	// A counter never falls: what a pod was asked counts on after it has gone, and its last report comes after it.
	w.services = []admin.Service{iris(pod("iris-00001", 3000, 0))}
	c.Observe(clock(2), map[lrs.Endpoint]lrs.Counts{endpoint("127.0.0.1:1000"): {Succeeded: 1}, endpoint("127.0.0.1:3000"): {Succeeded: 1}})
	// Another's pod that gets the port of one that left is not taken for it.
	w.services = []admin.Service{iris(pod("iris-00001", 3000, 0), pod("iris-00003", 2000, 0))}
	c.Observe(clock(3), map[lrs.Endpoint]lrs.Counts{endpoint("127.0.0.1:2000"): {Failed: 4}})
	wantMetrics(t, c,
		"sluice_requests_total{namespace=default,outcome=error,revision=iris-00001,service=iris} 3",
		"sluice_requests_total{namespace=default,outcome=error,revision=iris-00002,service=iris} 0",
		"sluice_requests_total{namespace=default,outcome=error,revision=iris-00003,service=iris} 4",
		"sluice_requests_total{namespace=default,outcome=success,revision=iris-00001,service=iris} 9",
		"sluice_requests_total{namespace=default,outcome=success,revision=iris-00002,service=iris} 0",
		"sluice_requests_total{namespace=default,outcome=success,revision=iris-00003,service=iris} 0",
	)

	// What has no pod any more is forgotten.
	w.services = nil
	c.Observe(clock(30), nil)
	c.Observe(clock(90), nil)
	wantMetrics(t, c)
	if len(c.places) != 0 {
		t.Errorf("%d places are left of services that are gone", len(c.places))
	}
}

func TestLoadsAreOfTheRevisionsThatAre(t *testing.T) {
	t.Parallel()
	w := &world{
		services: []admin.Service{
			{Namespace: "team", Name: "words", Revisions: []admin.Revision{{Name: "words-00001"}}},
			iris(pod("iris-00001", 1000, os.Getpid()), pod("iris-00002", 2000, 0)),
		},
		rates: lrs.Snapshot{
			endpoint("127.0.0.1:1000"): {RequestsPerSecond: 4, ErrorsPerSecond: 1, InFlight: 2},
			endpoint("127.0.0.1:1001"): {RequestsPerSecond: 3, InFlight: 1},
			endpoint("10.0.0.1:80"):    {RequestsPerSecond: 99},
		},
		window: map[string]*stats.Answers{"127.0.0.1:1000": {Failed: 15}, "127.0.0.1:1001": {Failed: 5}, "10.0.0.1:80": {Failed: 99}},
	}
	l := NewLoads(w, w, w)
	got := l.Load()
	want := []admin.RevisionLoad{
		{Namespace: "default", Service: "iris", Revision: "iris-00001", RequestsPerSecond: 7, ErrorsPerSecond: 3, InFlight: 3},
		{Namespace: "default", Service: "iris", Revision: "iris-00002"},
		{Namespace: "team", Service: "words", Revision: "words-00001"},
	}
	if diff := cmp.Diff(want, got.Revisions, cmpopts.IgnoreFields(admin.RevisionLoad{}, "Usage")); diff != "" {
		t.Error(diff)
	}
	if own := got.Revisions[0].Usage; own == nil || own.Processes < 1 || own.MemoryBytes < 1<<20 {
		t.Errorf("usage of this test's own process: %+v", own)
	}
	if got.Revisions[1].Usage != nil {
		t.Errorf("usage of a pod without a process: %+v", got.Revisions[1].Usage)
	}
	wantMetrics(t, l,
		"sluice_requests_in_flight{namespace=default,revision=iris-00001,service=iris} 3",
		"sluice_requests_in_flight{namespace=default,revision=iris-00002,service=iris} 0",
		"sluice_requests_in_flight{namespace=team,revision=words-00001,service=words} 0",
	)
}

func TestUsageIsThatOfTheProcessTree(t *testing.T) {
	t.Parallel()
	services := []admin.Service{iris(pod("iris-00001", 1000, 10), pod("iris-00001", 2000, 20), pod("iris-00002", 3000, 30), pod("iris-00003", 4000, 77))}
	processes := map[int]process{
		1:  {parent: 0, cpu: 100, memory: 100},
		10: {parent: 1, cpu: 1, memory: 10},
		11: {parent: 10, cpu: 2, memory: 20},
		12: {parent: 11, cpu: 3, memory: 30},
		20: {parent: 1, cpu: 4, memory: 40},
		30: {parent: 1, cpu: 5, memory: 50},
		40: {parent: 41, cpu: 6, memory: 60},
		41: {parent: 40, cpu: 7, memory: 70},
	}
	want := map[revision]*admin.Usage{
		{"default", "iris", "iris-00001"}: {Processes: 4, CPUSeconds: 10, MemoryBytes: 100},
		{"default", "iris", "iris-00002"}: {Processes: 1, CPUSeconds: 5, MemoryBytes: 50},
	}
	if diff := cmp.Diff(want, usageByRevision(services, processes)); diff != "" {
		t.Error(diff)
	}
}
