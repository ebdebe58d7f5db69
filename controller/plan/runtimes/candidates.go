package runtimes

import (
	"cmp"
	"fmt"
	"slices"
)

// Verdict is what became of a candidate.
type Verdict string

// The verdicts, in the order in which [Candidates] lists them.
const (
	Chosen Verdict = "chosen"
	// Outranked is a runtime that would serve the model if those before it were not there.
	Outranked Verdict = "outranked"
	Unfit     Verdict = "unfit"
)

// Candidate is a runtime with what became of it.
type Candidate struct {
	Name string `json:"name"`
	// Kind is ServingRuntime or ClusterServingRuntime.
	Kind    string  `json:"kind"`
	Verdict Verdict `json:"verdict"`
	// Why says what the runtime was chosen or passed over for.
	Why string `json:"why"`
}

// Candidates gives every runtime that [Choose] looks at with the reason for its decision: the chosen one, then those that it
// comes before, in order, then the others, those of the model's format first.
func Candidates(r Request) []Candidate {
	scopes := scopesOf(r)
	if r.Named != "" {
		return besideNamed(r, scopes)
	}
	var ranked []candidate
	rank := map[bool][]rule{}
	for i, scope := range scopes {
		fit := fitting(scope, r)
		slices.SortFunc(fit, orderFor(r, fit))
		ranked = append(ranked, fit...)
		rank[i == 1] = rules(r, fit)
	}
	var out []Candidate
	for i, c := range ranked {
		if i == 0 {
			out = append(out, c.judged(Chosen, first(len(ranked))))
			continue
		}
		out = append(out, c.judged(Outranked, behind(ranked[0], c, rank[c.cluster])))
	}
	return append(out, unfit(r, scopes)...)
}

func first(of int) string {
	if of == 1 {
		return "the only one that fits"
	}
	return fmt.Sprintf("the first of %d that fit", of)
}

// behind says why b comes after a.
func behind(a, b candidate, of []rule) string {
	if a.cluster != b.cluster {
		return fmt.Sprintf("%s is of the service's namespace, whose runtimes come before the cluster's", a.name)
	}
	for _, rule := range of {
		if rule.compare(a, b) != 0 {
			return rule.why(a, b)
		}
	}
	return fmt.Sprintf("%s is there twice", a.name)
}

// unfit lists the runtimes that don't serve the request, those of its format first.
func unfit(r Request, scopes [][]candidate) []Candidate {
	type missing struct {
		candidate
		miss miss
	}
	var all []missing
	for _, scope := range scopes {
		for _, c := range scope {
			if m := c.miss(r); m != fits {
				all = append(all, missing{c, m})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b missing) int {
		return cmp.Or(compareBool(a.miss.has(missFormat), b.miss.has(missFormat)), compareBool(a.cluster, b.cluster), cmp.Compare(a.name, b.name))
	})
	out := make([]Candidate, 0, len(all))
	for _, m := range all {
		out = append(out, m.judged(Unfit, m.why(m.miss, r)))
	}
	return out
}

// besideNamed judges the runtime that the manifest names; the others are not looked at.
func besideNamed(r Request, scopes [][]candidate) []Candidate {
	c, found := find(r.Named, scopes)
	var out []Candidate
	if found {
		if m := c.miss(r); m != fits {
			out = append(out, c.judged(Unfit, c.why(m, r)))
		} else {
			out = append(out, c.judged(Chosen, "the manifest names it"))
		}
	}
	for _, scope := range scopes {
		for _, other := range scope {
			if found && other.name == c.name && other.cluster == c.cluster {
				continue
			}
			why := fmt.Sprintf("the manifest names runtime %q", r.Named)
			if other.name == r.Named {
				why = "the namespace has a ServingRuntime of this name, which comes before the cluster's"
			}
			out = append(out, other.judged(Unfit, why))
		}
	}
	return out
}

func (c candidate) judged(v Verdict, why string) Candidate {
	kind := "ServingRuntime"
	if c.cluster {
		kind = "ClusterServingRuntime"
	}
	return Candidate{Name: c.name, Kind: kind, Verdict: v, Why: why}
}
