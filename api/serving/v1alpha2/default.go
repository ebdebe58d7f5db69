package v1alpha2

import "github.com/sluice-serving/sluice/api/serving/v1alpha1"

// Default fills in what KServe's webhook fills in: the model's name, and the label by which the members of a routing group find each other.
// A second call changes nothing.
func (s *LLMInferenceService) Default() {
	s.Spec.Model.Name = v1alpha1.DefaultModelName(s.Spec.Model.Name, s.Name)
	var group *string
	if r := s.Spec.Router; r != nil && r.Route != nil {
		group = r.Route.Group
	}
	s.Labels = v1alpha1.DefaultGroupLabel(s.Labels, group)
}
