package plan

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/plan/placement"
)

// written is what a manifest itself says of a component's pods, before a runtime or a stable predictor was laid under it.
type written struct {
	// path is where the component stands in the spec.
	path string
	pod  corev1.PodSpec
	// server is the container of a model or built-in explainer, nil if there is none; serverPath is where it stands.
	server     *corev1.Container
	serverPath string
	// version is the runtimeVersion beside it, empty for none.
	version string
}

// writtenPredictor is what a predictor or an entry of spec.canary says.
func writtenPredictor(spec v1beta1.PredictorSpec, path string) written {
	w := written{path: path, pod: corev1.PodSpec(spec.PodSpec)}
	if spec.Model != nil {
		w.server, w.serverPath, w.version = &spec.Model.Container, path+".model", value(spec.Model.RuntimeVersion)
	}
	return w
}

// notLocal lists the fields of a manifest's pod that have no effect on one machine. It goes by what is known to be applied,
// so that a field that a newer Kubernetes adds is named too. What a runtime brings is no user's wish and stays unnamed.
func (s *scene) notLocal(w written, template corev1.PodTemplateSpec) []string {
	if s.settings.Local == nil {
		return nil
	}
	n := notLocal{template: template, defaults: s.settings.Resources}
	n.pod(w)
	if w.server != nil {
		n.server(w)
	}
	for i, c := range w.pod.Containers {
		n.container(c, fmt.Sprintf("%s.containers[%d]", w.path, i), i == 0)
	}
	for i, c := range w.pod.InitContainers {
		n.container(c, fmt.Sprintf("%s.initContainers[%d]", w.path, i), false)
	}
	return n.fields
}

// notLocal collects fields that have no effect on one machine.
type notLocal struct {
	template corev1.PodTemplateSpec
	// defaults are the resources that defaulting has given to containers without any.
	defaults corev1.ResourceRequirements
	fields   []string
}

func (n *notLocal) add(path, why string) { n.fields = append(n.fields, path+" ("+why+")") }

func (n *notLocal) pod(w written) {
	processes := true
	for _, how := range n.template.Spec.Containers {
		processes = processes && n.isProcess(how.Name)
	}
	for field, value := range said(w.pod) {
		path := w.path + "." + field
		switch field {
		case "volumes", "containers", "initContainers", "terminationGracePeriodSeconds":
		case "restartPolicy", "dnsPolicy", "schedulerName":
			if value != string(corev1.RestartPolicyAlways) && value != string(corev1.DNSClusterFirst) && value != corev1.DefaultSchedulerName {
				n.add(path, noEffect)
			}
		case "automountServiceAccountToken", "enableServiceLinks", "setHostnameAsFQDN":
			if value != false {
				n.add(path, noEffect)
			}
		case "hostPID", "hostIPC", "shareProcessNamespace":
			if !processes || value != true {
				n.add(path, noEffect)
			}
		case "serviceAccountName", "serviceAccount":
			// Its Secrets are what a model is fetched with; else it has nothing to do here.
			if n.find(containerInitializer) == nil {
				n.add(path, noEffect)
			}
		case "hostNetwork":
			n.add(path, "replicas have ports of their own")
		case "nodeSelector", "nodeName", "affinity", "tolerations", "topologySpreadConstraints", "priorityClassName", "priority",
			"preemptionPolicy", "schedulingGates":
			n.add(path, "there is one machine")
		default:
			n.add(path, noEffect)
		}
	}
}

const noEffect = "it has no effect on one machine"

// server looks at the container that a runtime stands under: a process may have taken the image's place.
func (n *notLocal) server(w written) {
	c, path := *w.server, w.serverPath
	runs := n.container(c, path, true)
	if runs == nil || !n.isProcess(runs.Name) {
		return
	}
	const replaced = "a process runs in the image's place"
	if c.Image != "" {
		n.add(path+".image", replaced)
	}
	if w.version != "" {
		n.add(path+".runtimeVersion", replaced)
	}
	if len(c.Command) > 0 && !slices.Equal(c.Command, runs.Command) {
		n.add(path+".command", "the runtime's local command runs in its place")
	}
}

// container looks at one container and gives what was made of it, nil if nothing was. The first one of a component may
// have been renamed, and had its resources completed.
func (n *notLocal) container(c corev1.Container, path string, first bool) *corev1.Container {
	runs := n.find(c.Name)
	if runs == nil && first {
		runs = n.find(v1beta1.ContainerServing)
	}
	if runs == nil {
		return nil
	}
	process := n.isProcess(runs.Name)
	for field, value := range said(c) {
		switch field {
		case "name", "image", "imagePullPolicy", "command", "args", "workingDir", "env", "envFrom", "volumeMounts",
			"livenessProbe", "readinessProbe", "startupProbe":
		case "ports":
			n.ports(c.Ports, path)
		case "lifecycle":
			if c.Lifecycle.StopSignal != nil {
				n.add(path+".lifecycle.stopSignal", noEffect)
			}
		case "resources":
			n.resources(c.Resources, path+".resources", process)
		case "restartPolicy", "terminationMessagePath", "terminationMessagePolicy":
			if value != string(corev1.ContainerRestartPolicyAlways) && value != corev1.TerminationMessagePathDefault &&
				value != string(corev1.TerminationMessageReadFile) {
				n.add(path+"."+field, noEffect)
			}
		case "securityContext":
			n.securityContext(*c.SecurityContext, path+".securityContext", process)
		default:
			n.add(path+"."+field, noEffect)
		}
	}
	return runs
}

func (n *notLocal) ports(ports []corev1.ContainerPort, path string) {
	for i, p := range ports {
		if p.HostPort != 0 {
			n.add(fmt.Sprintf("%s.ports[%d].hostPort", path, i), "replicas have ports of their own")
		}
		if p.HostIP != "" {
			n.add(fmt.Sprintf("%s.ports[%d].hostIP", path, i), "replicas listen for the Gateway alone")
		}
	}
}

// resources names requests and limits that are the user's own. A container engine keeps to three limits.
func (n *notLocal) resources(have corev1.ResourceRequirements, path string, process bool) {
	for _, kind := range []struct {
		name           string
		have, defaults corev1.ResourceList
		kept           []corev1.ResourceName
		why            func(process bool) string
	}{
		{"limits", have.Limits, n.defaults.Limits, []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory, "nvidia.com/gpu"}, limitWhy},
		{"requests", have.Requests, n.defaults.Requests, nil, func(bool) string { return "nothing is reserved on one machine" }},
	} {
		for _, name := range slices.Sorted(maps.Keys(kind.have)) {
			quantity, standard := kind.have[name], kind.defaults[name]
			if quantity.Equal(standard) || !process && slices.Contains(kind.kept, name) {
				continue
			}
			n.add(path+"."+kind.name+"."+string(name), kind.why(process))
		}
	}
	if len(have.Claims) > 0 {
		n.add(path+".claims", noEffect)
	}
}

func limitWhy(process bool) string {
	if process {
		return "nothing holds a process to it"
	}
	return untold
}

// untold is why a container of a container engine goes without something.
const untold = "the container engine isn't told"

// securityContext is ignored for a process, which runs as sluice does; a container engine is told the user alone.
func (n *notLocal) securityContext(have corev1.SecurityContext, path string, process bool) {
	if process {
		n.add(path, "a process runs as sluice does")
		return
	}
	for field := range said(have) {
		if field != "runAsUser" {
			n.add(path+"."+field, untold)
		}
	}
}

func (n *notLocal) isProcess(container string) bool {
	return n.template.Annotations[placement.AnnotationPrefix+container] == placement.Process
}

func (n *notLocal) find(name string) *corev1.Container {
	for _, list := range [][]corev1.Container{n.template.Spec.Containers, n.template.Spec.InitContainers} {
		for i := range list {
			if list[i].Name == name {
				return &list[i]
			}
		}
	}
	return nil
}

// said gives the fields of an API object that say something, by their names in a manifest.
func said(object any) map[string]any {
	data, err := json.Marshal(object)
	if err != nil {
		return nil // Kubernetes' types always have a JSON form.
	}
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil {
		return nil
	}
	maps.DeleteFunc(fields, func(_ string, value any) bool {
		switch v := value.(type) {
		case nil:
			return true
		case string:
			return v == ""
		case []any:
			return len(v) == 0
		case map[string]any:
			return len(v) == 0
		}
		return false
	})
	return fields
}
