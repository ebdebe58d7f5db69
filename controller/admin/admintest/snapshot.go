// Package admintest has an [admin.Source] for tests that is a plain value.
package admintest

import (
	"context"

	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/controller/explain"
)

// Snapshot answers every question from its fields. It is not changed once it is in use.
type Snapshot struct {
	ServiceList []admin.Service
	ProblemList []admin.Problem
	PolicyList  []admin.Policy
	// Reports are by "namespace/name"; for another name the report has no findings.
	Reports     map[string]explain.Report
	XDSState    admin.XDS
	UnreadyList []admin.Unready
}

var _ admin.Source = Snapshot{}

// Services gives ServiceList.
func (s Snapshot) Services() []admin.Service { return s.ServiceList }

// Service looks the name up in ServiceList.
func (s Snapshot) Service(namespace, name string) (admin.Service, bool) {
	for _, service := range s.ServiceList {
		if service.Namespace == namespace && service.Name == name {
			return service, true
		}
	}
	return admin.Service{}, false
}

// Problems gives ProblemList.
func (s Snapshot) Problems() []admin.Problem { return s.ProblemList }

// Policies gives PolicyList.
func (s Snapshot) Policies() []admin.Policy { return s.PolicyList }

// Explain looks the name up in Reports.
func (s Snapshot) Explain(_ context.Context, namespace, name string) explain.Report {
	if report, ok := s.Reports[namespace+"/"+name]; ok {
		return report
	}
	return explain.NewReport(explain.Target{Kind: "InferenceService", Namespace: namespace, Name: name}, nil)
}

// XDS gives XDSState, without bodies unless full.
func (s Snapshot) XDS(full bool) admin.XDS {
	if full {
		return s.XDSState
	}
	state := admin.XDS{Clients: s.XDSState.Clients}
	for _, resource := range s.XDSState.Resources {
		resource.Body = nil
		state.Resources = append(state.Resources, resource)
	}
	return state
}

// Unready gives UnreadyList.
func (s Snapshot) Unready() []admin.Unready { return s.UnreadyList }
