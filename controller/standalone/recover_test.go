package standalone

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluice-serving/sluice/controller/engine"
	"github.com/sluice-serving/sluice/xds/envoy"
)

// kill ends the driver with nothing of it done in order, as far as another can tell: its pods and Envoy's requests stay.
func (r *rig) kill() {
	r.stop()
	r.engine.mu.Lock()
	defer r.engine.mu.Unlock()
	r.engine.adopted = map[string]bool{}
	for _, pod := range r.engine.list {
		r.engine.adopted[pod.Deployment] = true
		r.engine.changed[pod.Deployment] = true
	}
}

// again runs another driver over what is left, with an xDS server that knows nothing yet.
func (r *rig) again() {
	r.t.Helper()
	r.envoys = newFakeEnvoys()
	r.run()
	r.until("something is published", r.envoys.news.wait, func() bool { return r.published() != nil })
}

func (r *rig) published() map[envoy.Key]string {
	r.envoys.mu.Lock()
	defer r.envoys.mu.Unlock()
	return r.envoys.first
}

func (r *rig) busy(pods ...engine.Pod) {
	r.traffic.set(func() {
		r.traffic.busy = map[int32]bool{}
		for _, pod := range pods {
			r.traffic.busy[pod.Ports[8080]] = true
		}
	})
}

func TestFirstPublicationAfterAKillIsWhatWas(t *testing.T) {
	t.Parallel()
	r := startRig(t, oneModel())
	pod := r.serving()
	r.untilListed("pod-1")
	r.busy(pod)
	r.kill()
	before := r.envoys.versions()

	r.again()
	if diff := cmp.Diff(before, r.published()); diff != "" {
		t.Errorf("the first publication differs (-before +after):\n%s", diff)
	}
	r.untilServices("iris")
	if !r.service().Ready {
		t.Error("the service is not ready at once")
	}
	if r.engine.hasEnded(pod) {
		t.Error("the pod was ended")
	}
}

func TestServiceRemovedMeanwhileIsDrainedAndEnded(t *testing.T) {
	t.Parallel()
	r := startRig(t, oneModel())
	pod := r.serving()
	r.untilListed("pod-1")
	r.busy(pod)
	r.kill()
	for _, file := range []string{"iris.yaml", "iris.onnx"} {
		if err := os.Remove(filepath.Join(r.dir, file)); err != nil {
			t.Fatal(err)
		}
	}
	cluster := envoy.Key{TypeURL: envoy.ClusterType, Name: irisBackend}
	retained := func() bool {
		r.envoys.mu.Lock()
		defer r.envoys.mu.Unlock()
		return slices.Contains(r.envoys.retained, cluster)
	}

	r.again()
	if _, sent := r.published()[cluster]; sent || !retained() {
		t.Errorf("the backend with a request in flight is not left as it is: sent %t, retained %t", sent, retained())
	}
	r.untilAsked(2 * quietPolls)
	if !retained() || r.engine.hasEnded(pod) {
		t.Error("its request was not waited for")
	}
	r.busy()
	r.until("the pod has ended", r.engine.news.wait, func() bool { return r.engine.hasEnded(pod) })
	if retained() {
		t.Error("the backend stays although nothing is in flight")
	}
}

func TestDrainGoesOnAfterAKill(t *testing.T) {
	t.Parallel()
	r := startRig(t, oneModel())
	old := r.serving()
	r.engine.start(old.Deployment)
	r.untilListed("pod-1", "pod-2")
	r.busy(old)
	r.engine.end(old)
	r.untilListed("pod-1 draining", "pod-2")
	r.kill()

	before := r.envoys.versions()
	r.again()
	if diff := cmp.Diff(before, r.published()); diff != "" {
		t.Errorf("the first publication differs (-before +after):\n%s", diff)
	}
	// The engine asks for the drain of what it has adopted.
	r.engine.end(old)
	r.untilAsked(2 * quietPolls)
	r.busy()
	r.untilListed("pod-2")
	r.until("the pod has ended", r.engine.news.wait, func() bool { return r.engine.hasEnded(old) })
}

// TestServiceOfABrokenManifestServesOn starts over a service whose manifest is broken, and then mends or removes it.
func TestServiceOfABrokenManifestServesOn(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]string{"field": strings.Replace(iris, "predictor", "predictr", 1), "text": iris + "  x: [\n"} {
		for _, mended := range []bool{true, false} {
			t.Run(fmt.Sprint(name, " mended ", mended), func(t *testing.T) {
				t.Parallel()
				r := startRig(t, oneModel())
				pod := r.serving()
				r.untilListed("pod-1")
				r.kill()
				before := r.envoys.versions()
				r.write("iris.yaml", broken)
				r.again()
				if diff := cmp.Diff(before, r.published()); diff != "" {
					t.Errorf("the first publication differs (-before +after):\n%s", diff)
				}
				r.untilServices("iris")
				if problems := r.driver.Problems(); len(problems) == 0 || problems[0].File != filepath.Join(r.dir, "iris.yaml") {
					t.Errorf("problems %v", problems)
				}
				if !r.service().Ready || r.engine.hasEnded(pod) {
					t.Errorf("ready %v, ended %v", r.service().Ready, r.engine.hasEnded(pod))
				}
				if !mended {
					for _, file := range []string{"iris.yaml", "iris.onnx"} {
						if err := os.Remove(filepath.Join(r.dir, file)); err != nil {
							t.Fatal(err)
						}
					}
					r.until("the pod has ended", r.engine.news.wait, func() bool { return r.engine.hasEnded(pod) })
					return
				}
				r.write("iris.yaml", iris)
				r.until("nothing is wrong", r.driver.Changed, func() bool { return len(r.driver.Problems()) == 0 })
				r.untilListed("pod-1")
				if diff := cmp.Diff(before, r.envoys.versions()); diff != "" {
					t.Errorf("mended, Envoy has another configuration (-before +after):\n%s", diff)
				}
			})
		}
	}
}

// TestEnvoyThatDoesNotAnswerInTimeIsToldOf starts over an Envoy that hangs, and over one that has only just been started.
func TestEnvoyThatDoesNotAnswerInTimeIsToldOf(t *testing.T) {
	t.Parallel()
	for failure, told := range map[error]bool{context.DeadlineExceeded: true, syscall.ECONNREFUSED: false} {
		r := startRig(t, oneModel())
		r.serving()
		r.kill()
		r.traffic.set(func() { r.traffic.failure = fmt.Errorf("asking Envoy: %w", failure) })
		var lines bytes.Buffer
		r.options.Logger = slog.New(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelWarn}))
		r.again()
		r.stop()
		if got := strings.Contains(lines.String(), "Envoy does not answer"); got != told {
			t.Errorf("%v is told of: %v, want %v; the log:\n%s", failure, got, told, lines.String())
		}
	}
}

func TestEndpointTextsAreRead(t *testing.T) {
	t.Parallel()
	l := newLingering()
	l.recover("b", []string{"127.0.0.1:1", "[::1]:2", "nonsense", "127.0.0.1:70000"})
	var got []endpointKey
	for _, endpoint := range l.published["b"].Endpoints {
		got = append(got, keyOf(endpoint))
	}
	if want := []endpointKey{{"127.0.0.1", 1}, {"::1", 2}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
