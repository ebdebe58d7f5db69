package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
)

// maxReason bounds a reason in an answer, so that the whole body stays below what Envoy takes.
const maxReason = 2048

// unavailable gives the answer in place of a rule whose target can't serve, or nil where it can.
func (s *scene) unavailable(route routeSpec, rule ruleSpec) *sluicev1alpha1.DirectResponse {
	if !s.settings.Unavailable {
		return nil
	}
	for _, p := range append([]part{rule.target}, route.gate...) {
		if p.serves() {
			continue
		}
		c := s.componentCondition(p)
		name := route.name + "-unavailable"
		if rule.path == pathExplain {
			name = route.name + "-explain-unavailable"
		}
		message := clip(c.Message)
		if s.settings.ReasonsAlone {
			message = "`sluice explain " + s.service.Name + "` says more on its machine"
		}
		r := respond(s.service.Namespace, name, 503, fmt.Sprintf("InferenceService %s/%s is not ready: %s: %s",
			s.service.Namespace, s.service.Name, c.Reason, message))
		r.OwnerReferences = s.owner()
		return &r
	}
	return nil
}

// serves says that some revision with a share of the traffic has a replica that answers.
func (p part) serves() bool {
	for _, carried := range p.decision.Carried {
		if carried.Routed && carried.Health.Available && carried.Weight > 0 {
			return true
		}
	}
	return false
}

// respond makes an answer whose body is a JSON object with the member error.
func respond(namespace, name string, status int32, message string) sluicev1alpha1.DirectResponse {
	return answer(namespace, name, status, map[string]string{"error": message})
}

// answer makes a JSON answer. Its body never exceeds what Envoy takes.
func answer(namespace, name string, status int32, body any) sluicev1alpha1.DirectResponse {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil || text.Len() > sluicev1alpha1.MaxDirectResponseBody {
		text.Reset()
		text.WriteString(`{"error":"the answer is too long to be given here"}`)
	}
	return sluicev1alpha1.DirectResponse{
		TypeMeta: metav1.TypeMeta{APIVersion: sluicev1alpha1.GroupVersion.String(), Kind: sluicev1alpha1.KindDirectResponse},
		ObjectMeta: metav1.ObjectMeta{
			Name:      name,
			Namespace: namespace,
		},
		Spec: sluicev1alpha1.DirectResponseSpec{StatusCode: status, ContentType: "application/json", Body: strings.TrimSpace(text.String())},
	}
}

// respondWith refers a rule to an answer of its route's namespace.
func respondWith(name string) gatewayv1.HTTPRouteFilter {
	return gatewayv1.HTTPRouteFilter{
		Type: gatewayv1.HTTPRouteFilterExtensionRef,
		ExtensionRef: &gatewayv1.LocalObjectReference{
			Group: gatewayv1.Group(sluicev1alpha1.GroupVersion.Group),
			Kind:  sluicev1alpha1.KindDirectResponse,
			Name:  gatewayv1.ObjectName(name),
		},
	}
}

// clip shortens a message at a character's border.
func clip(message string) string {
	if len(message) <= maxReason {
		return message
	}
	end := maxReason
	for end > 0 && !utf8.RuneStart(message[end]) {
		end--
	}
	return message[:end] + "…"
}

// title spells a component as KServe's conditions do.
func title(kind v1beta1.ComponentType) string {
	switch kind {
	case v1beta1.TransformerComponent:
		return "Transformer"
	case v1beta1.ExplainerComponent:
		return "Explainer"
	}
	return "Predictor"
}
