package server_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluice-serving/sluice/xds/envoy"
	"github.com/sluice-serving/sluice/xds/ir"
)

// shared is a scope whose content is made of several objects' shares, by object.
type shared struct {
	name string
	of   map[string]string
}

func (s shared) resource() envoy.Resource {
	var words []string
	var objects []ir.Ref
	for _, object := range slices.Sorted(maps.Keys(s.of)) {
		words = append(words, object+"="+s.of[object])
		objects = append(objects, ir.Ref{Kind: "Test", Name: object})
	}
	r := resource(envoy.ScopeType, s.name, strings.Join(words, " "))
	r.Objects = objects
	if len(objects) > 1 {
		r.Shares = s
	}
	return r
}

func (s shared) Alone(object ir.Ref) envoy.Resource {
	return shared{name: "trial/" + object.Name + "/" + s.name, of: map[string]string{object.Name: s.of[object.Name]}}.resource()
}

func (s shared) Without(out func(ir.Ref) bool) envoy.Resource {
	rest := maps.Clone(s.of)
	maps.DeleteFunc(rest, func(object, _ string) bool { return out(ir.Ref{Kind: "Test", Name: object}) })
	return shared{name: s.name, of: rest}.resource()
}

// blamed lists "RESOURCE OBJECTS" of each rejection.
func (p *inProcess) blamed() []string {
	var list []string
	for _, r := range p.server.Rejections() {
		var names []string
		for _, o := range r.Objects {
			names = append(names, o.Name)
		}
		list = append(list, r.Name+" "+strings.Join(names, "+"))
	}
	return list
}

func TestShareThatIsRefusedIsLeftOut(t *testing.T) {
	t.Parallel()
	p := startInProcess(t)
	f := p.connect("one", true, nil)
	p.wait(p.server.Publish([]envoy.Resource{resource(envoy.ListenerType, "l", "1"), resource(envoy.ExtensionType, "l", "1")}, nil))
	for _, step := range []struct {
		why    string
		of     map[string]string
		want   string
		blamed []string
	}{
		{"all good", map[string]string{"a": "1", "b": "1", "c": "1"}, "a=1 b=1 c=1", nil},
		{"one turns bad and nothing else changes: what was accepted goes on whole", map[string]string{"a": "1", "b": "bad", "c": "1"}, "a=1 b=1 c=1", []string{"s b"}},
		{"another changes: the bad one no longer holds it up", map[string]string{"a": "2", "b": "bad", "c": "1"}, "a=2 c=1", []string{"s b"}},
		{"a second turns bad", map[string]string{"a": "bad", "b": "bad", "c": "2"}, "c=2", []string{"s a", "s b"}},
		{"one is mended", map[string]string{"a": "bad", "b": "2", "c": "2"}, "b=2 c=2", []string{"s a"}},
		{"all turn bad: what was accepted goes on", map[string]string{"a": "bad", "b": "bad", "c": "bad"}, "b=2 c=2", []string{"s a", "s b", "s c"}},
		{"one is mended again", map[string]string{"a": "bad", "b": "bad", "c": "3"}, "c=3", []string{"s a", "s b"}},
		{"the bad ones go", map[string]string{"c": "3"}, "c=3", nil},
		{"and come as good ones", map[string]string{"a": "1", "c": "3"}, "a=1 c=3", nil},
		{"two that are good alone and bad together", map[string]string{"a": "clash", "c": "clash"}, "a=1 c=3", []string{"s a+c"}},
		{"and a third", map[string]string{"a": "clash", "b": "bad", "c": "clash"}, "a=1 c=3", []string{"s a+c", "s b"}},
	} {
		p.wait(p.server.Publish([]envoy.Resource{shared{name: "s", of: step.of}.resource()}, nil))
		if diff := cmp.Diff(map[string]string{"s": step.want}, f.has(envoy.ScopeType)); diff != "" {
			t.Errorf("%s: %s", step.why, diff)
		}
		if diff := cmp.Diff(step.blamed, p.blamed()); diff != "" {
			t.Errorf("%s: %s", step.why, diff)
		}
		for _, r := range p.server.Dump() {
			if r.Name == "s" && r.Version != step.want || strings.HasPrefix(r.Name, "trial") {
				t.Errorf("%s: the dump has %s %s", step.why, r.Name, r.Version)
			}
		}
	}
}

// TestSharedResourcesConverge gives clients that come and go chance contents of several objects, and checks that each
// has all that is good and nothing that is not, and that every bad object is blamed and no other.
func TestSharedResourcesConverge(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			p := startInProcess(t)
			random := rand.New(rand.NewPCG(seed, 2))
			clients := []*fakeEnvoy{p.connect("0", seed%2 == 0, nil), p.connect("1", seed%3 == 0, nil)}
			fixed := []envoy.Resource{resource(envoy.ListenerType, "l", "1"), resource(envoy.ExtensionType, "l", "1")}
			for step := range 30 {
				set := slices.Clone(fixed)
				var scopes []shared
				for i := range 1 + random.IntN(3) {
					s := shared{name: fmt.Sprintf("s/%d", i), of: map[string]string{"always": fmt.Sprint(step)}}
					for o := range random.IntN(6) {
						s.of[fmt.Sprintf("o%d", o)] = []string{"1", "2", "bad1", "bad2"}[random.IntN(4)]
					}
					scopes = append(scopes, s)
					set = append(set, s.resource())
				}
				p.wait(p.server.Replace(set))
				want, blamed := map[string]string{}, []string(nil)
				for _, s := range scopes {
					for _, o := range slices.Sorted(maps.Keys(s.of)) {
						if strings.HasPrefix(s.of[o], "bad") {
							blamed = append(blamed, s.name+" "+o)
						}
					}
					want[s.name] = s.Without(func(o ir.Ref) bool { return strings.HasPrefix(s.of[o.Name], "bad") }).Version
				}
				if diff := cmp.Diff(blamed, p.blamed()); diff != "" {
					t.Fatalf("step %d: blamed: %s", step, diff)
				}
				for _, f := range clients {
					f.settle(envoy.ScopeType, want)
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

// settle waits until a client has contents. When one client's answers settle what is to blame, another may hear of it
// after its own were all given.
func (f *fakeEnvoy) settle(typeURL string, want map[string]string) {
	f.t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for {
		diff := cmp.Diff(want, f.has(typeURL))
		if diff == "" {
			return
		}
		if time.Now().After(deadline) {
			f.t.Fatalf("(-want +got): %s", diff)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestClientLeavesInTheMiddleOfATrial(t *testing.T) {
	t.Parallel()
	p := startInProcess(t)
	fixed := []envoy.Resource{resource(envoy.ListenerType, "l", "1"), resource(envoy.ExtensionType, "l", "1")}
	p.server.Publish(fixed, nil)
	f := p.connect("one", true, nil)
	s := shared{name: "s", of: map[string]string{"a": "1", "b": "bad"}}
	p.server.Publish([]envoy.Resource{s.resource()}, nil)
	f.disconnect()
	again := p.connect("two", true, f)
	again.settle(envoy.ScopeType, map[string]string{"s": "a=1"})
	if diff := cmp.Diff([]string{"s b"}, p.blamed()); diff != "" {
		t.Error(diff)
	}
}

func TestAcknowledgements(t *testing.T) {
	t.Parallel()
	p := startInProcess(t)
	key := envoy.Key{TypeURL: envoy.ScopeType, Name: "s"}
	p.wait(p.server.Publish(small(), nil))
	if got := p.server.Acknowledgements(); len(got) != 0 {
		t.Errorf("without a client: %v", got)
	}
	one := p.connect("one", true, nil)
	two := p.connect("two", true, nil)
	p.wait(1)
	for _, r := range p.server.Dump() {
		if diff := cmp.Diff([]string{"one", "two"}, p.server.Acknowledgements()[r.Key()]); diff != "" {
			t.Errorf("%s %s: %s", r.TypeURL, r.Name, diff)
		}
	}
	// The version that was accepted before the refused one is the one shown, and both still have it.
	p.wait(p.server.Publish([]envoy.Resource{resource(envoy.ScopeType, "s", "bad")}, nil))
	if diff := cmp.Diff([]string{"one", "two"}, p.server.Acknowledgements()[key]); diff != "" {
		t.Errorf("after a refusal: %s", diff)
	}
	two.disconnect()
	p.wait(p.server.Publish([]envoy.Resource{resource(envoy.ScopeType, "s", "2→a")}, nil))
	for len(p.server.Clients()) > 1 {
		<-p.server.Changed()
	}
	if diff := cmp.Diff([]string{"one"}, p.server.Acknowledgements()[key]); diff != "" {
		t.Errorf("after one has left: %s", diff)
	}
	// One that comes back with what it had accepted needs nothing sent.
	one.disconnect()
	p.connect("three", true, one)
	p.wait(p.server.Publish(nil, nil))
	if diff := cmp.Diff([]string{"three"}, p.server.Acknowledgements()[key]); diff != "" {
		t.Errorf("after it came back: %s", diff)
	}
	p.wait(p.server.Publish(nil, []envoy.Key{key}))
	if got, ok := p.server.Acknowledgements()[key]; ok {
		t.Errorf("of a resource that is gone: %v", got)
	}
}

// Several HTTPRoutes share a host. One that Envoy refuses touches none of the others, and the requests that are under
// way while the culprit is sought notice nothing.
func TestRejectedRouteTouchesNoOtherOfItsHost(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	b, other := echo(t, "b"), echo(t, "other")
	backends := []ir.Backend{b, other}
	good := func(name string, to ir.Backend) ir.Route { return route(name, ir.PathPrefix, "/"+name, all(to)) }
	bad := func(name string, to ir.Backend) ir.Route {
		r := badRoute(name, to)
		r.Match.Path.Value = "/" + name
		return r
	}
	publish := func(routes ...ir.Route) {
		d.publish([]ir.Host{
			{Listener: listenerName, Name: "localhost", Routes: routes},
			{Listener: listenerName, Name: "*", Routes: routes},
		}, backends)
	}
	expect := func(why string, want map[string]string, blamed ...string) {
		t.Helper()
		for path, backend := range want {
			for _, h := range []string{"localhost", "elsewhere"} {
				if got := d.get(h, path); got.backend != backend {
					t.Errorf("%s: %s%s: %d by %q, want %q", why, h, path, got.status, got.backend, backend)
				}
			}
		}
		var names []string
		for _, r := range d.server.Rejections() {
			if len(r.Objects) != 1 {
				t.Errorf("%s: blamed at once: %v", why, r.Objects)
			}
			names = append(names, strings.TrimPrefix(r.Name, listenerName+"/")+" "+r.Objects[0].Name)
		}
		slices.Sort(names)
		if diff := cmp.Diff(blamed, names); diff != "" {
			t.Errorf("%s: %s", why, diff)
		}
	}

	// From the start: nothing was accepted before.
	publish(good("a", b), bad("x", b), good("c", b))
	expect("at first", map[string]string{"/a": "b", "/x": "", "/c": "b"}, "* x", "localhost x")

	stop, failed := make(chan struct{}), make(chan string, 1)
	go func() {
		defer close(failed)
		for {
			select {
			case <-stop:
				return
			default:
			}
			for _, path := range []string{"/a", "/c"} {
				if got := d.get("localhost", path); got.status != http.StatusOK {
					failed <- fmt.Sprintf("%s: %d %s", path, got.status, got.body)
					return
				}
			}
		}
	}()
	publish(good("a", other), bad("x", b), good("c", b))
	expect("another changes", map[string]string{"/a": "other", "/x": "", "/c": "b"}, "* x", "localhost x")
	publish(good("a", other), good("x", b), good("c", b))
	expect("mended", map[string]string{"/a": "other", "/x": "b", "/c": "b"})
	publish(good("a", other), bad("x", other), good("c", b))
	expect("broken again", map[string]string{"/a": "other", "/x": "b", "/c": "b"}, "* x", "localhost x")
	publish(good("a", b), bad("x", other), good("c", b), bad("y", b))
	expect("two broken, another changes", map[string]string{"/a": "b", "/x": "", "/y": "", "/c": "b"}, "* x", "* y", "localhost x", "localhost y")
	close(stop)
	if why := <-failed; why != "" {
		t.Errorf("a request failed meanwhile: %s", why)
	}
	publish(good("a", b), good("c", b))
	expect("removed", map[string]string{"/a": "b", "/x": "", "/c": "b"})
}
