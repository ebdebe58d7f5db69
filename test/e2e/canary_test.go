package e2e

import (
	"fmt"
	"math"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sluice-serving/sluice/controller/admin"
)

// The two models of the sample are told apart by how sure they are of the first flower.
const (
	markOfV1 = "0.767"
	markOfV2 = "0.88"
)

// count asks a service n times and counts which model answered. Every answer must be a 200.
func (s *sluice) count(t *testing.T, name, body string, n int) (v1, v2 int) {
	t.Helper()
	client := s.client()
	const workers = 16
	var mu sync.Mutex
	var failures []string
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for i := w; i < n; i += workers {
				got, err := ask(client, http.MethodPost, s.url(name, "/v2/models/"+name+"/infer"), body)
				mu.Lock()
				switch {
				case err != nil:
					failures = append(failures, err.Error())
				case got.status != http.StatusOK:
					failures = append(failures, fmt.Sprintf("%d %s", got.status, got.body))
				case strings.Contains(got.body, markOfV1):
					v1++
				case strings.Contains(got.body, markOfV2):
					v2++
				default:
					failures = append(failures, "an answer of neither model: "+got.body)
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if len(failures) > 0 {
		t.Fatalf("%d of %d requests failed, the first: %s", len(failures), n, failures[0])
	}
	return v1, v2
}

// withinBinomial says whether k successes of n are within the 99.9 % bound of probability p (normal
// approximation; two-sided z of 0.1 % is 3.2905).
func withinBinomial(k, n int, p float64) bool {
	const z = 3.2905
	mean := float64(n) * p
	return math.Abs(float64(k)-mean) <= z*math.Sqrt(mean*(1-p))
}

func (s *sluice) splits(t *testing.T, dir string) {
	const n = 10_000
	_, v2 := s.count(t, "iris-canary", read(t, dir, "iris-input-v2.json"), n)
	if !withinBinomial(v2, n, 0.1) {
		t.Errorf("the canary got %d of %d requests, which is outside the 99.9 %% bound of 10 %%", v2, n)
	}
	t.Logf("the canary got %d of %d requests", v2, n)
}

// traffic wants a service's revisions to have these shares, oldest revision first.
func traffic(shares ...int32) func(admin.Service) error {
	return func(service admin.Service) error {
		if err := ready(service); err != nil {
			return err
		}
		var have []int32
		for _, revision := range service.Revisions {
			have = append(have, revision.TrafficPercent)
		}
		if fmt.Sprint(have) != fmt.Sprint(shares) {
			return fmt.Errorf("revisions have the shares %v, want %v", have, shares)
		}
		return nil
	}
}

// alone wants one replica left that isn't terminating, and no other.
func alone(service admin.Service) error {
	if err := ready(service); err != nil {
		return err
	}
	if len(service.Pods) != 1 {
		return fmt.Errorf("%d pods, want 1", len(service.Pods))
	}
	return nil
}

// TestCanaryOfASpecIsPromotedWithoutARestart walks spec.canary[] through a changed share, promotion, and asks
// all along: no request fails, and the process that was the canary goes on.
func TestCanaryOfASpecIsPromotedWithoutARestart(t *testing.T) {
	t.Parallel()
	dir := quickstart(t)
	manifest := filepath.Join(dir, "iris-canary.yaml")
	s := start(t, dir)
	s.waitReady()
	input := read(t, dir, "iris-input-v2.json")
	before := pids(s.waitService("iris-canary", traffic(90, 10)))

	edit(t, manifest, "trafficPercent: 10", "trafficPercent: 50")
	after := pids(s.waitService("iris-canary", traffic(50, 50)))
	if fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("a changed share restarted something: %v, before %v", after, before)
	}

	write(t, manifest, `apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: iris-canary
spec:
  predictor:
    name: v2
    model:
      modelFormat:
        name: onnx
      protocolVersion: v2
      storageUri: file://./models/iris/v2
`)
	promoted := pids(s.waitService("iris-canary", alone))
	for pod, pid := range promoted {
		if before[pod] != pid {
			t.Errorf("promotion left %s with pid %d; before it there were %v", pod, pid, before)
		}
	}
	if v1, v2 := s.count(t, "iris-canary", input, 200); v1 != 0 || v2 != 200 {
		t.Errorf("after promotion %d answers of the old model and %d of the new", v1, v2)
	}
}

// TestCanaryTrafficPercent walks KServe's other spelling: a change takes its share beside the revision that
// is rolled out, survives a restart of sluice, is rolled back, and is promoted without a restart.
func TestCanaryTrafficPercent(t *testing.T) {
	t.Parallel()
	dir := quickstart(t)
	manifest := filepath.Join(dir, "iris.yaml")
	s := start(t, dir)
	s.waitReady()
	input := read(t, dir, "iris-input-v2.json")

	original := read(t, manifest)
	changed := strings.ReplaceAll(original, "models/iris/v1", "models/iris/v2")
	share := func(percent int) string {
		return strings.Replace(changed, "  predictor:\n", fmt.Sprintf("  predictor:\n    canaryTrafficPercent: %d\n", percent), 1)
	}
	write(t, manifest, share(30))
	s.waitService("iris", traffic(70, 30))
	const n = 2000
	if _, v2 := s.count(t, "iris", input, n); !withinBinomial(v2, n, 0.3) {
		t.Errorf("the new revision got %d of %d requests, which is outside the 99.9 %% bound of 30 %%", v2, n)
	}

	s.stop()
	s = startWith(t, s.state, dir)
	s.waitService("iris", traffic(70, 30))

	write(t, manifest, share(0))
	s.waitService("iris", traffic(100, 0))
	if v1, v2 := s.count(t, "iris", input, 200); v1 != 200 || v2 != 0 {
		t.Errorf("after rollback %d answers of the old model and %d of the new", v1, v2)
	}

	before := pids(s.waitService("iris", traffic(100, 0)))
	write(t, manifest, changed)
	promoted := pids(s.waitService("iris", alone))
	for pod, pid := range promoted {
		if before[pod] != pid {
			t.Errorf("promotion left %s with pid %d; before it there were %v", pod, pid, before)
		}
	}
	if v1, v2 := s.count(t, "iris", input, 200); v1 != 0 || v2 != 200 {
		t.Errorf("after promotion %d answers of the old model and %d of the new", v1, v2)
	}
}

// TestRevisionThatNeverGetsReadyTakesNoTraffic adds a canary whose model file is no model.
func TestRevisionThatNeverGetsReadyTakesNoTraffic(t *testing.T) {
	t.Parallel()
	dir := quickstart(t)
	s := start(t, dir)
	s.waitReady()
	write(t, filepath.Join(dir, "models", "broken.onnx"), "not a model")
	manifest := filepath.Join(dir, "iris-canary.yaml")
	edited := strings.NewReplacer("name: v2", "name: v3", "models/iris/v2", "models/broken.onnx").Replace(read(t, manifest))
	write(t, manifest, edited)
	service := s.waitService("iris-canary", func(service admin.Service) error {
		if len(service.Revisions) != 2 {
			return fmt.Errorf("revisions: %+v", service.Revisions)
		}
		broken := service.Revisions[1]
		if broken.TrafficPercent != 0 || broken.WantedPercent != 10 || broken.Reason != "CrashLoopBackOff" {
			return fmt.Errorf("revisions: %+v", service.Revisions)
		}
		return nil
	})
	if !service.Ready {
		t.Errorf("a canary that isn't ready made the service not ready: %s: %s", service.Reason, service.Message)
	}
	if _, v2 := s.count(t, "iris-canary", read(t, dir, "iris-input-v2.json"), 200); v2 != 0 {
		t.Errorf("the canary that isn't ready answered %d requests", v2)
	}
}

// finished wants a service to run one pod, of the revision whose name ends in number.
func finished(number string) func(admin.Service) error {
	return func(service admin.Service) error {
		if err := alone(service); err != nil {
			return err
		}
		last := service.Revisions[len(service.Revisions)-1]
		if !strings.HasSuffix(last.Name, number) || last.Reason != "" {
			return fmt.Errorf("revisions: %+v", service.Revisions)
		}
		return nil
	}
}

// replicasReady wants a service to have n pods, all ready.
func replicasReady(service admin.Service, n int) error {
	if len(service.Pods) != n {
		return fmt.Errorf("%d pods, want %d", len(service.Pods), n)
	}
	for _, pod := range service.Pods {
		if !pod.Ready {
			return fmt.Errorf("pod %s isn't ready", pod.Name)
		}
	}
	return nil
}
