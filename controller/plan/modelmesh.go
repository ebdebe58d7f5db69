package plan

import (
	"github.com/sluice-serving/sluice/api/serving/v1beta1"
)

// modelMesh plans a service that asks to share pods with other models: no children but its revisions, so that it comes
// back as it was, and where answers give reasons, the routes that give this one.
func (s *scene) modelMesh() Result {
	predictor := part{component: component{kind: v1beta1.PredictorComponent, extension: s.service.Spec.Predictor.ComponentExtensionSpec}}
	predictor.stable.problem = refused(ReasonNotSupported,
		"deployment mode ModelMesh isn't supported: models don't share pods here; remove the annotation %s, or set it to %s, and the service gets pods of its own",
		v1beta1.AnnotationDeploymentMode, v1beta1.ModeStandard)
	parts := []part{predictor}
	routes := s.routes(parts)

	var r Result
	for _, stored := range s.Revisions {
		r.Revisions = append(r.Revisions, *stored.DeepCopy())
	}
	r.HTTPRoutes, r.DirectResponses = routes.routes, routes.responses
	r.Status = s.status(parts, routes)
	r.Status.DeploymentMode = string(v1beta1.ModeModelMesh)
	r.sort()
	return r
}
