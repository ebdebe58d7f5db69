package plan

import (
	"github.com/sluice-serving/sluice/api/serving/v1beta1"
)

// predictorNotApplied lists the fields of a predictor that nothing is made of.
func (s *scene) predictorNotApplied(spec v1beta1.PredictorSpec, path string) []string {
	out := s.extensionNotApplied(spec.ComponentExtensionSpec, path)
	if len(s.service.Spec.Canary) > 0 && spec.CanaryTrafficPercent != nil {
		out = append(out, path+".canaryTrafficPercent (spec.canary splits the traffic)")
	}
	if spec.ContainerConcurrency != nil && *spec.ContainerConcurrency > 0 {
		out = append(out, path+".containerConcurrency (requests aren't bounded by replica yet)")
	}
	if spec.StorageContainerName != nil {
		out = append(out, path+".storageContainerName (storage containers aren't run yet)")
	}
	if spec.Model != nil && spec.Model.Confidential != nil && spec.Model.Confidential.Enabled {
		out = append(out, path+".model.confidential (models aren't decrypted)")
	}
	return out
}

// extensionNotApplied lists the fields that all components share and that nothing is made of.
func (s *scene) extensionNotApplied(e v1beta1.ComponentExtensionSpec, path string) []string {
	var out []string
	add := func(field, why string) { out = append(out, path+"."+field+" ("+why+")") }
	const noScaler = "replicas stay at minReplicas: nothing scales them yet"
	if e.MinReplicas != nil && *e.MinReplicas == 0 {
		add("minReplicas", "0 counts as 1: nothing sleeps yet")
	}
	if e.MaxReplicas > leastReplicas(e) {
		add("maxReplicas", noScaler)
	}
	if e.ScaleTarget != nil {
		add("scaleTarget", noScaler)
	}
	if e.ScaleMetric != nil {
		add("scaleMetric", noScaler)
	}
	if e.AutoScaling != nil {
		add("autoScaling", noScaler)
	}
	if e.Logger != nil {
		add("logger", "requests aren't logged yet")
	}
	return out
}
