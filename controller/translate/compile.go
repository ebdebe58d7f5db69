package translate

import (
	"encoding/json"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"github.com/sluice-serving/sluice/xds/ir"
)

// compiled is a route with its references resolved: what each of its hosts gets, and what it depends on.
type compiled struct {
	entries []entry
	// backends are the destinations that entries name.
	backends set[backendKey]
	// accepted and resolved are nil when there is nothing to complain of.
	accepted *problem
	resolved *problem

	uses references
}

// references are the objects that a route's compilation has looked at, whether they are there or not.
type references struct {
	services        map[types.NamespacedName]struct{}
	directResponses map[types.NamespacedName]struct{}
	// grants are the namespaces whose ReferenceGrants were looked at.
	grants map[string]struct{}
	// targets are what a guard was looked for.
	targets map[targetKey]struct{}
	// pods are the namespaces whose planned Services were looked at for the labels of their pods.
	pods map[string]struct{}
}

// entry is one match of one rule, with its place among the others of a host.
type entry struct {
	rank  precedence
	route ir.Route
	// guarded says that a policy nearer than the Gateway's has been applied.
	guarded bool
}

// compiler gathers one route's compilation.
type compiler struct {
	store  *store
	guards *guards
	route  *route

	backends   set[backendKey]
	named      map[string]backendKey // every resolved destination, by its name
	uses       references
	refused    []problem // → Accepted
	unresolved []problem // → ResolvedRefs
	// ruleServices are the Services that the present rule leads to.
	ruleServices set[types.NamespacedName]
}

// compile resolves what a route refers to.
func compile(r *route, s *store, g *guards) *compiled {
	c := &compiler{
		store:    s,
		guards:   g,
		route:    r,
		backends: set[backendKey]{},
		named:    map[string]backendKey{},
		uses: references{
			services:        map[types.NamespacedName]struct{}{},
			directResponses: map[types.NamespacedName]struct{}{},
			grants:          map[string]struct{}{},
			targets:         map[targetKey]struct{}{},
			pods:            map[string]struct{}{},
		},
	}
	c.refused = append(c.refused, r.problems...)
	var entries []entry
	for i := range r.rules {
		entries = append(entries, c.rule(i, &r.rules[i])...)
	}
	return &compiled{
		entries:  entries,
		backends: c.backends,
		accepted: joinProblems(c.refused),
		resolved: joinProblems(c.unresolved),
		uses:     c.uses,
	}
}

// rule gives an entry for each of a rule's matches. A rule that asks for anything unsupported answers 500:
// to serve the rest of it would be to serve something that nobody wrote.
func (c *compiler) rule(index int, r *rule) []entry {
	resolvedBefore := len(c.unresolved)
	c.ruleServices = set[types.NamespacedName]{}
	template, problems := c.action(r)
	problems = append(slices.Clone(r.problems), problems...)
	missing := c.unresolved[resolvedBefore:]
	copy(missing, within(missing, "rules[%d]", index))
	switch {
	case len(problems) > 0:
		c.refused = append(c.refused, within(problems, "rules[%d]", index)...)
		template = ir.Route{Respond: c.failure(index, "can't be served: the route's status says why")}
	case template.Forward != nil || template.Redirect != nil || template.Respond != nil:
	case len(missing) > 0:
		template.Respond = c.failure(index, "leads nowhere: the route's status says why")
	default:
		template.Respond = c.failure(index, "has no backend with a weight above zero")
	}
	guard, unguardable := c.guarded(index, r)
	if unguardable != nil {
		c.refused = append(c.refused, *unguardable)
	}
	c.noteBackends(template.Forward)
	entries := make([]entry, 0, len(r.matches))
	for _, m := range r.matches {
		out := template
		out.Name = fmt.Sprintf("%s/%s/%d/%d", c.route.key.kind, c.route.key.name, index, m.index)
		out.Object = c.route.object()
		out.Match = m.ir
		out.ByModel = c.route.byModel
		if guard != nil {
			out = guard.guard(out)
		}
		entries = append(entries, entry{rank: c.rank(m, index), route: out, guarded: guard != nil})
	}
	return entries
}

// rank completes a match's place by what its route says.
func (c *compiler) rank(m match, rule int) precedence {
	rank := m.rank
	rank.created = c.route.created
	rank.route = c.route.key.name.String()
	rank.kind = c.route.key.kind
	rank.rule = rule
	rank.match = m.index
	return rank
}

// failure is the answer of a rule that can't be served. What exactly is wrong is in the route's status and not
// in the answer: clients need not learn which Services there are.
func (c *compiler) failure(rule int, why string) *ir.Respond {
	text, err := json.Marshal(struct {
		Error string `json:"error"`
	}{fmt.Sprintf("%s %s: rules[%d] %s", c.route.key.kind, c.route.key.name, rule, why)})
	if err != nil {
		panic(err) // a struct of one string always has a form in JSON
	}
	return &ir.Respond{Status: 500, ContentType: "application/json", Body: string(text) + "\n"}
}
