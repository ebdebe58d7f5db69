// Package runtimes chooses the runtime that serves a model, by KServe's rules, and says why each other one was passed over.
package runtimes

import (
	"fmt"
	"slices"

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
	// Recorded is the runtime that the service's status names already.
	Recorded Recorded
	// Here are the formats that run on this machine without a container engine, for messages; empty on a cluster.
	Here            []string
	Runtimes        []v1alpha1.ServingRuntime
	ClusterRuntimes []v1alpha1.ClusterServingRuntime
}

// Recorded names the runtime that a service had at its last plan; zero for none. While it fits, the bundled runtime doesn't
// come first: a service that came from KServe stays with KServe's runtimes.
type Recorded struct {
	Name    string
	Cluster bool
}

// Choice is a runtime, of the namespace or of the cluster.
type Choice struct {
	Name        string
	Cluster     bool
	Annotations map[string]string
	Spec        v1alpha1.ServingRuntimeSpec
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
	scopes := scopesOf(r)
	if r.Format == "" {
		return Choice{}, &Refusal{Reason: v1beta1.FailureNoSupportingRuntime, Message: noFormat(r, scopes)}
	}
	if r.Named != "" {
		return named(r, scopes)
	}
	for _, scope := range scopes {
		if fit := fitting(scope, r); len(fit) > 0 {
			return slices.MinFunc(fit, orderFor(r, fit)).choice(), nil
		}
	}
	return Choice{}, &Refusal{Reason: v1beta1.FailureNoSupportingRuntime, Message: noneFits(r, scopes)}
}

// Bundled gives sluice's own runtime, if it is among the cluster's.
func Bundled(all []v1alpha1.ClusterServingRuntime) (Choice, bool) {
	for _, c := range ofCluster(all) {
		if c.bundled() && !isTrue(c.spec.Disabled) {
			return c.choice(), true
		}
	}
	return Choice{}, false
}

func named(r Request, scopes [][]candidate) (Choice, error) {
	c, found := find(r.Named, scopes)
	if !found {
		return Choice{}, &Refusal{v1beta1.FailureRuntimeNotRecognized,
			fmt.Sprintf("no ServingRuntime of the namespace and no ClusterServingRuntime is named %q: known are %s", r.Named, names(scopes))}
	}
	switch m := c.miss(r); {
	case m == fits:
		return c.choice(), nil
	case m.has(missDisabled):
		return Choice{}, &Refusal{v1beta1.FailureRuntimeDisabled,
			fmt.Sprintf("runtime %q is disabled: choose another, or set its spec.disabled to false", r.Named)}
	default:
		return Choice{}, &Refusal{v1beta1.FailureNoSupportingRuntime,
			fmt.Sprintf("runtime %q does not serve this model: %s", r.Named, c.why(m, r))}
	}
}

// find looks a name up in the namespace, then in the cluster.
func find(name string, scopes [][]candidate) (candidate, bool) {
	for _, scope := range scopes {
		for _, c := range scope {
			if c.name == name {
				return c, true
			}
		}
	}
	return candidate{}, false
}

func fitting(scope []candidate, r Request) []candidate {
	var fit []candidate
	for _, c := range scope {
		if c.miss(r) == fits {
			fit = append(fit, c)
		}
	}
	return fit
}
