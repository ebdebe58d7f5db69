// Package plan turns one InferenceService, with the runtimes, revisions and settings that it refers to, into the child
// objects that it asks for and the status that it has. It is pure: the same input gives the same result, byte for byte,
// on any machine and after any restart.
//
// Each kind of child has a file of its own; draft.go makes the pods, package rollout says which revisions run and
// who gets the traffic, and everything else writes down what those two decided.
package plan

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
	"github.com/sluice-serving/sluice/controller/plan/credentials"
	"github.com/sluice-serving/sluice/controller/plan/settings"
)

// Input is everything that the plan of one service depends on. It is only read.
type Input struct {
	// Service is defaulted and valid; one that isn't gives a status that says so.
	Service *v1beta1.InferenceService
	// Runtimes are those of the service's namespace.
	Runtimes        []v1alpha1.ServingRuntime
	ClusterRuntimes []v1alpha1.ClusterServingRuntime
	// Credentials are the service accounts and Secrets of the service's namespace. No value of a Secret gets into a result.
	Credentials credentials.Objects
	// Revisions are those that the last plan gave, as the driver stored them.
	Revisions []appsv1.ControllerRevision
	// Deployments has the observed status of each planned Deployment by name. Where a status doesn't speak of the newest
	// template yet (observedGeneration behind generation), the driver sets its UpdatedReplicas to 0.
	Deployments map[string]appsv1.DeploymentStatus
	// Routes has the observed status of each planned HTTPRoute by name.
	Routes   map[string]gatewayv1.HTTPRouteStatus
	Settings settings.Settings
}

// Result is what shall be there. Each list is sorted by name, and what the last result held and this doesn't is to be deleted.
type Result struct {
	Deployments []appsv1.Deployment
	// Services may change their selector from one revision's pods to another's. Endpoints that leave a Service that way are
	// to be drained as if their pods were terminating.
	Services        []corev1.Service
	HTTPRoutes      []gatewayv1.HTTPRoute
	DirectResponses []sluicev1alpha1.DirectResponse
	// Revisions are to be stored; those that are absent are to be deleted.
	Revisions []appsv1.ControllerRevision
	// Status has no transition times: the driver sets them when it compares with the last status.
	Status v1beta1.InferenceServiceStatus
}

// InferenceService plans one service.
func InferenceService(in Input) Result {
	if in.Service == nil {
		return Result{}
	}
	s := newScene(in)
	if s.service.Annotations[v1beta1.AnnotationStop] == "true" {
		return s.stopped()
	}
	if s.service.Mode() == v1beta1.ModeModelMesh {
		return s.modelMesh()
	}
	var r Result
	parts := s.parts()
	for _, p := range parts {
		r.Deployments = append(r.Deployments, s.deployments(p)...)
		r.Services = append(r.Services, s.services(p)...)
		r.Revisions = append(r.Revisions, s.storedRevisions(p)...)
	}
	routes := s.routes(parts)
	r.HTTPRoutes = routes.routes
	r.DirectResponses = routes.responses
	r.Status = s.status(parts, routes)
	r.sort()
	return r
}
