package translate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sluice-serving/sluice/xds/ir"
)

// translateHost gives one host with the rules of all routes that are part of it, in the order of the Gateway
// API's precedence. The rules of wider hosts are no part of it: where a host is named, by a listener or a
// route, a request for it that none of its rules takes is answered 404.
//
// HTTPRoutes and GRPCRoutes of one host stand side by side. The Gateway API would have the younger route of the
// other kind refused, which would let a GRPCRoute take a host's HTTP routes away; precedence tells the two apart.
//
// Every rule that no policy nearer to it guards has the Gateway's guard, which is nil where there is none.
func translateHost(key HostKey, routes []*compiled, gateway *guard) ir.Host {
	host := ir.Host{Listener: key.Listener, Name: key.Host, Model: key.Model}
	count := 0
	for _, r := range routes {
		count += len(r.entries)
	}
	if count == 0 {
		return host
	}
	entries := make([]*entry, 0, count)
	for _, r := range routes {
		for i := range r.entries {
			entries = append(entries, &r.entries[i])
		}
	}
	slices.SortFunc(entries, func(a, b *entry) int { return a.rank.compare(b.rank) })
	host.Routes = make([]ir.Route, 0, count)
	for _, e := range entries {
		route := e.route
		if !e.guarded && gateway != nil {
			route = gateway.guard(route)
		}
		host.Routes = append(host.Routes, route)
	}
	return host
}

// compareHosts orders hosts by listener, then by name and model.
func compareHosts(a, b ir.Host) int { return KeyOf(a).compare(KeyOf(b)) }

func (k HostKey) compare(other HostKey) int {
	return cmp.Or(strings.Compare(k.Listener, other.Listener), strings.Compare(k.Host, other.Host), strings.Compare(k.Model, other.Model))
}
