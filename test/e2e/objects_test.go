package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// TestGatewayAPIObjectsAreServed serves a static address through a user's own HTTPRoute, Service and
// EndpointSlice, and reports a route that can't work beside its manifest while the other goes on.
func TestGatewayAPIObjectsAreServed(t *testing.T) {
	t.Parallel()
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Header.Get("x-added")+" "+r.URL.Path)
	}))
	t.Cleanup(backend.Close)
	_, port, err := net.SplitHostPort(backend.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	route := func(name, host, service string) string {
		return fmt.Sprintf(`apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: %s
spec:
  parentRefs:
    - namespace: kserve
      name: kserve-ingress-gateway
  hostnames: [%q]
  rules:
    - matches:
        - path: {type: PathPrefix, value: /in}
      filters:
        - type: RequestHeaderModifier
          requestHeaderModifier:
            set: [{name: x-added, value: by-route}]
        - type: URLRewrite
          urlRewrite:
            path: {type: ReplacePrefixMatch, replacePrefixMatch: /out}
      backendRefs:
        - name: %s
          port: 80
`, name, host, service)
	}
	write(t, filepath.Join(dir, "static.yaml"), route("static", "static.localhost", "static")+fmt.Sprintf(`---
apiVersion: v1
kind: Service
metadata:
  name: static
spec:
  ports: [{name: http, port: 80}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: static-1
  labels: {kubernetes.io/service-name: static}
addressType: IPv4
ports: [{name: http, port: %s}]
endpoints:
  - addresses: [127.0.0.1]
`, port))
	write(t, filepath.Join(dir, "lost.yaml"), route("lost", "lost.localhost", "nobody"))
	s := start(t, dir)
	client := s.client()
	eventually(t, startTimeout, "the static route", func() error {
		got, err := ask(client, http.MethodGet, fmt.Sprintf("http://static.localhost:%d/in/a", s.port), "")
		if err != nil {
			return s.alive(err)
		}
		if got.status != http.StatusOK || got.body != "by-route /out/a" {
			return fmt.Errorf("%d %s", got.status, got.body)
		}
		return nil
	})
	// What is shown follows what is served.
	eventually(t, startTimeout, "the problem", func() error {
		problems, err := s.admin.Problems(t.Context())
		if err == nil && (len(problems) != 1 || problems[0].Object != "HTTPRoute default/lost" || !strings.Contains(problems[0].Message, "nobody")) {
			err = fmt.Errorf("problems: %+v, want one about HTTPRoute default/lost and its Service nobody", problems)
		}
		return s.alive(err)
	})
}

// TestRefusalByEnvoyIsReportedBesideItsManifest brings a Gateway whose port another process has: Envoy refuses that listener,
// the report says so beside the manifest, and the other listener serves. It is the same for an Envoy that starts meanwhile,
// and a mended manifest serves without more ado.
func TestRefusalByEnvoyIsReportedBesideItsManifest(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	dir := quickstart(t)
	gateway := func(port int) {
		write(t, filepath.Join(dir, "extra.yaml"), fmt.Sprintf(`apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: extra
spec:
  gatewayClassName: sluice
  listeners:
    - {name: http, port: %d, protocol: HTTP}
`, port))
	}
	gateway(taken.Addr().(*net.TCPAddr).Port)
	s := start(t, dir)
	s.waitReady()
	refused := func() error {
		problems, err := s.admin.Problems(t.Context())
		if err != nil {
			return err
		}
		for _, p := range problems {
			if p.Object == "Gateway default/extra" && p.Line > 0 && strings.Contains(p.Message, "Envoy refused") {
				return nil
			}
		}
		return fmt.Errorf("problems: %+v", problems)
	}
	eventually(t, startTimeout, "the refusal", refused)
	iris := func() error {
		got, err := ask(s.client(), http.MethodGet, s.url("", "/v2/models/iris"), "")
		if err == nil && got.status != http.StatusOK {
			err = fmt.Errorf("%d %s", got.status, got.body)
		}
		return err
	}
	if err := iris(); err != nil {
		t.Error(err)
	}

	kill(t, s.envoy(t))
	eventually(t, startTimeout, "the service, through an Envoy that starts while a resource is refused", iris)
	s.waitReady()
	if err := refused(); err != nil {
		t.Errorf("after another Envoy came: %v", err)
	}

	port := freePort(t)
	gateway(port)
	eventually(t, startTimeout, "the mended port", func() error {
		got, err := ask(http.DefaultClient, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/", port), "")
		if err == nil && got.status != http.StatusNotFound {
			err = fmt.Errorf("%d %s", got.status, got.body)
		}
		return err
	})
	eventually(t, startTimeout, "the report cleared", func() error {
		problems, err := s.admin.Problems(t.Context())
		if err == nil && len(problems) > 0 {
			err = fmt.Errorf("problems: %+v", problems)
		}
		return err
	})
}
