package plan

import (
	"cmp"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
)

// addresses fills in where the service is reached. Its routes answer from the start, if only with the reason why it isn't
// ready, so the URL doesn't wait either.
func (s *scene) addresses(status *v1beta1.InferenceServiceStatus, parts []part) {
	host, err := s.host(s.service.Name, s.settings.Ingress.Domain)
	if err != nil {
		return
	}
	status.URL = s.url(s.settings.Ingress.URLScheme, host)
	if s.settings.Local == nil {
		status.Address = &v1beta1.Addressable{
			URL: fmt.Sprintf("http://%s.%s.svc.cluster.local", s.name(entry(parts).kind), s.service.Namespace),
		}
	}
}

func (s *scene) url(scheme, host string) string {
	if s.settings.Ingress.Port != 0 {
		return fmt.Sprintf("%s://%s:%d", scheme, host, s.settings.Ingress.Port)
	}
	return scheme + "://" + host
}

// componentStatus gives a component's revisions, their shares and, once it is ready, its URL.
func (s *scene) componentStatus(p part, c v1beta1.Condition) v1beta1.ComponentStatusSpec {
	out := v1beta1.ComponentStatusSpec{
		LatestCreatedRevision:     p.decision.Latest,
		LatestRolledoutRevision:   p.decision.LastRolledOut,
		PreviousRolledoutRevision: p.decision.BeforeThat,
	}
	for _, carried := range p.decision.Carried {
		if carried.Health.Available && carried.Revision.Name == p.decision.Latest && carried.Revision.Replaces == "" {
			out.LatestReadyRevision = carried.Revision.Name
		}
		if !carried.Routed {
			continue
		}
		serving := cmp.Or(carried.Revision.Replaces, carried.Revision.Name)
		percent, newest := int64(carried.Weight), serving == p.decision.Latest
		out.Traffic = append(out.Traffic, v1beta1.TrafficTarget{
			RevisionName: serving, Percent: &percent, LatestRevision: &newest,
		})
	}
	if out.LatestReadyRevision == "" {
		out.LatestReadyRevision = p.decision.LastRolledOut
	}
	if c.Status != corev1.ConditionTrue {
		return out
	}
	if host, err := s.host(s.name(p.kind), s.settings.Ingress.Domain); err == nil {
		out.URL = s.url("http", host)
	}
	return out
}
