// Package preview says what the pure stages make of manifests without running anything: each plan, its objects and their
// translation, as they stand once every pod is ready, or before any is. `sluice plan` and `sluice translate` print it.
//
// It reads manifests, resolves paths and makes the Gateway by package standalone, so that it starts from what a run would
// start from. In place of processes and Envoy it has the assumption that all pods become ready and all routes are taken.
package preview

import (
	"reflect"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/plan"
	"github.com/sluice-serving/sluice/controller/plan/settings"
	"github.com/sluice-serving/sluice/controller/standalone"
	"github.com/sluice-serving/sluice/controller/translate"
)

// rounds bounds how often the stages run. A plan needs two: pods, then routes. More are a fault of the stages, which should
// not keep a user waiting.
const rounds = 6

// Options say on what machine, and at what time, the preview is.
type Options struct {
	// HTTPPort is the port of the Gateway that a run makes by itself.
	HTTPPort uint16
	// ContainerEngine is the name of the machine's container engine, or "" if it has none.
	ContainerEngine string
	// BundledFormats are the model formats that the bundled runtime serves.
	BundledFormats []string
	// NotReady asks for the time before any pod is ready.
	NotReady bool
}

// Preview is what the stages make of manifests.
type Preview struct {
	Plans      []Planned
	Translated translate.Result
	notReady   bool
}

// Planned is one InferenceService with its plan.
type Planned struct {
	Service *v1beta1.InferenceService
	Result  plan.Result
}

// planning is a service's input and what the last round made of it.
type planning struct {
	input  plan.Input
	result plan.Result
}

// New runs both stages over the objects loaded. An error is a fault of sluice, not of the manifests.
func New(loaded standalone.Loaded, o Options) (Preview, error) {
	with := settings.Standalone(settings.Local{ContainerEngine: o.ContainerEngine, BundledFormats: o.BundledFormats}, int32(o.HTTPPort))
	given, inputs, err := sortObjects(loaded, with)
	if err != nil {
		return Preview{}, err
	}
	if !hasGateway(given.Gateways, with) {
		given.Gateways = append(given.Gateways, standalone.Gateway(with.Ingress.Gateway, o.HTTPPort))
	}
	plans := make([]planning, len(inputs))
	for i := range inputs {
		plans[i].input = inputs[i]
	}
	plans, translated := settle(plans, given, o.NotReady)
	p := Preview{Translated: translated, notReady: o.NotReady}
	for _, one := range plans {
		p.Plans = append(p.Plans, Planned{Service: one.input.Service, Result: one.result})
	}
	return p, nil
}

// settle runs the stages until nothing changes, with each round's pods and routes taken to be ready by the next; or once,
// if nothing is to be ready.
func settle(plans []planning, given translate.Objects, once bool) ([]planning, translate.Result) {
	var translated translate.Result
	for range rounds {
		settled := true
		for i := range plans {
			before := plans[i].result
			plans[i].result = plan.InferenceService(plans[i].input)
			settled = settled && reflect.DeepEqual(before, plans[i].result)
		}
		translated = translate.Translate(withPlans(given, plans))
		if settled || once {
			break
		}
		for i := range plans {
			plans[i].input = observed(plans[i], translated)
		}
	}
	return plans, translated
}

// observed is the next round's input of a service whose planned pods are all ready and whose routes have the statuses
// that translation gave.
func observed(p planning, translated translate.Result) plan.Input {
	next := p.input
	next.Revisions = p.result.Revisions
	next.Deployments = map[string]appsv1.DeploymentStatus{}
	for _, deployment := range p.result.Deployments {
		next.Deployments[deployment.Name] = available(deployment)
	}
	next.Routes = map[string]gatewayv1.HTTPRouteStatus{}
	for name, status := range translated.HTTPRoutes {
		if name.Namespace == p.input.Service.Namespace {
			next.Routes[name.Name] = status
		}
	}
	return next
}

// available is a Deployment's status with every replica ready.
func available(deployment appsv1.Deployment) appsv1.DeploymentStatus {
	replicas := int32(1)
	if deployment.Spec.Replicas != nil {
		replicas = *deployment.Spec.Replicas
	}
	return appsv1.DeploymentStatus{
		ObservedGeneration: deployment.Generation,
		Replicas:           replicas, UpdatedReplicas: replicas, ReadyReplicas: replicas, AvailableReplicas: replicas,
		Conditions: []appsv1.DeploymentCondition{
			{Type: appsv1.DeploymentAvailable, Status: corev1.ConditionTrue, Reason: "MinimumReplicasAvailable"},
			{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionTrue, Reason: "NewReplicaSetAvailable"},
		},
	}
}

// withPlans adds the planned objects to the given ones, and the routes by the model's name.
func withPlans(given translate.Objects, plans []planning) translate.Objects {
	all := given
	var byName []plan.ByNameInput
	for _, p := range plans {
		all.Services = append(all.Services[:len(all.Services):len(all.Services)], p.result.Services...)
		all.HTTPRoutes = append(all.HTTPRoutes[:len(all.HTTPRoutes):len(all.HTTPRoutes)], p.result.HTTPRoutes...)
		all.DirectResponses = append(all.DirectResponses[:len(all.DirectResponses):len(all.DirectResponses)], p.result.DirectResponses...)
		service := plan.ByNameInput{
			Namespace: p.input.Service.Namespace, Name: p.input.Service.Name,
			Responses: p.result.DirectResponses, Ready: p.result.Status.IsReady(),
		}
		for i := range p.result.HTTPRoutes {
			if p.result.HTTPRoutes[i].Name == service.Name {
				service.Route = &p.result.HTTPRoutes[i]
			}
		}
		byName = append(byName, service)
	}
	routes, responses := plan.AllByName(byName, "", nil)
	all.HTTPRoutes = append(all.HTTPRoutes, routes...)
	all.DirectResponses = append(all.DirectResponses, responses...)
	return all
}
