package standalone

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/controller/engine"
	"github.com/sluice-serving/sluice/controller/explain"
	"github.com/sluice-serving/sluice/controller/manifest"
	"github.com/sluice-serving/sluice/controller/plan"
	"github.com/sluice-serving/sluice/xds/ir"
)

// layerFacts are what the layers below the manifest know of a service, as of one [view].
type layerFacts struct {
	namespace string
	// logs is the command that shows the service's log.
	logs       string
	conditions []v1beta1.Condition
	pods       []admin.Pod
	routes     []routeFacts
	backends   []ir.Backend
	guard      guardFacts
}

// routeFacts are an HTTPRoute's name and the conditions that its Gateway gave it.
type routeFacts struct {
	name       string
	conditions []metav1.Condition
}

// facts gathers the layers' facts about a service.
func (l *loop) facts(s *service, pods []admin.Pod) layerFacts {
	f := layerFacts{
		namespace:  s.name.Namespace,
		logs:       fmt.Sprintf("sluice logs %s -n %s", s.name.Name, s.name.Namespace),
		conditions: s.status.Conditions, pods: pods, guard: s.guard,
	}
	for i := range s.result.HTTPRoutes {
		route := &s.result.HTTPRoutes[i]
		facts := routeFacts{name: route.Name}
		for _, parent := range s.routes[route.Name].Parents {
			facts.conditions = append(facts.conditions, parent.Conditions...)
		}
		f.routes = append(f.routes, facts)
	}
	for i := range s.result.Services {
		of := ir.Ref{Kind: "Service", Namespace: s.name.Namespace, Name: s.result.Services[i].Name}
		f.backends = append(f.backends, l.routing.lingering.publishedOf(of)...)
	}
	slices.SortFunc(f.backends, func(a, b ir.Backend) int { return strings.Compare(a.Name, b.Name) })
	return f
}

// Explain walks the layers for one InferenceService.
func (d *Driver) Explain(ctx context.Context, namespace, name string) explain.Report {
	target := explain.Target{Kind: v1beta1.KindInferenceService, Namespace: namespace, Name: name}
	var served *admin.Service
	var facts layerFacts
	if known, ok := d.shelf.service(types.NamespacedName{Namespace: namespace, Name: name}); ok {
		served, facts = &known.service, known.facts
	}
	answer := func(findings []explain.Finding) explain.Explainer {
		return explain.Func(func(context.Context, explain.Target) []explain.Finding { return findings })
	}
	return explain.Walk(ctx, target, map[explain.Layer]explain.Explainer{
		explain.Object:   answer(explainObject(served, d.Problems(), target)),
		explain.Plan:     answer(explainPlan(facts)),
		explain.Process:  answer(explainProcess(facts)),
		explain.Route:    answer(explainRoute(facts)),
		explain.Access:   answer(explainAccess(facts)),
		explain.XDS:      answer(d.explainXDS(facts)),
		explain.Endpoint: answer(explainEndpoint(facts)),
		explain.Model: explain.Func(func(ctx context.Context, _ explain.Target) []explain.Finding {
			return d.models.explain(ctx, facts, name)
		}),
	})
}

// explainObject reports what is wrong in the manifest; served is nil where no version of it is in force.
func explainObject(served *admin.Service, problems []admin.Problem, target explain.Target) []explain.Finding {
	var findings []explain.Finding
	for _, problem := range problems {
		// One without an object is the whole file's: it can't be parsed.
		ofFile := served != nil && problem.Object == "" && problem.File == served.File
		if problem.Object == target.String() || ofFile {
			findings = append(findings, explain.Finding{
				Summary: fmt.Sprintf("%s: %s", manifest.Source{File: problem.File, Line: problem.Line}, strings.TrimPrefix(problem.Field+": "+problem.Message, ": ")),
				Remedy:  problem.Remedy,
			})
		}
	}
	if served == nil {
		return append(findings, explainPending(problems, target)...)
	}
	if len(served.Conditions) == 0 {
		return findings
	}
	inForce := fmt.Sprintf("%s is in force", manifest.Source{File: served.File, Line: served.Line})
	if len(findings) > 0 {
		inForce = "the last good version is in force"
	}
	return append(findings, explain.Finding{OK: true, Summary: inForce})
}

// explainPlan reports what the plan could not turn into children, and fields that have no effect. Conditions
// that pass a replica's or a route's trouble on are those layers' to report.
func explainPlan(f layerFacts) []explain.Finding {
	var findings []explain.Finding
	for _, c := range f.conditions {
		switch {
		case c.Status != corev1.ConditionFalse:
		case c.Type == plan.ConditionSpecApplied:
			// It serves; a manifest written for a cluster asks for much that one machine can't give.
			findings = append(findings, explain.Finding{OK: true, Summary: "planned without some fields", Detail: c.Message})
		case ofComponent(c.Type) && !f.passedOn(c.Reason):
			findings = append(findings, explain.Finding{Summary: fmt.Sprintf("%s is False: %s", c.Type, c.Reason), Remedy: c.Message})
		}
	}
	if len(findings) == 0 && len(f.conditions) > 0 {
		findings = append(findings, explain.Finding{OK: true, Summary: fmt.Sprintf("planned, with %d routes", len(f.routes))})
	}
	return findings
}

// ofComponent says whether a condition speaks of a component.
func ofComponent(t v1beta1.ConditionType) bool {
	return t == v1beta1.ConditionPredictorReady || t == v1beta1.ConditionTransformerReady || t == v1beta1.ConditionExplainerReady
}

// passedOn says whether a condition's reason is that of a Deployment that is on its way or of a container.
func (f layerFacts) passedOn(reason string) bool {
	switch reason {
	case plan.ReasonStarting, plan.ReasonRollingOut, "MinimumReplicasUnavailable", "ProgressDeadlineExceeded":
		return true
	}
	for _, pod := range f.pods {
		if slices.ContainsFunc(pod.Containers, func(c admin.Container) bool { return c.Reason == reason }) {
			return true
		}
	}
	return false
}

func explainProcess(f layerFacts) []explain.Finding {
	var findings []explain.Finding
	ready := 0
	for _, pod := range f.pods {
		if pod.Ready {
			ready++
		}
		for _, c := range pod.Containers {
			if c.Reason == "" || c.Reason == engine.ReasonCompleted || pod.Terminating {
				continue
			}
			findings = append(findings, explain.Finding{
				Summary: strings.TrimSuffix(fmt.Sprintf("container %s of %s: %s: %s", c.Name, pod.Name, c.Reason, c.Message), ": "),
				Remedy:  "read its log: " + f.logs,
			})
		}
	}
	if len(f.pods) > 0 {
		findings = append(findings, explain.Finding{OK: ready > 0, Summary: fmt.Sprintf("%d of %d replicas are ready", ready, len(f.pods)), Remedy: remedyUnless(ready > 0, "wait for the model to load, or read its log: "+f.logs)})
	}
	return findings
}

func remedyUnless(ok bool, remedy string) string {
	if ok {
		return ""
	}
	return remedy
}

func explainRoute(f layerFacts) []explain.Finding {
	var findings []explain.Finding
	for _, route := range f.routes {
		ok := true
		for _, c := range route.conditions {
			if c.Status != metav1.ConditionTrue {
				ok = false
				findings = append(findings, explain.Finding{
					Summary: fmt.Sprintf("HTTPRoute %s: %s is %s: %s", route.name, c.Type, c.Status, c.Reason),
					Remedy:  c.Message,
				})
			}
		}
		if ok {
			findings = append(findings, explain.Finding{OK: true, Summary: fmt.Sprintf("HTTPRoute %s is accepted", route.name)})
		}
	}
	return findings
}

// explainXDS reports what Envoy refused, and whether one is connected at all.
func (d *Driver) explainXDS(f layerFacts) []explain.Finding {
	p := d.parts.Load()
	if p == nil || len(f.routes) == 0 {
		return nil
	}
	if len(p.envoys.Clients()) == 0 {
		return []explain.Finding{{Summary: "no Envoy is connected", Remedy: "look at Envoy's lines in sluice's log"}}
	}
	var findings []explain.Finding
	for _, rejection := range p.envoys.Rejections() {
		if slices.ContainsFunc(rejection.Objects, f.owns) {
			findings = append(findings, explain.Finding{
				Summary: fmt.Sprintf("Envoy refused %s %s", shortType(rejection.TypeURL), rejection.Name),
				Detail:  rejection.Reason, Remedy: "mend what Envoy names: " + rejection.Reason,
			})
		}
	}
	if len(findings) > 0 {
		return findings
	}
	if waiting := f.unacknowledged(p.envoys); len(waiting) > 0 {
		return []explain.Finding{{
			Summary: "Envoy has not acknowledged " + strings.Join(waiting, ", "),
			Remedy:  "ask again in a moment; if it stays so, look at Envoy's lines in sluice's log",
		}}
	}
	return []explain.Finding{{OK: true, Summary: "acknowledged by Envoy"}}
}

// unacknowledged are the resources made from the service that not every connected Envoy has accepted.
func (f layerFacts) unacknowledged(envoys Envoys) []string {
	clients, acknowledged := len(envoys.Clients()), envoys.Acknowledgements()
	var waiting []string
	for _, resource := range envoys.Dump() {
		if slices.ContainsFunc(resource.Objects, f.owns) && len(acknowledged[resource.Key()]) < clients {
			waiting = append(waiting, shortType(resource.TypeURL)+" "+resource.Name)
		}
	}
	return waiting
}

// owns says whether an object is one of the service's routes or Services.
func (f layerFacts) owns(ref ir.Ref) bool {
	for _, route := range f.routes {
		if ref == (ir.Ref{Kind: "HTTPRoute", Namespace: f.namespace, Name: route.name}) {
			return true
		}
	}
	for _, backend := range f.backends {
		if ref == backend.Object {
			return true
		}
	}
	return false
}

func shortType(typeURL string) string {
	return typeURL[strings.LastIndexByte(typeURL, '.')+1:]
}

func explainEndpoint(f layerFacts) []explain.Finding {
	var findings []explain.Finding
	for _, backend := range f.backends {
		taking := 0
		for _, endpoint := range backend.Endpoints {
			if !endpoint.Draining {
				taking++
			}
		}
		findings = append(findings, explain.Finding{
			OK:      taking > 0,
			Summary: fmt.Sprintf("backend %s has %d endpoints, %d of them take requests", backend.Name, len(backend.Endpoints), taking),
			Remedy:  remedyUnless(taking > 0, "see the process layer: an endpoint is listed when its replica is ready"),
		})
	}
	return findings
}
