package v1beta1

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
)

// containerRules are the rules that differ between lists of containers.
type containerRules struct {
	// custom lists have no runtime below them: each container says itself what to run.
	custom bool
	// unnamedFirst lists may leave their first container's name to Default.
	unnamedFirst bool
	// renamed lists have their first container called kserve-container, whatever its name is.
	renamed bool
}

func validateContainers(containers []corev1.Container, path *field.Path, rules containerRules) field.ErrorList {
	var errs field.ErrorList
	names := make([]string, 0, len(containers))
	for i := range containers {
		c, at := &containers[i], path.Index(i)
		name := rules.nameOf(containers, i)
		switch {
		case name == "":
			errs = append(errs, field.Required(at.Child("name"), "a further container needs a name; set one"))
		case len(validation.IsDNS1123Label(name)) > 0:
			errs = append(errs, field.Invalid(at.Child("name"), name,
				"not a DNS label; use at most 63 lower-case letters, digits and hyphens"))
		case slices.Contains(names, name):
			errs = append(errs, field.Duplicate(at.Child("name"), name))
		}
		names = append(names, name)
		if rules.custom && c.Image == "" && len(c.Command) == 0 {
			errs = append(errs, field.Required(at.Child("image"),
				"nothing says what the container runs; set image, or command to run a program of this machine"))
		}
		errs = append(errs, validateEnv(c.Env, at.Child("env"))...)
		errs = append(errs, validateProbes(c, at)...)
	}
	return errs
}

// validateEphemeral refuses containers that are added to pods that run: KServe's schema has no such field.
func validateEphemeral(p *PodSpec, path *field.Path) field.ErrorList {
	if len(p.EphemeralContainers) == 0 {
		return nil
	}
	return field.ErrorList{field.Forbidden(path.Child("ephemeralContainers"), "ephemeral containers are added to pods that run; remove the field, and use kubectl debug")}
}

// validateProbes asks for a port here: only a model's own probe may leave it to the runtime's container.
func validateProbes(c *corev1.Container, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, p := range []struct {
		name  string
		probe *corev1.Probe
	}{{"livenessProbe", c.LivenessProbe}, {"readinessProbe", c.ReadinessProbe}, {"startupProbe", c.StartupProbe}} {
		if p.probe != nil && p.probe.HTTPGet != nil && p.probe.HTTPGet.Port == (intstr.IntOrString{}) {
			errs = append(errs, field.Required(path.Child(p.name, "httpGet", "port"), "a probe needs the port that it asks; set it to the container's"))
		}
	}
	return errs
}

// nameOf is the name that a container will have once Default has been over it.
func (r containerRules) nameOf(containers []corev1.Container, i int) string {
	name := containers[i].Name
	if i > 0 {
		return name
	}
	if r.renamed || r.unnamedFirst && name == "" || r.unnamedFirst && r.custom && len(containers) == 1 {
		return ContainerServing
	}
	return name
}

// validateEnv refuses what KServe refuses: PYTHONPATH lets a manifest put code of its own into a server's
// interpreter. Values are not shown.
func validateEnv(env []corev1.EnvVar, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i := range env {
		if env[i].Name == v1alpha1.EnvForbidden {
			errs = append(errs, field.Forbidden(path.Index(i).Child("name"),
				v1alpha1.EnvForbidden+" is refused for security, as KServe does; set it in the image or in the command"))
		}
	}
	return errs
}

// validateCollocated holds that a transformer in the predictor's pod reads the model that the predictor fetched.
func validateCollocated(containers []corev1.Container, path *field.Path) field.ErrorList {
	for i := range containers {
		if containers[i].Name != ContainerTransformer {
			continue
		}
		for j := range containers[i].Env {
			if containers[i].Env[j].Name == EnvStorageURI {
				return field.ErrorList{field.Forbidden(path.Index(i).Child("env").Index(j).Child("name"),
					"a transformer in the predictor's pod sees the predictor's model; remove "+EnvStorageURI)}
			}
		}
	}
	return nil
}

func storageURIOf(c *corev1.Container) string {
	for i := range c.Env {
		if c.Env[i].Name == EnvStorageURI {
			return c.Env[i].Value
		}
	}
	return ""
}
