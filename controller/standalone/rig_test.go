package standalone

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpoint3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/controller/engine"
	"github.com/sluice-serving/sluice/xds/envoy"
	"github.com/sluice-serving/sluice/xds/server"
)

// rig is a driver over a directory, with an engine and an Envoy that do what the test says.
type rig struct {
	t       *testing.T
	dir     string
	driver  *Driver
	engine  *fakeEngine
	envoys  *fakeEnvoys
	traffic *fakeTraffic
	options Options
	// stop ends the driver.
	stop func()
}

// startRig runs a driver over a directory with files until the test ends.
func startRig(t *testing.T, files map[string]string) *rig {
	t.Helper()
	r := &rig{t: t, dir: put(t, files), envoys: newFakeEnvoys(), traffic: &fakeTraffic{running: true}}
	r.options = Options{
		Paths: []string{r.dir}, StateDir: t.TempDir(), Listen: "127.0.0.1", HTTPPort: 8080,
		BundledFormats: []string{"onnx"}, Logger: slog.New(slog.DiscardHandler),
	}
	r.engine = &fakeEngine{ctx: t.Context, applied: map[string]application{}, status: map[string]appsv1.DeploymentStatus{}, changed: map[string]bool{}}
	r.run()
	t.Cleanup(func() {
		r.stop()
		r.engine.drains.Wait()
	})
	return r
}

// run runs a driver over what there is.
func (r *rig) run() {
	r.driver = New(r.options)
	r.engine.mu.Lock()
	r.engine.driver = r.driver
	r.engine.mu.Unlock()
	ctx, cancel := context.WithCancel(r.t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := r.driver.Run(ctx, r.engine, r.envoys, r.traffic); err != nil {
			r.t.Error(err)
		}
	})
	r.stop = func() {
		cancel()
		running.Wait()
	}
}

// write puts a file below the directory.
func (r *rig) write(name, content string) {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// until waits for something to hold, and looks at each signal.
func (r *rig) until(what string, signal func() <-chan struct{}, holds func() bool) {
	r.t.Helper()
	late := time.After(20 * time.Second)
	for {
		next := signal()
		if holds() {
			return
		}
		select {
		case <-next:
		case <-late:
			r.t.Fatalf("waited in vain until %s", what)
		}
	}
}

// untilServices waits until the services that are shown are those named.
func (r *rig) untilServices(names ...string) {
	r.t.Helper()
	r.until(fmt.Sprintf("the services are %v", names), r.driver.Changed, func() bool {
		var shown []string
		for _, s := range r.driver.Services() {
			shown = append(shown, s.Name)
		}
		return slices.Equal(shown, names)
	})
}

// serving starts the only service's only pod and waits until it is shown as ready.
func (r *rig) serving() engine.Pod {
	r.t.Helper()
	r.until("a Deployment is applied", r.engine.news.wait, func() bool { return len(r.engine.deployments()) == 1 })
	pod := r.engine.start(r.engine.deployments()[0])
	r.until("the service is ready", r.driver.Changed, func() bool {
		services := r.driver.Services()
		return len(services) == 1 && services[0].Ready
	})
	return pod
}

// untilListed waits until Envoy has been told of exactly these endpoints, each "pod state".
func (r *rig) untilListed(want ...string) {
	r.t.Helper()
	r.until(fmt.Sprintf("the endpoints are %v", want), r.envoys.news.wait, func() bool { return slices.Equal(r.listed(), want) })
}

func (r *rig) listed() []string {
	var listed []string
	for _, e := range r.envoys.endpoints() {
		listed = append(listed, strings.TrimSpace(r.engine.nameOf(e.port)+" "+e.state))
	}
	slices.Sort(listed)
	return slices.Compact(listed)
}

// untilAsked waits until Envoy's admin port has been asked n more times.
func (r *rig) untilAsked(n int) {
	r.t.Helper()
	from := r.traffic.count()
	r.until(fmt.Sprintf("Envoy has been asked %d times", n), r.traffic.news.wait, func() bool { return r.traffic.count() >= from+n })
}

// untilAwaited waits until somebody waits for Envoy to acknowledge something.
func (r *rig) untilAwaited() {
	r.t.Helper()
	r.until("somebody waits for Envoy", r.envoys.news.wait, func() bool {
		r.envoys.mu.Lock()
		defer r.envoys.mu.Unlock()
		return r.envoys.patient > 0 && r.envoys.settled < r.envoys.revision
	})
}

func (r *rig) service() admin.Service {
	r.t.Helper()
	services := r.driver.Services()
	if len(services) != 1 {
		r.t.Fatalf("%d services are shown", len(services))
	}
	return services[0]
}

// application is what a Deployment was last applied with.
type application struct {
	deployment *appsv1.Deployment
	refs       engine.References
}

// fakeEngine starts and ends pods when the test says so.
type fakeEngine struct {
	driver *Driver
	ctx    func() context.Context
	drains sync.WaitGroup
	news   broadcast

	mu      sync.Mutex
	applied map[string]application
	status  map[string]appsv1.DeploymentStatus
	list    []engine.Pod
	ended   []string
	started int32
	// adopted are the Deployments of a run before that nobody has applied since.
	adopted map[string]bool
	// changed are the Deployments with news.
	changed map[string]bool
}

func (e *fakeEngine) Apply(deployment *appsv1.Deployment, refs engine.References) {
	e.change(func() {
		e.applied[deployment.Name] = application{deployment.DeepCopy(), refs}
		e.changed[deployment.Name] = true
		delete(e.adopted, deployment.Name)
	})
}

func (e *fakeEngine) Retire() {
	e.mu.Lock()
	adopted := e.adopted
	e.mu.Unlock()
	for deployment := range adopted {
		e.Delete(types.NamespacedName{Namespace: "default", Name: deployment})
	}
}

func (e *fakeEngine) Delete(key types.NamespacedName) {
	var pods []engine.Pod
	e.change(func() {
		delete(e.applied, key.Name)
		delete(e.status, key.Name)
		e.changed[key.Name] = true
		for _, pod := range e.list {
			if pod.Deployment == key.Name {
				pods = append(pods, pod)
			}
		}
	})
	for _, pod := range pods {
		e.end(pod)
	}
}

func (e *fakeEngine) Changes() []engine.Change {
	e.mu.Lock()
	defer e.mu.Unlock()
	var changes []engine.Change
	for name := range e.changed {
		change := engine.Change{Deployment: types.NamespacedName{Namespace: "default", Name: name}, Status: e.status[name]}
		for _, pod := range e.list {
			if pod.Deployment == name {
				change.Pods = append(change.Pods, pod)
			}
		}
		changes = append(changes, change)
	}
	e.changed = map[string]bool{}
	return changes
}

func (e *fakeEngine) change(do func()) {
	e.mu.Lock()
	do()
	driver := e.driver
	e.mu.Unlock()
	e.news.notify()
	driver.EngineChanged()
}

func (e *fakeEngine) deployments() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Sorted(maps.Keys(e.applied))
}

// template is a Deployment's pod template as text.
func (e *fakeEngine) template(deployment string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.applied[deployment].deployment.Spec.Template.String()
}

func (e *fakeEngine) refs(deployment string) engine.References {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.applied[deployment].refs
}

// firstPort is the port of the first pod that is started; each has the next one.
const firstPort = 41001

// start makes a pod of a Deployment that is ready at once.
func (e *fakeEngine) start(deployment string) engine.Pod {
	var pod engine.Pod
	e.change(func() {
		template := e.applied[deployment].deployment.Spec.Template
		pod = engine.Pod{
			Namespace: "default", Name: fmt.Sprintf("pod-%d", e.started+1), Deployment: deployment, Labels: template.Labels,
			Ready: true, Address: "127.0.0.1", Ports: map[int32]int32{8080: firstPort + e.started},
			Containers: []engine.ContainerState{{Name: "kserve-container", State: engine.StateRunning, Ready: true}},
		}
		e.started++
		e.list = append(e.list, pod)
		e.changed[deployment] = true
		e.status[deployment] = appsv1.DeploymentStatus{Replicas: 1, UpdatedReplicas: 1, ReadyReplicas: 1, AvailableReplicas: 1}
	})
	return pod
}

func (e *fakeEngine) nameOf(port uint32) string { return fmt.Sprintf("pod-%d", port-firstPort+1) }

// end drains a pod as the engine does, and ends it.
func (e *fakeEngine) end(pod engine.Pod) {
	e.change(func() {
		for i := range e.list {
			if e.list[i].Name == pod.Name {
				e.list[i].Terminating = true
			}
		}
		e.changed[pod.Deployment] = true
	})
	e.mu.Lock()
	driver := e.driver
	e.mu.Unlock()
	e.drains.Go(func() {
		if driver.Drain(e.ctx(), pod) != nil {
			return
		}
		e.change(func() {
			e.list = slices.DeleteFunc(e.list, func(p engine.Pod) bool { return p.Name == pod.Name })
			e.ended = append(e.ended, pod.Name)
			e.changed[pod.Deployment] = true
		})
	})
}

func (e *fakeEngine) hasEnded(pod engine.Pod) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Contains(e.ended, pod.Name)
}

// fakeEnvoys is one Envoy that acknowledges at once, unless it holds.
type fakeEnvoys struct {
	changed chan struct{}
	news    broadcast

	mu        sync.Mutex
	resources map[envoy.Key]envoy.Resource
	revision  server.Revision
	settled   server.Revision
	holds     bool
	// patient counts those who wait for as long as it takes, which are all but the view.
	patient int
	// retained are the keys that were retained and not removed since; first are the versions of the first publication.
	retained   []envoy.Key
	first      map[envoy.Key]string
	rejections []server.Rejection
}

func newFakeEnvoys() *fakeEnvoys {
	return &fakeEnvoys{changed: make(chan struct{}, 1), resources: map[envoy.Key]envoy.Resource{}}
}

func (f *fakeEnvoys) Publish(set []envoy.Resource, remove []envoy.Key) server.Revision {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, resource := range set {
		f.resources[resource.Key()] = resource
	}
	for _, key := range remove {
		delete(f.resources, key)
		f.retained = slices.DeleteFunc(f.retained, func(kept envoy.Key) bool { return kept == key })
	}
	if f.first == nil {
		f.first = f.versions()
	}
	if len(set)+len(remove) > 0 {
		f.revision++
	}
	if !f.holds {
		f.settled = f.revision
	}
	f.news.notify()
	return f.revision
}

func (f *fakeEnvoys) versions() map[envoy.Key]string {
	versions := map[envoy.Key]string{}
	for key, resource := range f.resources {
		versions[key] = resource.Version
	}
	return versions
}

func (f *fakeEnvoys) Retain(keys []envoy.Key) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.retained = append(f.retained, keys...)
}

func (f *fakeEnvoys) Wait(ctx context.Context, revision server.Revision) error {
	if _, bounded := ctx.Deadline(); !bounded {
		f.countPatient(1)
		defer f.countPatient(-1)
	}
	for {
		next := f.news.wait()
		f.mu.Lock()
		settled := f.settled >= revision
		f.mu.Unlock()
		if settled {
			return nil
		}
		select {
		case <-next:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (f *fakeEnvoys) countPatient(change int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.patient += change
	f.news.notify()
}

func (f *fakeEnvoys) Rejections() []server.Rejection {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.rejections
}

func (f *fakeEnvoys) Clients() []server.Client {
	f.mu.Lock()
	defer f.mu.Unlock()
	return []server.Client{{Node: "envoy", Settled: f.settled}}
}

func (f *fakeEnvoys) Acknowledgements() map[envoy.Key][]string { return nil }

func (f *fakeEnvoys) Dump() []envoy.Resource {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Collect(maps.Values(f.resources))
}

func (f *fakeEnvoys) Changed() <-chan struct{} { return f.changed }

// hold makes Envoy answer nothing any more, or all that it owes.
func (f *fakeEnvoys) hold(holds bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.holds = holds
	if !holds {
		f.settled = f.revision
	}
	f.news.notify()
}

// refuse makes Envoy refuse something.
func (f *fakeEnvoys) refuse(rejections ...server.Rejection) {
	f.mu.Lock()
	f.rejections = rejections
	f.mu.Unlock()
	f.changed <- struct{}{}
}

// listedEndpoint is one that Envoy has been told of.
type listedEndpoint struct {
	port  uint32
	state string
}

func (f *fakeEnvoys) endpoints() []listedEndpoint {
	var listed []listedEndpoint
	for _, resource := range f.Dump() {
		if resource.TypeURL != envoy.EndpointType {
			continue
		}
		var assignment endpoint3.ClusterLoadAssignment
		if err := resource.Body.UnmarshalTo(&assignment); err != nil {
			panic(err)
		}
		for _, locality := range assignment.Endpoints {
			for _, e := range locality.LbEndpoints {
				state := ""
				if e.HealthStatus == corev3.HealthStatus_DRAINING {
					state = "draining"
				}
				listed = append(listed, listedEndpoint{e.GetEndpoint().Address.GetSocketAddress().GetPortValue(), state})
			}
		}
	}
	return listed
}

// fakeTraffic answers as Envoy's admin port does.
type fakeTraffic struct {
	news broadcast

	mu      sync.Mutex
	running bool
	failure error
	// busy holds the ports with a request in flight.
	busy  map[int32]bool
	asked int
}

func (f *fakeTraffic) Running() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.running
}

func (f *fakeTraffic) ActiveRequests(context.Context, ...string) (map[string]map[string]int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	defer f.news.notify()
	f.asked++
	if f.failure != nil {
		return nil, f.failure
	}
	active := map[string]int{}
	for port := range f.busy {
		active[fmt.Sprintf("127.0.0.1:%d", port)] = 1
	}
	return map[string]map[string]int{irisBackend: active}, nil
}

func (f *fakeTraffic) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fakeTraffic) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}
