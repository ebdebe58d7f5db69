package plan

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
)

// imageART is the explainer that KServe publishes for the Adversarial Robustness Toolbox.
const imageART = "kserve/art-explainer"

// transformer reads the transformer: containers of the user's, told where the predictor is.
func (s *scene) transformer(spec *v1beta1.TransformerSpec) component {
	own := written{path: "spec.transformer", pod: corev1.PodSpec(spec.PodSpec)}
	return s.beside(draft{
		kind:        v1beta1.TransformerComponent,
		path:        "spec.transformer",
		pod:         corev1.PodSpec(spec.PodSpec),
		labels:      spec.Labels,
		annotations: spec.Annotations,
		storageURIs: spec.StorageURIs,
	}, own, spec.ComponentExtensionSpec, nil)
}

// explainer reads the explainer: containers of the user's or the built-in one, told where the predictor is.
func (s *scene) explainer(spec *v1beta1.ExplainerSpec) component {
	d := draft{
		kind:        v1beta1.ExplainerComponent,
		path:        "spec.explainer",
		pod:         corev1.PodSpec(spec.PodSpec),
		labels:      spec.Labels,
		annotations: spec.Annotations,
		storageURIs: spec.StorageURIs,
	}
	own := written{path: d.path, pod: d.pod}
	var trailing []string
	if art := spec.ART; art != nil {
		container := art.Container
		own.server, own.serverPath, own.version = &art.Container, d.path+".art", value(art.RuntimeVersion)
		if container.Image == "" {
			tag := value(art.RuntimeVersion)
			if tag == "" {
				tag = "latest"
			}
			container.Image = imageART + ":" + tag
		}
		d.pod.Containers = append([]corev1.Container{container}, d.pod.Containers...)
		d.storageURI, d.storageField = art.StorageURI, d.path+".art.storageUri"
		trailing = []string{"--adversary_type", string(art.Type)}
		for _, key := range slices.Sorted(maps.Keys(art.Config)) {
			trailing = append(trailing, "--"+key, art.Config[key])
		}
	}
	return s.beside(d, own, spec.ComponentExtensionSpec, trailing)
}

// beside makes a component that stands beside the predictor and calls it; own is what the manifest says of it.
func (s *scene) beside(d draft, own written, extension v1beta1.ComponentExtensionSpec, trailing []string) component {
	c := component{kind: d.kind, extension: extension}
	c.stable.notApplied = append(s.extensionNotApplied(extension, d.path), batcherNotApplied(extension.Batcher, false, d.path)...)
	d.pod.Containers = slices.Clone(d.pod.Containers)
	if len(d.pod.Containers) == 0 {
		c.stable.problem = invalid("%s has no containers: give it one", d.path)
		return c
	}
	first := &d.pod.Containers[0]
	first.Name = v1beta1.ContainerServing
	first.Args = slices.Concat(first.Args, s.callArgs(first.Args, extension, len(trailing) > 0), trailing)
	for i := range first.Env {
		if first.Env[i].Name == v1beta1.EnvStorageURI && first.Env[i].Value != "" && d.storageURI == "" {
			d.storageURI, d.storageField = first.Env[i].Value, fmt.Sprintf("%s.containers[0].env[%d]", d.path, i)
			setEnv(first, v1beta1.EnvStorageURI, v1beta1.DefaultModelMountPath)
		}
	}
	template, err := s.finish(&d)
	c.stable.template = template
	c.stable.notApplied = append(c.stable.notApplied, d.notApplied...)
	if err != nil {
		c.stable.problem = asProblem(err)
		return c
	}
	c.stable.notApplied = append(c.stable.notApplied, s.notLocal(own, template)...)
	return c
}

// callArgs are the arguments that KServe gives a transformer or explainer, but for those that it has in
// either spelling. The built-in explainer has them in another order.
func (s *scene) callArgs(have []string, extension v1beta1.ComponentExtensionSpec, builtIn bool) []string {
	var out []string
	add := func(name, value string) {
		for _, arg := range have {
			if arg == name || strings.HasPrefix(arg, name+"=") {
				return
			}
		}
		out = append(out, name, value)
	}
	add("--model_name", s.service.Name)
	if builtIn {
		add("--http_port", "8080")
		add("--predictor_host", s.predictorHost())
	} else {
		add("--predictor_host", s.predictorHost())
		add("--http_port", "8080")
	}
	if n := value(extension.ContainerConcurrency); n > 0 {
		add("--workers", strconv.FormatInt(n, 10))
	}
	return out
}

// predictorHost is where a transformer finds the predictor: the Service that always leads to it, or on one machine, where
// Services have no address, the predictor's host behind the Gateway. It doesn't change when a canary is promoted.
func (s *scene) predictorHost() string {
	name := s.name(v1beta1.PredictorComponent)
	if s.settings.Local == nil {
		return name + "." + s.service.Namespace
	}
	host, err := s.host(name, s.settings.Ingress.Domain)
	if err != nil {
		return name + "." + s.service.Namespace
	}
	if s.settings.Ingress.Port != 0 {
		return fmt.Sprintf("%s:%d", host, s.settings.Ingress.Port)
	}
	return host
}
