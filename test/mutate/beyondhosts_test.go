package mutate

import (
	"fmt"
	"net"
	"testing"

	"github.com/sluice-serving/sluice/controller/translate"
	"github.com/sluice-serving/sluice/xds/ir"
)

// beyondHosts gathers what worlds ask for beside hosts and backends. Each has a name of its own, so that it is given as often as it
// was changed.
type beyondHosts struct {
	t      *testing.T
	config ir.Config
	// latest are the names of the newest certificates by world and name.
	latest map[[2]string]string
}

func newBeyondHosts(t *testing.T) *beyondHosts {
	t.Helper()
	return &beyondHosts{t: t, latest: map[[2]string]string{}}
}

// begin takes what a world has before anything in it is exchanged.
func (b *beyondHosts) begin(w *world) {
	b.take(w, translate.Change{Certificates: w.base.Certificates, Listeners: w.base.Listeners, Tokens: w.base.Tokens})
}

func (b *beyondHosts) take(w *world, change translate.Change) {
	for _, certificate := range change.Certificates {
		renamed := fmt.Sprintf("c%d", len(b.config.Certificates))
		b.latest[[2]string{w.name, certificate.Name}] = renamed
		certificate.Name = renamed
		b.config.Certificates = append(b.config.Certificates, certificate)
	}
	for _, listener := range change.Listeners {
		b.config.Listeners = append(b.config.Listeners, b.listener(w, listener))
	}
	for _, policy := range change.Tokens {
		b.config.Tokens = append(b.config.Tokens, renamedPolicy(policy, len(b.config.Tokens)))
	}
}

// listener opens a port that is free, whatever the documents ask for, at an address that no other listener has: a port that is
// free is given to nobody until Envoy opens it, so that two could be told the same.
func (b *beyondHosts) listener(w *world, l ir.Listener) ir.Listener {
	number := len(b.config.Listeners)
	l.Name = fmt.Sprintf("l%d", number)
	l.Address, l.Port = fmt.Sprintf("127.1.%d.%d", number/250, number%250+1), freePort(b.t)
	chains := make([]ir.Chain, 0, len(l.TLS))
	for i, chain := range l.TLS {
		chain.Scope = fmt.Sprintf("%s-%d", l.Name, i)
		var certificates []string
		for _, name := range chain.Certificates {
			renamed, known := b.latest[[2]string{w.name, name}]
			if !known {
				b.t.Errorf("%s: a listener has the certificate %s, which nobody gave", w.name, name)
				continue
			}
			certificates = append(certificates, renamed)
		}
		chain.Certificates = certificates
		chains = append(chains, chain)
	}
	l.TLS = chains
	return l
}

// renamedPolicy has its key sets fetched from this machine.
func renamedPolicy(policy ir.TokenPolicy, number int) ir.TokenPolicy {
	policy.Name = fmt.Sprintf("%d/%s", number, policy.Name)
	policy.Object.Name = fmt.Sprintf("%d-%s", number, policy.Object.Name)
	providers := make([]ir.TokenProvider, 0, len(policy.Providers))
	for _, provider := range policy.Providers {
		provider.Name = fmt.Sprintf("%d/%s", number, provider.Name)
		if provider.Remote != nil {
			remote := *provider.Remote
			// Names below localhost are asked of no server (RFC 6761).
			if net.ParseIP(remote.Host) == nil {
				remote.Host += ".localhost"
			} else {
				remote.Host = "127.0.0.1"
			}
			provider.Remote = &remote
		}
		providers = append(providers, provider)
	}
	policy.Providers = providers
	return policy
}
