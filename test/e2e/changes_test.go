package e2e

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// changes is how many changes TestManyChangesTouchNobodyElse makes, and changeEvery the time between two.
const (
	changes     = 300
	changeEvery = 20 * time.Millisecond
)

// TestManyChangesTouchNobodyElse adds, changes and removes routes with their hosts, weights and headers,
// one every 20 ms, while clients that never retry ask a service that does not change: none of its requests
// fails, its connections stay, and what was changed last is what is served.
func TestManyChangesTouchNobodyElse(t *testing.T) {
	t.Parallel()
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, r.Header.Get("x-change"))
	}))
	t.Cleanup(backend.Close)
	_, port, err := net.SplitHostPort(backend.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	dir := quickstart(t)
	write(t, filepath.Join(dir, "backend.yaml"), staticBackend(port))
	s := start(t, dir)
	s.waitReady()
	end := s.load("iris", read(t, dir, "iris-input-v2.json"))

	const files = 20
	tick := time.NewTicker(changeEvery)
	defer tick.Stop()
	for i := range changes {
		<-tick.C
		path := filepath.Join(dir, fmt.Sprintf("route-%d.yaml", i%files))
		if i%7 == 3 {
			// A file that isn't there yet is as good as removed.
			_ = os.Remove(path)
			continue
		}
		write(t, path, changingRoute(i%files, i))
	}
	last := changes - 1
	eventually(t, startTimeout, "the last change", func() error {
		got, err := ask(s.client(), http.MethodGet, fmt.Sprintf("http://h%d.localhost:%d/", last, s.port), "")
		if err == nil && got.body != fmt.Sprint(last) {
			err = fmt.Errorf("%d %s", got.status, got.body)
		}
		return err
	})
	t.Logf("%d requests answered during %d changes", end(), changes)
}

func staticBackend(port string) string {
	text := ""
	for _, name := range []string{"a", "b"} {
		text += fmt.Sprintf(`apiVersion: v1
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
	return text
}

// changingRoute is route number n in its i-th version: another host, header and weight each time.
func changingRoute(n, i int) string {
	return fmt.Sprintf(`apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: route-%d}
spec:
  parentRefs: [{namespace: kserve, name: kserve-ingress-gateway}]
  hostnames: ["h%d.localhost"]
  rules:
    - filters:
        - type: RequestHeaderModifier
          requestHeaderModifier: {set: [{name: x-change, value: "%d"}]}
      backendRefs:
        - {name: a, port: 80, weight: %d}
        - {name: b, port: 80, weight: %d}
`, n, i, i, i%10, 10-i%10)
}
