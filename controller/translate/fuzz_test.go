package translate

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/sluice-serving/sluice/xds/ir"
)

// FuzzTranslate gives objects of any shape, beginning with the golden cases: translation must not panic, must
// give a model that keeps to what xds/ir promises, and the translator must give the same.
func FuzzTranslate(f *testing.F) {
	inputs, err := filepath.Glob("testdata/*.in.yaml")
	if err != nil || len(inputs) == 0 {
		f.Fatalf("no inputs in testdata: %v", err)
	}
	for _, input := range inputs {
		text, err := os.ReadFile(input)
		if err != nil {
			f.Fatal(err)
		}
		asJSON, err := yaml.YAMLToJSON(text)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(asJSON)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var in Objects
		if len(data) > 64<<10 || json.Unmarshal(data, &in) != nil {
			return
		}
		checkConfig(t, Translate(in).Config)
		translator := NewTranslator(in.Listen)
		for i := range in.Gateways {
			translator.Set(&in.Gateways[i])
		}
		for i := range in.Services {
			translator.Set(&in.Services[i])
		}
		for i := range in.EndpointSlices {
			translator.Set(&in.EndpointSlices[i])
		}
		for i := range in.HTTPRoutes {
			translator.Set(&in.HTTPRoutes[i])
		}
		for i := range in.GRPCRoutes {
			translator.Set(&in.GRPCRoutes[i])
		}
		translator.Flush()
		checkConfig(t, translator.Config())
	})
}

// checkConfig holds a model to the promises of xds/ir.
func checkConfig(t *testing.T, config ir.Config) {
	t.Helper()
	listeners, backends, hosts := map[string]bool{}, map[string]bool{ir.Unresolved: true}, map[HostKey]bool{}
	for _, l := range config.Listeners {
		if listeners[l.Name] || l.Port == 0 {
			t.Errorf("listener %+v stands twice or has no port", l)
		}
		listeners[l.Name] = true
		for _, scope := range l.Scopes() {
			listeners[scope] = true
		}
	}
	for _, b := range config.Backends {
		if backends[b.Name] || b.Protocol == "" {
			t.Errorf("backend %+v stands twice or has no protocol", b)
		}
		backends[b.Name] = true
	}
	for _, h := range config.Hosts {
		key := KeyOf(h)
		if hosts[key] || !listeners[h.Listener] {
			t.Errorf("host %v stands twice or on no listener", key)
		}
		hosts[key] = true
		names := map[string]bool{}
		for _, r := range h.Routes {
			if names[r.Name] {
				t.Errorf("host %v: route %s stands twice", key, r.Name)
			}
			names[r.Name] = true
			checkRoute(t, r, backends)
		}
	}
}

func checkRoute(t *testing.T, r ir.Route, backends map[string]bool) {
	t.Helper()
	actions := 0
	for _, set := range []bool{r.Forward != nil, r.Redirect != nil, r.Respond != nil} {
		if set {
			actions++
		}
	}
	if actions != 1 {
		t.Errorf("route %s has %d actions, want 1", r.Name, actions)
	}
	switch r.Match.Path.Kind {
	case ir.PathExact, ir.PathPrefix:
		if r.Match.Path.Value == "" || r.Match.Path.Value[0] != '/' {
			t.Errorf("route %s: path %+v does not begin with a slash", r.Name, r.Match.Path)
		}
	case ir.PathRegex:
		if _, err := regexp.Compile(r.Match.Path.Value); err != nil {
			t.Errorf("route %s: %v", r.Name, err)
		}
	default:
		t.Errorf("route %s: path %+v has no kind", r.Name, r.Match.Path)
	}
	if r.Forward == nil {
		return
	}
	total := uint64(0)
	for _, w := range r.Forward.Backends {
		total += uint64(w.Weight)
		if !backends[w.Backend] {
			t.Errorf("route %s leads to %q, which is not there", r.Name, w.Backend)
		}
	}
	if total == 0 || total > 1<<32-1 {
		t.Errorf("route %s: weights sum to %d", r.Name, total)
	}
	for _, m := range r.Forward.Mirrors {
		if !backends[m.Backend] || m.Numerator > m.Denominator || m.Denominator == 0 {
			t.Errorf("route %s has mirror %+v", r.Name, m)
		}
	}
}
