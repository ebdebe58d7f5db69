package e2e

import (
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sluice-serving/sluice/controller/admin"
)

// load asks for predictions without a pause, from several connections, until end is called, which gives how
// many requests were answered and fails the test for each that was not answered with 200.
func (s *sluice) load(name, body string) (end func() int64) {
	s.t.Helper()
	const connections = 8
	client := s.client()
	url := s.url(name, "/v2/models/"+name+"/infer")
	stop := make(chan struct{})
	done := make(chan struct{}, connections)
	var answered atomic.Int64
	for range connections {
		go func() {
			defer func() { done <- struct{}{} }()
			for {
				select {
				case <-stop:
					return
				default:
				}
				got, err := ask(client, http.MethodPost, url, body)
				if err != nil || got.status != http.StatusOK {
					s.t.Errorf("after %d answers: %v, %d %s", answered.Load(), err, got.status, got.body)
					return
				}
				answered.Add(1)
			}
		}()
	}
	return func() int64 {
		close(stop)
		for range connections {
			<-done
		}
		return answered.Load()
	}
}

// TestChangesUnderLoadLoseNoRequest changes a model, splits its traffic, promotes the newer revision and
// scales, while clients that never retry ask all the time.
func TestChangesUnderLoadLoseNoRequest(t *testing.T) {
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
	end := s.load("iris", read(t, dir, "iris-input-v2.json"))

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

	t.Logf("%d requests answered", end())
}
