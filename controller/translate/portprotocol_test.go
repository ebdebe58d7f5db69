package translate

import (
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// TestPortThatChangesItsProtocolLosesItsListener has two Gateways want a port by different protocols, one after the other.
func TestPortThatChangesItsProtocolLosesItsListener(t *testing.T) {
	t.Parallel()
	gateway := func(namespace, listener string, protocol gatewayv1.ProtocolType) *gatewayv1.Gateway {
		g := &gatewayv1.Gateway{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "g"}}
		g.Spec.GatewayClassName = "sluice"
		g.Spec.Listeners = []gatewayv1.Listener{{Name: gatewayv1.SectionName(listener), Port: 8443, Protocol: protocol}}
		if protocol == gatewayv1.HTTPSProtocolType {
			g.Spec.Listeners[0].TLS = &gatewayv1.ListenerTLSConfig{CertificateRefs: []gatewayv1.SecretObjectReference{{Name: "pair"}}}
		}
		return g
	}
	translator := NewTranslator("127.0.0.1")
	plain := gateway("a", "plain", gatewayv1.HTTPProtocolType)
	translator.Set(plain)
	translator.Flush()
	before := translator.Config().Listeners
	if len(before) != 1 {
		t.Fatalf("listeners %+v", before)
	}
	translator.Set(gateway("b", "tls", gatewayv1.HTTPSProtocolType))
	translator.Delete(plain)
	change := translator.Flush()
	if after := translator.Config().Listeners; len(after) > 1 || !slices.Contains(change.RemovedListeners, before[0].Name) {
		t.Errorf("open are %+v, removed %v", after, change.RemovedListeners)
	}
}
