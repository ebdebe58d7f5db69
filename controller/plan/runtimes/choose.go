// Package runtimes chooses the runtime that serves a model, by KServe's rules.
package runtimes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sluice-serving/sluice/api/serving/v1alpha1"
	"github.com/sluice-serving/sluice/api/serving/v1beta1"
)

// AnnotationBundled marks, with "true", the runtime that comes with sluice. It is chosen before the cluster's others.
const AnnotationBundled = "sluice.dev/bundled"

// Request says what has to be served.
type Request struct {
	Format  string
	Version string // empty for any
	// Protocol is empty where the manifest names none; it then counts as v1 for the automatic choice.
	Protocol v1beta1.Protocol
	// Named is the manifest's runtime, empty for an automatic choice.
	Named string
	// Workers says that the manifest spreads the model over several nodes.
	Workers bool
	// Here are the formats that run on this machine without a container engine, for messages; empty on a cluster.
	Here            []string
	Runtimes        []v1alpha1.ServingRuntime
	ClusterRuntimes []v1alpha1.ClusterServingRuntime
}

// Choice is a runtime, of the namespace or of the cluster.
type Choice struct {
	Name        string
	Cluster     bool
	Annotations map[string]string
	Spec        v1alpha1.ServingRuntimeSpec
	created     int64
}

// Bundled says that the choice is sluice's own runtime.
func (c Choice) Bundled() bool { return c.Annotations[AnnotationBundled] == "true" }

// Refusal says why no runtime serves the request.
type Refusal struct {
	Reason  v1beta1.FailureReason
	Message string
}

// Error gives the message.
func (r *Refusal) Error() string { return r.Message }

// Choose finds the runtime. Its error is a [*Refusal].
func Choose(r Request) (Choice, error) {
	scopes := [][]Choice{ofNamespace(r.Runtimes), ofCluster(r.ClusterRuntimes)}
	if r.Format == "" {
		return Choice{}, &Refusal{Reason: v1beta1.FailureNoSupportingRuntime, Message: noFormat(r, scopes)}
	}
	if r.Named != "" {
		return named(r, scopes)
	}
	if r.Protocol == "" {
		r.Protocol = v1beta1.ProtocolV1
	}
	for _, scope := range scopes {
		var fit []Choice
		for _, c := range scope {
			if unfit(c, r, true) == "" {
				fit = append(fit, c)
			}
		}
		if len(fit) > 0 {
			return slices.MinFunc(fit, func(a, b Choice) int { return compare(a, b, r.Format) }), nil
		}
	}
	return Choice{}, &Refusal{Reason: v1beta1.FailureNoSupportingRuntime, Message: noneFits(r, scopes)}
}

// Bundled gives sluice's own runtime, if it is among the cluster's.
func Bundled(all []v1alpha1.ClusterServingRuntime) (Choice, bool) {
	for _, c := range ofCluster(all) {
		if c.Bundled() && !isTrue(c.Spec.Disabled) {
			return c, true
		}
	}
	return Choice{}, false
}

func named(r Request, scopes [][]Choice) (Choice, error) {
	for _, scope := range scopes {
		for _, c := range scope {
			if c.Name != r.Named {
				continue
			}
			if isTrue(c.Spec.Disabled) {
				return Choice{}, &Refusal{v1beta1.FailureRuntimeDisabled,
					fmt.Sprintf("runtime %q is disabled: choose another, or set its spec.disabled to false", r.Named)}
			}
			if why := unfit(c, r, false); why != "" {
				return Choice{}, &Refusal{v1beta1.FailureNoSupportingRuntime,
					fmt.Sprintf("runtime %q does not serve this model: %s", r.Named, why)}
			}
			return c, nil
		}
	}
	return Choice{}, &Refusal{v1beta1.FailureRuntimeNotRecognized,
		fmt.Sprintf("no ServingRuntime of the namespace and no ClusterServingRuntime is named %q: known are %s", r.Named, names(scopes))}
}

// unfit says why a runtime doesn't serve the request, or nothing if it does.
func unfit(c Choice, r Request, automatic bool) string {
	switch {
	case automatic && isTrue(c.Spec.Disabled):
		return "it is disabled"
	case automatic && isTrue(c.Spec.MultiModel):
		return "it is for several models in one pod"
	case r.Workers && c.Spec.WorkerSpec == nil:
		return "it has no workerSpec, which the predictor's workerSpec needs"
	case automatic && !r.Workers && c.Spec.WorkerSpec != nil:
		return "it is for models on several nodes"
	case !slices.ContainsFunc(c.Spec.SupportedModelFormats, func(f v1alpha1.SupportedModelFormat) bool {
		return f.Name == r.Format && versionFits(f, r.Version) && (!automatic || isTrue(f.AutoSelect))
	}):
		return fmt.Sprintf("it supports %s, not %s", formats(c.Spec), strings.TrimSpace(r.Format+" "+r.Version))
	case r.Protocol != "" && len(c.Spec.ProtocolVersions) > 0 && !slices.Contains(c.Spec.ProtocolVersions, r.Protocol):
		return fmt.Sprintf("it speaks %v, not %s", c.Spec.ProtocolVersions, r.Protocol)
	}
	return ""
}

func versionFits(f v1alpha1.SupportedModelFormat, version string) bool {
	return version == "" || (f.Version != nil && *f.Version == version)
}

// compare orders the fitting runtimes of a scope: the bundled one, then by priority, protocol, age and name.
func compare(a, b Choice, format string) int {
	return cmp.Or(
		-compareBool(a.Bundled(), b.Bundled()),
		-cmp.Compare(priority(a.Spec, format), priority(b.Spec, format)),
		cmp.Compare(lowestProtocol(a.Spec), lowestProtocol(b.Spec)),
		-cmp.Compare(a.created, b.created),
		cmp.Compare(a.Name, b.Name),
	)
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

// priority is that of the format's first entry; without one a runtime comes after all that have one.
func priority(s v1alpha1.ServingRuntimeSpec, format string) int64 {
	for _, f := range s.SupportedModelFormats {
		if f.Name != format {
			continue
		}
		if f.Priority != nil {
			return int64(*f.Priority)
		}
		break
	}
	return -1 << 40
}

func lowestProtocol(s v1alpha1.ServingRuntimeSpec) int {
	order := []v1beta1.Protocol{v1beta1.ProtocolV1, v1beta1.ProtocolV2, v1beta1.ProtocolGRPCV1, v1beta1.ProtocolGRPCV2}
	lowest := len(order)
	for _, p := range s.ProtocolVersions {
		if i := slices.Index(order, p); i >= 0 {
			lowest = min(lowest, i)
		}
	}
	return lowest
}

func ofNamespace(all []v1alpha1.ServingRuntime) []Choice {
	out := make([]Choice, 0, len(all))
	for _, s := range all {
		out = append(out, Choice{Name: s.Name, Annotations: s.Annotations, Spec: s.Spec, created: s.CreationTimestamp.Unix()})
	}
	return out
}

func ofCluster(all []v1alpha1.ClusterServingRuntime) []Choice {
	out := make([]Choice, 0, len(all))
	for _, s := range all {
		out = append(out, Choice{Name: s.Name, Cluster: true, Annotations: s.Annotations, Spec: s.Spec, created: s.CreationTimestamp.Unix()})
	}
	return out
}

func isTrue(b *bool) bool { return b != nil && *b }
