package translate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
	"github.com/sluice-serving/sluice/xds/ir"
)

const (
	kindGateway   = "Gateway"
	kindService   = v1beta1.KindInferenceService
	kindNamespace = "Namespace"
	kindSecret    = "Secret"
	kindConfigMap = "ConfigMap"
)

// targetKey is what a guard may stand before: an InferenceService, a route, a Gateway, or all of a namespace, where a
// policy does not say what it is about. The namespace "" is every one.
type targetKey struct {
	kind string
	name types.NamespacedName
}

func namespaceTarget(namespace string) targetKey {
	return targetKey{kindNamespace, types.NamespacedName{Namespace: namespace}}
}

// guard is what a target asks of its callers.
type guard struct {
	// policy is the AccessPolicy, or the InferenceService with the annotation, that it comes from.
	policy ir.Ref
	// access is nil where the policy can't be enforced: then nobody is let in.
	access *ir.Access
}

// guards is what all policies together ask for. It changes when a policy or a Secret that one refers to does.
type guards struct {
	byTarget map[targetKey]*guard
	// tokens are the token policies that guards refer to, by name.
	tokens map[string]ir.TokenPolicy
	// statuses are those of AccessPolicies and of InferenceServices with the annotation.
	statuses map[ir.Ref]gatewayv1.PolicyStatus
	// uses are the Secrets and ConfigMaps that policies refer to, whether they are there or not.
	uses set[targetKey]
}

// policy is an AccessPolicy or an annotation, in one form.
type policy struct {
	object     ir.Ref
	created    time.Time
	generation int64
	namespace  string
	spec       *sluicev1alpha1.AccessPolicySpec
}

// planGuards resolves every policy and gives each target to one of them.
func planGuards(s *store) guards {
	out := guards{
		byTarget: map[targetKey]*guard{},
		tokens:   map[string]ir.TokenPolicy{},
		statuses: map[ir.Ref]gatewayv1.PolicyStatus{},
		uses:     set[targetKey]{},
	}
	for _, p := range s.allPolicies() {
		out.add(&p, s)
	}
	return out
}

// allPolicies orders policies by age, then by name: of two for one target the first stands.
func (s *store) allPolicies() []policy {
	var all []policy
	for name, p := range s.accessPolicies {
		all = append(all, policy{
			object:  ir.Ref{Kind: sluicev1alpha1.KindAccessPolicy, Namespace: name.Namespace, Name: name.Name},
			created: p.CreationTimestamp.Time, generation: p.Generation, namespace: name.Namespace, spec: &p.Spec,
		})
	}
	for name, service := range s.inferenceServices {
		if secret, asked := service.Annotations[sluicev1alpha1.AnnotationAPIKeySecret]; asked {
			all = append(all, annotated(name, service, secret))
		}
	}
	slices.SortFunc(all, func(a, b policy) int {
		return cmp.Or(a.created.Compare(b.created), strings.Compare(a.object.Kind, b.object.Kind),
			strings.Compare(a.namespace, b.namespace), strings.Compare(a.object.Name, b.object.Name))
	})
	return all
}

// annotated is the policy that an annotation stands for.
func annotated(name types.NamespacedName, service *v1beta1.InferenceService, secret string) policy {
	return policy{
		object:  ir.Ref{Kind: kindService, Namespace: name.Namespace, Name: name.Name},
		created: service.CreationTimestamp.Time, generation: service.Generation, namespace: name.Namespace,
		spec: &sluicev1alpha1.AccessPolicySpec{
			TargetRefs: []gatewayv1.LocalPolicyTargetReference{{
				Group: gatewayv1.Group(v1beta1.GroupVersion.Group), Kind: kindService, Name: gatewayv1.ObjectName(name.Name),
			}},
			APIKeyAuth: &sluicev1alpha1.APIKeyAuth{SecretRefs: []sluicev1alpha1.LocalSecretReference{{Name: secret}}},
		},
	}
}

// add gives a policy its targets. One that can't be enforced has them too: they are closed. Where one of its targets
// can't be told, that may be anything in its namespace.
func (g *guards) add(p *policy, s *store) {
	g.use(p)
	access, token, wrong := s.resolve(p)
	made := &guard{policy: p.object, access: access}
	var ancestors []gatewayv1.PolicyAncestorStatus
	unknown := len(p.spec.TargetRefs) == 0
	for _, ref := range p.spec.TargetRefs {
		target, known := targetOf(p.namespace, ref)
		if !known {
			unknown = true
			continue
		}
		verdict := g.give(target, made, s)
		switch {
		case verdict != nil:
		case wrong != nil:
			verdict = wrong
		case !s.hasTarget(target):
			verdict = &problem{
				reason:  string(gatewayv1.PolicyReasonTargetNotFound),
				message: fmt.Sprintf("%s %s does not exist: correct spec.targetRefs, or remove the policy", target.kind, target.name),
			}
		}
		ancestors = append(ancestors, ancestor(ref, verdict, p.generation))
	}
	if unknown {
		if target := namespaceTarget(p.namespace); g.byTarget[target] == nil {
			g.byTarget[target] = &guard{policy: p.object}
		}
		ancestors = append(ancestors, ancestor(gatewayv1.LocalPolicyTargetReference{Kind: kindNamespace, Name: gatewayv1.ObjectName(p.namespace)}, wrong, p.generation))
	}
	g.statuses[p.object] = gatewayv1.PolicyStatus{Ancestors: ancestors}
	if token != nil {
		g.tokens[token.Name] = *token
	}
}

// give puts a guard before a target, unless another stands there, which is what it gives. Before a route that an InferenceService's plan made
// it stands before that service, which has other ways in.
func (g *guards) give(target targetKey, made *guard, s *store) *problem {
	targets := []targetKey{target}
	if r := s.routes[routeKey(target)]; r != nil {
		for _, owner := range ownersOf(r.owners, target.name.Namespace) {
			targets = append(targets, targetKey{kindService, owner})
		}
	}
	var wrong *problem
	for _, t := range targets {
		switch other := g.byTarget[t]; {
		case other == nil:
			g.byTarget[t] = made
		case other.policy != made.policy:
			wrong = &problem{
				reason:  string(gatewayv1.PolicyReasonConflicted),
				message: fmt.Sprintf("%s %s has the policy of %s, which is older or comes first by name: keep one of them", t.kind, t.name, other.policy),
			}
		}
	}
	return wrong
}

// use notes what a policy refers to.
func (g *guards) use(p *policy) {
	refer := func(kind, name string) {
		g.uses.add(targetKey{kind, types.NamespacedName{Namespace: p.namespace, Name: name}})
	}
	if auth := p.spec.APIKeyAuth; auth != nil {
		for _, ref := range auth.SecretRefs {
			refer(kindSecret, ref.Name)
		}
	}
	if p.spec.JWT == nil {
		return
	}
	for _, provider := range p.spec.JWT.Providers {
		if local := provider.LocalJWKS; local != nil && local.ValueRef != nil {
			refer(local.ValueRef.Kind, local.ValueRef.Name)
		}
	}
}

// targetOf reads a reference; it is not known if policies of that kind are not served.
func targetOf(namespace string, ref gatewayv1.LocalPolicyTargetReference) (targetKey, bool) {
	known := slices.Contains(sluicev1alpha1.TargetKinds(), string(ref.Group)+"/"+string(ref.Kind)) && ref.Name != ""
	return targetKey{string(ref.Kind), types.NamespacedName{Namespace: namespace, Name: string(ref.Name)}}, known
}

// hasTarget says whether the object is there.
func (s *store) hasTarget(target targetKey) bool {
	var present bool
	switch target.kind {
	case kindService:
		_, present = s.inferenceServices[target.name]
	case kindGateway:
		_, present = s.gateways[target.name]
	default:
		_, present = s.routes[routeKey(target)]
	}
	return present
}

func ancestor(ref gatewayv1.LocalPolicyTargetReference, wrong *problem, generation int64) gatewayv1.PolicyAncestorStatus {
	accepted := condition(string(gatewayv1.PolicyConditionAccepted), true, string(gatewayv1.PolicyReasonAccepted), "the policy is enforced", generation)
	if wrong != nil {
		accepted = condition(string(gatewayv1.PolicyConditionAccepted), false, wrong.reason, clip(wrong.message), generation)
	}
	group, kind := ref.Group, ref.Kind
	return gatewayv1.PolicyAncestorStatus{
		AncestorRef:    gatewayv1.ParentReference{Group: &group, Kind: &kind, Name: ref.Name},
		ControllerName: ControllerName,
		Conditions:     []metav1.Condition{accepted},
	}
}

// sortedTokens gives the token policies by name.
func (g *guards) sortedTokens() []ir.TokenPolicy {
	var all []ir.TokenPolicy
	for _, name := range slices.Sorted(maps.Keys(g.tokens)) {
		all = append(all, g.tokens[name])
	}
	return all
}
