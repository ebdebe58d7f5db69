package translate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
)

func (g generator) owners() []metav1.OwnerReference {
	if g.chance(60) {
		return nil
	}
	return []metav1.OwnerReference{{Kind: kindService, Name: pick(g, "m", "n")}}
}

func (g generator) accessPolicy() *sluicev1alpha1.AccessPolicy {
	p := &sluicev1alpha1.AccessPolicy{ObjectMeta: g.meta("p", "q", "o")}
	p.Spec.TargetRefs = some(g, 3, func() gatewayv1.LocalPolicyTargetReference {
		return pick(g,
			gatewayv1.LocalPolicyTargetReference{Group: "serving.kserve.io", Kind: kindService, Name: pick[gatewayv1.ObjectName](g, "m", "n")},
			gatewayv1.LocalPolicyTargetReference{Group: gatewayv1.GroupName, Kind: kindHTTPRoute, Name: pick[gatewayv1.ObjectName](g, "r", "s")},
			gatewayv1.LocalPolicyTargetReference{Group: gatewayv1.GroupName, Kind: kindGRPCRoute, Name: pick[gatewayv1.ObjectName](g, "r", "s")},
			gatewayv1.LocalPolicyTargetReference{Group: gatewayv1.GroupName, Kind: kindGateway, Name: pick[gatewayv1.ObjectName](g, "gw", "gw2")},
			gatewayv1.LocalPolicyTargetReference{Group: "x", Kind: "Wrong", Name: "m"},
		)
	})
	if g.chance(70) {
		p.Spec.APIKeyAuth = &sluicev1alpha1.APIKeyAuth{SecretRefs: []sluicev1alpha1.LocalSecretReference{{Name: pick(g, "keys", "others")}}}
	}
	if g.chance(40) {
		p.Spec.JWT = &sluicev1alpha1.JWT{Providers: []sluicev1alpha1.JWTProvider{{
			Name: "one", Issuer: pick(g, "a", "b"),
			LocalJWKS: &sluicev1alpha1.LocalJWKS{ValueRef: &sluicev1alpha1.JWKSReference{Kind: pick(g, kindSecret, kindConfigMap), Name: pick(g, "keys", "jwks")}},
		}}}
	}
	return p
}

// ed25519JWKS is the example of RFC 8037, appendix A.2.
const ed25519JWKS = `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`

func (g generator) keys() Object {
	if g.chance(30) {
		return &corev1.ConfigMap{ObjectMeta: g.meta("keys", "jwks"), Data: map[string]string{"jwks": pick(g, ed25519JWKS, "x")}}
	}
	if g.chance(30) {
		pair := pick(g, certificates()...)
		return &corev1.Secret{ObjectMeta: g.meta("pair", "pair2"), Data: map[string][]byte{corev1.TLSCertKey: pair[0], corev1.TLSPrivateKeyKey: pair[1]}}
	}
	secret := &corev1.Secret{ObjectMeta: g.meta("keys", "others", "jwks"), Data: map[string][]byte{}}
	for _, client := range some(g, 3, func() string { return pick(g, "alice", "bob") }) {
		secret.Data[client] = []byte(pick(g, "one", "two", ""))
	}
	if g.chance(30) {
		secret.Data = map[string][]byte{"jwks": []byte(ed25519JWKS)}
	}
	return secret
}

// certificates are two pairs, and one of a certificate with another's key.
var certificates = sync.OnceValue(func() [][2][]byte {
	one, two := newPair(), newPair()
	return [][2][]byte{one, two, {one[0], two[1]}}
})

func newPair() [2][]byte {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"example.com"}}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	return [2][]byte{
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}
}

func (g generator) inferenceService() *v1beta1.InferenceService {
	s := &v1beta1.InferenceService{ObjectMeta: g.meta("m", "n")}
	if g.chance(50) {
		s.Annotations = map[string]string{sluicev1alpha1.AnnotationAPIKeySecret: pick(g, "keys", "others", "")}
	}
	return s
}
