package e2e

import (
	"net/http"
	"path/filepath"
	"testing"
)

// byOtherService leads to iris's pods by a Service of its own.
const byOtherService = `apiVersion: v1
kind: Service
metadata: {name: round}
spec:
  selector: {serving.kserve.io/inferenceservice: iris}
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: round}
spec:
  parentRefs: [{name: kserve-ingress-gateway, namespace: kserve}]
  hostnames: [round.localhost]
  rules: [{backendRefs: [{name: round, port: 80}]}]
`

// onPlannedRoute names the route of iris's plan and not iris.
const onPlannedRoute = `apiVersion: sluice.dev/v1alpha1
kind: AccessPolicy
metadata: {name: iris}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: iris}]
  apiKeyAuth: {secretRefs: [{name: iris-keys}]}
`

// TestNoWayRoundAPolicy asks by the ways that a manifest adds, or that a policy does not name.
func TestNoWayRoundAPolicy(t *testing.T) {
	t.Parallel()
	dir := guardedQuickstart(t)
	edit(t, filepath.Join(dir, "iris.yaml"), "  annotations: {sluice.dev/api-key-secret: iris-keys}\n", "")
	write(t, filepath.Join(dir, "policy.yaml"), onPlannedRoute)
	write(t, filepath.Join(dir, "round.yaml"), byOtherService)
	s := start(t, dir)
	s.waitReady()
	ways := append(waysTo("iris"), way{name: "a Service of a manifest", host: "round.localhost", path: "/v2/models/iris"})
	for _, w := range ways {
		s.waitTry(w, keyHeader(aliceKey), http.StatusOK)
		if got := s.try(w, nil); got.status != http.StatusUnauthorized {
			t.Errorf("%s without the key: %d %s", w.name, got.status, got.body)
		}
	}
	for _, path := range []string{"//v2/models/iris", "/x/../v2/models/iris", "/v2//models/iris"} {
		if got := s.try(way{name: path, host: "localhost", path: path}, nil); got.status != http.StatusUnauthorized {
			t.Errorf("%s without the key: %d %s", path, got.status, got.body)
		}
	}
}
