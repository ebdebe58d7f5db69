package v1alpha1

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/sluice-serving/sluice/api/serving/rules"
)

// graphName is the form that KServe asks of a graph's name.
const graphName = "[a-z]([-a-z0-9]*[a-z0-9])?"

// Validate gives everything that KServe's schema and webhook refuse of a graph. Each error's detail gives the
// rule, then after a semicolon what to do.
func (g *InferenceGraph) Validate() field.ErrorList {
	var errs field.ErrorList
	if !regexp.MustCompile("^" + graphName + "$").MatchString(g.Name) {
		errs = append(errs, field.Invalid(field.NewPath("metadata", "name"), g.Name,
			"not a name that KServe takes ("+graphName+"); use lower-case letters, digits and hyphens, with a letter first and no dot"))
	}
	spec := field.NewPath("spec")
	if m := g.Spec.ScaleMetric; m != nil {
		errs = append(errs, rules.OneOf(spec.Child("scaleMetric"), *m, MetricCPU, MetricMemory, MetricConcurrency, MetricRPS)...)
	}
	nodes := spec.Child("nodes")
	if _, there := g.Spec.Nodes[GraphRoot]; !there {
		errs = append(errs, field.Required(nodes.Key(GraphRoot), "a graph begins with the node "+GraphRoot+"; add it, or give one of the nodes that name"))
	}
	for _, name := range slices.Sorted(maps.Keys(g.Spec.Nodes)) {
		node := g.Spec.Nodes[name]
		errs = append(errs, node.validate(g.Spec.Nodes, nodes.Key(name))...)
	}
	return errs
}

func (r *InferenceRouter) validate(nodes map[string]InferenceRouter, path *field.Path) field.ErrorList {
	errs := rules.OneOf(path.Child("routerType"), r.RouterType, RouterSequence, RouterSplitter, RouterEnsemble, RouterSwitch)
	names := map[string]bool{}
	for i := range r.Steps {
		step, at := &r.Steps[i], path.Child("steps").Index(i)
		if step.StepName != "" && names[step.StepName] {
			errs = append(errs, field.Duplicate(at.Child("name"), step.StepName))
		}
		names[step.StepName] = true
		errs = append(errs, step.validate(nodes, at)...)
	}
	if r.RouterType == RouterSplitter {
		errs = append(errs, r.validateWeights(path.Child("steps"))...)
	}
	return errs
}

func (s *InferenceStep) validate(nodes map[string]InferenceRouter, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if s.Dependency != "" {
		errs = append(errs, rules.OneOf(path.Child("dependency"), s.Dependency, DependencySoft, DependencyHard)...)
	}
	targets := 0
	for _, target := range []string{s.NodeName, s.ServiceName, s.ServiceURL} {
		if target != "" {
			targets++
		}
	}
	switch {
	case targets == 0:
		errs = append(errs, field.Required(path, "a step leads somewhere; set one of nodeName, serviceName and serviceUrl"))
	case targets > 1:
		errs = append(errs, field.Forbidden(path, "a step leads to one place; keep one of nodeName, serviceName and serviceUrl"))
	}
	return errs
}

func (r *InferenceRouter) validateWeights(path *field.Path) field.ErrorList {
	var errs field.ErrorList
	total := int64(0)
	for i := range r.Steps {
		if w := r.Steps[i].Weight; w != nil {
			total += *w
		} else {
			errs = append(errs, field.Required(path.Index(i).Child("weight"), "each step of a Splitter has a share; set its weight, in percent"))
		}
	}
	if len(errs) == 0 && total != 100 {
		errs = append(errs, field.Invalid(path, total, fmt.Sprintf("the weights of a Splitter sum to %d, and must to 100; change them", total)))
	}
	return errs
}
