package plan

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/plan/placement"
	"github.com/sluice-serving/sluice/controller/plan/runtimes"
)

// substitute lets the bundled runtime serve a model on one machine where the chosen runtime is only an image. A runtime
// whose author said how it runs locally is left alone, and so is a manifest that brings an image or command of its own.
func (s *scene) substitute(d *draft, chosen runtimes.Choice, model v1beta1.ModelSpec) (runtimes.Choice, v1beta1.ModelSpec) {
	own := model.Image != "" || len(model.Command) > 0
	if own || !s.settings.Local.Bundles(model.ModelFormat.Name) || chosen.Bundled() || runsLocally(chosen) {
		return chosen, model
	}
	bundled, found := runtimes.Bundled(s.ClusterRuntimes)
	if !found {
		return chosen, model
	}
	if model.Runtime != nil {
		d.notApplied = append(d.notApplied,
			fmt.Sprintf("%s.model.runtime (the bundled runtime serves %s on this machine in place of %s)", d.path, model.ModelFormat.Name, chosen.Name))
	}
	if len(model.Args) > 0 {
		d.notApplied = append(d.notApplied,
			fmt.Sprintf("%s.model.args (they are %s's, in whose place the bundled runtime serves on this machine)", d.path, chosen.Name))
		model.Args = nil
	}
	return bundled, model
}

func runsLocally(c runtimes.Choice) bool {
	if c.Annotations[placement.AnnotationLocalCommand] != "" || c.Annotations[placement.AnnotationLocal] == placement.Process {
		return true
	}
	for _, container := range c.Spec.Containers {
		if container.Name == v1beta1.ContainerServing && container.Image == "" && len(container.Command) > 0 {
			return true
		}
	}
	return false
}

// place says on the template what runs each container on one machine. On a cluster it does nothing.
func (s *scene) place(d *draft, meta *metav1.ObjectMeta) error {
	if s.settings.Local == nil {
		return nil
	}
	if meta.Annotations == nil {
		meta.Annotations = map[string]string{}
	}
	annotations := mergeMaps(d.runtime.Annotations, meta.Annotations)
	for _, list := range [][]corev1.Container{d.pod.InitContainers, d.pod.Containers} {
		for i := range list {
			c := &list[i]
			placed, err := placement.Place(placement.Request{
				Container:   *c,
				Bundled:     d.bundled && c.Name == v1beta1.ContainerServing && len(c.Command) == 0,
				Serving:     c.Name == v1beta1.ContainerServing,
				Annotations: annotations,
				Engine:      s.settings.Local.ContainerEngine,
				Instead:     s.instead(d, *c),
			})
			if err != nil {
				return err
			}
			c.Command, c.Args = placed.Command, placed.Args
			meta.Annotations[placement.AnnotationPrefix+c.Name] = placed.How
			if placed.Requirements != "" {
				meta.Annotations[placement.AnnotationLocalRequirements] = placed.Requirements
			}
		}
	}
	return nil
}
