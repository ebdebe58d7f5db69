package translate

import (
	"net/netip"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// anyHost is the hostname of a listener or route that names none: it takes every host that no other takes.
const anyHost = "*"

// parseHostname gives a hostname in lower case, or what is wrong with it. It may begin with the wildcard
// label "*." and must not be an IP address, as the Gateway API says.
func parseHostname(written string) (hostname, wrong string) {
	hostname = strings.ToLower(written)
	if _, err := netip.ParseAddr(hostname); err == nil {
		return "", "is an IP address; write a DNS name, or leave the hostname out to take every host"
	}
	if strings.HasPrefix(hostname, "*.") {
		if len(validation.IsWildcardDNS1123Subdomain(hostname)) > 0 {
			return "", `is not a wildcard of the form "*.example.com"`
		}
		return hostname, ""
	}
	if len(validation.IsDNS1123Subdomain(hostname)) > 0 {
		return "", `is not a DNS name: use lower-case letters, digits, "-" and "."`
	}
	return hostname, ""
}

// intersect gives the hosts that both a listener's and a route's hostname take: the narrower of the two.
func intersect(listener, route string) (host string, ok bool) {
	switch {
	case covers(listener, route):
		return route, true
	case covers(route, listener):
		return listener, true
	}
	return "", false
}

// covers says whether every host that narrow takes is one that wide takes.
func covers(wide, narrow string) bool {
	if wide == anyHost || wide == narrow {
		return true
	}
	suffix, isWildcard := strings.CutPrefix(wide, "*")
	if !isWildcard || narrow == anyHost {
		return false
	}
	// "*.example.com" takes "a.b.example.com" and "*.b.example.com", and not "example.com".
	return len(narrow) > len(suffix) && strings.HasSuffix(narrow, suffix)
}

// wider gives the hostnames that cover host, from the narrowest, beginning with host itself and ending
// with [anyHost].
func wider(host string) []string {
	if host == anyHost {
		return []string{anyHost}
	}
	all := []string{host}
	rest := strings.TrimPrefix(host, "*.")
	for {
		_, parent, found := strings.Cut(rest, ".")
		if !found {
			return append(all, anyHost)
		}
		all = append(all, "*."+parent)
		rest = parent
	}
}
