package standalone

import (
	"context"
	"fmt"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/controller/engine"
)

// instantEngine has a Deployment's pod ready when it is applied and gone when it is deleted. What it gives depends on
// what is applied now only.
type instantEngine struct {
	applied map[types.NamespacedName]*appsv1.Deployment
	changed map[types.NamespacedName]bool
}

func newInstantEngine() *instantEngine {
	return &instantEngine{applied: map[types.NamespacedName]*appsv1.Deployment{}, changed: map[types.NamespacedName]bool{}}
}

func (e *instantEngine) Apply(deployment *appsv1.Deployment, _ engine.References) {
	key := types.NamespacedName{Namespace: deployment.Namespace, Name: deployment.Name}
	e.applied[key], e.changed[key] = deployment, true
}

func (e *instantEngine) Delete(key types.NamespacedName) {
	delete(e.applied, key)
	e.changed[key] = true
}

func (e *instantEngine) Retire() {}

func (e *instantEngine) Changes() []engine.Change {
	var changes []engine.Change
	for key := range e.changed {
		change := engine.Change{Deployment: key}
		if deployment, applied := e.applied[key]; applied {
			name := fnv.New32()
			fmt.Fprint(name, key)
			change.Pods = []engine.Pod{{
				Namespace: key.Namespace, Name: key.Name + "-pod", Deployment: key.Name, Labels: deployment.Spec.Template.Labels,
				TemplateHash: engine.TemplateHash(&deployment.Spec.Template), Ready: true, Address: "127.0.0.1",
				Ports:      map[int32]int32{8080: int32(20000 + name.Sum32()%40000)},
				Containers: []engine.ContainerState{{Name: "kserve-container", State: engine.StateRunning, Ready: true}},
			}}
			change.Status = appsv1.DeploymentStatus{Replicas: 1, UpdatedReplicas: 1, ReadyReplicas: 1, AvailableReplicas: 1}
		}
		changes = append(changes, change)
	}
	e.changed = map[types.NamespacedName]bool{}
	return changes
}

// bench is a loop that the test turns by hand.
type bench struct {
	*loop

	t      testing.TB
	dir    string
	engine *instantEngine
	envoys *fakeEnvoys
}

// newBench starts a loop over a directory; the state directory may be one that another has left.
func newBench(t testing.TB, dir, stateDir string) *bench {
	t.Helper()
	b := &bench{t: t, dir: dir, engine: newInstantEngine(), envoys: newFakeEnvoys()}
	d := New(Options{
		Paths: []string{dir}, StateDir: stateDir, Listen: "127.0.0.1", HTTPPort: 8080,
		BundledFormats: []string{"onnx"}, Logger: slog.New(slog.DiscardHandler),
	})
	d.parts.Store(&parts{envoys: b.envoys})
	l, err := newLoop(d, b.engine, b.envoys, &fakeTraffic{running: true})
	if err != nil {
		t.Fatal(err)
	}
	b.loop = l
	t.Cleanup(b.close)
	b.readAll()
	b.turn()
	return b
}

// close gives back what the machine has few of: an inotify instance.
func (b *bench) close() {
	b.t.Helper()
	if err := b.loop.watcher.close(); err != nil {
		b.t.Error(err)
	}
}

// turn carries everything through, and gives the view that comes of it.
func (b *bench) turn() *view {
	b.t.Helper()
	var running sync.WaitGroup
	b.settle(context.Background(), &running)
	running.Wait()
	v := <-b.revealer.waiting
	b.driver.reveal(v)
	return v
}

// touch has the loop take what stands at some paths.
func (b *bench) touch(paths ...string) *view {
	b.t.Helper()
	touched := touchedPaths{paths: map[string]bool{}}
	for _, path := range paths {
		touched.paths[path] = true
	}
	b.readTouched(touched)
	return b.turn()
}

// outcome is all that comes of a directory.
type outcome struct {
	Resources map[string]string
	Services  []admin.Service
	Problems  []admin.Problem
	Facts     []layerFacts
}

func (b *bench) outcome() outcome {
	out := outcome{Resources: map[string]string{}, Services: b.driver.Services(), Problems: b.driver.Problems()}
	for key, resource := range b.envoys.resources {
		out.Resources[key.TypeURL+" "+key.Name] = resource.Version
	}
	for _, s := range b.driver.shelf.list() {
		out.Facts = append(out.Facts, s.facts)
	}
	return out
}

func diffOutcomes(want, got outcome) string {
	return cmp.Diff(want, got, cmp.AllowUnexported(layerFacts{}, guardFacts{}, routeFacts{}), cmpopts.EquateEmpty(),
		cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".LastTransitionTime" }, cmp.Ignore()))
}

// author changes files at random, and knows what the kernel would name.
type author struct {
	t      *testing.T
	dir    string
	random *rand.Rand
}

func (a *author) pick(from ...string) string { return from[a.random.IntN(len(from))] }

// step changes something and gives the paths that the kernel would name.
func (a *author) step() []string {
	name := a.pick("a", "b", "c", "d", "e", "sub/f", "sub/g", "other/h") + a.pick(".yaml", ".yaml", ".yaml", ".yaml", ".json", ".txt")
	path := filepath.Join(a.dir, name)
	switch a.random.IntN(12) {
	case 0, 1:
		if os.Remove(path) != nil {
			return nil
		}
		return []string{path}
	case 2:
		to := filepath.Join(a.dir, a.pick("a", "b", "c")+".yaml")
		if os.Rename(path, to) != nil {
			return nil
		}
		return []string{path, to}
	case 3:
		sub := filepath.Join(a.dir, a.pick("sub", "other"))
		if err := os.RemoveAll(sub); err != nil {
			a.t.Fatal(err)
		}
		return []string{sub}
	case 4:
		if a.random.IntN(4) > 0 {
			return nil
		}
		at := filepath.Join(a.dir, "link.yaml")
		if os.Symlink(filepath.Join(a.dir, "a.yaml"), at) != nil && os.Remove(at) != nil {
			return nil
		}
		return []string{at}
	case 5:
		model := filepath.Join(a.dir, a.pick("m1", "m2")+".onnx")
		if os.Remove(model) != nil {
			a.write(model, "model")
		}
		return []string{model}
	}
	_, err := os.Stat(filepath.Dir(path))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		a.t.Fatal(err)
	}
	text := a.document()
	for range a.random.IntN(3) {
		text += "---\n" + a.document()
	}
	a.write(path, text)
	if err != nil {
		return []string{filepath.Dir(path)} // a directory is named before it is watched
	}
	return []string{path}
}

func (a *author) write(path, text string) {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

func (a *author) document() string {
	name, namespace := a.pick("one", "two", "three", "four"), a.pick("default", "team")
	switch a.random.IntN(12) {
	case 0:
		return "apiVersion: v1\nkind: Secret\nmetadata: {name: " + name + ", namespace: " + namespace + "}\nstringData: {key: " + a.pick("x", "y") + "}\n"
	case 1, 2:
		return a.static(name)
	case 3:
		return a.route(name)
	case 4:
		return a.pick("kind: [", "kind: Pod\napiVersion: v1\n", "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: {name: "+name+"}\nspec: {predictr: {}}\n")
	case 5:
		return "apiVersion: serving.kserve.io/v1alpha1\nkind: ServingRuntime\nmetadata: {name: own, namespace: " + namespace + "}\nspec:\n  supportedModelFormats: [{name: onnx, autoSelect: " + a.pick("true", "false") +
			"}]\n  containers: [{name: kserve-container, command: [serve, " + a.pick("1", "2") + "]}]\n"
	case 6:
		return policyText(name, name, "")
	case 7, 8:
		return strings.ReplaceAll(iris, "name: iris", "name: "+name+"\n  namespace: "+namespace)
	}
	return custom(name, namespace, a.pick("1", "2"))
}

// custom is the manifest of a service with a command of its own.
func custom(name, namespace, value string) string {
	return fmt.Sprintf("apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: {name: %s, namespace: %s}\nspec:\n  predictor:\n    containers:\n"+
		"    - {name: kserve-container, command: [serve], env: [{name: V, value: %q}]}\n", name, namespace, value)
}

// static is the manifests of a host with an address that the user gives.
func (a *author) static(name string) string { return static(name, a.pick("1", "2"), 9000) }

func static(name, header string, port int) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Service
metadata: {name: %[1]s}
spec: {ports: [{name: http, port: 80, protocol: TCP}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: %[1]s, labels: {kubernetes.io/service-name: %[1]s}}
addressType: IPv4
endpoints: [{addresses: [127.0.0.1], conditions: {ready: true}}]
ports: [{name: http, port: %[3]d, protocol: TCP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: to-%[1]s}
spec:
  parentRefs: [{name: kserve-ingress-gateway, namespace: kserve}]
  hostnames: [%[1]s.example.com]
  rules:
  - backendRefs: [{name: %[1]s, port: 80}]
    filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x, value: %[2]q}]}}]
`, name, header, port)
}

// route leads a host to a service's children, which may not be there, and once in a while has the name of one.
func (a *author) route(name string) string {
	return "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: " + a.pick("by-hand", "by-hand", name) +
		"}\nspec:\n  parentRefs: [{name: kserve-ingress-gateway, namespace: kserve}]\n  hostnames: [" + a.pick("x", "y") +
		".example.com]\n  rules: [{backendRefs: [{name: " + name + "-predictor, port: 80}]}]\n"
}

// TestIncrementsEqualAWalk takes random histories of a directory file by file. What comes of each step is what a loop
// gives that walks everything at each step, and, where nothing of the past is kept since nothing is wrong, what one gives
// that starts then.
func TestIncrementsEqualAWalk(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			a := &author{t: t, dir: t.TempDir(), random: rand.New(rand.NewPCG(seed, 1))} //nolint:gosec // histories that can be repeated
			state := t.TempDir()
			increments, walks := newBench(t, a.dir, state), newBench(t, a.dir, t.TempDir())
			var history []string
			fresh := 0
			for step := range 60 {
				paths := a.step()
				history = append(history, fmt.Sprint(step, ": ", paths))
				increments.touch(paths...)
				walks.readAll()
				walks.turn()
				got := increments.outcome()
				if diff := diffOutcomes(walks.outcome(), got); diff != "" {
					t.Fatalf("increments differ from a walk (-walk +increments):\n%s\nafter:\n%s", diff, strings.Join(history, "\n"))
				}
				if len(got.Problems) > 0 {
					continue
				}
				fresh++
				copied := filepath.Join(t.TempDir(), "state")
				if err := os.CopyFS(copied, os.DirFS(state)); err != nil {
					t.Fatal(err)
				}
				started := newBench(t, a.dir, copied)
				diff := diffOutcomes(started.outcome(), got)
				started.close()
				if diff != "" {
					t.Fatalf("increments differ from a new start (-start +increments):\n%s\nafter:\n%s", diff, strings.Join(history, "\n"))
				}
			}
			if fresh == 0 {
				t.Error("no step could be compared with a new start")
			}
		})
	}
}
