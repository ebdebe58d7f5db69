package translate

import (
	"maps"
	"slices"
	"strings"

	"github.com/sluice-serving/sluice/xds/ir"
)

// scope is what the hosts of a listener have as [ir.Host.Listener]. Listeners in clear text share their port's; those with
// TLS have one each, so that what was asked for inside a connection is not looked for behind another name's certificate.
func (l *listener) scope() string {
	if l.tls && l.hostname != anyHost {
		return listenerName(l) + "/" + l.hostname
	}
	return listenerName(l)
}

// anyListener is the port's first by hostname, nil if there is none; all have the same protocol.
func (p *port) anyListener() *listener {
	if len(p.byHostname) == 0 {
		return nil
	}
	return p.byHostname[slices.Min(slices.Collect(maps.Keys(p.byHostname)))]
}

// chain fills in how a port with TLS tells its listeners apart.
func (p *port) chain() {
	for _, hostname := range slices.Sorted(maps.Keys(p.byHostname)) {
		l := p.byHostname[hostname]
		if !l.tls {
			return
		}
		c := ir.Chain{Scope: l.scope(), Certificates: l.certificates}
		if hostname != anyHost {
			c.ServerName = hostname
		}
		p.ir.TLS = append(p.ir.TLS, c)
	}
}

// hosts are those that the port has without any route, so that requests for them fall to no other.
func (p *port) hosts() []HostKey {
	var all []HostKey
	for hostname, l := range p.byHostname {
		all = append(all, HostKey{Listener: l.scope(), Host: hostname})
		if !l.tls {
			continue
		}
		if hostname != anyHost {
			all = append(all, HostKey{Listener: l.scope(), Host: anyHost})
		}
		for other := range p.byHostname {
			if other != hostname && covers(hostname, other) {
				all = append(all, HostKey{Listener: l.scope(), Host: other})
			}
		}
	}
	return all
}

func (p *port) hasScope(name string) bool {
	return name == p.ir.Name || strings.HasPrefix(name, p.ir.Name+"/")
}

// misdirects says whether requests for a host belong to another listener with TLS than the one that they came in by.
func (p *port) misdirects(key HostKey) bool {
	l := p.owner(key.Host)
	return p.anyListener().tls && (l == nil || l.scope() != key.Listener)
}

// portOf gives the port that a host is on, or nil.
func (d *frontDoor) portOf(key HostKey) *port {
	for _, p := range d.ports {
		if p.hasScope(key.Listener) {
			return p
		}
	}
	return nil
}

// translate gives one host of the front door.
func (d *frontDoor) translate(key HostKey, routes []*compiled, g *guards) ir.Host {
	if p := d.portOf(key); p != nil && p.misdirects(key) {
		return misdirected(key, p.ir.Object)
	}
	return translateHost(key, routes, d.guardOf(key, g))
}

// misdirected answers 421, on which a client that shares connections between hosts opens another one (RFC 9110,
// section 15.5.20; Gateway API, Listener.hostname).
func misdirected(key HostKey, gateway ir.Ref) ir.Host {
	return ir.Host{Listener: key.Listener, Name: key.Host, Routes: []ir.Route{{
		Name: "misdirected", Object: gateway, Match: ir.Match{Path: ir.Path{Kind: ir.PathPrefix, Value: "/"}},
		Respond: &ir.Respond{
			Status: 421, ContentType: "application/json",
			Body: `{"error":"this connection was opened for another host: open one for the host that is asked for"}` + "\n",
		},
	}}}
}
