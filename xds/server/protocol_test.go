package server_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluice-serving/sluice/xds/envoy"
)

// small is a configuration of one listener, one cluster and one scope that uses it.
func small() []envoy.Resource {
	return []envoy.Resource{
		resource(envoy.ClusterType, "a", "1"),
		resource(envoy.EndpointType, "a", "1"),
		resource(envoy.ListenerType, "l", "1"),
		resource(envoy.ScopeType, "s", "1→a"),
		resource(envoy.ExtensionType, "l", "1"),
	}
}

func TestNothingIsSentBeforeTheFirstPublish(t *testing.T) {
	t.Parallel()
	p := startInProcess(t)
	first := startInProcess(t)
	veteran := first.connect("envoy", false, nil)
	first.wait(first.server.Publish(small(), nil))
	veteran.disconnect()

	// A server that knows nothing yet must not take away what the client has.
	again := p.connect("envoy", false, veteran)
	p.wait(p.server.Publish(small(), nil))
	if received, _ := again.took(); len(received) != 0 {
		t.Errorf("a client that has everything got %v", received)
	}
}

func TestOrderOfAdditionsAndRemovals(t *testing.T) {
	t.Parallel()
	p := startInProcess(t)
	p.server.Publish(small(), nil)
	f := p.connect("envoy", false, nil)
	p.wait(1)
	received, faults := f.took()
	want := []string{"+Cluster a", "+ClusterLoadAssignment a", "+Listener l", "+ScopedRouteConfiguration s", "+TypedExtensionConfig l"}
	if diff := cmp.Diff(want, received); diff != "" || len(faults) > 0 {
		t.Errorf("first configuration: %s %v", diff, faults)
	}

	p.wait(p.server.Replace([]envoy.Resource{
		resource(envoy.ClusterType, "b", "1"), resource(envoy.EndpointType, "b", "1"),
		resource(envoy.ListenerType, "l", "1"), resource(envoy.ScopeType, "s", "2→b"), resource(envoy.ExtensionType, "l", "1"),
	}))
	received, faults = f.took()
	want = []string{"+Cluster b", "+ClusterLoadAssignment b", "+ScopedRouteConfiguration s", "-Cluster a"}
	if diff := cmp.Diff(want, received); diff != "" || len(faults) > 0 {
		t.Errorf("another cluster: %s %v", diff, faults)
	}

	p.wait(p.server.Publish([]envoy.Resource{resource(envoy.EndpointType, "b", "2")}, nil))
	if received, _ := f.took(); len(received) != 1 {
		t.Errorf("one set of endpoints changed, and %v came", received)
	}
	// A changed cluster gets its endpoints again.
	p.wait(p.server.Publish([]envoy.Resource{resource(envoy.ClusterType, "b", "2")}, nil))
	received, _ = f.took()
	if diff := cmp.Diff([]string{"+Cluster b", "+ClusterLoadAssignment b"}, received); diff != "" {
		t.Error(diff)
	}
	p.wait(p.server.Replace(nil))
	received, faults = f.took()
	if diff := cmp.Diff([]string{"-Listener l", "-ScopedRouteConfiguration s", "-Cluster b"}, received); diff != "" || len(faults) > 0 {
		t.Errorf("everything gone: %s %v", diff, faults)
	}
}

func TestRejectionIsTracedAndKeepsTheAcceptedVersion(t *testing.T) {
	t.Parallel()
	for _, naming := range []bool{true, false} {
		t.Run(fmt.Sprintf("naming=%t", naming), func(t *testing.T) {
			t.Parallel()
			p := startInProcess(t)
			set := small()
			for i := range 20 {
				set = append(set, resource(envoy.ScopeType, fmt.Sprintf("s/%d", i), "1→a"))
			}
			f := p.connect("first", naming, nil)
			p.wait(p.server.Publish(set, nil))

			change := []envoy.Resource{resource(envoy.ScopeType, "s/new", "bad")}
			for i := range 20 {
				text := "2→a"
				if i == 3 || i == 17 {
					text = "bad"
				}
				change = append(change, resource(envoy.ScopeType, fmt.Sprintf("s/%d", i), text))
			}
			p.wait(p.server.Publish(change, nil))

			want := map[string]string{"s": "1→a"}
			for i := range 20 {
				want[fmt.Sprintf("s/%d", i)] = "2→a"
			}
			want["s/3"], want["s/17"] = "1→a", "1→a"
			if diff := cmp.Diff(want, f.has(envoy.ScopeType)); diff != "" {
				t.Error(diff)
			}
			var names []string
			for _, r := range p.server.Rejections() {
				names = append(names, r.Name)
				if r.Client != "first" || r.Reason == "" || r.Version != "bad" || r.Objects[0].Name != r.Name {
					t.Errorf("%+v", r)
				}
			}
			if diff := cmp.Diff([]string{"s/17", "s/3", "s/new"}, names); diff != "" {
				t.Error(diff)
			}

			// A later client is not shown what the first refused.
			later := p.connect("later", naming, nil)
			p.wait(p.server.Publish([]envoy.Resource{resource(envoy.ClusterType, "b", "1"), resource(envoy.EndpointType, "b", "1")}, nil))
			if diff := cmp.Diff(want, later.has(envoy.ScopeType)); diff != "" {
				t.Error(diff)
			}
			if n := len(p.server.Rejections()); n != 3 {
				t.Errorf("%d rejections, want 3", n)
			}
			p.wait(p.server.Publish([]envoy.Resource{resource(envoy.ScopeType, "s/3", "3→a")}, []envoy.Key{{TypeURL: envoy.ScopeType, Name: "s/new"}}))
			if n := len(p.server.Rejections()); n != 1 {
				t.Errorf("%d rejections after mending two, want 1", n)
			}
		})
	}
}

func TestWaitWithoutClientsReturnsAtOnce(t *testing.T) {
	t.Parallel()
	p := startInProcess(t)
	p.wait(p.server.Publish(small(), nil))
	if r := p.server.Publish(small(), nil); r != 1 {
		t.Errorf("publishing the same again made revision %d", r)
	}
}

// TestClientsConverge publishes chance configurations, with some content that is refused, to clients that come
// and go, and checks after each that every client has what it should and that the order never broke a route.
func TestClientsConverge(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			p := startInProcess(t)
			random := rand.New(rand.NewPCG(seed, 1))
			clients := []*fakeEnvoy{p.connect("0", seed%2 == 0, nil), p.connect("1", seed%3 == 0, nil)}
			accepted := map[envoy.Key]string{}
			for step := range 25 {
				set := chanceConfig(random, step)
				p.wait(p.server.Replace(set))
				expected := expect(accepted, set)
				for i, f := range clients {
					for _, typeURL := range envoy.Types() {
						if diff := cmp.Diff(expected[typeURL], f.has(typeURL)); diff != "" {
							t.Fatalf("step %d, client %d, %s (-want +got): %s", step, i, typeURL, diff)
						}
					}
					// The accepted version of a refused scope may name a cluster that the user has removed.
					_, faults := f.took()
					for _, r := range p.server.Rejections() {
						faults = slices.DeleteFunc(faults, func(fault string) bool { return strings.HasPrefix(fault, r.Name+" ") })
					}
					if len(faults) > 0 {
						t.Fatalf("step %d, client %d: scopes without their clusters: %v", step, i, faults)
					}
				}
				if random.IntN(4) == 0 {
					i := random.IntN(len(clients))
					clients[i].disconnect()
					clients[i] = p.connect(fmt.Sprintf("%d at step %d", i, step), true, clients[i])
				}
			}
		})
	}
}

// chanceConfig makes clusters, scopes that use them, and now and then a content that is refused.
func chanceConfig(random *rand.Rand, step int) []envoy.Resource {
	text := func() string {
		if random.IntN(15) == 0 {
			return fmt.Sprintf("bad %d", step)
		}
		return fmt.Sprint(random.IntN(3))
	}
	set := []envoy.Resource{resource(envoy.ListenerType, "l", "1"), resource(envoy.ExtensionType, "l", fmt.Sprint(random.IntN(2)))}
	var clusters []string
	for i := range 8 {
		if random.IntN(3) == 0 {
			continue
		}
		name := fmt.Sprintf("c/%d", i)
		clusters = append(clusters, name)
		set = append(set, resource(envoy.ClusterType, name, fmt.Sprint(random.IntN(2))), resource(envoy.EndpointType, name, text()))
	}
	for i := range 10 {
		if len(clusters) == 0 || random.IntN(3) == 0 {
			continue
		}
		set = append(set, resource(envoy.ScopeType, fmt.Sprintf("s/%d", i), text()+"→"+clusters[random.IntN(len(clusters))]))
	}
	return set
}

// expect gives what a client is to have of set; accepted is what was accepted last of each name, and is brought
// up to date.
func expect(accepted map[envoy.Key]string, set []envoy.Resource) map[string]map[string]string {
	expected := map[string]map[string]string{}
	for _, typeURL := range envoy.Types() {
		expected[typeURL] = map[string]string{}
	}
	published := map[envoy.Key]bool{}
	for _, r := range set {
		published[r.Key()] = true
		if !strings.HasPrefix(r.Version, "bad") {
			accepted[r.Key()] = r.Version
		}
		if text, ok := accepted[r.Key()]; ok {
			expected[r.TypeURL][r.Name] = text
		}
	}
	for _, key := range slices.Collect(maps.Keys(accepted)) {
		if !published[key] {
			delete(accepted, key)
		}
	}
	return expected
}
