package translate

import (
	"strings"
	"testing"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

func TestCheckRegexBoundsExpressions(t *testing.T) {
	t.Parallel()
	for _, expression := range []string{"^/.*$", `^/v1/models/[\w-]+:explain$`, `/v[12]/models/iris([:/].*)?`, `^/inference\.GRPCInferenceService/.*$`, "(?i)abc", `\pL+`, `\p{Greek}\P{^Lu}\\p{x}?`, "a{1000}b{1000}", "[^/]{500}"} {
		if wrong := checkRegex("path", expression, maxPath); wrong != nil {
			t.Errorf("checkRegex(%q) complains: %s", expression, wrong.message)
		}
	}
	for _, expression := range []string{"", "(", "a{1001}", `(?=a)`, `\1`, `\pL{1000}`, strings.Repeat("x{1000}", 20), strings.Repeat("a", maxPath+1), strings.Repeat("(", 500), "\xff",
		// Go reads these as well, Envoy does not.
		strings.Repeat("a{1000}", 10), strings.Repeat("[^/]{900}", 2), `\p{Letter}`, `\p{greek}`, `\p{^LC}`} {
		if wrong := checkRegex("path", expression, maxPath); wrong == nil {
			t.Errorf("checkRegex(%.40q) does not complain", expression)
		}
	}
}

func TestAMethodsExpressionsAreBoundedTogether(t *testing.T) {
	t.Parallel()
	half := strings.Repeat("a{1000}", 6)
	if _, wrong := readMethod(&gatewayv1.GRPCMethodMatch{Type: new(gatewayv1.GRPCMethodMatchRegularExpression), Service: &half, Method: &half}); wrong == nil {
		t.Error("two halves of 6,000 steps each are taken for one of less than 10,000")
	}
}
