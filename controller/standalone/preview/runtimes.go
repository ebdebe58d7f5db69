package preview

import (
	"errors"
	"slices"
	"strings"

	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/plan"
	"github.com/sluice-serving/sluice/controller/plan/runtimes"
	"github.com/sluice-serving/sluice/controller/plan/settings"
	"github.com/sluice-serving/sluice/controller/standalone"
)

// RuntimeChoice is the choice of a runtime for one model of an InferenceService.
type RuntimeChoice struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Path is the predictor's or the canary's place in the spec.
	Path string `json:"path"`
	// Asked is what the choice was made by.
	Asked Asked `json:"asked"`
	// Runtime is the chosen one, empty if none fits; Reason and Message say why not.
	Runtime string                `json:"runtime,omitempty"`
	Reason  v1beta1.FailureReason `json:"reason,omitempty"`
	Message string                `json:"message,omitempty"`
	// Candidates are all runtimes of the namespace and the cluster, the chosen one first.
	Candidates []runtimes.Candidate `json:"candidates,omitempty"`
}

// Asked is what of a service a runtime is chosen by.
type Asked struct {
	Format string `json:"format,omitempty"`
	// Version is empty for any.
	Version string `json:"version,omitempty"`
	// Protocol is empty where the manifest names none.
	Protocol v1beta1.Protocol `json:"protocol,omitempty"`
	Runtime  string           `json:"runtime,omitempty"`
	Workers  bool             `json:"workers,omitempty"`
	Recorded string           `json:"recorded,omitempty"`
}

// String says it in words, one part after another.
func (a Asked) String() string {
	parts := []string{"format " + strings.TrimSpace(a.Format+" "+a.Version)}
	if a.Format == "" {
		parts[0] = "no format"
	}
	switch {
	case a.Protocol != "":
		parts = append(parts, "protocol "+string(a.Protocol))
	case a.Runtime != "":
		parts = append(parts, "any protocol")
	default:
		parts = append(parts, "protocol v1 (the manifest names none)")
	}
	if a.Workers {
		parts = append(parts, "several nodes")
	}
	if a.Runtime != "" {
		parts = append(parts, "runtime "+a.Runtime)
	}
	if a.Recorded != "" {
		parts = append(parts, a.Recorded+" in its status")
	}
	return strings.Join(parts, ", ")
}

// RuntimeChoices gives the choice for each model of the InferenceServices loaded, by the runtimes loaded and those that come with
// sluice. Recorded, if it isn't empty, is the runtime that the services' statuses name: those in manifests are not read. An error is a
// fault of sluice.
func RuntimeChoices(loaded standalone.Loaded, recorded string) ([]RuntimeChoice, error) {
	_, inputs, err := sortObjects(loaded, settings.Standalone(settings.Local{}, 0))
	if err != nil {
		return nil, err
	}
	var out []RuntimeChoice
	for _, in := range inputs {
		requests, err := plan.RuntimeRequests(in)
		if err != nil {
			out = append(out, RuntimeChoice{
				Namespace: in.Service.Namespace, Name: in.Service.Name, Path: "spec.canary",
				Reason: v1beta1.FailureInvalidPredictorSpec, Message: err.Error(),
			})
			continue
		}
		for _, asked := range requests {
			asked.Request.Recorded = runtimes.Recorded{Name: recorded, Cluster: !slices.ContainsFunc(in.Runtimes, func(r v1alpha1.ServingRuntime) bool {
				return r.Name == recorded
			})}
			out = append(out, choiceFor(in.Service, asked))
		}
	}
	return out, nil
}

func choiceFor(service *v1beta1.InferenceService, of plan.RuntimeRequest) RuntimeChoice {
	r := of.Request
	out := RuntimeChoice{
		Namespace: service.Namespace, Name: service.Name, Path: of.Path,
		Asked: Asked{
			Format: r.Format, Version: r.Version, Protocol: r.Protocol, Runtime: r.Named, Workers: r.Workers, Recorded: r.Recorded.Name,
		},
		Candidates: runtimes.Candidates(r),
	}
	chosen, err := runtimes.Choose(r)
	var refusal *runtimes.Refusal
	if errors.As(err, &refusal) {
		out.Reason, out.Message = refusal.Reason, refusal.Message
		return out
	}
	out.Runtime = chosen.Name
	return out
}
