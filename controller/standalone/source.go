package standalone

import (
	"fmt"

	"github.com/sluice-serving/sluice/controller/admin"
)

var _ admin.Source = (*Driver)(nil)

// Services gives all InferenceServices, sorted by namespace and name.
func (d *Driver) Services() []admin.Service { return d.view.Load().services }

// Service gives one of them.
func (d *Driver) Service(namespace, name string) (admin.Service, bool) {
	for _, s := range d.view.Load().services {
		if s.Namespace == namespace && s.Name == name {
			return s, true
		}
	}
	return admin.Service{}, false
}

// Problems gives what is wrong in the manifests now.
func (d *Driver) Problems() []admin.Problem { return d.view.Load().problems }

// Unready gives the reasons why sluice as a whole isn't ready to serve: it hasn't read the manifests yet, no
// Envoy is connected, or a service has no ready replica. A broken manifest is not one: the last good version
// goes on.
func (d *Driver) Unready() []admin.Unready {
	v := d.view.Load()
	if !v.loaded {
		return []admin.Unready{{Subject: "manifests", Reason: "not read yet"}}
	}
	var reasons []admin.Unready
	if reason := d.envoyTrouble(v); reason != "" {
		reasons = append(reasons, admin.Unready{Subject: "envoy", Reason: reason})
	}
	for _, s := range v.services {
		if !s.Ready {
			reasons = append(reasons, admin.Unready{
				Subject: fmt.Sprintf("InferenceService %s/%s", s.Namespace, s.Name),
				Reason:  s.Reason + ": " + s.Message,
			})
		}
	}
	return reasons
}

// envoyTrouble says why Envoy does not serve what v shows, or nothing.
func (d *Driver) envoyTrouble(v *view) string {
	p := d.parts.Load()
	if p == nil {
		return "not started yet"
	}
	clients := p.envoys.Clients()
	if len(clients) == 0 {
		return "no Envoy is connected"
	}
	for _, client := range clients {
		if client.Settled < v.revision {
			return fmt.Sprintf("%s has not acknowledged the newest routes yet", client.Node)
		}
	}
	return ""
}
