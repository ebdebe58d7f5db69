package mutate

import (
	"testing"

	"github.com/sluice-serving/sluice/controller/translate"
	"github.com/sluice-serving/sluice/xds/ir"
)

// The judge itself sees what Envoy would refuse, where no stage has kept it away.
func TestJudgeRefusesWhatEnvoyDoes(t *testing.T) {
	t.Parallel()
	good := ir.Route{Name: "good", Match: ir.Match{Path: ir.Path{Kind: ir.PathPrefix, Value: "/"}}, Respond: &ir.Respond{Status: 200}}
	for name, spoil := range map[string]func(*ir.Route){
		"an empty expression": func(r *ir.Route) { r.Match.Path = ir.Path{Kind: ir.PathRegex} },
		"a large expression": func(r *ir.Route) {
			r.Match.Path = ir.Path{Kind: ir.PathRegex, Value: "(a{1000}b{1000}){1}(c{1000}){1}(d{999}.{999}){1}e{1000}f{1000}g{1000}h{1000}i{1000}"}
		},
		"a status":               func(r *ir.Route) { r.Respond.Status = 99 },
		"a header that it keeps": func(r *ir.Route) { r.RequestHeaders = &ir.HeaderChange{Set: []ir.Header{{Name: "host", Value: "a"}}} },
		"a header that ends": func(r *ir.Route) {
			r.ResponseHeaders = &ir.HeaderChange{Add: []ir.Header{{Name: "a", Value: "b\r\nc: d"}}}
		},
		"a match without a name":   func(r *ir.Route) { r.Match.Headers = []ir.ValueMatch{{Value: "a"}} },
		"a media type of 20 KB":    func(r *ir.Route) { r.Respond.ContentType = string(make([]byte, 20_000)) },
		"a path that is no path":   func(r *ir.Route) { r.Match.Path = ir.Path{Kind: ir.PathPrefix, Value: "/a?b/"} },
		"weights that sum to none": func(r *ir.Route) { r.Respond, r.Forward = nil, &ir.Forward{} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bad := good
			bad.Respond = &ir.Respond{Status: 200}
			bad.Name = "bad"
			spoil(&bad)
			host := ir.Host{Listener: "l", Name: "h", Routes: []ir.Route{good}}
			if found := judged(host); len(found) > 0 {
				t.Fatalf("refuses what is good: %v", found)
			}
			host.Routes = append(host.Routes, bad)
			if len(judged(host)) == 0 {
				t.Error("takes it")
			}
		})
	}
}

func judged(host ir.Host) []string {
	var found []string
	for _, r := range resources(translate.Change{Hosts: []ir.Host{host}}) {
		found = append(found, refusals(r)...)
	}
	return found
}
