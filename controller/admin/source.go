package admin

import (
	"context"

	"github.com/sluice-serving/sluice/controller/explain"
)

// Source is what the driver (standalone now, Kubernetes later) shows of itself. Every method may be called from any
// goroutine at any time, returns a snapshot that nobody changes afterwards, and does not wait for work in progress.
// No value holds a secret.
type Source interface {
	// Services gives all InferenceServices, sorted by namespace and name. It includes those that are known only by a
	// manifest that never was valid: they are not Ready, with the reason.
	Services() []Service
	// Service gives one of them.
	Service(namespace, name string) (Service, bool)
	// Problems gives what is wrong in the manifests now, sorted by file and line.
	Problems() []Problem
	// Policies gives the access policies, sorted by namespace and name.
	Policies() []Policy
	// Explain walks the layers for an InferenceService, also for one that isn't known. It returns before ctx ends.
	Explain(ctx context.Context, namespace, name string) explain.Report
	// XDS gives the xDS server's state, with bodies if full.
	XDS(full bool) XDS
	// Unready gives the reasons why /readyz should say no; none means ready.
	Unready() []Unready
}

// LoadSource tells the load. Its method may be called from any goroutine at any time.
type LoadSource interface {
	Load() Load
}
