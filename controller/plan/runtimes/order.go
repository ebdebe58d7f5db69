package runtimes

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
	"github.com/sluice-serving/sluice/api/serving/v1beta1"
)

// rule is one of those that order the fitting runtimes of a scope: the first by which two differ decides.
type rule struct {
	compare func(a, b candidate) int
	// why says of the second that the first comes before it.
	why func(a, b candidate) string
}

// rules are KServe's order, by priority, protocol, age and name, behind the place of the bundled runtime: first, or last where
// the service has another runtime among those that fit.
func rules(r Request, fit []candidate) []rule {
	bundled := rule{
		compare: func(a, b candidate) int { return compareBool(b.bundled(), a.bundled()) },
		why:     func(a, _ candidate) string { return fmt.Sprintf("%s comes with sluice and is taken first", a.name) },
	}
	if keeps(r.Recorded, fit) {
		bundled = rule{
			compare: func(a, b candidate) int { return compareBool(a.bundled(), b.bundled()) },
			why: func(candidate, candidate) string {
				return fmt.Sprintf("the service's status names %s, and what comes with sluice is taken first only where it names none", r.Recorded.Name)
			},
		}
	}
	return []rule{bundled, {
		compare: func(a, b candidate) int { return -comparePriority(a.priority(r.Format), b.priority(r.Format)) },
		why: func(a, b candidate) string {
			return fmt.Sprintf("for %s it has %s, and %s has %s", r.Format, inWords(b.priority(r.Format)), a.name, inWords(a.priority(r.Format)))
		},
	}, {
		compare: func(a, b candidate) int { return cmp.Compare(lowestProtocol(a.spec), lowestProtocol(b.spec)) },
		why: func(a, b candidate) string {
			return fmt.Sprintf("of equal priority; it speaks %s, and %s %s, whose lowest is lower", protocols(b.spec), a.name, protocols(a.spec))
		},
	}, {
		compare: func(a, b candidate) int { return -cmp.Compare(a.created, b.created) },
		why:     func(a, _ candidate) string { return fmt.Sprintf("of equal priority and protocol; %s is newer", a.name) },
	}, {
		compare: func(a, b candidate) int { return cmp.Compare(a.name, b.name) },
		why: func(a, _ candidate) string {
			return fmt.Sprintf("of equal priority, protocol and age; %s comes first by its name: priorities would say which is meant", a.name)
		},
	}}
}

// keeps says whether the runtime that a service has is one of others that fit than the bundled one.
func keeps(recorded Recorded, fit []candidate) bool {
	return recorded.Name != "" && slices.ContainsFunc(fit, func(c candidate) bool {
		return !c.bundled() && c.name == recorded.Name && c.cluster == recorded.Cluster
	})
}

// orderFor compares two of the fitting runtimes of a scope.
func orderFor(r Request, fit []candidate) func(a, b candidate) int {
	all := rules(r, fit)
	return func(a, b candidate) int {
		for _, rule := range all {
			if d := rule.compare(a, b); d != 0 {
				return d
			}
		}
		return 0
	}
}

// priority is that of the format's first entry, as KServe reads it; nil for none.
func (c candidate) priority(format string) *int32 {
	for i := range c.spec.SupportedModelFormats {
		if f := &c.spec.SupportedModelFormats[i]; f.Name == format {
			return f.Priority
		}
	}
	return nil
}

// comparePriority puts a runtime without a priority below all that have one.
func comparePriority(a, b *int32) int {
	if a == nil || b == nil {
		return compareBool(a != nil, b != nil)
	}
	return cmp.Compare(*a, *b)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func inWords(priority *int32) string {
	if priority == nil {
		return "no priority"
	}
	return fmt.Sprintf("priority %d", *priority)
}

// lowestProtocol is the place of a runtime's lowest protocol; one that lists none comes last.
func lowestProtocol(s *v1alpha1.ServingRuntimeSpec) int {
	order := [...]v1beta1.Protocol{v1beta1.ProtocolV1, v1beta1.ProtocolV2, v1beta1.ProtocolGRPCV1, v1beta1.ProtocolGRPCV2}
	lowest := len(order)
	for _, p := range s.ProtocolVersions {
		if i := slices.Index(order[:], p); i >= 0 {
			lowest = min(lowest, i)
		}
	}
	return lowest
}

func protocols(s *v1alpha1.ServingRuntimeSpec) string {
	if len(s.ProtocolVersions) == 0 {
		return "any protocol"
	}
	return fmt.Sprint(s.ProtocolVersions)
}
