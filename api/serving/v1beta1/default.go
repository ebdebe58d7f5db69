package v1beta1

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
)

// Defaults is what Default fills in: the part of KServe's inferenceservice-config that its webhook reads.
type Defaults struct {
	// DeploymentMode is noted on services that name none. Knative is noted by no annotation at all.
	DeploymentMode DeploymentMode
	// Resources fill the gaps of custom predictors, transformers and explainers.
	Resources corev1.ResourceRequirements
	// ARTVersion is the image tag of ART explainers that name none.
	ARTVersion string
	// AutomountServiceAccountToken, if set, is written on components that don't say.
	AutomountServiceAccountToken *bool
}

// Default fills in what KServe's webhook fills in: the deployment mode by its present name, a model in the
// place of a framework field, protocols, the names of serving containers, resources and mount paths. It changes
// nothing that the user has said, and a second call changes nothing at all. An invalid object is filled in as
// far as its meaning is plain.
func (s *InferenceService) Default(d Defaults) {
	s.defaultMode(d.DeploymentMode)
	s.Spec.Predictor.defaultPredictor(d)
	s.noteModelFormat()
	for i := range s.Spec.Canary {
		s.Spec.Canary[i].Predictor.defaultCanary()
	}
	if t := s.Spec.Transformer; t != nil {
		nameServingContainer(t.Containers, d.Resources)
		defaultMountPaths(t.StorageURIs)
		defaultToken(&t.PodSpec, d.AutomountServiceAccountToken)
	}
	if e := s.Spec.Explainer; e != nil {
		e.defaultExplainer(d)
	}
}

// Mode gives the deployment mode by its present name, Standard where the service names none.
func (s *InferenceService) Mode() DeploymentMode {
	if m := presentMode(s.Annotations[AnnotationDeploymentMode]); m != "" {
		return m
	}
	return ModeStandard
}

func presentMode(mode string) DeploymentMode {
	switch m := DeploymentMode(mode); m {
	case ModeLegacyRawDeployment:
		return ModeStandard
	case ModeLegacyServerless:
		return ModeKnative
	default:
		return m
	}
}

func (s *InferenceService) defaultMode(mode DeploymentMode) {
	_, said := s.Annotations[AnnotationDeploymentMode]
	switch {
	case said:
		s.Annotations[AnnotationDeploymentMode] = string(s.Mode())
	case mode == ModeStandard || mode == ModeModelMesh:
		s.annotate(AnnotationDeploymentMode, string(mode))
	}
}

func (s *InferenceService) noteModelFormat() {
	m := s.Spec.Predictor.Model
	if m == nil || m.ModelFormat.Name == "" {
		return
	}
	if _, noted := s.Annotations[AnnotationModelFormat]; !noted {
		s.annotate(AnnotationModelFormat, m.ModelFormat.Name)
	}
}

func (s *InferenceService) annotate(key, value string) {
	if s.Annotations == nil {
		s.Annotations = map[string]string{}
	}
	s.Annotations[key] = value
}

func (p *PredictorSpec) defaultPredictor(d Defaults) {
	p.frameworkToModel()
	p.Model.defaultProtocol()
	if p.Model == nil && len(p.Containers) > 0 {
		first := &p.Containers[0]
		if len(p.Containers) == 1 || first.Name == "" {
			first.Name = ContainerServing
		}
		fillResources(&first.Resources, d.Resources)
	}
	defaultMountPaths(p.StorageURIs)
	defaultToken(&p.PodSpec, d.AutomountServiceAccountToken)
}

// defaultCanary leaves resources and the token to the stable predictor, which the canary is laid over. KServe's
// schema asks a canary's model for the container's name, which means nothing.
func (p *PredictorSpec) defaultCanary() {
	p.frameworkToModel()
	if p.Model != nil {
		p.Model.Name = ""
	}
	p.Model.defaultProtocol()
	defaultMountPaths(p.StorageURIs)
}

// frameworkToModel turns a framework field into a model. With a model or a second field beside it, which
// Validate refuses, neither is dropped.
func (p *PredictorSpec) frameworkToModel() {
	set := p.Frameworks()
	if len(set) != 1 || p.Model != nil {
		return
	}
	format, spec := set[0].Format, set[0].Spec
	p.Model = &ModelSpec{ModelFormat: ModelFormat{Name: format}, PredictorExtensionSpec: *spec}
	if p.Model.ProtocolVersion == nil && (format == "onnx" || format == "huggingface") {
		p.Model.ProtocolVersion = new(ProtocolV2)
	}
	for _, f := range p.frameworkFields() {
		*f.field = nil
	}
}

// defaultProtocol sets V2 for the formats whose servers speak nothing else.
func (m *ModelSpec) defaultProtocol() {
	if m == nil || m.ProtocolVersion != nil {
		return
	}
	if m.ModelFormat.Name == "triton" || m.ModelFormat.Name == "vLLM" {
		m.ProtocolVersion = new(ProtocolV2)
	}
}

func (e *ExplainerSpec) defaultExplainer(d Defaults) {
	if e.ART != nil {
		e.ART.Name = ContainerServing
		if e.ART.RuntimeVersion == nil && d.ARTVersion != "" {
			e.ART.RuntimeVersion = &d.ARTVersion
		}
		fillResources(&e.ART.Resources, d.Resources)
	} else {
		nameServingContainer(e.Containers, d.Resources)
	}
	defaultMountPaths(e.StorageURIs)
	defaultToken(&e.PodSpec, d.AutomountServiceAccountToken)
}

// nameServingContainer renames the first container of a transformer or explainer, whatever its name.
func nameServingContainer(containers []corev1.Container, resources corev1.ResourceRequirements) {
	if len(containers) == 0 {
		return
	}
	containers[0].Name = ContainerServing
	fillResources(&containers[0].Resources, resources)
}

func fillResources(have *corev1.ResourceRequirements, fill corev1.ResourceRequirements) {
	have.Requests = fillList(have.Requests, fill.Requests)
	have.Limits = fillList(have.Limits, fill.Limits)
}

func fillList(have, fill corev1.ResourceList) corev1.ResourceList {
	if len(fill) == 0 {
		return have
	}
	filled := maps.Clone(fill)
	maps.Copy(filled, have)
	return filled
}

func defaultMountPaths(uris []StorageURI) {
	for i := range uris {
		if uris[i].MountPath == "" {
			uris[i].MountPath = DefaultModelMountPath
		}
	}
}

func defaultToken(pod *PodSpec, mount *bool) {
	if mount != nil && pod.AutomountServiceAccountToken == nil {
		pod.AutomountServiceAccountToken = new(*mount)
	}
}
