package standalone

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/engine"
	"github.com/sluice-serving/sluice/controller/manifest"
	"github.com/sluice-serving/sluice/controller/plan"
	"github.com/sluice-serving/sluice/controller/plan/settings"
)

// service is what the loop knows of one InferenceService.
type service struct {
	// guard is what is shown of who may call it.
	guard guardFacts
	name  types.NamespacedName
	// manifest is the one in force; resolved is the same with absolute paths, and files says what stands
	// at each path.
	manifest manifest.Document
	resolved *v1beta1.InferenceService
	files    map[string]settings.FileKind
	// digests are the versions of the model files that the service is planned with, and lastDigests those of the last
	// look at them.
	digests, lastDigests map[string]string
	// removed says that the manifest has gone.
	removed bool

	// What the plan was made from beside the manifest.
	revisions []appsv1.ControllerRevision
	unstored  *unstored
	observed  map[string]appsv1.DeploymentStatus
	routes    map[string]gatewayv1.HTTPRouteStatus

	// What the plan gave. deployments, with the objects that refs holds for them, and planned are what is applied of it.
	result      plan.Result
	deployments map[string]appsv1.Deployment
	// templates names the revision of each pod template that the Deployments have, or that a pod still has.
	templates map[podTemplate]string
	refs      engine.References
	planned   map[objectKey]bool
	status    v1beta1.InferenceServiceStatus
}

// take puts a new version of the manifest in force.
func (s *service) take(document manifest.Document) {
	s.manifest = document
	s.removed = false
	object, ok := document.Object.(*v1beta1.InferenceService)
	if !ok {
		// manifest.Parse gives this kind as this type and nothing else.
		panic("standalone: an InferenceService of another Go type")
	}
	s.resolved, s.files = resolvePaths(object, manifestDir(document.Source))
	s.digests = modelDigests(s.files)
}

// noteFiles keeps the lists of services that wait for a path and of those with model files.
func (l *loop) noteFiles(s *service) {
	delete(l.missing, s.name)
	delete(l.modelled, s.name)
	for _, kind := range s.files {
		if kind == settings.Missing {
			l.missing[s.name] = true
		} else {
			l.modelled[s.name] = true
		}
	}
}

// maxLookedAt bounds the services whose paths are looked at in one go.
const maxLookedAt = 256

// foundMissing says whether a path that a service waits for has appeared. Only those are looked at: they lie
// anywhere, and a directory that isn't there can't be watched.
func (l *loop) foundMissing() bool {
	var any bool
	looked := 0
	// A map begins anywhere each time, so that all have their turn.
	for name := range l.missing {
		if looked++; looked > maxLookedAt {
			break
		}
		if s := l.services[name]; s.foundMissing() {
			any = true
			l.mark(s)
			l.noteFiles(s)
		}
	}
	return any
}

func (s *service) foundMissing() bool {
	var any bool
	for path, kind := range s.files {
		if kind != settings.Missing {
			continue
		}
		if now := fileKind(path); now != settings.Missing {
			// Clones, since the last plan's input has the old ones.
			s.files, s.digests = maps.Clone(s.files), maps.Clone(s.digests)
			s.files[path], s.digests[path] = now, modelDigest(path)
			any = true
		}
	}
	return any
}

// planDirty plans the services that need it and applies what is new. It says whether there were any.
func (l *loop) planDirty() bool {
	if len(l.dirty) == 0 {
		return false
	}
	dirty := l.dirty
	l.dirty = map[types.NamespacedName]bool{}
	for _, name := range slices.SortedFunc(maps.Keys(dirty), compareNames) {
		s, known := l.services[name]
		if !known {
			continue
		}
		result := plan.Result{}
		if !s.removed {
			result = plan.InferenceService(l.planInput(s))
		}
		l.apply(s, result)
		l.unseen[name], l.byName.stale[name.Name] = true, true
		if s.removed {
			l.forget(name)
			l.logger.Info("service removed", "service", name.String())
		}
	}
	return true
}

func (l *loop) planInput(s *service) plan.Input {
	with := l.driver.settings
	local := *with.Local
	local.FileURIs, local.ModelDigests = s.files, s.digests
	with.Local = &local
	return plan.Input{
		Service:         s.resolved,
		Runtimes:        l.surroundings.runtimes[s.name.Namespace],
		ClusterRuntimes: l.surroundings.clusterRuntimes,
		Credentials:     l.surroundings.credentials[s.name.Namespace],
		Revisions:       s.revisions,
		Deployments:     s.observed,
		Routes:          s.routes,
		Settings:        with,
	}
}

// apply brings the engine, the translator and the stored revisions from a service's last plan to this one.
func (l *loop) apply(s *service, result plan.Result) {
	// Revisions come first: a sluice that is killed after this line plans the same again.
	l.store(s, result.Revisions)
	l.applyDeployments(s, result.Deployments)
	l.noteTemplates(s)
	l.applyRoutable(s, result)
	s.result = result
	l.noteStatus(s)
}

// noteStatus puts the plan's status in force: a condition keeps its transition time while its status stays.
func (l *loop) noteStatus(s *service) {
	before, wasReady := s.status, s.status.IsReady()
	status := *s.result.Status.DeepCopy()
	now := metav1.Now()
	for i := range status.Conditions {
		condition := &status.Conditions[i]
		condition.LastTransitionTime = now
		if old := before.Condition(condition.Type); old != nil && old.Status == condition.Status {
			condition.LastTransitionTime = old.LastTransitionTime
		}
	}
	s.status = status
	if s.removed || status.IsReady() == wasReady {
		return
	}
	if status.IsReady() {
		l.logger.Info("service ready", "service", s.name.String(), "url", status.URL)
		return
	}
	ready := status.Condition(v1beta1.ConditionReady)
	if ready != nil {
		l.logger.Warn("service not ready", "service", s.name.String(), "reason", ready.Reason, "message", ready.Message)
	}
}

// applyDeployments brings the engine to what is wanted. References count as a part of each Deployment: a Secret may
// come later than what waits for it.
func (l *loop) applyDeployments(s *service, wanted []appsv1.Deployment) {
	refs := l.surroundings.references[s.name.Namespace]
	sameRefs := equality.Semantic.DeepEqual(s.refs, refs)
	next := map[string]appsv1.Deployment{}
	for i := range wanted {
		deployment := &wanted[i]
		next[deployment.Name] = *deployment
		if have, ok := s.deployments[deployment.Name]; ok && sameRefs && equality.Semantic.DeepEqual(have, *deployment) {
			continue
		}
		l.engine.Apply(deployment, refs)
		l.mark(s) // its status is read in the next round
	}
	for name := range s.deployments {
		if _, kept := next[name]; !kept {
			key := types.NamespacedName{Namespace: s.name.Namespace, Name: name}
			l.engine.Delete(key)
			delete(l.owners, key)
		}
	}
	s.deployments, s.refs = next, refs
	s.observed = map[string]appsv1.DeploymentStatus{}
	for name := range next {
		key := types.NamespacedName{Namespace: s.name.Namespace, Name: name}
		l.owners[key] = s.name
		s.observed[name] = l.pods.status(key)
	}
}

func (l *loop) applyRoutable(s *service, result plan.Result) {
	next := map[objectKey]bool{}
	set := func(object manifest.Object) {
		next[keyOfObject(object)] = true
		l.routing.setPlanned(s.name, object)
	}
	for i := range result.Services {
		set(&result.Services[i])
	}
	for i := range result.DirectResponses {
		set(&result.DirectResponses[i])
	}
	for i := range result.HTTPRoutes {
		set(&result.HTTPRoutes[i])
	}
	for key := range s.planned {
		if !next[key] {
			if heir, waited := l.routing.deletePlanned(s.name, key); waited {
				l.noteRoute(l.services[heir], key)
			}
		}
	}
	s.planned = next
	if s.routes == nil {
		s.routes = map[string]gatewayv1.HTTPRouteStatus{}
	}
	for i := range result.HTTPRoutes {
		if key := keyOfObject(&result.HTTPRoutes[i]); !l.routing.holdings.holds(s.name, key) {
			l.noteRoute(s, key)
		}
	}
	for name := range s.routes {
		if !next[objectKey{"HTTPRoute", s.name.Namespace, name}] {
			delete(s.routes, name)
		}
	}
}

func compareNames(a, b types.NamespacedName) int {
	return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name))
}
