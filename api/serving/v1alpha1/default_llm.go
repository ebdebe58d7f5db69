package v1alpha1

import "maps"

// LabelRoutingGroup stands on an LLMInferenceService that shares its route's requests with others, and names their group.
const LabelRoutingGroup = "serving.kserve.io/routing-group"

// Default fills in what KServe's webhook fills in: the model's name, and the label by which the members of a routing group find each other.
// A second call changes nothing.
func (s *LLMInferenceService) Default() {
	s.Spec.Model.Name = DefaultModelName(s.Spec.Model.Name, s.Name)
	var group *string
	if r := s.Spec.Router; r != nil && r.Route != nil {
		group = r.Route.Group
	}
	s.Labels = DefaultGroupLabel(s.Labels, group)
}

// DefaultModelName gives the name by which requests ask for a model: the object's where it has none of its own.
func DefaultModelName(name *string, object string) *string {
	if name == nil || *name == "" {
		return &object
	}
	return name
}

// DefaultGroupLabel gives an object's labels with that of its group, which is nil for none.
func DefaultGroupLabel(labels map[string]string, group *string) map[string]string {
	out := maps.Clone(labels)
	if group == nil {
		delete(out, LabelRoutingGroup)
		return out
	}
	if out == nil {
		out = map[string]string{}
	}
	out[LabelRoutingGroup] = *group
	return out
}
