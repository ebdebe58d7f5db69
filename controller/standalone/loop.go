package standalone

import (
	"context"
	"log/slog"
	"slices"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/engine"
	"github.com/sluice-serving/sluice/controller/manifest"
	"github.com/sluice-serving/sluice/xds/ir"
)

// loop is the state that only the goroutine of [Driver.Run] reaches.
type loop struct {
	driver  *Driver
	engine  Engine
	envoys  Envoys
	traffic Traffic
	logger  *slog.Logger

	watcher   *watcher
	directory *directory
	inventory inventory
	problems  []manifest.Problem
	// runtimes are those that come with sluice, by name; a manifest of the same name comes before them.
	runtimes     map[string]*v1alpha1.ClusterServingRuntime
	surroundings surroundings

	services map[types.NamespacedName]*service
	// stored are the revisions of services that no manifest has named yet since the start.
	stored    map[types.NamespacedName][]appsv1.ControllerRevision
	revisions revisionStore

	routing  *routing
	revealer revealer
	// pods is the engine's snapshot that this round works on.
	pods []engine.Pod
	// slices are the EndpointSlices made for each Service with a selector.
	slices map[objectKey][]objectKey

	// rejected says why Envoy refuses what was made of an object.
	rejected map[ir.Ref]string
	// byName are the objects of the routes of plain localhost.
	byName map[objectKey]bool

	// adopted are the Deployments that a run before has left, by their services, until these are planned.
	adopted map[types.NamespacedName][]types.NamespacedName

	draining map[podKey]*drain
	looks    chan look
	sweeping bool
	// quiet counts how often in a row an endpoint has been found without requests.
	quiet map[lingerer]int
}

// maxRounds bounds how often a change may lead to another before the loop looks at its channels again.
// A plan that depends on a route's status settles in two rounds.
const maxRounds = 8

// maxReads bounds how often the directories are read at once because there are ever more of them.
const maxReads = 3

// settle carries everything through until nothing changes any more, then publishes it as one change.
func (l *loop) settle(ctx context.Context, running *sync.WaitGroup) {
	pending := newTranslated()
	l.noteRoutes(l.observeRejections())
	for range maxRounds {
		l.observe()
		anew := l.planDirty()
		l.pods = l.engine.Pods()
		if anew || l.byName == nil {
			l.routeByName()
		}
		l.listEndpoints()
		routes := l.routing.flush(pending, l.alive())
		if !l.noteRoutes(routes) && !anew {
			break
		}
	}
	l.routing.touchUnplanned(l.alive())
	l.routing.publish(l.envoys, pending)
	l.finishDrains(ctx, running)
	l.show()
}

// readFiles takes what the directories hold now.
func (l *loop) readFiles() {
	now := l.directory.read()
	// Nobody tells of what was written into a directory between its reading and its first watch.
	for range maxReads {
		if !l.watcher.watch(now.dirs) {
			break
		}
		now = l.directory.read()
	}
	reported := l.problems
	after, problems := takeInventory(l.inventory, now)
	changed := l.inventory.changes(after)
	l.inventory, l.problems = after, problems
	l.surroundings = surround(after, l.runtimes, l.driver.options.StateDir)
	namespaces := map[string]bool{}
	for _, key := range changed {
		document, present := after[key]
		switch key.kind {
		case v1beta1.KindInferenceService:
			l.takeService(types.NamespacedName{Namespace: key.namespace, Name: key.name}, document, present)
		case "ServingRuntime", "Secret", "ConfigMap", "PersistentVolumeClaim":
			namespaces[key.namespace] = true
		case "ClusterServingRuntime":
			for name := range l.services {
				namespaces[name.Namespace] = true
			}
		}
		if routable(key.kind) {
			if present {
				l.routing.set(given, document.Object)
			} else {
				l.routing.delete(given, key)
			}
		}
	}
	for name, service := range l.services {
		service.dirty = service.dirty || namespaces[name.Namespace]
	}
	logNewProblems(l.logger, reported, problems)
}

// routable says whether the translation reads objects of a kind.
func routable(kind string) bool {
	switch kind {
	case "Gateway", "HTTPRoute", "GRPCRoute", "ReferenceGrant", "Service", "EndpointSlice", "Secret", "DirectResponse",
		"AccessPolicy", "ConfigMap", v1beta1.KindInferenceService:
		return true
	}
	return false
}

// takeService notes a new, changed or removed InferenceService.
func (l *loop) takeService(name types.NamespacedName, document manifest.Document, present bool) {
	held, known := l.services[name]
	if !present {
		if known {
			held.removed, held.dirty = true, true
		}
		return
	}
	if !known {
		held = &service{name: name, revisions: l.stored[name]}
		delete(l.stored, name)
		l.observeAdopted(held)
		l.services[name] = held
	}
	held.take(document)
}

// observe marks the services for which the engine shows another state than the one they were planned with.
func (l *loop) observe() {
	for _, s := range l.services {
		if s.deployments == nil { // it is about to be planned for the first time
			continue
		}
		observed := map[string]appsv1.DeploymentStatus{}
		for name := range s.deployments {
			observed[name] = l.engine.Status(types.NamespacedName{Namespace: s.name.Namespace, Name: name})
		}
		if !equality.Semantic.DeepEqual(observed, s.observed) {
			s.observed, s.dirty = observed, true
		}
	}
}

// listEndpoints brings the EndpointSlices of every Service with a selector to the pods of this round.
func (l *loop) listEndpoints() {
	leaving := func(key podKey) bool { return l.draining[key] != nil }
	byApp := map[string][]engine.Pod{}
	for _, pod := range l.pods {
		app := pod.Labels[v1beta1.LabelApp]
		byApp[app] = append(byApp[app], pod)
	}
	next := map[objectKey][]objectKey{}
	for key, object := range l.routing.objects {
		service, ok := object.(*corev1.Service)
		if !ok {
			continue
		}
		candidates := l.pods
		if app, named := service.Spec.Selector[v1beta1.LabelApp]; named {
			candidates = byApp[app]
		}
		for _, slice := range endpointSlices(service, candidates, leaving) {
			l.routing.set(planned, slice)
			next[key] = append(next[key], keyOfObject(slice))
		}
	}
	for service, keys := range l.slices {
		for _, key := range keys {
			if !slices.Contains(next[service], key) {
				l.routing.delete(planned, key)
			}
		}
	}
	l.slices = next
}

// alive tells whether a process of ours still answers at an endpoint.
func (l *loop) alive() func(endpointKey) bool {
	answering := map[endpointKey]bool{}
	for i := range l.pods {
		pod := &l.pods[i]
		running := slices.ContainsFunc(pod.Containers, func(c engine.ContainerState) bool {
			return !c.Init && c.State == engine.StateRunning
		})
		for _, port := range pod.Ports {
			answering[endpointKey{pod.Address, uint16(port)}] = running
		}
	}
	return func(key endpointKey) bool { return answering[key] }
}

// noteRoutes hands route statuses to the services that planned the routes, and says whether any is new to one.
func (l *loop) noteRoutes(changed []types.NamespacedName) bool {
	news := false
	for _, name := range changed {
		key := objectKey{"HTTPRoute", name.Namespace, name.Name}
		for _, planned := range l.routing.holdings[key] {
			news = l.noteRoute(l.services[planned.owner], key) || news
		}
	}
	return news
}

// noteRoute hands a service the status of a route that it planned, and says whether that is new.
func (l *loop) noteRoute(s *service, key objectKey) bool {
	status := l.routeStatus(types.NamespacedName{Namespace: key.namespace, Name: key.name})
	if !l.routing.holdings.holds(s.name, key) {
		status = l.routing.nameTaken(key)
	}
	if equality.Semantic.DeepEqual(s.routes[key.name], status) {
		return false
	}
	s.routes[key.name], s.dirty = status, true
	return true
}
