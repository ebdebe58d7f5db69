package envoy

import (
	"strings"

	"github.com/sluice-serving/sluice/xds/ir"
)

// Shares is the content of a resource by the objects that it came from.
type Shares interface {
	// Alone is one object's share as a resource of its own that no request reaches: Envoy can be asked what it thinks
	// of it. Its name is the same for the same object and resource, and its version changes with the share only.
	Alone(object ir.Ref) Resource
	// Without is the resource less the shares of the objects that out names.
	Without(out func(object ir.Ref) bool) Resource
}

// hostShares takes a host apart by the objects of its routes.
type hostShares ir.Host

// Alone gives a scope whose key begins with its own name, which is no listener's.
func (s hostShares) Alone(object ir.Ref) Resource {
	name := strings.Join([]string{"trial", object.Kind, object.Namespace, object.Name, HostName(s.Listener, s.Name, s.Model)}, "/")
	return scope(name, name, s.keep(func(r ir.Ref) bool { return r == object }))
}

func (s hostShares) Without(out func(ir.Ref) bool) Resource {
	return Host(s.keep(func(r ir.Ref) bool { return !out(r) }))
}

// keep gives the host with some of its routes, in their order.
func (s hostShares) keep(wanted func(ir.Ref) bool) ir.Host {
	kept := ir.Host{Listener: s.Listener, Name: s.Name, Model: s.Model}
	for _, r := range s.Routes {
		if wanted(r.Object) {
			kept.Routes = append(kept.Routes, r)
		}
	}
	return kept
}
