package admin

import (
	"net"
	"net/netip"
	"strings"
)

// hostPolicy decides which Host headers are answered. A web page can point a DNS name of its own at 127.0.0.1 and have
// the visitor's browser read this API as if it were that page's server (DNS rebinding); the browser then sends that
// name as Host. An IP address as Host can't come about that way.
type hostPolicy struct {
	// name is the configured host in lower case, if it is a name.
	name string
	// address is the configured host, if it is an IP address.
	address netip.Addr
}

func newHostPolicy(address string) hostPolicy {
	host := hostOf(address)
	if ip, err := netip.ParseAddr(host); err == nil {
		return hostPolicy{address: ip.Unmap()}
	}
	return hostPolicy{name: host}
}

// allows says whether a request with this Host header is answered.
func (p hostPolicy) allows(header string) bool {
	host := hostOf(header)
	if host == "" {
		return false
	}
	if host == "localhost" || host == p.name {
		return true
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	ip = ip.Unmap()
	// Listening on every address, the one a client used is unknown (a container's port may be mapped), so any IP will do.
	everywhere := p.address.IsValid() && p.address.IsUnspecified() || p.address == netip.Addr{} && p.name == ""
	return ip.IsLoopback() || ip == p.address || everywhere
}

// hostOf gives the host of "host", "host:port" or "[v6]:port" in lower case, without brackets and a final dot.
func hostOf(hostport string) string {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
