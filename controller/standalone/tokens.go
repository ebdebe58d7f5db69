package standalone

import (
	"maps"
	"slices"

	"github.com/sluice-serving/sluice/controller/translate"
	"github.com/sluice-serving/sluice/xds/envoy"
	"github.com/sluice-serving/sluice/xds/ir"
)

// tokens keeps the token policies, which share one resource of Envoy's. A policy that has gone stays in it for one
// publication more: routes that refer to it are changed after the resource is, and would let nobody in meanwhile.
type tokens struct {
	policies map[string]ir.TokenPolicy
	gone     map[string]ir.TokenPolicy
	// published are the resources that Envoy has.
	published map[envoy.Key]bool
	changed   bool
}

func newTokens() tokens {
	return tokens{policies: map[string]ir.TokenPolicy{}, gone: map[string]ir.TokenPolicy{}, published: map[envoy.Key]bool{}, changed: true}
}

// apply takes what the translator changed.
func (t *tokens) apply(change translate.Change) {
	for _, policy := range change.Tokens {
		t.policies[policy.Name] = policy
		delete(t.gone, policy.Name)
		t.changed = true
	}
	for _, name := range change.RemovedTokens {
		t.gone[name] = t.policies[name]
		delete(t.policies, name)
		t.changed = true
	}
}

// publish adds what Envoy is to be told.
func (t *tokens) publish(out *publication, o envoy.Options) {
	if !t.changed {
		return
	}
	all := maps.Clone(t.policies)
	maps.Copy(all, t.gone)
	var policies []ir.TokenPolicy
	for _, name := range slices.Sorted(maps.Keys(all)) {
		policies = append(policies, all[name])
	}
	now := map[envoy.Key]bool{}
	for _, resource := range envoy.Tokens(policies, o) {
		out.set = append(out.set, resource)
		now[resource.Key()] = true
	}
	for key := range t.published {
		if !now[key] {
			out.remove = append(out.remove, key)
		}
	}
	t.published = now
	t.changed = len(t.gone) > 0
	clear(t.gone)
}
