package standalone

import (
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/types"
)

// loopback is the address of what no other machine reaches.
const loopback = "127.0.0.1"

// Exposed says whether other machines reach an address that is listened on.
func Exposed(address string) bool {
	parsed, err := netip.ParseAddr(address)
	return err != nil || !parsed.IsLoopback()
}

// plainAddress is where the port without TLS is opened. With a certificate what crosses the network is encrypted, so
// that the plain port is this machine's alone.
func (o *Options) plainAddress() string {
	if o.Serving != (KeyPair{}) && Exposed(o.Listen) {
		return loopback
	}
	return o.Listen
}

// answersLocalhost says whether who asks localhost reaches what listens on an address.
func answersLocalhost(address string) bool {
	parsed, err := netip.ParseAddr(address)
	return err == nil && (parsed.IsUnspecified() || parsed == netip.AddrFrom4([4]byte{127, 0, 0, 1}) || parsed == netip.IPv6Loopback())
}

// publicName is how HTTPS is asked for: by a name of the certificate if it has one, else by the address.
func (o *Options) publicName() string {
	switch {
	case o.CertifiedName != "":
		return o.CertifiedName
	case answersLocalhost(o.Listen):
		return "localhost"
	}
	return o.Listen
}

// openSeen tells whether there may be other open services than before, without a look at each.
type openSeen struct{ services, policies int }

// warnOpen says which services other machines may call without showing anything, whenever those are others than before.
func (l *loop) warnOpen() {
	seen := openSeen{services: len(l.services), policies: l.routing.policyChanges}
	if !Exposed(l.driver.options.Listen) || seen == l.openSeen {
		return
	}
	l.openSeen = seen
	var open []string
	for _, name := range slices.SortedFunc(maps.Keys(l.services), compareNames) {
		if !l.routing.translator.Guarded(name, types.NamespacedName(l.driver.settings.Ingress.Gateway)) {
			open = append(open, name.String())
		}
	}
	if slices.Equal(open, l.open) {
		return
	}
	if l.open = open; len(open) == 0 {
		return
	}
	o := l.driver.options
	port := o.HTTPPort
	if o.plainAddress() != o.Listen {
		port = o.HTTPSPort
	}
	const most = 20
	listed := strings.Join(open[:min(len(open), most)], ", ")
	if len(open) > most {
		listed += " and " + strconv.Itoa(len(open)-most) + " more"
	}
	l.logger.Warn("whoever reaches this address may call these services without a key or token; give them an AccessPolicy or the annotation sluice.dev/api-key-secret",
		"address", net.JoinHostPort(o.Listen, strconv.Itoa(int(port))), "services", listed)
}
