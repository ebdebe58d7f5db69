package preview

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sluice-serving/sluice/api/nearest"
	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
	"github.com/sluice-serving/sluice/api/serving/v1alpha2"
	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/manifest"
	"github.com/sluice-serving/sluice/controller/plan/runtimes"
	"github.com/sluice-serving/sluice/controller/standalone"
)

// Reference is something that an object refers to and that is not among the objects read, or that can't be what it is meant for.
type Reference struct {
	// From is the object that refers.
	From manifest.Document
	// Fields are those that it may be written in, the likeliest first.
	Fields []string
	// Message says what is wrong, Remedy what to do.
	Message, Remedy string
}

// References gives the references of all objects that lead nowhere: to a runtime that there is not, a format that none serves, a service, node,
// config or group that is not there. Runtimes that come with sluice are there. An error is a fault of sluice.
func References(loaded standalone.Loaded) ([]Reference, error) {
	ours, err := standalone.DefaultRuntimes()
	if err != nil {
		return nil, err
	}
	s := sortReferents(loaded.Documents, ours)
	for _, document := range loaded.Documents {
		s.from = document
		switch o := document.Object.(type) {
		case *v1beta1.InferenceService:
			s.service(o)
		case *v1alpha1.ServingRuntime:
			s.runtime(&o.Spec, o.Name, "ServingRuntime", s.runtimes[o.Namespace])
		case *v1alpha1.ClusterServingRuntime:
			s.runtime(&o.Spec, o.Name, "ClusterServingRuntime", s.written)
		case *v1alpha1.InferenceGraph:
			s.graph(o)
		case *v1alpha1.TrainedModel:
			s.named("spec.inferenceService", "InferenceService", o.Spec.InferenceService, s.services[o.Namespace])
		case *v1alpha1.LLMInferenceService:
			for i, ref := range o.Spec.BaseRefs {
				s.config(i, ref.Name)
			}
		case *v1alpha2.LLMInferenceService:
			for i, ref := range o.Spec.BaseRefs {
				s.config(i, ref.Name)
			}
		case *v1alpha1.LocalModelCache:
			s.cache(&o.Spec)
		case *v1alpha1.LocalModelNamespaceCache:
			s.cache(&o.Spec)
		}
	}
	return s.found, nil
}

// referents are what objects may refer to, by namespace where they have one, and what was found.
type referents struct {
	runtimes map[string][]v1alpha1.ServingRuntime
	// written are the cluster's runtimes among the objects read; cluster has those that come with sluice as well.
	written  []v1alpha1.ServingRuntime
	cluster  []v1alpha1.ClusterServingRuntime
	services map[string][]string
	configs  []string
	groups   []string

	from  manifest.Document
	found []Reference
}

func sortReferents(documents []manifest.Document, ours []v1alpha1.ClusterServingRuntime) *referents {
	s := &referents{runtimes: map[string][]v1alpha1.ServingRuntime{}, cluster: ours, services: map[string][]string{}}
	for _, document := range documents {
		switch o := document.Object.(type) {
		case *v1beta1.InferenceService:
			s.services[o.Namespace] = append(s.services[o.Namespace], o.Name)
		case *v1alpha1.ServingRuntime:
			s.runtimes[o.Namespace] = append(s.runtimes[o.Namespace], *o)
		case *v1alpha1.ClusterServingRuntime:
			s.written = append(s.written, v1alpha1.ServingRuntime{ObjectMeta: o.ObjectMeta, Spec: o.Spec})
			s.cluster = replaceRuntime(s.cluster, *o)
		case *v1alpha1.LLMInferenceServiceConfig, *v1alpha2.LLMInferenceServiceConfig:
			s.configs = append(s.configs, document.Object.GetName())
		case *v1alpha1.LocalModelNodeGroup:
			s.groups = append(s.groups, o.Name)
		}
	}
	return s
}

func (s *referents) add(message, remedy string, fields ...string) {
	s.found = append(s.found, Reference{From: s.from, Fields: fields, Message: message, Remedy: remedy})
}

// named notes an object that there is not.
func (s *referents) named(field, kind, name string, known []string) {
	if slices.Contains(known, name) {
		return
	}
	remedy := fmt.Sprintf("add the %s to the manifests, or name one that is there", kind)
	if near := nearest.Name(name, known); near != "" {
		remedy = "did you mean " + near + "?"
	}
	s.add(fmt.Sprintf("there is no %s %q", kind, name), remedy, field)
}

func (s *referents) service(o *v1beta1.InferenceService) {
	stable := o.Spec.Predictor.Model
	s.model(stable, nil, o.Spec.Predictor.WorkerSpec != nil, o.Namespace, "spec.predictor")
	for i := range o.Spec.Canary {
		s.model(o.Spec.Canary[i].Predictor.Model, stable, false, o.Namespace, fmt.Sprintf("spec.canary[%d].predictor", i))
	}
}

// model notes a model that no runtime serves; below is the model that a canary's is laid over.
func (s *referents) model(m, below *v1beta1.ModelSpec, workers bool, namespace, path string) {
	if m == nil {
		return
	}
	request := runtimes.Request{Format: m.ModelFormat.Name, Workers: workers, Runtimes: s.runtimes[namespace], ClusterRuntimes: s.cluster}
	if m.ModelFormat.Version != nil {
		request.Version = *m.ModelFormat.Version
	}
	if m.ProtocolVersion != nil {
		request.Protocol = *m.ProtocolVersion
	}
	if m.Runtime != nil {
		request.Named = *m.Runtime
	} else if below != nil && below.Runtime != nil {
		request.Named = *below.Runtime
	}
	_, err := runtimes.Choose(request)
	var refusal *runtimes.Refusal
	if !errors.As(err, &refusal) {
		return
	}
	fields := []string{path + ".model.modelFormat.name", path + "." + request.Format, path}
	known, wanted := s.formats(namespace), request.Format
	if request.Named != "" {
		fields = append([]string{path + ".model.runtime"}, fields...)
	}
	if refusal.Reason == v1beta1.FailureRuntimeNotRecognized {
		known, wanted = s.names(namespace), request.Named
	}
	remedy := "add the manifest of a runtime that serves it"
	if near := nearest.Name(wanted, known); near != "" && near != wanted {
		remedy = "did you mean " + near + "? Or " + remedy
	}
	s.add(refusal.Message, remedy, fields...)
}

func (s *referents) names(namespace string) []string {
	var names []string
	for i := range s.runtimes[namespace] {
		names = append(names, s.runtimes[namespace][i].Name)
	}
	for i := range s.cluster {
		names = append(names, s.cluster[i].Name)
	}
	return names
}

// formats are all that some runtime serves.
func (s *referents) formats(namespace string) []string {
	var names []string
	take := func(spec *v1alpha1.ServingRuntimeSpec) {
		for _, f := range spec.SupportedModelFormats {
			names = append(names, f.Name)
		}
	}
	for i := range s.runtimes[namespace] {
		take(&s.runtimes[namespace][i].Spec)
	}
	for i := range s.cluster {
		take(&s.cluster[i].Spec)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// runtime notes a format that another runtime of the same scope, earlier by its name, has with the same priority.
func (s *referents) runtime(spec *v1alpha1.ServingRuntimeSpec, name, kind string, scope []v1alpha1.ServingRuntime) {
	for i := range scope {
		other := &scope[i]
		if other.Name >= name {
			continue
		}
		if path := spec.SamePriority(&other.Spec); path != nil {
			s.add(fmt.Sprintf("%s %s serves the same format with the same priority, and which of the two is chosen would be chance", kind, other.Name),
				"give one of them another priority", path.String())
		}
	}
}

func (s *referents) graph(g *v1alpha1.InferenceGraph) {
	nodes := slices.Sorted(maps.Keys(g.Spec.Nodes))
	for _, name := range nodes {
		for i, step := range g.Spec.Nodes[name].Steps {
			path := fmt.Sprintf("spec.nodes[%s].steps[%d]", name, i)
			if step.NodeName != "" {
				s.named(path+".nodeName", "node", step.NodeName, nodes)
			}
			if step.ServiceName != "" {
				s.named(path+".serviceName", "InferenceService", step.ServiceName, s.services[g.Namespace])
			}
		}
	}
}

// wellKnownConfig begins the names of the configs that KServe brings itself.
const wellKnownConfig = "kserve-config-"

func (s *referents) config(i int, name string) {
	if !strings.HasPrefix(name, wellKnownConfig) {
		s.named(fmt.Sprintf("spec.baseRefs[%d].name", i), v1alpha2.KindLLMInferenceServiceConfig, name, s.configs)
	}
}

func (s *referents) cache(spec *v1alpha1.LocalModelCacheSpec) {
	for i, name := range spec.NodeGroups {
		s.named(fmt.Sprintf("spec.nodeGroups[%d]", i), "LocalModelNodeGroup", name, s.groups)
	}
}

// Problem gives a reference in the form of a problem, given the text of its file; nil stands for a file that can't be read any more.
func (r Reference) Problem(text []byte) manifest.Problem {
	line, field := manifest.Locate(text, r.From.Source.Line, r.Fields...)
	object := r.From.Object.GetName()
	if namespace := r.From.Object.GetNamespace(); namespace != "" {
		object = namespace + "/" + object
	}
	return manifest.Problem{Source: manifest.Source{File: r.From.Source.File, Line: line}, Object: r.From.Object.GetObjectKind().GroupVersionKind().Kind + " " + object,
		Field: field, Message: r.Message, Remedy: r.Remedy}
}
