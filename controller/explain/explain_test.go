package explain

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWalkReportsTheFirstFault(t *testing.T) {
	t.Parallel()
	iris := Target{Kind: "InferenceService", Namespace: "default", Name: "iris"}
	good := Finding{OK: true, Summary: "fine"}
	crash := Finding{Summary: "container kserve-container exited with code 1", Remedy: "look at: sluice logs iris"}
	silent := Finding{Summary: "no ready endpoint", Remedy: "wait for a replica"}
	bare := Finding{Summary: "the manifest is invalid"}

	tests := []struct {
		name     string
		layers   map[Layer]Explainer
		ok       bool
		headline string
		findings []Finding
	}{
		{
			name:     "nothing known",
			headline: "InferenceService default/iris: nothing is known of it; look for its name with: sluice get services",
		},
		{
			name:     "all well",
			layers:   map[Layer]Explainer{Model: says(good), Object: says(good)},
			ok:       true,
			headline: "InferenceService default/iris: nothing is wrong, from object to model",
			findings: []Finding{in(Object, good), in(Model, good)},
		},
		{
			name:     "an earlier layer's fault is the cause",
			layers:   map[Layer]Explainer{Endpoint: says(silent), Process: says(good, crash), Plan: says()},
			headline: "InferenceService default/iris: process: container kserve-container exited with code 1; remedy: look at: sluice logs iris",
			findings: []Finding{in(Process, good), in(Process, crash), in(Endpoint, silent)},
		},
		{
			name:     "a fault without remedy",
			layers:   map[Layer]Explainer{Object: says(bare), Model: says(good)},
			headline: "InferenceService default/iris: object: the manifest is invalid",
			findings: []Finding{in(Object, bare), in(Model, good)},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := Walk(t.Context(), iris, test.layers)
			want := Report{Target: iris, OK: test.ok, Headline: test.headline, Findings: test.findings}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWalkAsksInOrderAndStopsAskingWhenTimeIsUp(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var asked []Layer
	layers := map[Layer]Explainer{}
	for _, layer := range Layers() {
		layers[layer] = Func(func(context.Context, Target) []Finding {
			asked = append(asked, layer)
			if layer == Route {
				cancel()
			}
			return []Finding{{OK: true, Summary: "fine"}}
		})
	}
	report := Walk(ctx, Target{Kind: "InferenceService", Namespace: "a", Name: "b"}, layers)
	if want := []Layer{Object, Plan, Process, Route}; !slices.Equal(asked, want) {
		t.Errorf("asked %v, want %v", asked, want)
	}
	fault, found := report.FirstFault()
	if !found || fault.Layer != Access || len(report.Findings) != len(Layers()) {
		t.Errorf("first fault %+v of %d findings, want the unanswered layer access of %d", fault, len(report.Findings), len(Layers()))
	}
}

func says(findings ...Finding) Explainer {
	return Func(func(context.Context, Target) []Finding { return findings })
}

func in(layer Layer, finding Finding) Finding {
	finding.Layer = layer
	return finding
}
