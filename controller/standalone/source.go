package standalone

import (
	"fmt"

	"k8s.io/apimachinery/pkg/types"

	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/xds/server"
)

var _ admin.Source = (*Driver)(nil)

// Services gives all InferenceServices, sorted by namespace and name; those that only a broken manifest names come last.
func (d *Driver) Services() []admin.Service {
	var all []admin.Service
	for _, known := range d.shelf.list() {
		all = append(all, known.service)
	}
	return append(all, d.shelf.neverValid()...)
}

// Service gives one of them.
func (d *Driver) Service(namespace, name string) (admin.Service, bool) {
	if known, ok := d.shelf.service(types.NamespacedName{Namespace: namespace, Name: name}); ok {
		return known.service, true
	}
	for _, s := range d.shelf.neverValid() {
		if s.Namespace == namespace && s.Name == name {
			return s, true
		}
	}
	return admin.Service{}, false
}

// Problems gives what is wrong in the manifests now, by file and line.
func (d *Driver) Problems() []admin.Problem {
	var all []admin.Problem
	for _, problem := range d.shelf.troubles(problemPlace.anywhere) {
		all = append(all, admin.Problem{
			File: problem.File, Line: problem.Line, Object: problem.Object,
			Field: problem.Field, Message: problem.Message, Remedy: problem.Remedy,
		})
	}
	return all
}

// Unready gives the reasons why sluice as a whole isn't ready to serve: it hasn't read the manifests yet, no
// Envoy is connected, Envoy refuses a listener of the Gateway that services are routed at, or a service has no ready replica
// or lets nobody in. A broken manifest is not one: the last good version goes on. Nor is a refused listener of another
// Gateway, which touches nothing but itself.
func (d *Driver) Unready() []admin.Unready {
	loaded, revision := d.shelf.state()
	if !loaded {
		return []admin.Unready{{Subject: "manifests", Reason: "not read yet"}}
	}
	var reasons []admin.Unready
	if reason := d.envoyTrouble(revision); reason != "" {
		reasons = append(reasons, admin.Unready{Subject: "envoy", Reason: reason})
	}
	if p := d.parts.Load(); p != nil {
		reasons = append(reasons, p.refusedListeners(d.builtInGateway())...)
	}
	for _, s := range d.Services() {
		if !s.Ready {
			reasons = append(reasons, admin.Unready{
				Subject: fmt.Sprintf("InferenceService %s/%s", s.Namespace, s.Name),
				Reason:  s.Reason + ": " + s.Message,
			})
		}
	}
	return reasons
}

// Serving says whether the manifests have been read and Envoy serves by them. It costs the same however many services there
// are.
func (d *Driver) Serving() bool {
	loaded, revision := d.shelf.state()
	return loaded && d.envoyTrouble(revision) == ""
}

// envoyTrouble says why Envoy does not serve by a publication, or nothing.
func (d *Driver) envoyTrouble(revision server.Revision) string {
	p := d.parts.Load()
	if p == nil {
		return "not started yet"
	}
	clients := p.envoys.Clients()
	if len(clients) == 0 {
		return "no Envoy is connected"
	}
	for _, client := range clients {
		if client.Settled < revision {
			return fmt.Sprintf("%s has not acknowledged the newest routes yet", client.Node)
		}
	}
	return ""
}
