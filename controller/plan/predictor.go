package plan

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/plan/runtimes"
)

// pathPredictor is where the stable predictor stands in the spec.
const pathPredictor = "spec.predictor"

// rendered is what became of one component's or canary's pod.
type rendered struct {
	// template is neutral: deployment.go gives it its Deployment's name.
	template corev1.PodTemplateSpec
	// problem is set when there is no template.
	problem *problem
	// runtime is the choice for a model, and zero for a custom container.
	runtime runtimes.Choice
	// notApplied are the fields of the spec that nothing was made of, as paths with a reason.
	notApplied []string
}

// predictor reads the predictor and its canaries.
func (s *scene) predictor() component {
	spec := s.service.Spec.Predictor
	c := component{
		kind:      v1beta1.PredictorComponent,
		track:     spec.Name,
		extension: spec.ComponentExtensionSpec,
		stable:    s.renderPredictor(spec, writtenPredictor(spec, pathPredictor)),
	}
	for _, entry := range s.service.Spec.Canary {
		c.canaries = append(c.canaries, s.canary(spec, entry))
	}
	return c
}

// canary lays an entry of spec.canary over the stable predictor.
func (s *scene) canary(stable v1beta1.PredictorSpec, entry v1beta1.CanarySpec) canary {
	out := canary{
		name:      entry.Predictor.Name,
		percent:   min(max(entry.TrafficPercent, 0), 100),
		extension: entry.Predictor.ComponentExtensionSpec,
	}
	merged, err := canaryPredictor(stable, entry)
	if err != nil {
		out.rendered.problem = asProblem(err)
		return out
	}
	out.extension.DeploymentStrategy = merged.DeploymentStrategy
	out.rendered = s.renderPredictor(merged, writtenPredictor(entry.Predictor, pathCanary(entry)))
	return out
}

// renderPredictor makes the pod template of a predictor; own is what the manifest says at the predictor's own place.
func (s *scene) renderPredictor(spec v1beta1.PredictorSpec, own written) rendered {
	path := own.path
	out := rendered{notApplied: s.predictorNotApplied(spec, path)}
	if spec.WorkerSpec != nil {
		out.problem = refused(ReasonNotSupported, "%s.workerSpec: a model over several nodes isn't served yet: remove workerSpec and choose a model that fits one node", path)
		return out
	}
	d := draft{
		kind:        v1beta1.PredictorComponent,
		path:        path,
		pod:         corev1.PodSpec(spec.PodSpec),
		labels:      spec.Labels,
		annotations: spec.Annotations,
		storageURIs: spec.StorageURIs,
	}
	var err error
	if spec.Model != nil {
		err = s.draftModel(&d, spec)
	} else {
		err = s.draftCustom(&d)
	}
	if err == nil {
		out.runtime = d.runtime
		out.template, err = s.finish(&d)
	}
	out.notApplied = append(append(out.notApplied, batcherNotApplied(spec.Batcher, d.bundled, path)...), d.notApplied...)
	if err != nil {
		out.problem = asProblem(err)
		return out
	}
	out.notApplied = append(out.notApplied, s.notLocal(own, out.template)...)
	return out
}

// draftModel starts from the runtime that serves the model.
func (s *scene) draftModel(d *draft, spec v1beta1.PredictorSpec) error {
	choice, err := runtimes.Choose(s.runtimeRequest(spec.Model, spec.WorkerSpec != nil))
	if err != nil {
		return err
	}
	asked := choice
	choice, model := s.substitute(d, choice, *spec.Model)
	d.runtime = choice
	base := slices.Clone(choice.Spec.Containers)
	serving := slices.IndexFunc(base, func(c corev1.Container) bool { return c.Name == v1beta1.ContainerServing })
	if serving < 0 {
		return invalid("runtime %q has no container named %s", choice.Name, v1beta1.ContainerServing)
	}
	user := model.Container
	user.Name = ""
	s.tellServer(d, &user, &model)
	if choice.Bundled() && s.answeredByMLServer(asked, spec.Model) {
		setEnv(&user, EnvAnswers, "mlserver")
	}
	merged, err := mergeContainer(base[serving], user)
	if err != nil {
		return err
	}
	merged.Image = imageFor(merged, choice, model.RuntimeVersion)
	if choice.Bundled() {
		merged.Args = append(slices.Clone(merged.Args), batchArgs(spec.Batcher)...)
	}
	pointProbes(&merged)
	base[serving] = merged
	return s.assemble(d, base, &model)
}

// assemble joins the runtime's pod with the manifest's.
func (s *scene) assemble(d *draft, base []corev1.Container, model *v1beta1.ModelSpec) error {
	containers, err := mergeContainers(base, d.pod.Containers)
	if err != nil {
		return err
	}
	over := d.pod
	over.Containers = nil
	spec := d.runtime.Spec
	pod, err := overlay(corev1.PodSpec{
		NodeSelector:     spec.NodeSelector,
		Affinity:         spec.Affinity,
		Tolerations:      spec.Tolerations,
		Volumes:          spec.Volumes,
		ImagePullSecrets: spec.ImagePullSecrets,
		SchedulerName:    spec.SchedulerName,
		ResourceClaims:   spec.ResourceClaims,
	}, over)
	if err != nil {
		return err
	}
	pod.Containers = containers
	d.pod = pod
	d.bundled = d.runtime.Bundled()
	d.storageURI, d.storageField = value(model.StorageURI), d.path+".model.storageUri"
	d.hasModel, d.format = true, model.ModelFormat.Name
	d.readsNoFiles = model.ModelFormat.Name == "huggingface" || model.Storage != nil
	return s.storageSpec(d, model)
}

// draftCustom takes the manifest's own containers; the first is the one that serves.
func (s *scene) draftCustom(d *draft) error {
	containers := slices.Clone(d.pod.Containers)
	if len(containers) == 0 {
		return invalid("%s has neither a model nor containers: give it one of them", d.path)
	}
	named := slices.ContainsFunc(containers, func(c corev1.Container) bool { return c.Name == v1beta1.ContainerServing })
	if !named && (len(containers) == 1 || containers[0].Name == "") {
		containers[0].Name = v1beta1.ContainerServing
	}
	for i := range containers {
		for j, env := range containers[i].Env {
			if env.Name != v1beta1.EnvStorageURI || env.Value == "" {
				continue
			}
			d.storageURI, d.storageField = env.Value, fmt.Sprintf("%s.containers[%d].env[%d]", d.path, i, j)
			containers[i].Env = slices.Clone(containers[i].Env)
			containers[i].Env[j].Value = v1beta1.DefaultModelMountPath
		}
	}
	d.pod.Containers = containers
	return nil
}

// value gives what a pointer holds, or the zero value for none.
func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
