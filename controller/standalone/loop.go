package standalone

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/engine"
	"github.com/sluice-serving/sluice/controller/manifest"
	"github.com/sluice-serving/sluice/xds/ir"
)

// loop is the state that only the goroutine of [Driver.Run] reaches.
type loop struct {
	// retired says that what was adopted and nothing asks for has been ended.
	retired bool

	driver  *Driver
	engine  Engine
	envoys  Envoys
	traffic Traffic
	logger  *slog.Logger

	watcher      *watcher
	directory    *directory
	inventory    *inventory
	good         *goodKeeper
	surroundings *surroundings
	certificate  certificateWatch
	// open are the services that other machines may call without a key or token, as it was said last.
	open []string
	// openSeen is what that was made from.
	openSeen openSeen
	// guardsSeen is [routing.policyChanges] when it was last looked which services are guarded otherwise than shown.
	guardsSeen int
	// policiesShown is [routing.policyChanges] when the policies were shown last.
	policiesShown int

	services map[types.NamespacedName]*service
	// dirty are the services to plan anew.
	dirty map[types.NamespacedName]bool
	// byNamespace and namesakes are the services of a namespace and of a name.
	byNamespace map[string]map[types.NamespacedName]bool
	namesakes   map[string]map[types.NamespacedName]bool
	// owners are the services that planned the engine's Deployments.
	owners map[types.NamespacedName]types.NamespacedName
	// stored are the revisions of services that no manifest has named yet since the start.
	stored    map[types.NamespacedName][]appsv1.ControllerRevision
	revisions revisionStore
	// unstored are the services whose revisions could not be stored.
	unstored map[types.NamespacedName]bool
	// storeNext is when they, and manifests that could not be kept, are tried again, storeWait after the try before.
	storeNext time.Time
	storeWait time.Duration

	routing  *routing
	revealer revealer
	pods     *pods
	listing  *listing
	byName   *byName

	// rejected says why Envoy refuses what was made of an object.
	rejected map[ir.Ref]string
	// problems are those noted of each place; troubled are the places to look at, and unseen the services that are to be
	// shown anew.
	problems map[problemPlace][]manifest.Problem
	troubled map[problemPlace]bool
	unseen   map[types.NamespacedName]bool

	draining map[podKey]*drain
	looks    chan look
	sweeping bool
	// quiet counts how often in a row an endpoint has been found without requests.
	quiet map[lingerer]int

	// missing are the services that wait for a path, and modelled those with model files.
	missing, modelled map[types.NamespacedName]bool
	// modelQueue are the services whose model files are looked at next.
	modelQueue    []types.NamespacedName
	modelLooks    chan modelLook
	lookingAtThem bool
}

// emptyLoop is a loop of nothing.
func emptyLoop() *loop {
	return &loop{
		inventory:   newInventory(),
		good:        newGoodKeeper(""),
		services:    map[types.NamespacedName]*service{},
		dirty:       map[types.NamespacedName]bool{},
		byNamespace: map[string]map[types.NamespacedName]bool{},
		namesakes:   map[string]map[types.NamespacedName]bool{},
		owners:      map[types.NamespacedName]types.NamespacedName{},
		revealer:    newRevealer(),
		pods:        newPods(),
		listing:     newListing(),
		byName:      newByName(),
		problems:    map[problemPlace][]manifest.Problem{},
		troubled:    map[problemPlace]bool{},
		unseen:      map[types.NamespacedName]bool{},
		draining:    map[podKey]*drain{},
		looks:       make(chan look, 1),
		unstored:    map[types.NamespacedName]bool{},
		missing:     map[types.NamespacedName]bool{},
		modelled:    map[types.NamespacedName]bool{},
		modelLooks:  make(chan modelLook, 1),
	}
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
		if l.planDirty() {
			l.observe()
		}
		l.routeByName()
		l.listEndpoints()
		l.noteRoutes(l.routing.flush(pending, l.pods.answers))
		if len(l.dirty) == 0 {
			break
		}
	}
	l.routing.touchUnplanned(l.pods.answers)
	l.routing.publish(l.envoys, pending)
	l.finishDrains(ctx, running)
	l.warnOpen()
	l.noteGuards()
	l.keepGood()
	l.show()
}

// readAll takes what the directories hold now.
func (l *loop) readAll() {
	now := l.directory.read()
	// Nobody tells of what was written into a directory between its reading and its first watch.
	for range maxReads {
		if !l.watcher.watch(now.dirs) {
			break
		}
		now = l.directory.read()
	}
	l.takeFiles(l.inventory.take(now))
}

// readTouched takes what stands at the paths that have changed, and all if that can't be told from them.
func (l *loop) readTouched(touched touchedPaths) {
	files, gone, known := l.directory.reread(touched)
	if !known {
		l.readAll()
		return
	}
	l.takeFiles(l.inventory.update(files, gone))
}

// takeFiles carries on what has changed in the inventory.
func (l *loop) takeFiles(change inventoryChange) {
	for _, path := range change.files {
		l.troubled[problemPlace{file: path}] = true
		l.good.due[path] = true
	}
	for _, key := range change.contested {
		l.troubled[problemPlace{twice: key}] = true
	}
	for _, key := range change.moved {
		l.notePolicyPlace(key)
		l.troubled[problemPlace{object: key}] = true
		if s, ours := l.services[types.NamespacedName{Namespace: key.namespace, Name: key.name}]; ours && key.kind == v1beta1.KindInferenceService {
			s.manifest = l.inventory.objects[key]
			l.unseen[s.name] = true
		}
	}
	for _, key := range change.objects {
		l.takeObject(key)
	}
	for namespace := range l.surroundings.refresh() {
		l.markNamespace(namespace)
	}
}

// takeObject carries on a new, changed or removed object.
func (l *loop) takeObject(key objectKey) {
	document, present := l.inventory.get(key)
	l.troubled[problemPlace{object: key}] = true
	if key.kind == v1beta1.KindInferenceService {
		l.takeService(types.NamespacedName{Namespace: key.namespace, Name: key.name}, document, present)
	}
	if surrounds(key.kind) {
		if present {
			l.surroundings.set(key, document)
		} else {
			l.surroundings.remove(key)
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

// mark has a service planned anew.
func (l *loop) mark(s *service) { l.dirty[s.name] = true }

// markNamespace has the services of a namespace planned anew, or all when it is that of cluster-wide objects.
func (l *loop) markNamespace(namespace string) {
	if namespace != "" {
		maps.Copy(l.dirty, l.byNamespace[namespace])
		return
	}
	for name := range l.services {
		l.dirty[name] = true
	}
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
			held.removed = true
			l.mark(held)
		}
		return
	}
	if !known {
		held = &service{name: name, revisions: l.stored[name]}
		delete(l.stored, name)
		l.observeAdopted(held)
		l.services[name] = held
		note(l.byNamespace, name.Namespace, name, true)
		note(l.namesakes, name.Name, name, true)
	}
	held.take(document)
	l.mark(held)
	l.noteFiles(held)
}

// forget drops a service that has gone.
func (l *loop) forget(name types.NamespacedName) {
	delete(l.services, name)
	delete(l.missing, name)
	delete(l.modelled, name)
	delete(l.unstored, name)
	note(l.byNamespace, name.Namespace, name, false)
	note(l.namesakes, name.Name, name, false)
}

// observe takes what the engine tells, and marks the services for which it shows another state than the one they were
// planned with.
func (l *loop) observe() {
	for _, change := range l.engine.Changes() {
		before := l.pods.set(change)
		for _, pods := range [][]engine.Pod{before.Pods, change.Pods} {
			for i := range pods {
				l.unseen[ownerOf(&pods[i])] = true
				l.listing.touch(&pods[i])
			}
		}
		s, owned := l.services[l.owners[change.Deployment]]
		if !owned || equality.Semantic.DeepEqual(s.observed[change.Deployment.Name], change.Status) {
			continue
		}
		// A clone, since the last plan's input has the old one.
		s.observed = maps.Clone(s.observed)
		s.observed[change.Deployment.Name] = change.Status
		l.mark(s)
	}
}

// noteRoutes hands route statuses to the services that planned the routes.
func (l *loop) noteRoutes(changed []types.NamespacedName) {
	for _, name := range changed {
		key := objectKey{"HTTPRoute", name.Namespace, name.Name}
		for _, planned := range l.routing.holdings[key] {
			l.noteRoute(l.services[planned.owner], key)
		}
	}
}

// noteRoute hands a service the status of a route that it planned, and marks the service if that is news.
func (l *loop) noteRoute(s *service, key objectKey) {
	status := l.routeStatus(types.NamespacedName{Namespace: key.namespace, Name: key.name})
	if !l.routing.holdings.holds(s.name, key) {
		status = l.routing.nameTaken(key)
	}
	if equality.Semantic.DeepEqual(s.routes[key.name], status) {
		return
	}
	s.routes[key.name] = status
	l.mark(s)
}
