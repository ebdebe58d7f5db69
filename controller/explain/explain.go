// Package explain finds the first thing that is wrong with an object. Each layer that an object passes on its way to
// serving (see [Layers]) answers for itself through [Explainer]; [Walk] asks them in that order and puts the answers
// into one [Report], whose headline is what a user should read and mend first.
package explain

import (
	"context"
	"fmt"
)

// Layer names one stage between a manifest and an answered request.
type Layer string

// The layers, in the order that an object passes them.
const (
	// Object is the manifest itself: found, decoded, valid.
	Object Layer = "object"
	// Plan is the choice of runtime and the child objects.
	Plan Layer = "plan"
	// Process is the pods: processes of the local engine, or containers on a cluster.
	Process Layer = "process"
	// Route is the status of the object's HTTPRoutes and their Gateway.
	Route Layer = "route"
	// Access is whether what decides who may call can be enforced: what can't be closes the object.
	Access Layer = "access"
	// XDS is whether every connected Envoy acknowledged the resources made from the object.
	XDS Layer = "xds"
	// Endpoint is the ready endpoints behind the object's backends.
	Endpoint Layer = "endpoint"
	// Model is the model server's own word on the model.
	Model Layer = "model"
)

// Layers gives all layers in the order in which [Walk] asks them: a fault in one is usually the cause of what the
// later ones report.
func Layers() []Layer {
	return []Layer{Object, Plan, Process, Route, Access, XDS, Endpoint, Model}
}

// Target is the object asked about.
type Target struct {
	// Kind is the object's kind, for example InferenceService.
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// String gives "Kind namespace/name".
func (t Target) String() string {
	return fmt.Sprintf("%s %s/%s", t.Kind, t.Namespace, t.Name)
}

// Finding is one thing that a layer knows about an object, good or bad.
type Finding struct {
	Layer Layer `json:"layer"`
	// OK is false if this keeps the object, or a part of it, from being served as its manifest says.
	OK bool `json:"ok"`
	// Summary is one line without a full stop: "2 of 2 replicas are ready", "container kserve-container exited with code 1".
	Summary string `json:"summary"`
	// Detail may hold several lines of evidence, such as the end of a log. It never holds a secret's value.
	Detail string `json:"detail,omitempty"`
	// Remedy is one line that says what to do. It is empty if OK.
	Remedy string `json:"remedy,omitempty"`
}

// Explainer is one layer's answer for an object. It reads a snapshot, changes nothing, and returns before ctx ends.
// A layer that the object has not reached (no pods yet, so no endpoints) returns nothing rather than a failure that
// only repeats an earlier layer's. [Walk] fills [Finding.Layer] in.
type Explainer interface {
	Explain(ctx context.Context, target Target) []Finding
}

// Func is a function as an [Explainer].
type Func func(ctx context.Context, target Target) []Finding

// Explain calls f.
func (f Func) Explain(ctx context.Context, target Target) []Finding { return f(ctx, target) }

// Walk asks each layer in the order of [Layers]; a layer missing from layers is left out. It asks the later layers
// even when one has found a fault, because a service may go on serving an earlier version, and that is worth seeing.
// When ctx ends, the layers that did not answer are reported as such.
func Walk(ctx context.Context, target Target, layers map[Layer]Explainer) Report {
	var findings []Finding
	for _, layer := range Layers() {
		explainer, ok := layers[layer]
		if !ok {
			continue
		}
		if ctx.Err() != nil {
			findings = append(findings, unanswered(layer))
			continue
		}
		for _, finding := range explainer.Explain(ctx, target) {
			finding.Layer = layer
			findings = append(findings, finding)
		}
	}
	return NewReport(target, findings)
}

func unanswered(layer Layer) Finding {
	return Finding{
		Layer:   layer,
		Summary: "not asked: the time for this report ran out in an earlier layer",
		Remedy:  "ask again; if it stays so, look at sluice's own log",
	}
}
