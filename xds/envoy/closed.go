package envoy

import (
	"crypto/sha256"
	"slices"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/sluice-serving/sluice/xds/ir"
)

// Guards are what a host asks of its callers. Where Envoy refuses the host, an earlier version of it may stand in only if
// that asks for the same.
type Guards struct {
	// Policies are those that ask for it, each once.
	Policies []ir.Ref

	digest [sha256.Size]byte
	host   ir.Host
}

// guardsOf gives nil for a host that lets everyone in.
func guardsOf(h ir.Host) *Guards {
	out := &Guards{host: ir.Host{Listener: h.Listener, Name: h.Name, Model: h.Model}}
	sum := sha256.New()
	for _, r := range h.Routes {
		switch {
		case r.Access != nil:
			out.Policies = append(out.Policies, r.Access.Policy)
		case r.Closed != nil:
			out.Policies = append(out.Policies, *r.Closed)
		default:
			continue
		}
		part := sha256.Sum256(pack(&routev3.Route{Match: match(r.Match), TypedPerFilterConfig: access(r.Access)}).GetValue())
		sum.Write(part[:])
	}
	if len(out.Policies) == 0 {
		return nil
	}
	out.Policies = distinct(out.Policies)
	sum.Sum(out.digest[:0])
	return out
}

// Same says whether two hosts ask for the same; nil asks for nothing.
func (g *Guards) Same(other *Guards) bool {
	if g == nil || other == nil {
		return g == other
	}
	return g.digest == other.digest
}

// Closed is the host with an answer in place of its routes: 503, and where to read why.
func (g *Guards) Closed(objects []ir.Ref) Resource {
	h := g.host
	h.Routes = []ir.Route{{
		Name: "closed", Match: ir.Match{Path: ir.Path{Kind: ir.PathPrefix, Value: "/"}},
		Respond: &ir.Respond{
			Status: 503, ContentType: "application/json",
			Body: `{"error":"nobody is let in here: Envoy refused the configuration of this host, and with it the access policy; sluice get problems says why"}` + "\n",
		},
	}}
	r := scope(HostName(h.Listener, h.Name, h.Model), h.Listener, h)
	r.Objects = slices.Clone(objects)
	return r
}
