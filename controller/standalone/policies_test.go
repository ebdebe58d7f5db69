package standalone

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sluice-serving/sluice/controller/admin"
)

const ownRoute = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: own}
spec:
  parentRefs: [{name: kserve-ingress-gateway, namespace: kserve}]
  hostnames: [own.example.com]
  rules: [{backendRefs: [{name: iris-predictor, port: 80}]}]
---
apiVersion: sluice.dev/v1alpha1
kind: AccessPolicy
metadata: {name: mine}
spec:
  targetRefs:
    - {group: gateway.networking.k8s.io, kind: HTTPRoute, name: own}
    - {group: gateway.networking.k8s.io, kind: GRPCRoute, name: nowhere}
  apiKeyAuth: {secretRefs: [{name: keys}]}
`

// TestPoliciesOfOwnRoutesAreShown follows a policy on a route of a manifest, whose Secret is missing at first.
func TestPoliciesOfOwnRoutesAreShown(t *testing.T) {
	t.Parallel()
	r := startRig(t, oneModel())
	r.serving()
	r.write("own.yaml", ownRoute)
	targets := func() map[string]admin.PolicyTarget {
		found := map[string]admin.PolicyTarget{}
		for _, policy := range r.driver.Policies() {
			if policy.Kind != "AccessPolicy" || policy.Name != "mine" || policy.File != filepath.Join(r.dir, "own.yaml") || policy.Line == 0 {
				t.Errorf("%+v", policy)
			}
			for _, target := range policy.Targets {
				found[target.Target] = target
			}
		}
		return found
	}
	closed := func() bool {
		return slices.ContainsFunc(r.driver.Problems(), func(p admin.Problem) bool {
			return p.Object == "HTTPRoute default/own" && strings.Contains(p.Message, "closed by AccessPolicy default/mine") && strings.Contains(p.Message, "Secret default/keys does not exist")
		})
	}
	r.until("the policy is shown as not enforced", r.driver.Changed, func() bool {
		own := targets()["HTTPRoute default/own"]
		return !own.Accepted && own.Reason == "Invalid" && strings.Contains(own.Message, "Secret default/keys does not exist") && closed()
	})
	r.write("keys.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\nstringData: {alice: a-key}\n")
	r.until("the policy is shown as enforced", r.driver.Changed, func() bool {
		return targets()["HTTPRoute default/own"].Accepted && !closed()
	})
	if nowhere := targets()["GRPCRoute default/nowhere"]; nowhere.Accepted || nowhere.Reason != "TargetNotFound" {
		t.Errorf("%+v", nowhere)
	}
	r.write("own.yaml", strings.Split(ownRoute, "---\n")[0])
	r.until("the policy has gone", r.driver.Changed, func() bool { return len(r.driver.Policies()) == 0 })
}
