package e2e

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A thousand changes come in waves, one every 20 ms. After each wave everything that it made is gone again.
const (
	waves       = 4
	waveChanges = 250
	changeEvery = 20 * time.Millisecond
)

// TestThousandChangesTouchNobodyElse adds, changes and removes routes with their hosts, weights and headers, Services with
// their endpoints, and InferenceServices with and without processes, while a service that does not change is asked all the
// time: none of its requests fails, none runs twice, its connections and streams stay, what was changed last is what is
// served, and Envoy and sluice are as large afterwards as after the first wave.
func TestThousandChangesTouchNobodyElse(t *testing.T) {
	t.Parallel()
	static := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, r.Header.Get("x-change"))
	}))
	t.Cleanup(static.Close)
	_, port, err := net.SplitHostPort(static.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	dir, ledger := t.TempDir(), t.TempDir()
	write(t, filepath.Join(dir, "static.yaml"), staticBackend("a", port)+staticBackend("b", port))
	write(t, filepath.Join(dir, "quiet.yaml"), counted{name: "quiet", mark: "quiet", ledger: ledger}.yaml(t))
	state, err := os.MkdirTemp("", "sluice")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(state) })
	// A small GOGC has the heap follow what is in use.
	s := startIn(t, state, []string{"GOGC=25"}, dir)
	before := pids(s.waitService("quiet", running(1)))
	tr := s.underLoad("quiet", ledger)
	gate := tr.open(1)
	atFirst := s.resources()

	w := wave{s: s, dir: dir, ledger: ledger, port: port}
	var sizes []size
	for n := range waves {
		w.rise(n * waveChanges)
		w.ebb()
		eventually(t, startTimeout, "Envoy and sluice without what the wave made", func() error {
			if now := s.resources(); !slices.Equal(now, atFirst) {
				return fmt.Errorf("resources %v, at first %v", now, atFirst)
			}
			return s.holdsNothingOf("change")
		})
		sizes = append(sizes, s.size())
		t.Logf("after wave %d: %v", n+1, sizes[n])
	}
	tr.stillOpen()
	write(t, gate, "")
	tr.end()
	if now := pids(s.waitService("quiet", running(1))); fmt.Sprint(now) != fmt.Sprint(before) {
		t.Errorf("the service that did not change was restarted: %v, before %v", now, before)
	}
	if err := sizes[waves-1].grownFrom(sizes[0]); err != nil {
		t.Errorf("after all waves: %v", err)
	}
}

// wave makes changes to files of its own, each of which holds "change" in its objects' names.
type wave struct {
	s            *sluice
	dir, ledger  string
	port         string
	first        int
	lastOfRoutes int
}

// files is how many routes there are at most at a time, and as many of each other kind.
const files = 20

// rise makes the changes first, first+1, … and waits for the last route among them to be served.
func (w *wave) rise(first int) {
	w.s.t.Helper()
	tick := time.NewTicker(changeEvery)
	defer tick.Stop()
	w.first = first
	for i := first; i < first+waveChanges; i++ {
		<-tick.C
		w.change(i)
	}
	last := w.lastOfRoutes
	client := w.s.client()
	eventually(w.s.t, startTimeout, "the last change", func() error {
		got, err := ask(client, http.MethodGet, fmt.Sprintf("http://change-%d.localhost:%d/", last, w.s.port), "")
		if err == nil && got.body != fmt.Sprint(last) {
			err = fmt.Errorf("%d %s", got.status, got.body)
		}
		return err
	})
}

func (w *wave) change(i int) {
	t := w.s.t
	path := func(kind string) string { return w.path(kind, i) }
	switch {
	case i%50 == 49: // five processes a wave
		write(t, path("process"), counted{name: fmt.Sprintf("change-process-%d", i), mark: "change", ledger: w.ledger}.yaml(t))
	case i%10 == 1:
		write(t, path("service"), fmt.Sprintf(`apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: change-service-%d}
spec:
  predictor:
    containers: [{name: kserve-container, image: registry.example/nobody/nothing:v%d}]
`, i, i))
	case i%10 == 4:
		write(t, path("static"), staticBackend(fmt.Sprintf("change-static-%d", i), w.port))
	case i%10 == 7:
		w.remove(i)
	default:
		w.lastOfRoutes = i
		write(t, path("route"), changingRoute(i%files, i))
	}
}

func (w *wave) path(kind string, i int) string {
	return filepath.Join(w.dir, fmt.Sprintf("change-%s-%d.yaml", kind, i%files))
}

// remove takes away what change wrote a little before i: a route, a service without processes or a static one in turn, and
// every process.
func (w *wave) remove(i int) {
	w.s.t.Helper()
	gone := []string{w.path("route", i-1), w.path("service", i-6), w.path("static", i-3)}[i/10%3]
	if i%50 == 7 && i-8 >= w.first {
		gone = w.path("process", i-8)
	}
	if err := os.Remove(gone); err != nil {
		w.s.t.Errorf("change %d: %v", i, err)
	}
}

// ebb removes everything that the wave made.
func (w *wave) ebb() {
	w.s.t.Helper()
	made, err := filepath.Glob(filepath.Join(w.dir, "change-*.yaml"))
	if err != nil {
		w.s.t.Fatal(err)
	}
	for _, file := range made {
		if err := os.Remove(file); err != nil {
			w.s.t.Fatal(err)
		}
	}
}

func staticBackend(name, port string) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Service
metadata: {name: %[1]s}
spec:
  ports: [{name: http, port: 80}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: %[1]s-1
  labels: {kubernetes.io/service-name: %[1]s}
addressType: IPv4
ports: [{name: http, port: %[2]s}]
endpoints: [{addresses: [127.0.0.1]}]
---
`, name, port)
}

// changingRoute is route number n in its i-th version: another host, header and weight each time.
func changingRoute(n, i int) string {
	return fmt.Sprintf(`apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: change-route-%d}
spec:
  parentRefs: [{namespace: kserve, name: kserve-ingress-gateway}]
  hostnames: ["change-%d.localhost"]
  rules:
    - filters:
        - type: RequestHeaderModifier
          requestHeaderModifier: {set: [{name: x-change, value: "%d"}]}
      backendRefs:
        - {name: a, port: 80, weight: %d}
        - {name: b, port: 80, weight: %d}
`, n, i, i, i%10, 10-i%10)
}

// resources are the names of what Envoy is given, sorted.
func (s *sluice) resources() []string {
	s.t.Helper()
	dump, err := s.admin.XDS(s.t.Context(), false)
	if err != nil {
		s.t.Fatal(err)
	}
	var names []string
	for _, resource := range dump.Resources {
		names = append(names, resource.TypeURL[strings.LastIndex(resource.TypeURL, ".")+1:]+" "+resource.Name)
	}
	slices.Sort(names)
	return names
}
