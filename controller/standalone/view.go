package standalone

import (
	"cmp"
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

// view is a change of what others may read of the loop's state.
type view struct {
	// revision is the publication that Envoy has to have for the rest to be true.
	revision server.Revision
	// services are those that are shown otherwise than before; nil is one that has gone.
	services map[types.NamespacedName]*shown
	// problems are those of each place that has others than before.
	problems map[problemPlace][]manifest.Problem
	// policies are all there are, or nil if they are shown as before.
	policies []admin.Policy
}

// shown is what is shown of one service. It is never changed.
type shown struct {
	service admin.Service
	facts   layerFacts
}

func newView() *view {
	return &view{services: map[types.NamespacedName]*shown{}, problems: map[problemPlace][]manifest.Problem{}}
}

// add lays a later view over this one.
func (v *view) add(later *view) {
	v.revision = later.revision
	maps.Copy(v.services, later.services)
	maps.Copy(v.problems, later.problems)
	if later.policies != nil {
		v.policies = later.policies
	}
}

// show makes a view of what has changed, to be seen when Envoy serves by it.
func (l *loop) show() {
	next := newView()
	next.revision = l.routing.revision
	news := l.routing.takeNews()
	for key := range news {
		for _, planned := range l.routing.holdings[key] {
			l.unseen[planned.owner] = true
		}
	}
	for name := range l.unseen {
		next.services[name] = l.showService(name)
	}
	l.unseen = map[types.NamespacedName]bool{}
	for key := range news {
		l.troubled[problemPlace{object: key}] = true
	}
	for place := range l.troubled {
		l.noteProblems(place, next)
	}
	l.troubled = map[problemPlace]bool{}
	if l.policiesShown != l.routing.policyChanges {
		l.policiesShown = l.routing.policyChanges
		next.policies = l.showPolicies()
	}
	l.revealer.offer(next)
}

// showService gives what is shown of a service, nil if it has gone.
func (l *loop) showService(name types.NamespacedName) *shown {
	s, known := l.services[name]
	if !known {
		return nil
	}
	var pods []admin.Pod
	for _, pod := range l.pods.of(name) {
		pods = append(pods, showPod(pod, s.templates[podTemplate{pod.Deployment, pod.TemplateHash}]))
	}
	s.guard = l.guardOf(name)
	return &shown{service: l.describe(s, pods), facts: l.facts(s, pods)}
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

func (l *loop) describe(s *service, pods []admin.Pod) admin.Service {
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
	s.guard.close(&shown)
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
	dial := net.JoinHostPort(options.plainAddress(), port)
	urls := []admin.URL{{Kind: admin.HostURL, URL: s.status.URL, Dial: dial}}
	spoken := protocols(s)
	if len(spoken) > 0 && spoken[0] == "v1" {
		path := "/v2/models/" + s.name.Name
		byPath := admin.URL{Kind: admin.PathURL, URL: "http://localhost:" + port + path, Dial: dial}
		if answersLocalhost(options.plainAddress()) {
			urls = append(urls, byPath)
		} else {
			// The name localhost, and each below it, leads elsewhere.
			byPath.URL = "http://" + dial + path
			urls = slices.Insert(urls, 0, byPath)
		}
		if options.Serving != (KeyPair{}) {
			port := strconv.Itoa(int(options.HTTPSPort))
			urls = append(urls, admin.URL{
				Kind: admin.HTTPSURL, URL: "https://" + net.JoinHostPort(options.publicName(), port) + path, Dial: net.JoinHostPort(options.Listen, port),
			})
		}
	}
	if slices.Contains(spoken, "grpc-v2") {
		authority := strings.TrimPrefix(s.status.URL, "http://")
		urls = append(urls, admin.URL{Kind: admin.GRPCURL, URL: "grpc://" + authority, Dial: dial})
	}
	return urls
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
