package plan

import (
	"cmp"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/plan/rollout"
	"github.com/sluice-serving/sluice/controller/plan/settings"
)

// scene is the input of one plan with a service of its own, which rendering may change freely.
type scene struct {
	Input
	service  *v1beta1.InferenceService
	settings settings.Settings
}

func newScene(in Input) *scene {
	return &scene{Input: in, service: in.Service.DeepCopy(), settings: in.Settings}
}

// part is one component with what was decided about it.
type part struct {
	component
	decision rollout.Decision
}

// component is what predictor, transformer and explainer have in common once read from the spec.
type component struct {
	kind  v1beta1.ComponentType
	track string
	// extension is how the component is deployed.
	extension v1beta1.ComponentExtensionSpec
	stable    rendered
	canaries  []canary
}

// canary is one entry of spec.canary laid over the stable predictor.
type canary struct {
	name      string
	percent   int32
	extension v1beta1.ComponentExtensionSpec
	rendered  rendered
}

// parts reads the components in the order predictor, transformer, explainer and decides about each.
func (s *scene) parts() []part {
	components := []component{s.predictor()}
	if t := s.service.Spec.Transformer; t != nil {
		components = append(components, s.transformer(t))
	}
	if e := s.service.Spec.Explainer; e != nil {
		components = append(components, s.explainer(e))
	}
	var out []part
	for _, c := range components {
		out = append(out, part{component: c, decision: s.decide(c)})
	}
	return out
}

// name is the Deployment's and Service's name of a component without a track; its routes have it too.
func (s *scene) name(kind v1beta1.ComponentType) string {
	return rollout.Name(s.service.Name, "", string(kind))
}

// owner is the reference that every child carries.
func (s *scene) owner() []metav1.OwnerReference {
	yes := true
	return []metav1.OwnerReference{{
		APIVersion:         v1beta1.GroupVersion.String(),
		Kind:               v1beta1.KindInferenceService,
		Name:               s.service.Name,
		UID:                s.service.UID,
		Controller:         &yes,
		BlockOwnerDeletion: &yes,
	}}
}

func (r *Result) sort() {
	byName(r.Deployments)
	byName(r.Services)
	byName(r.HTTPRoutes)
	byName(r.DirectResponses)
	byName(r.Revisions)
}

func byName[T any, P interface {
	*T
	GetName() string
}](list []T) {
	slices.SortFunc(list, func(a, b T) int { return cmp.Compare(P(&a).GetName(), P(&b).GetName()) })
}
