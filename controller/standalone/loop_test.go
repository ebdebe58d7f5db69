package standalone

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluice-serving/sluice/controller/engine"
	"github.com/sluice-serving/sluice/xds/ir"
	"github.com/sluice-serving/sluice/xds/server"
)

// irisBackend is the backend that the service of [iris] has.
const irisBackend = "default/iris-predictor/80"

// oneModel is a directory with the service iris and its model.
func oneModel() map[string]string { return map[string]string{"iris.yaml": iris, "iris.onnx": "model"} }

func TestServiceGoesFromManifestToEnvoy(t *testing.T) {
	t.Parallel()
	r := startRig(t, oneModel())
	r.untilServices("iris")
	if r.service().Ready {
		t.Error("the service is ready without a pod")
	}
	r.serving()
	r.untilListed("pod-1")
}

func TestReadinessIsShownWhenEnvoyHasAcknowledgedIt(t *testing.T) {
	t.Parallel()
	r := startRig(t, oneModel())
	r.untilServices("iris")
	r.envoys.hold(true)
	r.engine.start(r.engine.deployments()[0])
	r.untilListed("pod-1")
	if r.service().Ready {
		t.Error("the service is ready although Envoy doesn't know its pod yet")
	}
	r.envoys.hold(false)
	r.until("the service is ready", r.driver.Changed, func() bool { return r.service().Ready })
}

// TestPodIsEndedWhenEnvoyHasLetGoOfIt replaces a pod step by step: Envoy is told that it drains, acknowledges,
// finishes the requests, is told that it has gone, acknowledges.
func TestPodIsEndedWhenEnvoyHasLetGoOfIt(t *testing.T) {
	t.Parallel()
	r := startRig(t, oneModel())
	old := r.serving()
	r.engine.start(old.Deployment)
	r.untilListed("pod-1", "pod-2")
	r.traffic.set(func() { r.traffic.busy = map[int32]bool{old.Ports[8080]: true} })

	r.envoys.hold(true)
	before := r.traffic.count()
	r.engine.end(old)
	r.untilListed("pod-1 draining", "pod-2")
	r.untilAwaited()
	if asked := r.traffic.count() - before; asked > 0 {
		t.Errorf("Envoy was asked %d times for requests before it knew that the pod drains", asked)
	}

	r.envoys.hold(false)
	r.untilAsked(2 * quietPolls)
	if r.engine.hasEnded(old) || !slices.Contains(r.listed(), "pod-1 draining") {
		t.Errorf("the pod was let go with a request in flight: endpoints %v", r.listed())
	}

	r.envoys.hold(true)
	r.traffic.set(func() { r.traffic.busy = nil })
	r.untilListed("pod-2")
	r.untilAwaited()
	if r.engine.hasEnded(old) {
		t.Error("the pod was ended before Envoy had acknowledged that it is gone")
	}

	r.envoys.hold(false)
	r.until("the pod has ended", r.engine.news.wait, func() bool { return r.engine.hasEnded(old) })
}

func TestPodDrainsOnWhileEnvoyCantBeAsked(t *testing.T) {
	t.Parallel()
	r := startRig(t, oneModel())
	old := r.serving()
	r.engine.start(old.Deployment)
	r.untilListed("pod-1", "pod-2")
	r.traffic.set(func() { r.traffic.failure = errors.New("the admin socket is slow today") })
	r.engine.end(old)
	r.untilAsked(2 * quietPolls)
	if r.engine.hasEnded(old) || !slices.Contains(r.listed(), "pod-1 draining") {
		t.Errorf("the pod was let go although nobody knows of its requests: endpoints %v", r.listed())
	}
	r.traffic.set(func() { r.traffic.failure = nil })
	r.until("the pod has ended", r.engine.news.wait, func() bool { return r.engine.hasEnded(old) })
}

func TestPodIsEndedWhenNoEnvoyRuns(t *testing.T) {
	t.Parallel()
	r := startRig(t, oneModel())
	old := r.serving()
	r.traffic.set(func() { r.traffic.running, r.traffic.failure = false, errors.New("no such socket") })
	r.engine.end(old)
	r.until("the pod has ended", r.engine.news.wait, func() bool { return r.engine.hasEnded(old) })
}

func TestRemovedServiceIsDrainedToo(t *testing.T) {
	t.Parallel()
	// Where the model isn't taken for a service of its own once the manifest has gone.
	const model = ".models/iris.onnx"
	r := startRig(t, map[string]string{"iris.yaml": strings.ReplaceAll(iris, "./iris.onnx", "./"+model), model: "model"})
	pod := r.serving()
	r.traffic.set(func() { r.traffic.busy = map[int32]bool{pod.Ports[8080]: true} })
	if err := os.Remove(filepath.Join(r.dir, "iris.yaml")); err != nil {
		t.Fatal(err)
	}
	r.untilServices()
	r.untilAsked(2 * quietPolls)
	if r.engine.hasEnded(pod) {
		t.Error("the pod was ended with a request in flight")
	}
	r.traffic.set(func() { r.traffic.busy = nil })
	r.until("the pod has ended", r.engine.news.wait, func() bool { return r.engine.hasEnded(pod) })
	if left := r.envoys.endpoints(); len(left) > 0 {
		t.Errorf("Envoy still has %v", left)
	}
}

func TestDrainWaitsForItsContextOnceTheDriverHasStopped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := New(Options{})
		close(d.stopped)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		drained := make(chan error, 1)
		go func() { drained <- d.Drain(ctx, engine.Pod{Name: "pod"}) }()
		synctest.Wait()
		select {
		case err := <-drained:
			t.Errorf("the drain ended by itself with %v", err)
			return
		default:
		}
		cancel()
		if err := <-drained; !errors.Is(err, context.Canceled) {
			t.Errorf("the drain ended with %v", err)
		}
	})
}

const lateSecret = `apiVersion: v1
kind: Secret
metadata:
  name: late
stringData:
  token: secret
`

func TestSecretThatComesLaterReachesTheEngine(t *testing.T) {
	t.Parallel()
	r := startRig(t, oneModel())
	deployment := r.serving().Deployment
	if _, early := r.engine.refs(deployment).Secrets["late"]; early {
		t.Fatal("the Secret is there before its manifest")
	}
	has := func(token string) func() bool {
		return func() bool {
			secret, known := r.engine.refs(deployment).Secrets["late"]
			return known && string(secret.Data["token"]) == token
		}
	}
	r.write("secret.yaml", lateSecret)
	r.until("the engine has the Secret", r.engine.news.wait, has("secret"))
	r.write("secret.yaml", lateSecret+"  other: value\n")
	r.until("the engine has the new version", r.engine.news.wait, func() bool {
		return has("secret")() && len(r.engine.refs(deployment).Secrets["late"].Data) == 2
	})
}

func TestSubdirectoryThatIsMadeAgainIsFollowed(t *testing.T) {
	t.Parallel()
	r := startRig(t, map[string]string{"sub/a.yaml": named("a"), "keep.yaml": named("keep")})
	r.untilServices("a", "keep")
	if err := os.RemoveAll(filepath.Join(r.dir, "sub")); err != nil {
		t.Fatal(err)
	}
	r.write("sub/b.yaml", named("b"))
	r.untilServices("b", "keep")
	r.write("sub/c.yaml", named("c"))
	r.untilServices("b", "c", "keep")
}

func TestPathThatIsReplacedAsAWholeServesOn(t *testing.T) {
	t.Parallel()
	r := startRig(t, oneModel())
	pod := r.serving()
	if err := os.Rename(r.dir, r.dir+".old"); err != nil {
		t.Fatal(err)
	}
	r.until("the absence is a problem", r.driver.Changed, func() bool { return len(r.driver.Problems()) > 0 })
	if len(r.engine.deployments()) != 1 || r.engine.hasEnded(pod) {
		t.Error("the service went with its directory")
	}
	r.write("iris.yaml", iris)
	r.write("iris.onnx", "model")
	r.write("more.yaml", named("more"))
	r.untilServices("iris", "more")
	if r.engine.hasEnded(pod) {
		t.Error("the pod was replaced")
	}
}

func TestServerThatLogsIntoTheDirectoryHoldsNothingUp(t *testing.T) {
	t.Parallel()
	r := startRig(t, oneModel())
	r.untilServices("iris")
	log, err := os.Create(filepath.Join(r.dir, "server.log"))
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var writing sync.WaitGroup
	defer writing.Wait()
	defer close(stop)
	writing.Go(func() {
		defer log.Close() // nothing in it is read
		line := time.NewTicker(quietTime / 5)
		defer line.Stop()
		for {
			select {
			case <-line.C:
				if _, err := log.WriteString("a line\n"); err != nil {
					t.Error(err)
				}
			case <-stop:
				return
			}
		}
	})
	r.write("more.yaml", named("more"))
	r.untilServices("iris", "more")
}

func TestWhatEnvoyRefusesReachesTheService(t *testing.T) {
	t.Parallel()
	r := startRig(t, oneModel())
	r.serving()
	r.envoys.refuse(server.Rejection{
		Objects: []ir.Ref{{Kind: "HTTPRoute", Namespace: "default", Name: "iris"}}, Reason: "a regex that does not end",
	})
	refused := func() bool { return !r.service().Ready && r.service().Reason == reasonRejected }
	r.until("the service says what Envoy refuses", r.driver.Changed, refused)
	r.envoys.refuse()
	r.until("the service is ready again", r.driver.Changed, func() bool { return r.service().Ready })
}
