package plan

import (
	"slices"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/plan/runtimes"
)

// RuntimeRequest is a model of a service with what its runtime is chosen by.
type RuntimeRequest struct {
	// Path is the predictor's or the canary's place in the spec.
	Path    string
	Request runtimes.Request
}

// RuntimeRequests gives the models of a service that a runtime is chosen for: the predictor's and each canary's, as the
// canary is once laid over the predictor. Containers of the manifest's own need none. Its error is a canary that can't be laid over.
func RuntimeRequests(in Input) ([]RuntimeRequest, error) {
	s := newScene(in)
	stable := s.service.Spec.Predictor
	var out []RuntimeRequest
	add := func(path string, spec v1beta1.PredictorSpec) {
		if spec.Model != nil {
			out = append(out, RuntimeRequest{Path: path, Request: s.runtimeRequest(spec.Model, spec.WorkerSpec != nil)})
		}
	}
	add(pathPredictor, stable)
	for _, entry := range s.service.Spec.Canary {
		merged, err := canaryPredictor(stable, entry)
		if err != nil {
			return nil, err
		}
		add(pathCanary(entry), merged)
	}
	return out, nil
}

// runtimeRequest is what the model's runtime is chosen by.
func (s *scene) runtimeRequest(model *v1beta1.ModelSpec, workers bool) runtimes.Request {
	r := runtimes.Request{
		Format:          model.ModelFormat.Name,
		Version:         value(model.ModelFormat.Version),
		Protocol:        value(model.ProtocolVersion),
		Named:           value(model.Runtime),
		Workers:         workers,
		Recorded:        recorded(s.service.Status),
		Runtimes:        s.Runtimes,
		ClusterRuntimes: s.ClusterRuntimes,
	}
	if s.settings.Local != nil {
		r.Here = s.settings.Local.BundledFormats
	}
	return r
}

// recorded is the runtime that the service was given at its last plan.
func recorded(status v1beta1.InferenceServiceStatus) runtimes.Recorded {
	if status.ServingRuntimeName != "" {
		return runtimes.Recorded{Name: status.ServingRuntimeName}
	}
	return runtimes.Recorded{Name: status.ClusterServingRuntimeName, Cluster: true}
}

// canaryPredictor lays an entry of spec.canary over the stable predictor.
func canaryPredictor(stable v1beta1.PredictorSpec, entry v1beta1.CanarySpec) (v1beta1.PredictorSpec, error) {
	// How the stable one scales and splits is its own; how its pods look is inherited.
	stable.ComponentExtensionSpec = v1beta1.ComponentExtensionSpec{
		Labels: stable.Labels, Annotations: stable.Annotations,
		Logger: stable.Logger, Batcher: stable.Batcher,
		ContainerConcurrency: stable.ContainerConcurrency,
		DeploymentStrategy:   stable.DeploymentStrategy,
	}
	merged, err := overlay(stable, entry.Predictor)
	if err == nil && entry.Predictor.Model != nil && stable.Model != nil && len(entry.Predictor.Model.Args) > 0 {
		merged.Model.Args = slices.Concat(stable.Model.Args, entry.Predictor.Model.Args)
	}
	return merged, err
}

// pathCanary is a canary's place in the spec.
func pathCanary(entry v1beta1.CanarySpec) string {
	return "spec.canary[" + entry.Predictor.Name + "].predictor"
}
