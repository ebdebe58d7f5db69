package runtimes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
	"github.com/sluice-serving/sluice/api/serving/v1beta1"
)

// candidate is a runtime that is looked at. It points into the request's lists, so that a choice among many copies none.
type candidate struct {
	name        string
	cluster     bool
	annotations map[string]string
	spec        *v1alpha1.ServingRuntimeSpec
	created     int64
}

func (c candidate) bundled() bool { return c.annotations[AnnotationBundled] == "true" }

func (c candidate) choice() Choice {
	return Choice{Name: c.name, Cluster: c.cluster, Annotations: c.annotations, Spec: *c.spec}
}

// scopesOf lists the namespace's runtimes, then the cluster's.
func scopesOf(r Request) [][]candidate {
	return [][]candidate{ofNamespace(r.Runtimes), ofCluster(r.ClusterRuntimes)}
}

func ofNamespace(all []v1alpha1.ServingRuntime) []candidate {
	out := make([]candidate, 0, len(all))
	for i := range all {
		s := &all[i]
		out = append(out, candidate{s.Name, false, s.Annotations, &s.Spec, s.CreationTimestamp.Unix()})
	}
	return out
}

func ofCluster(all []v1alpha1.ClusterServingRuntime) []candidate {
	out := make([]candidate, 0, len(all))
	for i := range all {
		s := &all[i]
		out = append(out, candidate{s.Name, true, s.Annotations, &s.Spec, s.CreationTimestamp.Unix()})
	}
	return out
}

// miss is a set of rules by which a runtime doesn't serve a request; empty if it does.
type miss uint

const (
	missFormat miss = 1 << iota
	missVersion
	missDisabled
	missMultiModel
	missNoWorkers
	missWorkers
	missManual
	missProtocol

	fits miss = 0
)

// has says whether a rule is in the set.
func (m miss) has(one miss) bool { return m&one != 0 }

// miss applies KServe's rules. A runtime that the manifest names needs neither autoSelect nor to be for one node, and a
// protocol only if the manifest names one. Of a runtime that lacks the format nothing else is looked at.
func (c candidate) miss(r Request) miss {
	automatic := r.Named == ""
	found := c.missOfFormat(r)
	if !automatic {
		found &^= missManual
	}
	add := func(m miss, holds bool) {
		if holds {
			found |= m
		}
	}
	if found.has(missFormat) {
		// Being disabled has a reason of its own in the status of a service that names the runtime.
		add(missDisabled, !automatic && isTrue(c.spec.Disabled))
		return found
	}
	add(missDisabled, isTrue(c.spec.Disabled))
	add(missMultiModel, automatic && isTrue(c.spec.MultiModel))
	add(missNoWorkers, r.Workers && c.spec.WorkerSpec == nil)
	add(missWorkers, automatic && !r.Workers && c.spec.WorkerSpec != nil)
	add(missProtocol, !c.speaks(r.protocol()))
	return found
}

// missOfFormat looks for an entry of the format, with the version if one is asked for, and with autoSelect.
func (c candidate) missOfFormat(r Request) miss {
	nearest := missFormat
	for i := range c.spec.SupportedModelFormats {
		f := &c.spec.SupportedModelFormats[i]
		switch {
		case f.Name != r.Format:
		case r.Version != "" && (f.Version == nil || *f.Version != r.Version):
			if nearest == missFormat {
				nearest = missVersion
			}
		case !isTrue(f.AutoSelect):
			nearest = missManual
		default:
			return fits
		}
	}
	return nearest
}

// protocol is the one that a runtime has to speak, or empty for any.
func (r Request) protocol() v1beta1.Protocol {
	if r.Protocol == "" && r.Named == "" {
		return v1beta1.ProtocolV1
	}
	return r.Protocol
}

// speaks says whether a runtime has the protocol; one that lists none has all.
func (c candidate) speaks(p v1beta1.Protocol) bool {
	return p == "" || len(c.spec.ProtocolVersions) == 0 || slices.Contains(c.spec.ProtocolVersions, p)
}

// why says in words what is missing.
func (c candidate) why(m miss, r Request) string {
	var out []string
	for _, one := range []struct {
		miss miss
		say  func() string
	}{
		{missDisabled, func() string { return "it is disabled" }},
		{missFormat, func() string { return fmt.Sprintf("it supports %s, %s", formats(c.spec, ""), r.butNot()) }},
		{missVersion, func() string { return fmt.Sprintf("it supports %s, %s", formats(c.spec, r.Format), r.butNot()) }},
		{missMultiModel, func() string { return "it is for several models in one pod" }},
		{missNoWorkers, func() string { return "it has no workerSpec, which the predictor's workerSpec needs" }},
		{missWorkers, func() string { return "it is for models on several nodes" }},
		{missManual, func() string { return "it is not chosen automatically (autoSelect)" }},
		{missProtocol, func() string { return fmt.Sprintf("it speaks %v, not %s", c.spec.ProtocolVersions, r.protocol()) }},
	} {
		if m.has(one.miss) {
			out = append(out, one.say())
		}
	}
	return strings.Join(out, ", and ")
}

func (r Request) butNot() string {
	if r.Format == "" {
		return "and the model names no format"
	}
	return "not " + r.wanted()
}

// wanted is the format with its version.
func (r Request) wanted() string { return strings.TrimSpace(r.Format + " " + r.Version) }

func isTrue(b *bool) bool { return b != nil && *b }
