package plan

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/plan/credentials"
	"github.com/sluice-serving/sluice/controller/plan/runtimes"
)

// envServiceName names the service to its predictor and transformer, as KServe does.
const envServiceName = "INFERENCE_SERVICE_NAME"

// draft is a pod template in the making: what its kind of component said, before what holds for all of them.
type draft struct {
	kind v1beta1.ComponentType
	// path is where the component stands in the spec, for messages.
	path                string
	pod                 corev1.PodSpec
	labels, annotations map[string]string
	runtime             runtimes.Choice
	// bundled says that the serving container is sluice's own runtime.
	bundled bool
	// format is the model's, empty for a custom container.
	format string
	// hasModel says that the pod must be given a model to serve.
	hasModel bool
	// readsNoFiles says that the model's server fetches its model itself, or was told where it is otherwise.
	readsNoFiles bool
	// serverLabels are what the runtime's own template refers to.
	serverLabels map[string]string
	storageURI   string
	// storageField is where storageURI stands in the manifest, for messages.
	storageField string
	storageURIs  []v1beta1.StorageURI
	// storageEnvironment is what the entry of a Secret that the model names adds to the fetch.
	storageEnvironment credentials.Environment
	notApplied         []string
}

// finish adds to a draft what every component's pod has, and gives the neutral template.
func (s *scene) finish(d *draft) (corev1.PodTemplateSpec, error) {
	order(d.pod.Containers)
	d.pod.InitContainers = slices.Clone(d.pod.InitContainers) // they may still be the service's own
	named := s.service.ObjectMeta
	named.Labels = mergeMaps(named.Labels, d.serverLabels)
	for i, c := range d.pod.Containers {
		filled, err := fillPlaceholders(c, named)
		if err != nil {
			return corev1.PodTemplateSpec{}, invalid("%s: %v", d.path, err)
		}
		d.pod.Containers[i] = filled
	}
	meta := metav1.ObjectMeta{
		Namespace:   s.service.Namespace,
		Labels:      s.childLabels(d),
		Annotations: mergeMaps(d.runtime.Spec.Annotations, s.ownAnnotations(), d.annotations),
	}
	if err := s.mountModel(d, &meta); err != nil {
		return corev1.PodTemplateSpec{}, err
	}
	s.nameService(d)
	for i := range d.pod.Containers {
		defaultContainer(&d.pod.Containers[i])
	}
	for i := range d.pod.InitContainers {
		defaultContainer(&d.pod.InitContainers[i])
	}
	defaultPod(&d.pod)
	if err := s.place(d, &meta); err != nil {
		return corev1.PodTemplateSpec{}, err
	}
	return corev1.PodTemplateSpec{ObjectMeta: meta, Spec: d.pod}, nil
}

// order puts the serving container first and a transformer in the same pod second.
func order(containers []corev1.Container) {
	rank := map[string]int{v1beta1.ContainerServing: -2, v1beta1.ContainerTransformer: -1}
	slices.SortStableFunc(containers, func(a, b corev1.Container) int { return rank[a.Name] - rank[b.Name] })
}

// childLabels are the pods' labels but for app, which follows from the Deployment.
func (s *scene) childLabels(d *draft) map[string]string {
	labels := mergeMaps(d.runtime.Spec.Labels, s.ownLabels(), d.serverLabels, d.labels, map[string]string{
		v1beta1.LabelInferenceService: s.service.Name,
		v1beta1.LabelComponent:        string(d.kind),
	})
	delete(labels, v1beta1.LabelApp)
	return labels
}

// ownLabels are the service's labels that children may carry.
func (s *scene) ownLabels() map[string]string {
	return without(s.service.Labels, s.settings.DisallowedLabels)
}

// ownAnnotations are the service's annotations that children may carry.
func (s *scene) ownAnnotations() map[string]string {
	return without(s.service.Annotations, s.settings.DisallowedAnnotations)
}

func without(m map[string]string, keys []string) map[string]string {
	out := mergeMaps(m)
	maps.DeleteFunc(out, func(k, _ string) bool { return slices.Contains(keys, k) })
	if len(out) == 0 {
		return nil
	}
	return out
}

// nameService sets the service's name in the environment: of all the predictor's containers, of the transformer's first.
func (s *scene) nameService(d *draft) {
	for i := range d.pod.Containers {
		if d.kind == v1beta1.ExplainerComponent || (d.kind == v1beta1.TransformerComponent && i > 0) {
			return
		}
		setEnv(&d.pod.Containers[i], envServiceName, s.service.Name)
	}
}

func setEnv(c *corev1.Container, name, value string) {
	c.Env = slices.Clone(c.Env)
	for i := range c.Env {
		if c.Env[i].Name == name {
			c.Env[i] = corev1.EnvVar{Name: name, Value: value}
			return
		}
	}
	c.Env = append(c.Env, corev1.EnvVar{Name: name, Value: value})
}

// defaultContainer writes out what Kubernetes would fill in, and the probe that KServe gives a server without one.
func defaultContainer(c *corev1.Container) {
	if c.Image != "" && c.ImagePullPolicy == "" {
		c.ImagePullPolicy = corev1.PullIfNotPresent
	}
	if c.TerminationMessagePath == "" {
		c.TerminationMessagePath = corev1.TerminationMessagePathDefault
	}
	if c.TerminationMessagePolicy == "" {
		c.TerminationMessagePolicy = corev1.TerminationMessageReadFile
	}
	for i := range c.Ports {
		if c.Ports[i].Protocol == "" {
			c.Ports[i].Protocol = corev1.ProtocolTCP
		}
	}
	defaultProbe(c)
}

func defaultPod(p *corev1.PodSpec) {
	if p.RestartPolicy == "" {
		p.RestartPolicy = corev1.RestartPolicyAlways
	}
	if p.DNSPolicy == "" {
		p.DNSPolicy = corev1.DNSClusterFirst
	}
	if p.SchedulerName == "" {
		p.SchedulerName = corev1.DefaultSchedulerName
	}
	if p.SecurityContext == nil {
		p.SecurityContext = &corev1.PodSecurityContext{}
	}
	if p.TerminationGracePeriodSeconds == nil {
		grace := int64(corev1.DefaultTerminationGracePeriodSeconds)
		p.TerminationGracePeriodSeconds = &grace
	}
}

// isGRPC says that a port speaks gRPC, by its appProtocol or its name.
func isGRPC(p corev1.ServicePort) bool {
	name := strings.ToLower(p.Name)
	return value(p.AppProtocol) == appProtocolH2C || strings.Contains(name, "grpc") || strings.Contains(name, "h2c")
}
