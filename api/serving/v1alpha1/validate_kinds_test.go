package v1alpha1

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

func TestGraphIsValidated(t *testing.T) {
	t.Parallel()
	graph := func(nodes string) string { return "metadata: {name: g}\nspec: {nodes: {" + nodes + "}}" }
	for name, c := range map[string]struct{ graph, fields string }{
		"fine":             {graph("root: {routerType: Sequence, steps: [{name: a, serviceName: s}, {name: b, nodeName: next}]}, next: {routerType: Switch, steps: [{serviceUrl: u}]}"), ""},
		"name with a dot":  {"metadata: {name: a.b}\nspec: {nodes: {root: {routerType: Sequence}}}", "metadata.name"},
		"no root":          {graph("start: {routerType: Sequence}"), "spec.nodes[root]"},
		"router type":      {graph("root: {routerType: Sequnce}"), "spec.nodes[root].routerType"},
		"dependency":       {graph("root: {routerType: Sequence, steps: [{serviceName: s, dependency: Firm}]}"), "spec.nodes[root].steps[0].dependency"},
		"step twice":       {graph("root: {routerType: Sequence, steps: [{name: a, serviceName: s}, {name: a, serviceName: s}]}"), "spec.nodes[root].steps[1].name"},
		"no target":        {graph("root: {routerType: Sequence, steps: [{name: a}]}"), "spec.nodes[root].steps[0]"},
		"two targets":      {graph("root: {routerType: Sequence, steps: [{serviceName: a, serviceUrl: b}]}"), "spec.nodes[root].steps[0]"},
		"split":            {graph("root: {routerType: Splitter, steps: [{serviceName: a, weight: 40}, {serviceName: b, weight: 60}]}"), ""},
		"split of 90":      {graph("root: {routerType: Splitter, steps: [{serviceName: a, weight: 40}, {serviceName: b, weight: 50}]}"), "spec.nodes[root].steps"},
		"split by nothing": {graph("root: {routerType: Splitter, steps: [{serviceName: a, weight: 100}, {serviceName: b}]}"), "spec.nodes[root].steps[1].weight"},
		"scale metric":     {"metadata: {name: g}\nspec: {scaleMetric: qps, nodes: {root: {routerType: Sequence}}}", "spec.scaleMetric"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var g InferenceGraph
			read(t, c.graph, &g)
			if got := fieldsOf(g.Validate()); got != c.fields {
				t.Errorf("errors of %q, want %q", got, c.fields)
			}
		})
	}
}

func TestTrainedModelIsValidated(t *testing.T) {
	t.Parallel()
	for text, fields := range map[string]string{
		"metadata: {name: Model_1}\nspec: {model: {storageUri: 's3://a/b'}}": "",
		"metadata: {name: a.b}\nspec: {model: {storageUri: 'gs://a'}}":       "metadata.name",
		"metadata: {name: a}\nspec: {model: {storageUri: 'pvc://a'}}":        "spec.model.storageUri",
		"metadata: {name: a}\nspec: {model: {storageUri: https}}":            "spec.model.storageUri",
	} {
		var m TrainedModel
		read(t, text, &m)
		if got := fieldsOf(m.Validate()); got != fields {
			t.Errorf("%s: errors of %q, want %q", text, got, fields)
		}
	}
}

func TestCacheNeedsNodes(t *testing.T) {
	t.Parallel()
	if got := fieldsOf((&LocalModelCacheSpec{}).Validate()); got != "spec.nodeGroups" {
		t.Errorf("errors of %q", got)
	}
	if errs := (&LocalModelCacheSpec{NodeGroups: []string{"a"}}).Validate(); len(errs) > 0 {
		t.Error(errs)
	}
}

func fieldsOf(errs field.ErrorList) string {
	fields := make([]string, len(errs))
	for i, err := range errs {
		fields[i] = err.Field
	}
	return strings.Join(fields, " ")
}
