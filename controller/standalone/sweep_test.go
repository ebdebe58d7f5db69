package standalone

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/sluice-serving/sluice/xds/server"
)

func TestCountQuiet(t *testing.T) {
	t.Parallel()
	a, b := lingerer{"a", endpointKey{"127.0.0.1", 1}}, lingerer{"b", endpointKey{"127.0.0.1", 1}}
	for name, c := range map[string]struct {
		polls map[lingerer]int
		found look
		next  map[lingerer]int
		idle  []lingerer
	}{
		"the first quiet look is counted":          {found: look{a: 0}, next: map[lingerer]int{a: 1}},
		"the second in a row is enough":            {polls: map[lingerer]int{a: 1}, found: look{a: 0}, idle: []lingerer{a}},
		"a request starts the count anew":          {polls: map[lingerer]int{a: 1}, found: look{a: 1}},
		"a look that failed changes nothing":       {polls: map[lingerer]int{a: 1}, next: map[lingerer]int{a: 1}},
		"one that isn't asked about is forgotten":  {polls: map[lingerer]int{a: 1}, found: look{b: 0}, next: map[lingerer]int{b: 1}},
		"a backend's requests are not another's":   {polls: map[lingerer]int{a: 1, b: 1}, found: look{a: 0, b: 3}, idle: []lingerer{a}},
		"a look at nothing is a look all the same": {polls: map[lingerer]int{a: 1}, found: look{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			next, idle := countQuiet(c.polls, c.found)
			if !maps.Equal(next, c.next) || !slices.Equal(idle, c.idle) {
				t.Errorf("counts %v and idle %v, want %v and %v", next, idle, c.next, c.idle)
			}
		})
	}
}

func TestAcknowledged(t *testing.T) {
	t.Parallel()
	at := func(settled ...server.Revision) []server.Client {
		var clients []server.Client
		for _, s := range settled {
			clients = append(clients, server.Client{Settled: s})
		}
		return clients
	}
	for name, c := range map[string]struct {
		running bool
		clients []server.Client
		want    bool
	}{
		"no Envoy runs":                         {want: true},
		"one runs and is not connected":         {running: true},
		"one has it":                            {running: true, clients: at(7), want: true},
		"one is newer":                          {running: true, clients: at(8), want: true},
		"one connected after it was waited for": {running: true, clients: at(7, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := acknowledged(t.Context(), listOfEnvoys{clients: c.clients}, &fakeTraffic{running: c.running}, 7); got != c.want {
				t.Errorf("acknowledged: %t, want %t", got, c.want)
			}
		})
	}
}

// listOfEnvoys are Envoys that owe no answer.
type listOfEnvoys struct {
	*fakeEnvoys
	clients []server.Client
}

func (l listOfEnvoys) Clients() []server.Client                    { return l.clients }
func (l listOfEnvoys) Wait(context.Context, server.Revision) error { return nil }
