package mutate

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/manifest"
	"github.com/sluice-serving/sluice/controller/plan"
	"github.com/sluice-serving/sluice/controller/plan/settings"
	"github.com/sluice-serving/sluice/controller/standalone"
)

// planned is what translation reads of a service's plan.
type planned struct {
	children []manifest.Object
	byName   plan.ByNameInput
}

// runtimes are those that a plan may choose from.
type runtimes struct {
	own     map[string][]v1alpha1.ServingRuntime
	cluster []v1alpha1.ClusterServingRuntime
}

func hasRuntime(objects []manifest.Object) bool {
	return slices.ContainsFunc(objects, func(object manifest.Object) bool {
		switch object.(type) {
		case *v1alpha1.ServingRuntime, *v1alpha1.ClusterServingRuntime:
			return true
		}
		return false
	})
}

func newRuntimes(builtIn []v1alpha1.ClusterServingRuntime, objects []manifest.Object) runtimes {
	out := runtimes{own: map[string][]v1alpha1.ServingRuntime{}, cluster: slices.Clone(builtIn)}
	for _, object := range objects {
		switch runtime := object.(type) {
		case *v1alpha1.ServingRuntime:
			out.own[runtime.Namespace] = append(out.own[runtime.Namespace], *runtime)
		case *v1alpha1.ClusterServingRuntime:
			out.cluster = slices.DeleteFunc(out.cluster, func(r v1alpha1.ClusterServingRuntime) bool { return r.Name == runtime.Name })
			out.cluster = append(out.cluster, *runtime)
		}
	}
	return out
}

// plan plans a service, before its pods are ready or after.
func (w *world) plan(service *v1beta1.InferenceService, known runtimes, ready bool) planned {
	resolved, files := standalone.Resolve(service, manifest.Source{File: "/manifests/base.yaml"})
	for path := range files {
		files[path] = settings.Directory
	}
	local := *w.settings.Local
	local.FileURIs = files
	in := plan.Input{Service: resolved, Runtimes: known.own[service.Namespace], ClusterRuntimes: known.cluster, Settings: w.settings}
	in.Settings.Local = &local
	result := plan.InferenceService(in)
	if ready {
		in.Revisions, in.Deployments, in.Routes = result.Revisions, map[string]appsv1.DeploymentStatus{}, map[string]gatewayv1.HTTPRouteStatus{}
		for _, deployment := range result.Deployments {
			in.Deployments[deployment.Name] = available(deployment)
		}
		for name, status := range w.statuses {
			if name.Namespace == service.Namespace {
				in.Routes[name.Name] = status
			}
		}
		result = plan.InferenceService(in)
	}
	out := planned{byName: plan.ByNameInput{
		Namespace: service.Namespace, Name: service.Name, Responses: result.DirectResponses, Ready: result.Status.IsReady(),
	}}
	for i := range result.Services {
		out.children = append(out.children, &result.Services[i])
	}
	for i := range result.HTTPRoutes {
		out.children = append(out.children, &result.HTTPRoutes[i])
		if result.HTTPRoutes[i].Name == service.Name {
			out.byName.Route = &result.HTTPRoutes[i]
		}
	}
	for i := range result.DirectResponses {
		out.children = append(out.children, &result.DirectResponses[i])
	}
	return out
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
