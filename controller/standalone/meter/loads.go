package meter

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/xds/server/lrs"
	"github.com/sluice-serving/sluice/xds/server/stats"
)

var (
	_ admin.LoadSource     = (*Loads)(nil)
	_ prometheus.Collector = (*Loads)(nil)
)

// Rates are the load of each endpoint; an lrs.Store has them.
type Rates interface {
	Snapshot() lrs.Snapshot
}

// Answered is what each endpoint answered lately; a stats.Store has it.
type Answered interface {
	Window(now time.Time) (answers map[string]*stats.Answers, took time.Duration)
}

// Loads tell the load of each revision as it is now. For Prometheus: sluice_requests_in_flight, which is as old as the last
// report, a second, and misses what came and went in between.
type Loads struct {
	services Services
	rates    Rates
	answered Answered
	inFlight *prometheus.Desc
}

// NewLoads makes loads of what services, rates and answered say.
func NewLoads(services Services, rates Rates, answered Answered) *Loads {
	return &Loads{
		services: services, rates: rates, answered: answered,
		inFlight: prometheus.NewDesc("sluice_requests_in_flight", "Requests that endpoints have not answered yet, as Envoy last reported them.",
			[]string{"namespace", "service", "revision"}, nil),
	}
}

// Load implements [admin.LoadSource]. It reads /proc.
func (l *Loads) Load() admin.Load {
	services := l.services.Services()
	load := admin.Load{At: time.Now()}
	usage := usageByRevision(services, readProcesses())
	answered, took := l.answered.Window(load.At)
	latencies, failed := latencyByRevision(services, answered), failedByRevision(services, answered)
	for revision, now := range l.byRevision(services) {
		load.Revisions = append(load.Revisions, admin.RevisionLoad{
			Namespace: revision.namespace, Service: revision.service, Revision: revision.name,
			RequestsPerSecond: now.RequestsPerSecond, ErrorsPerSecond: now.ErrorsPerSecond + float64(failed[revision])/took.Seconds(),
			InFlight: now.InFlight, Latency: shownLatency(latencies[revision]), Usage: usage[revision],
		})
	}
	slices.SortFunc(load.Revisions, func(a, b admin.RevisionLoad) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Revision, b.Revision))
	})
	return load
}

// byRevision gives the load of every revision that runs or has a pod, zero where nothing is reported.
func (l *Loads) byRevision(services []admin.Service) map[revision]lrs.Load {
	loads := map[revision]lrs.Load{}
	for i := range services {
		for _, r := range services[i].Revisions {
			loads[revision{services[i].Namespace, services[i].Name, r.Name}] = lrs.Load{}
		}
	}
	found := locate(services)
	for r := range maps.Values(found) {
		loads[r] = lrs.Load{}
	}
	for endpoint, now := range l.rates.Snapshot() {
		if r, known := found[endpoint.Address]; known {
			loads[r] = loads[r].Plus(now)
		}
	}
	return loads
}

// Describe implements [prometheus.Collector].
func (l *Loads) Describe(descriptions chan<- *prometheus.Desc) { descriptions <- l.inFlight }

// Collect implements [prometheus.Collector].
func (l *Loads) Collect(metrics chan<- prometheus.Metric) {
	for revision, now := range l.byRevision(l.services.Services()) {
		metrics <- prometheus.MustNewConstMetric(l.inFlight, prometheus.GaugeValue, float64(now.InFlight),
			revision.namespace, revision.service, revision.name)
	}
}
