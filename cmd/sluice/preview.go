package main

import (
	"io"
	"maps"
	"reflect"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
	"github.com/sluice-serving/sluice/controller/plan"
	"github.com/sluice-serving/sluice/controller/plan/settings"
	"github.com/sluice-serving/sluice/controller/standalone"
	"github.com/sluice-serving/sluice/controller/translate"
)

// previewOptions are the flags of the commands that show what the pure stages make of manifests.
type previewOptions struct {
	paths           []string
	httpPort        uint16
	containerEngine string
	notReady        bool
}

func (o *previewOptions) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringSliceVarP(&o.paths, "filename", "f", nil, "manifest, model file or directory; - is standard input; may be given again")
	flags.Uint16Var(&o.httpPort, "http-port", 8080, "port of the Gateway")
	flags.StringVar(&o.containerEngine, "container-engine", "", "plan as if this machine had that podman, docker or nerdctl (default: none)")
	flags.BoolVar(&o.notReady, "not-ready", false, "as it stands before any pod is ready (default: with every pod ready)")
}

// preview is what the stages make of manifests.
type preview struct {
	plans []planned
	// objects are those that translation reads: the given ones and the planned.
	objects    translate.Objects
	translated translate.Result
}

// planned is one InferenceService with its plan.
type planned struct {
	input  plan.Input
	result plan.Result
}

// newPreview reads the manifests and runs both stages over them. It writes what is wrong with the manifests to errOut
// and says so by the second result; the rest goes on.
func (o *previewOptions) newPreview(in io.Reader, errOut io.Writer) (preview, bool, error) {
	if len(o.paths) == 0 {
		return preview{}, false, usagef("no manifest given; name a file or directory by -f, or -f - for standard input")
	}
	loaded, err := load(o.paths, in)
	if err != nil {
		return preview{}, false, err
	}
	wrong, err := report(errOut, loaded.Problems)
	if err != nil {
		return preview{}, wrong, err
	}
	with := settings.Standalone(settings.Local{ContainerEngine: o.containerEngine, BundledFormats: bundledFormats()}, int32(o.httpPort))
	given, inputs, err := sortObjects(loaded, with)
	if err != nil {
		return preview{}, wrong, err
	}
	if !hasGateway(given.Gateways, with) {
		given.Gateways = append(given.Gateways, standalone.Gateway(with.Ingress.Gateway, o.httpPort))
	}
	p := preview{}
	for _, input := range inputs {
		p.plans = append(p.plans, planned{input: input})
	}
	return o.settle(p, given), wrong, nil
}

// settle runs the stages until nothing changes, with each round's pods and routes taken to be ready by the next.
func (o *previewOptions) settle(p preview, given translate.Objects) preview {
	// A plan needs two rounds: pods, then routes. More are a fault of the stages, which should not keep a user waiting.
	const rounds = 6
	for range rounds {
		before := p.plans
		p.plans = make([]planned, len(before))
		settled := true
		for i, one := range before {
			p.plans[i] = planned{input: one.input, result: plan.InferenceService(one.input)}
			settled = settled && reflect.DeepEqual(one.result, p.plans[i].result)
		}
		p.objects = withPlans(given, p.plans)
		p.translated = translate.Translate(p.objects)
		if settled || o.notReady {
			break
		}
		for i := range p.plans {
			p.plans[i].input = observed(p.plans[i], p.translated)
		}
	}
	return p
}

// observed is the next round's input of a service whose planned pods are all ready and whose routes have the statuses
// that translation gave.
func observed(p planned, translated translate.Result) plan.Input {
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
func withPlans(given translate.Objects, plans []planned) translate.Objects {
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
	routes, responses := plan.ByName(byName)
	all.HTTPRoutes = append(all.HTTPRoutes, routes...)
	all.DirectResponses = append(all.DirectResponses, responses...)
	return all
}

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
	for _, document := range loaded.Documents {
		switch object := document.Object.(type) {
		case *v1beta1.InferenceService:
			service, files := standalone.Resolve(object, document.Source)
			local := *with.Local
			local.FileURIs = present(files)
			mine := with
			mine.Local = &local
			inputs = append(inputs, plan.Input{Service: service, Settings: mine})
		case *v1alpha1.ServingRuntime:
			runtimes[object.Namespace] = append(runtimes[object.Namespace], *object)
		case *v1alpha1.ClusterServingRuntime:
			clusterRuntimes = replaceRuntime(clusterRuntimes, *object)
		default:
			addGiven(&given, document.Object)
		}
	}
	for i := range inputs {
		inputs[i].Runtimes = runtimes[inputs[i].Service.Namespace]
		inputs[i].ClusterRuntimes = clusterRuntimes
	}
	return given, inputs, nil
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

// addGiven keeps an object that translation reads; the engine's (ConfigMaps, claims) are none of its.
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
	case *sluicev1alpha1.DirectResponse:
		given.DirectResponses = append(given.DirectResponses, *object)
	}
}
