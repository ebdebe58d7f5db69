package translate

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
)

// Envoy would refuse the whole host for either.
func TestWhatIsTooMuchForEnvoyIsRefusedByItsRule(t *testing.T) {
	t.Parallel()
	many := &gatewayv1.HTTPHeaderFilter{}
	for i := range 1001 {
		many.Set = append(many.Set, gatewayv1.HTTPHeader{Name: gatewayv1.HTTPHeaderName(fmt.Sprintf("x-%d", i)), Value: "v"})
	}
	if change, problems := readHeaderChange(many); change != nil || len(problems) != 1 {
		t.Errorf("1001 headers: %v, %v", change, problems)
	}

	answer := &sluicev1alpha1.DirectResponse{Spec: sluicev1alpha1.DirectResponseSpec{StatusCode: 200, ContentType: strings.Repeat("a", 16_385)}}
	answer.Namespace, answer.Name = "default", "long"
	s := newStore()
	name := types.NamespacedName{Namespace: "default", Name: "long"}
	s.directResponses[name] = answer
	c := &compiler{store: s, route: &route{key: routeKey{kindHTTPRoute, name}}, uses: references{directResponses: map[types.NamespacedName]struct{}{}}}
	problems := c.extension(&gatewayv1.LocalObjectReference{Group: "sluice.dev", Kind: "DirectResponse", Name: "long"}, &filterSet{})
	if len(problems) != 1 || !strings.Contains(problems[0].message, "contentType is longer than") {
		t.Errorf("a media type of 16 KiB: %+v", problems)
	}
}
