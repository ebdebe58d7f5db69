package translate

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/sluice-serving/sluice/xds/ir"
)

// guarded finds the guard of a rule: that of the InferenceServices which the rule belongs to or leads to, by whichever
// route, before that of the route. The Gateway's is found by host, see host.go.
func (c *compiler) guarded(index int, r *rule) (*guard, *problem) {
	services := c.servicesOf(r)
	namespaces := []string{"", c.route.key.name.Namespace}
	for _, service := range services {
		namespaces = append(namespaces, service.Namespace)
	}
	for _, namespace := range namespaces {
		if closed := c.guardOf(namespaceTarget(namespace)); closed != nil {
			return closed, nil
		}
	}
	var found *guard
	for _, service := range services {
		g := c.guardOf(targetKey{kindService, service})
		switch {
		case g == nil:
		case found == nil:
			found = g
		case found.policy != g.policy:
			return &guard{policy: found.policy}, problemf("rules[%d] leads to InferenceServices with different access policies, %s and %s: give each a rule of its own", index, found.policy, g.policy)
		}
	}
	if found != nil {
		return found, nil
	}
	return c.guardOf(targetKey(c.route.key)), nil
}

// guardOf looks a guard up, and remembers that this was looked at.
func (c *compiler) guardOf(target targetKey) *guard {
	c.uses.targets[target] = struct{}{}
	return c.guards.byTarget[target]
}

// servicesOf are the InferenceServices of a rule, sorted: the owner of the route, the one after which a planned rule is
// named, and the owners of the Services that it forwards or mirrors to, or of the pods that these select. Owners are written
// by what plans: those of a manifest are not read.
func (c *compiler) servicesOf(r *rule) []types.NamespacedName {
	found := ownersOf(c.route.owners, c.route.key.name.Namespace)
	if c.route.key.name.Namespace == PlannedNamespace {
		if name, namespace, named := cutLast(r.name, "."); named {
			found = append(found, types.NamespacedName{Namespace: namespace, Name: name})
		}
	}
	for name := range c.ruleServices {
		if service := c.store.services[name]; service != nil {
			found = append(found, ownersOf(service.OwnerReferences, name.Namespace)...)
			found = append(found, c.ownersOfSelected(service)...)
		}
	}
	slices.SortFunc(found, func(a, b types.NamespacedName) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(found)
}

func ownersOf(refs []metav1.OwnerReference, namespace string) []types.NamespacedName {
	var owners []types.NamespacedName
	for _, ref := range refs {
		if ref.Kind == kindService {
			owners = append(owners, types.NamespacedName{Namespace: namespace, Name: ref.Name})
		}
	}
	return owners
}

// ownersOfSelected are the InferenceServices of which a Service of somebody else selects pods. A planned Service has its
// pods' labels, all of them.
func (c *compiler) ownersOfSelected(service *corev1.Service) []types.NamespacedName {
	if len(service.Spec.Selector) == 0 || planned(service) {
		return nil
	}
	c.uses.pods[service.Namespace] = struct{}{}
	selector := labels.SelectorFromSet(service.Spec.Selector)
	var owners []types.NamespacedName
	for name, other := range c.store.services {
		if name.Namespace == service.Namespace && planned(other) && selector.Matches(labels.Set(other.Labels)) {
			owners = append(owners, ownersOf(other.OwnerReferences, name.Namespace)...)
		}
	}
	return owners
}

// planned says whether an InferenceService's plan made a Service; nil is none.
func planned(service *corev1.Service) bool {
	return service != nil && len(ownersOf(service.OwnerReferences, service.Namespace)) > 0
}

func cutLast(text, separator string) (before, after string, found bool) {
	i := strings.LastIndex(text, separator)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(separator):], true
}

// guard puts a guard before a route. One that can't be enforced answers in the route's place.
func (g *guard) guard(route ir.Route) ir.Route {
	if g.access != nil {
		route.Access = g.access
		return route
	}
	text, err := json.Marshal(struct {
		Error string `json:"error"`
	}{fmt.Sprintf("nobody is let in here: the access policy (%s) can't be enforced; sluice get problems says why", g.policy)})
	if err != nil {
		panic(err) // a struct of one string always has a form in JSON
	}
	return ir.Route{
		Name: route.Name, Object: route.Object, Match: route.Match, Closed: &g.policy,
		Respond: &ir.Respond{Status: 503, ContentType: "application/json", Body: string(text) + "\n"},
	}
}
