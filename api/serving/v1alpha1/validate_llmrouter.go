package v1alpha1

import (
	"cmp"
	"regexp"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/api/serving/rules"
)

// groupName is the form of a routing group's name.
const groupName = `^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`

const maxWeight = 1_000_000

// ValidateParts gives what is wrong with the parts of a router, whether or not it is whole.
func (r *RouterPaths) ValidateParts(path *field.Path) field.ErrorList {
	if r.Route == nil {
		return nil
	}
	var errs field.ErrorList
	at := path.Child("route")
	if g := r.Route.Group; g != nil && (len(*g) > 63 || !regexp.MustCompile(groupName).MatchString(*g)) {
		errs = append(errs, field.Invalid(at.Child("group"), *g, "not the name of a group; use at most 63 lower-case letters, digits and hyphens"))
	}
	if w := r.Route.Weight; w != nil && (*w < 0 || *w > maxWeight) {
		errs = append(errs, field.Invalid(at.Child("weight"), *w, "out of range; use 0 to 1000000"))
	}
	return errs
}

// ValidateWhole gives what is wrong with a service's router as a whole. A route's parents that are the Gateways that the router names are
// said twice, which v1alpha2 allows.
func (r *RouterPaths) ValidateWhole(path *field.Path, twice bool) field.ErrorList {
	if r.Route == nil {
		return nil
	}
	errs := r.validateShare(path.Child("route"))
	h := r.Route.HTTP
	if h == nil {
		return errs
	}
	at := path.Child("route", "http")
	if len(h.Refs) > 0 && h.Spec != nil {
		errs = append(errs, field.Forbidden(at.Child("spec"), "the route is one's own by refs, or made from spec; keep one of them"))
	}
	if len(h.Refs) > 0 && r.Gateway != nil && len(r.Gateway.Refs) == 0 {
		errs = append(errs, field.Forbidden(at.Child("refs"), "routes of one's own need a Gateway of one's own; set gateway.refs, or remove gateway or refs"))
	}
	if h.Spec == nil || len(h.Spec.ParentRefs) == 0 || r.Gateway == nil || len(r.Gateway.Refs) == 0 {
		return errs
	}
	if !twice || !slices.Equal(parentsOf(h.Spec.ParentRefs), gatewaysOf(r.Gateway.Refs)) {
		errs = append(errs, field.Forbidden(at.Child("spec", "parentRefs"), "the route's parents follow from gateway.refs, and these differ; remove parentRefs or gateway.refs"))
	}
	return errs
}

// validateShare holds the rules of a route that several models share.
func (r *RouterPaths) validateShare(path *field.Path) field.ErrorList {
	route := r.Route
	switch {
	case route.Group == nil && route.Weight == nil:
		return nil
	case r.Ingress != nil:
		return field.ErrorList{field.Forbidden(path.Child("group"), "an Ingress has no shares; remove ingress, or group and weight")}
	case route.Group == nil:
		return field.ErrorList{field.Required(path.Child("group"), "a weight is a share of a group's requests; set group")}
	case route.Weight == nil:
		return field.ErrorList{field.Required(path.Child("weight"), "a model has a share of its group's requests; set weight")}
	case route.HTTP != nil && len(route.HTTP.Refs) > 0:
		return field.ErrorList{field.Forbidden(path.Child("group"), "the shares of routes of one's own are in those routes; remove http.refs, or group and weight")}
	}
	return nil
}

type gatewayKey struct{ namespace, name, section string }

func parentsOf(refs []gatewayv1.ParentReference) []gatewayKey {
	keys := make([]gatewayKey, len(refs))
	for i, ref := range refs {
		keys[i] = gatewayKey{name: string(ref.Name), section: section(ref.SectionName)}
		if ref.Namespace != nil {
			keys[i].namespace = string(*ref.Namespace)
		}
	}
	return sorted(keys)
}

func gatewaysOf(refs []GatewayObjectReference) []gatewayKey {
	keys := make([]gatewayKey, len(refs))
	for i, ref := range refs {
		keys[i] = gatewayKey{string(ref.Namespace), string(ref.Name), section(ref.SectionName)}
	}
	return sorted(keys)
}

func section(name *gatewayv1.SectionName) string {
	if name == nil {
		return ""
	}
	return string(*name)
}

func sorted(keys []gatewayKey) []gatewayKey {
	slices.SortFunc(keys, func(a, b gatewayKey) int {
		return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name), cmp.Compare(a.section, b.section))
	})
	return keys
}

// ValidateParts gives what is wrong with the parts of an endpoint picker, whether or not it is whole.
func (s *SchedulerSettings) ValidateParts(path *field.Path) field.ErrorList {
	errs := rules.AtLeast(path.Child("replicas"), s.Replicas, 1)
	errs = append(errs, ValidatePod(s.Template, path.Child("template"))...)
	if t := s.Tokenizer; t != nil {
		errs = append(errs, ValidatePod(t.Template, path.Child("tokenizer", "template"))...)
	}
	if c := s.Config; c != nil && c.Inline != nil && len(c.Inline.Raw) > 0 && c.Inline.Raw[0] != '{' {
		errs = append(errs, field.Invalid(path.Child("config", "inline"), "[text]", "the configuration is an object here, not text; remove the | or the quotes before it"))
	}
	return errs
}

// ValidateWhole gives what is wrong with a service's endpoint picker as a whole.
func (s *SchedulerSettings) ValidateWhole(path *field.Path) field.ErrorList {
	c, at := s.Config, path.Child("config")
	switch {
	case c == nil:
		return nil
	case c.Inline == nil && c.Ref == nil:
		return field.ErrorList{field.Required(at, "a configuration is here or in a ConfigMap; set inline or ref")}
	case c.Inline != nil && c.Ref != nil:
		return field.ErrorList{field.Forbidden(at.Child("ref"), "a configuration is here or in a ConfigMap; keep inline or ref")}
	case c.Inline != nil && len(c.Inline.Raw) < len("{a}"):
		return field.ErrorList{field.Invalid(at.Child("inline"), string(c.Inline.Raw), "the configuration is empty; write an EndpointPickerConfig, or remove config")}
	case c.Ref != nil && c.Ref.Name == "":
		return field.ErrorList{field.Required(at.Child("ref", "name"), "the configuration is in a ConfigMap; name it")}
	}
	return nil
}
