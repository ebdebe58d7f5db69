package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/test/load"
)

// predictions asks a model at a constant rate until end is called, which gives how many requests were answered and fails the
// test for each that was not answered with 200.
func (s *sluice) predictions(name, body string) (end func() int64) {
	s.t.Helper()
	client := load.NewHTTP1(s.target(name), kept)
	s.t.Cleanup(client.Close)
	client.Path, client.Body, client.ContentType, client.AnySuccess = "/v2/models/"+name+"/infer", body, "application/json", true
	run := load.Start(s.t.Context(), client, load.Options{Rate: 2 * arrivals, Name: name})
	return func() int64 {
		s.t.Helper()
		report := run.Stop()
		s.t.Log(report)
		if report.Err != nil {
			s.t.Error(report.Err)
		}
		noneFailed(s.t, report.Outcomes)
		return int64(len(report.Outcomes) - len(report.Failed()))
	}
}

// TestChangesOfAModelUnderLoad changes a model of the bundled runtime, splits its traffic, promotes the newer revision and
// scales, while clients that never retry ask all the time.
func TestChangesOfAModelUnderLoad(t *testing.T) {
	t.Parallel()
	dir := quickstart(t)
	s := start(t, dir)
	s.waitReady()
	manifest := filepath.Join(dir, "iris.yaml")
	v1 := read(t, manifest)
	v2 := strings.ReplaceAll(v1, "models/iris/v1", "models/iris/v2")
	with := func(manifest, field string) string {
		return strings.Replace(manifest, "  predictor:\n", "  predictor:\n    "+field+"\n", 1)
	}
	pods := func(n int) func(admin.Service) error {
		return func(service admin.Service) error {
			if n == 1 {
				return alone(service)
			}
			return replicasReady(service, n)
		}
	}
	end := s.predictions("iris", read(t, dir, "iris-input-v2.json"))

	write(t, manifest, v2)
	s.waitService("iris", finished("00002"))
	write(t, manifest, with(v1, "canaryTrafficPercent: 40"))
	s.waitService("iris", traffic(60, 40))
	write(t, manifest, v1)
	s.waitService("iris", alone)
	write(t, manifest, with(v1, "minReplicas: 3"))
	s.waitService("iris", pods(3))
	write(t, manifest, v1)
	s.waitService("iris", pods(1))
	end()
}
