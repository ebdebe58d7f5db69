package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	"github.com/sluice-serving/sluice/controller/plan/rollout"
)

// decide asks which revisions of a component run and who gets the traffic.
func (s *scene) decide(c component) rollout.Decision {
	r := rollout.Request{
		Service:   s.service.Name,
		Component: string(c.kind),
		Percent:   c.extension.CanaryTrafficPercent,
		Revisions: s.loadRevisions(c.kind),
		Health:    s.health(c),
	}
	if c.stable.problem == nil {
		r.Stable = &rollout.Wanted{Track: c.track, Template: c.stable.template, Asked: s.asked(c.kind)}
	}
	for _, entry := range c.canaries {
		r.Canaries = append(r.Canaries, rollout.Wanted{
			Track:    entry.name,
			Template: entry.rendered.template,
			Asked:    s.asked(c.kind),
			Percent:  entry.percent,
			Broken:   entry.rendered.problem != nil,
		})
	}
	return rollout.Decide(r)
}

// asked identifies what the manifest says of a component, for a service with KServe's disable-auto-update; empty for any
// other, whose pods follow their runtime.
func (s *scene) asked(kind v1beta1.ComponentType) string {
	if s.Service.Annotations[v1beta1.AnnotationDisableAutoUpdate] != "true" {
		return ""
	}
	manifest := v1beta1.InferenceService{Spec: s.Service.Spec}
	manifest.Labels, manifest.Annotations = s.Service.Labels, s.Service.Annotations
	data, err := json.Marshal(manifest)
	if err != nil {
		return "" // A manifest that came from JSON goes back to it.
	}
	sum := sha256.Sum256(append(data, kind...))
	return hex.EncodeToString(sum[:])
}

// health reads what was observed of the component's Deployments.
func (s *scene) health(c component) map[string]rollout.Health {
	out := make(map[string]rollout.Health, len(s.Deployments))
	wanted := leastReplicas(c.extension)
	for name, status := range s.Deployments {
		out[name] = rollout.Health{
			Available: status.AvailableReplicas > 0,
			Updated:   status.UpdatedReplicas >= status.Replicas,
			Complete: status.UpdatedReplicas >= status.Replicas &&
				status.AvailableReplicas >= max(status.Replicas, wanted),
		}
	}
	return out
}

// leastReplicas is minReplicas, at least 1: nothing here sleeps yet.
func leastReplicas(e v1beta1.ComponentExtensionSpec) int32 {
	if e.MinReplicas == nil {
		return 1
	}
	return max(*e.MinReplicas, 1)
}

// replicasOf shares a component's replicas out between its stable revision and its canaries, as KServe does: a canary has
// its own minReplicas or its percentage of the stable one's, which gives as many up once the canary is there.
func replicasOf(p part, carried rollout.Carried) int32 {
	stable := leastReplicas(p.extension)
	if carried.Role == rollout.Canary {
		for _, entry := range p.canaries {
			if entry.name == carried.Revision.Track {
				return canaryReplicas(entry, stable)
			}
		}
	}
	if p.extension.MinReplicas == nil || carried.Role != rollout.Holder {
		return stable
	}
	given := int32(0)
	for _, other := range p.decision.Carried {
		if other.Role != rollout.Canary || !other.Health.Available {
			continue
		}
		given += replicasOf(p, other)
	}
	return max(stable-given, 1)
}

func canaryReplicas(entry canary, stable int32) int32 {
	if entry.extension.MinReplicas != nil {
		return leastReplicas(entry.extension)
	}
	return max((stable*entry.percent+99)/100, 1)
}
