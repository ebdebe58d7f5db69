package preview

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
	"github.com/sluice-serving/sluice/controller/plan"
	"github.com/sluice-serving/sluice/controller/plan/credentials"
	"github.com/sluice-serving/sluice/controller/plan/settings"
	"github.com/sluice-serving/sluice/controller/standalone"
	"github.com/sluice-serving/sluice/controller/translate"
)

func hasGateway(gateways []gatewayv1.Gateway, with settings.Settings) bool {
	for _, gateway := range gateways {
		if gateway.Namespace == with.Ingress.Gateway.Namespace && gateway.Name == with.Ingress.Gateway.Name {
			return true
		}
	}
	return false
}

// sortObjects parts what was read into translation's objects and one plan input for each InferenceService.
func sortObjects(loaded standalone.Loaded, with settings.Settings) (translate.Objects, []plan.Input, error) {
	clusterRuntimes, err := standalone.DefaultRuntimes()
	if err != nil {
		return translate.Objects{}, nil, err
	}
	given := translate.Objects{Listen: "127.0.0.1"}
	var inputs []plan.Input
	runtimes := map[string][]v1alpha1.ServingRuntime{}
	known := map[string]credentials.Objects{}
	for _, document := range loaded.Documents {
		switch object := document.Object.(type) {
		case *v1beta1.InferenceService:
			service, files := standalone.Resolve(object, document.Source)
			local := *with.Local
			local.FileURIs = present(files)
			mine := with
			mine.Local = &local
			inputs = append(inputs, plan.Input{Service: service, Settings: mine})
			given.InferenceServices = append(given.InferenceServices, *object)
		case *v1alpha1.ServingRuntime:
			runtimes[object.Namespace] = append(runtimes[object.Namespace], *object)
		case *v1alpha1.ClusterServingRuntime:
			clusterRuntimes = replaceRuntime(clusterRuntimes, *object)
		default:
			addCredentials(known, document.Object)
			addGiven(&given, document.Object)
		}
	}
	for i := range inputs {
		inputs[i].Runtimes = runtimes[inputs[i].Service.Namespace]
		inputs[i].ClusterRuntimes = clusterRuntimes
		inputs[i].Credentials = known[inputs[i].Service.Namespace]
	}
	return given, inputs, nil
}

// addCredentials notes what the models of a namespace are fetched with.
func addCredentials(known map[string]credentials.Objects, object any) {
	of := func(namespace string) credentials.Objects {
		if _, found := known[namespace]; !found {
			known[namespace] = credentials.Objects{ServiceAccounts: map[string]*corev1.ServiceAccount{}, Secrets: map[string]*corev1.Secret{}}
		}
		return known[namespace]
	}
	switch o := object.(type) {
	case *corev1.Secret:
		of(o.Namespace).Secrets[o.Name] = o
	case *corev1.ServiceAccount:
		of(o.Namespace).ServiceAccounts[o.Name] = o
	}
}

// present takes models that aren't on this machine for directories: a preview is as if the manifests had what they name,
// so that one that was reported from another machine can be looked at.
func present(files map[string]settings.FileKind) map[string]settings.FileKind {
	out := maps.Clone(files)
	for path, kind := range out {
		if kind == settings.Missing {
			out[path] = settings.Directory
		}
	}
	return out
}

// replaceRuntime puts a runtime in the place of the default of its name.
func replaceRuntime(all []v1alpha1.ClusterServingRuntime, runtime v1alpha1.ClusterServingRuntime) []v1alpha1.ClusterServingRuntime {
	for i := range all {
		if all[i].Name == runtime.Name {
			all[i] = runtime
			return all
		}
	}
	return append(all, runtime)
}

// addGiven keeps an object that translation reads; claims are none of its.
func addGiven(given *translate.Objects, object any) {
	switch object := object.(type) {
	case *gatewayv1.Gateway:
		given.Gateways = append(given.Gateways, *object)
	case *gatewayv1.HTTPRoute:
		given.HTTPRoutes = append(given.HTTPRoutes, *object)
	case *gatewayv1.GRPCRoute:
		given.GRPCRoutes = append(given.GRPCRoutes, *object)
	case *gatewayv1.ReferenceGrant:
		given.ReferenceGrants = append(given.ReferenceGrants, *object)
	case *corev1.Service:
		given.Services = append(given.Services, *object)
	case *discoveryv1.EndpointSlice:
		given.EndpointSlices = append(given.EndpointSlices, *object)
	case *corev1.Secret:
		given.Secrets = append(given.Secrets, *object)
	case *corev1.ConfigMap:
		given.ConfigMaps = append(given.ConfigMaps, *object)
	case *sluicev1alpha1.AccessPolicy:
		given.AccessPolicies = append(given.AccessPolicies, *object)
	case *sluicev1alpha1.DirectResponse:
		given.DirectResponses = append(given.DirectResponses, *object)
	}
}
