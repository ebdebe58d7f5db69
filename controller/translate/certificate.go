package translate

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/api/keypair"
	"github.com/sluice-serving/sluice/xds/ir"
)

// resolveCertificates reads the certificates of a listener. One that can't be read takes the listener out of service: it
// would have nothing to show.
func (d *frontDoor) resolveCertificates(l *listener, in *gatewayv1.ListenerTLSConfig, s *store) {
	if !l.tls || l.invalid != nil {
		return
	}
	refuse := func(reason gatewayv1.ListenerConditionReason, format string, args ...any) {
		wrong := &problem{reason: string(reason), message: fmt.Sprintf(format, args...)}
		l.unresolvedRefs = cmp.Or(l.unresolvedRefs, wrong)
		l.invalid = cmp.Or(l.invalid, wrong)
	}
	switch {
	case in == nil || len(in.CertificateRefs) == 0:
		refuse(gatewayv1.ListenerReasonInvalidCertificateRef, "protocol HTTPS needs tls.certificateRefs: name a Secret of type %s", corev1.SecretTypeTLS)
		return
	case valueOr(in.Mode, gatewayv1.TLSModeTerminate) != gatewayv1.TLSModeTerminate:
		l.invalid = &problem{reason: string(gatewayv1.ListenerReasonUnsupportedValue), message: fmt.Sprintf("tls.mode %s is not supported with protocol HTTPS: use Terminate", *in.Mode)}
		return
	case len(in.Options) > 0:
		l.invalid = &problem{reason: string(gatewayv1.ListenerReasonUnsupportedValue), message: "tls.options has none that is known: leave it out"}
		return
	}
	for i, ref := range in.CertificateRefs {
		if group, kind := valueOr(ref.Group, ""), valueOr(ref.Kind, kindSecret); group != "" || kind != kindSecret {
			refuse(gatewayv1.ListenerReasonInvalidCertificateRef, "tls.certificateRefs[%d]: kind %q of group %q is not served: name a Secret", i, kind, group)
			continue
		}
		name := types.NamespacedName{Namespace: string(valueOr(ref.Namespace, gatewayv1.Namespace(l.key.gateway.Namespace))), Name: string(ref.Name)}
		if !d.mayUse(name, l.key.gateway.Namespace, s) {
			refuse(gatewayv1.ListenerReasonRefNotPermitted, "tls.certificateRefs[%d]: Secret %s is in another namespace: a ReferenceGrant in namespace %q must allow Gateways of namespace %q to refer to it", i, name, name.Namespace, l.key.gateway.Namespace)
			continue
		}
		d.uses.add(targetKey{kindSecret, name})
		certificate, err := readCertificate(name, s.secrets[name])
		if err != nil {
			refuse(gatewayv1.ListenerReasonInvalidCertificateRef, "tls.certificateRefs[%d]: %v", i, err)
			continue
		}
		d.certificates[certificate.Name] = certificate
		if slices.Contains(l.certificates, certificate.Name) {
			continue
		}
		l.certificates = append(l.certificates, certificate.Name)
	}
}

// mayUse says whether a Gateway of that namespace may refer to a Secret.
func (d *frontDoor) mayUse(secret types.NamespacedName, namespace string, s *store) bool {
	if secret.Namespace == namespace {
		return true
	}
	d.uses.add(namespaceTarget(secret.Namespace))
	for _, grant := range s.grants[secret.Namespace] {
		if grantsFrom(grant, kindGateway, namespace) && grantsTo(grant, kindSecret, secret.Name) {
			return true
		}
	}
	return false
}

// readCertificate reads a Secret of type kubernetes.io/tls. No error quotes it.
func readCertificate(name types.NamespacedName, secret *corev1.Secret) (ir.Certificate, error) {
	if secret == nil {
		return ir.Certificate{}, fmt.Errorf("the Secret %s does not exist", name)
	}
	chain, key := secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey]
	if _, err := keypair.Parse(chain, key); err != nil {
		return ir.Certificate{}, fmt.Errorf("of %s and %s in Secret %s: %w", corev1.TLSCertKey, corev1.TLSPrivateKeyKey, name, err)
	}
	return ir.Certificate{
		Name:   "certificate/" + name.String(),
		Object: ir.Ref{Kind: kindSecret, Namespace: name.Namespace, Name: name.Name},
		Chain:  string(chain), Key: ir.Secret(key),
	}, nil
}

// dropUnused leaves only the certificates of listeners that are served.
func (d *frontDoor) dropUnused() {
	used := set[string]{}
	for _, p := range d.ports {
		for _, l := range p.byHostname {
			for _, name := range l.certificates {
				used.add(name)
			}
		}
	}
	for name := range d.certificates {
		if _, needed := used[name]; !needed {
			delete(d.certificates, name)
		}
	}
}
