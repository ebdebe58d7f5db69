package standalone

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/controller/engine"
	"github.com/sluice-serving/sluice/controller/manifest"
	"github.com/sluice-serving/sluice/xds/server"
)

// view is what others may read of the loop's state: an immutable snapshot.
type view struct {
	// loaded says that the directories have been read and planned once.
	loaded bool
	// revision is the publication that Envoy has to have for the rest to be true.
	revision server.Revision
	services []admin.Service
	problems []admin.Problem
	layers   map[types.NamespacedName]layerFacts
}

// show makes a snapshot of the state, to be seen when Envoy serves by it.
func (l *loop) show() {
	next := &view{loaded: true, revision: l.routing.revision, layers: map[types.NamespacedName]layerFacts{}}
	pods, backends := l.showPods(), l.publishedBackends()
	for _, name := range slices.SortedFunc(maps.Keys(l.services), compareNames) {
		s := l.services[name]
		next.services = append(next.services, l.showService(s, pods[name]))
		next.layers[name] = l.facts(s, pods[name], backends)
	}
	next.services = append(next.services, l.neverValid()...)
	for _, problem := range l.allProblems() {
		next.problems = append(next.problems, admin.Problem{
			File: problem.File, Line: problem.Line, Object: problem.Object,
			Field: problem.Field, Message: problem.Message, Remedy: problem.Remedy,
		})
	}
	l.revealer.offer(next)
}

// neverValid gives the InferenceServices that only a broken manifest names.
func (l *loop) neverValid() []admin.Service {
	var found []admin.Service
	seen := map[string]bool{}
	for _, problem := range l.problems {
		kind, rest, _ := strings.Cut(problem.Object, " ")
		namespace, name, qualified := strings.Cut(rest, "/")
		if kind != v1beta1.KindInferenceService || !qualified || seen[problem.Object] {
			continue
		}
		if _, inForce := l.services[types.NamespacedName{Namespace: namespace, Name: name}]; inForce {
			continue
		}
		seen[problem.Object] = true
		found = append(found, admin.Service{
			Namespace: namespace, Name: name, File: problem.File, Line: problem.Line,
			Reason: "InvalidManifest", Message: problemText(problem),
		})
	}
	return found
}

func problemText(p manifest.Problem) string {
	text := p.Message
	if p.Field != "" {
		text = p.Field + ": " + text
	}
	if p.Remedy != "" {
		text += "; " + p.Remedy
	}
	return text
}

func (l *loop) showService(s *service, pods []admin.Pod) admin.Service {
	shown := admin.Service{
		Namespace: s.name.Namespace, Name: s.name.Name,
		File: s.manifest.Source.File, Line: s.manifest.Source.Line,
		Spec:      specSummary(s),
		Revisions: showRevisions(s),
		Pods:      pods,
	}
	if ready := s.status.Condition(v1beta1.ConditionReady); ready != nil {
		shown.Ready = ready.Status == corev1.ConditionTrue
		shown.Reason, shown.Message = ready.Reason, ready.Message
	}
	shown.URLs = l.urls(s)
	for _, c := range s.status.Conditions {
		shown.Conditions = append(shown.Conditions, admin.Condition{
			Type: string(c.Type), Status: string(c.Status), Severity: string(c.Severity),
			Reason: c.Reason, Message: c.Message, LastTransitionTime: c.LastTransitionTime.Time,
		})
	}
	return shown
}

func specSummary(s *service) admin.SpecSummary {
	predictor := &s.resolved.Spec.Predictor
	summary := admin.SpecSummary{Components: []string{"predictor"}, MinReplicas: 1, Runtime: "custom"}
	if predictor.MinReplicas != nil {
		summary.MinReplicas = *predictor.MinReplicas
	}
	if model := predictor.Model; model != nil {
		summary.ModelFormat = model.ModelFormat.Name
		summary.Runtime = cmp.Or(s.status.ServingRuntimeName, s.status.ClusterServingRuntimeName)
		if original, ok := s.manifest.Object.(*v1beta1.InferenceService); ok && original.Spec.Predictor.Model.StorageURI != nil {
			summary.StorageURI = *original.Spec.Predictor.Model.StorageURI
		}
	}
	if s.resolved.Spec.Transformer != nil {
		summary.Components = append(summary.Components, "transformer")
	}
	if s.resolved.Spec.Explainer != nil {
		summary.Components = append(summary.Components, "explainer")
	}
	summary.Protocols = protocols(s)
	return summary
}

// protocols are those that the service is known to speak: gRPC where a Service has such a port, and for a
// model V1 and V2 by the runtime's own word.
func protocols(s *service) []string {
	var spoken []string
	if s.resolved.Spec.Predictor.Model != nil {
		spoken = append(spoken, "v1", "v2")
	}
	for i := range s.result.Services {
		for _, port := range s.result.Services[i].Spec.Ports {
			if port.AppProtocol != nil && *port.AppProtocol == "kubernetes.io/h2c" {
				return append(spoken, "grpc-v2")
			}
		}
	}
	return spoken
}

// urls are the ways to reach the service, the one by its own host first.
func (l *loop) urls(s *service) []admin.URL {
	if s.status.URL == "" {
		return nil
	}
	options := l.driver.options
	port := strconv.Itoa(int(options.HTTPPort))
	dial := net.JoinHostPort(options.Listen, port)
	urls := []admin.URL{{Kind: admin.HostURL, URL: s.status.URL, Dial: dial}}
	spoken := protocols(s)
	if len(spoken) > 0 && spoken[0] == "v1" {
		path := fmt.Sprintf("http://localhost:%s/v2/models/%s", port, s.name.Name)
		urls = append(urls, admin.URL{Kind: admin.PathURL, URL: path, Dial: dial})
	}
	if slices.Contains(spoken, "grpc-v2") {
		authority := strings.TrimPrefix(s.status.URL, "http://")
		urls = append(urls, admin.URL{Kind: admin.GRPCURL, URL: "grpc://" + authority, Dial: dial})
	}
	return urls
}

// showPods gives the pods of each service, sorted by name as the engine's are.
func (l *loop) showPods() map[types.NamespacedName][]admin.Pod {
	shown := map[types.NamespacedName][]admin.Pod{}
	for i := range l.pods {
		pod := &l.pods[i]
		if s, known := l.services[ownerOf(pod)]; known {
			revision := s.templates[podTemplate{pod.Deployment, pod.TemplateHash}]
			shown[s.name] = append(shown[s.name], showPod(pod, revision))
		}
	}
	return shown
}

func showPod(pod *engine.Pod, revision string) admin.Pod {
	shown := admin.Pod{
		Name: pod.Name, Namespace: pod.Namespace, Deployment: pod.Deployment, Revision: revision,
		Ready: pod.Ready, Terminating: pod.Terminating, Address: pod.Address,
	}
	for _, declared := range slices.Sorted(maps.Keys(pod.Ports)) {
		shown.Ports = append(shown.Ports, admin.Port{ContainerPort: declared, Port: pod.Ports[declared]})
	}
	for _, c := range pod.Containers {
		shown.Containers = append(shown.Containers, admin.Container{
			Name: c.Name, PID: c.PID, State: c.State, Reason: c.Reason, Message: c.Message,
			Restarts: c.Restarts, StartedAt: c.StartedAt, LogFile: c.LogFile, PreviousLogFile: c.PreviousLogFile,
		})
	}
	return shown
}
