// Package rollout decides which revisions of a component run, in which Deployment each does, and what share of the
// traffic each gets. It is pure: revisions and health in, a [Decision] out, which a restart takes again.
//
// Two things hold in every decision. A revision takes its share when its Deployment is available and none before. And
// promotion restarts nothing: a revision that a Deployment carries stays in that Deployment with that template for as
// long as it runs, whatever its role becomes.
package rollout

import (
	corev1 "k8s.io/api/core/v1"
)

// Revision is one version of a component's pod template.
type Revision struct {
	// Name is the ControllerRevision's, for example iris-predictor-00002, and Number its ordinal from 1.
	Name   string
	Number int64
	// Digest identifies Template, see [Digest].
	Digest string
	// Track is the predictor.name or canary name under which the revision runs, empty for none.
	Track string
	// Deployment is the one that carries the revision, or last did.
	Deployment string
	// Live says that Deployment carried the revision after the last decision.
	Live bool
	// Holds says that the last decision gave it the stable share.
	Holds bool
	// RolledOut orders the revisions that have had all the traffic: the highest is the last; 0 never had.
	RolledOut int64
	// Share is the percentage that the last decision gave.
	Share int32
	// Asked identifies what the manifest said when the template was made of it, see [Wanted.Asked].
	Asked string
	// Replaces is the revision whose replicas the same Deployment had when this one took it over, until every replica is
	// this one's. Empty means that nothing else runs there.
	Replaces string
	// Template is neutral: without the name and label that follow from the Deployment.
	Template corev1.PodTemplateSpec
}

// Wanted is a template that the spec asks for.
type Wanted struct {
	// Track is predictor.name, or the canary's name.
	Track string
	// Template is neutral, as [Revision.Template] is.
	Template corev1.PodTemplateSpec
	// Asked is set for a spec whose pods stay as they are while the manifest does: it identifies what the manifest says. A
	// template that changed for another reason, as by an edit of the runtime, replaces none that serves.
	Asked string
	// Percent is a canary's share, 0 to 100.
	Percent int32
	// Broken says that a canary's spec can't be turned into a template: what runs under its track goes on as it is.
	Broken bool
}

// Health is what was observed of a Deployment. Its zero value is a Deployment that isn't there.
type Health struct {
	// Available says that at least one replica serves.
	Available bool
	// Updated says that no replica has an older template than the newest.
	Updated bool
	// Complete says that every replica wanted serves and has the newest template.
	Complete bool
}

// Request is the input of [Decide].
type Request struct {
	// Service and Component name what is rolled out, for example iris and predictor.
	Service, Component string
	// Stable is nil when the spec can't be turned into a template: what runs then goes on as it is.
	Stable *Wanted
	// Percent is canaryTrafficPercent; nil is 100. It is not looked at beside Canaries.
	Percent *int64
	// Canaries are spec.canary in its order.
	Canaries []Wanted
	// Revisions are those of the last decision, in any order.
	Revisions []Revision
	// Health is by Deployment name.
	Health map[string]Health
}

// Role says why a revision runs.
type Role string

const (
	// Holder has the stable share and the component's own Service.
	Holder Role = "Holder"
	// Latest is the newest spec while something else is the holder.
	Latest Role = "Latest"
	// Canary is an entry of spec.canary.
	Canary Role = "Canary"
	// Previous is a rolled out revision that comes back because the spec asks for it.
	Previous Role = "Previous"
)

// Carried is a revision with the Deployment and the Service that serve it.
type Carried struct {
	Revision Revision
	Role     Role
	Service  string
	Health   Health
	// Wanted is the percentage that the spec asks for; Weight the one that it gets now.
	Wanted, Weight int32
	// Routed says that routes name the Service, with Weight, which may be 0.
	Routed bool
}

// Decision says what runs and who serves.
type Decision struct {
	// Carried has the holder first, then the latest or previous, then canaries in the spec's order. It is empty only
	// when nothing was ever asked for.
	Carried []Carried
	// Latest is the name of the revision that the spec asks for, empty if it can't be planned.
	Latest string
	// LastRolledOut and BeforeThat are the two last revisions that had all the traffic, empty if there were none.
	LastRolledOut, BeforeThat string
	// Revisions are to be stored, by Number; those of the request that are absent are to be deleted.
	Revisions []Revision
}

// Name gives the name that a track's Deployment and Service have in KServe: iris-predictor, iris-v2-predictor.
func Name(service, track, component string) string {
	if track == "" {
		return service + "-" + component
	}
	return service + "-" + track + "-" + component
}

// Decide takes the next decision.
func Decide(r Request) Decision {
	b := openBook(r)
	if r.Stable == nil {
		b.freeze()
	} else {
		b.stable(*r.Stable)
		for _, c := range r.Canaries {
			b.canary(c)
		}
	}
	return b.close()
}
