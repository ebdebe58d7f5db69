package standalone

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/sluice-serving/sluice/api/keypair"
	"github.com/sluice-serving/sluice/controller/manifest"
)

// servingSecret is the name of the Secret, beside the Gateway that is always there, that holds the certificate of its
// HTTPS listener.
const servingSecret = "sluice-serving-certificate"

// KeyPair names the files of a certificate and its private key, both in PEM. Its zero value is none.
type KeyPair struct {
	// Certificate holds the certificate, then those that vouch for it.
	Certificate string
	Key         string
}

// pem is what the files hold.
type pem struct{ certificate, key []byte }

// CheckKeyPair says why the files can't serve now, naming the file. Its result are the names of the certificate.
func CheckKeyPair(files KeyPair, now time.Time) ([]string, error) {
	_, leaf, err := readPair(files, now)
	if err != nil {
		return nil, err
	}
	return leaf.DNSNames, nil
}

// readPair reads the files and checks that they are a pair that is valid now. No error quotes the key.
func readPair(files KeyPair, now time.Time) (pem, *x509.Certificate, error) {
	var read pem
	var err error
	if read.certificate, err = os.ReadFile(files.Certificate); err != nil {
		return pem{}, nil, fmt.Errorf("the certificate can't be read: %w", err)
	}
	if read.key, err = os.ReadFile(files.Key); err != nil {
		return pem{}, nil, fmt.Errorf("the certificate's key can't be read: %w", err)
	}
	leaf, err := keypair.Parse(read.certificate, read.key)
	switch {
	case err != nil:
		return pem{}, nil, fmt.Errorf("of %s and %s: %w", files.Certificate, files.Key, err)
	case now.After(leaf.NotAfter):
		return pem{}, nil, fmt.Errorf("%s: the certificate expired at %s; renew it", files.Certificate, leaf.NotAfter.Format(time.RFC3339))
	case now.Before(leaf.NotBefore):
		return pem{}, nil, fmt.Errorf("%s: the certificate is valid from %s on; look at this machine's clock", files.Certificate, leaf.NotBefore.Format(time.RFC3339))
	}
	return read, leaf, nil
}

// certificateWatch follows the files of the serving certificate. What they hold last that is right stays in force.
type certificateWatch struct {
	files KeyPair
	// stamps tell whether the files have changed since they were read.
	stamps  [2]stamp
	good    pem
	problem error
}

// look reads the files if they have changed, and says whether there is anything new to serve or to report.
func (c *certificateWatch) look(now time.Time) (changed bool) {
	stamps := [2]stamp{stampAt(c.files.Certificate), stampAt(c.files.Key)}
	if c.files == (KeyPair{}) || stamps == c.stamps {
		return false
	}
	read, _, err := readPair(c.files, now)
	// Two files are never renewed at one time: until both have, the pair is wrong, and is looked at again.
	if c.stamps = stamps; err != nil {
		changed = c.problem == nil || c.problem.Error() != err.Error()
		c.problem = err
		return changed
	}
	changed = c.problem != nil || !bytes.Equal(read.certificate, c.good.certificate) || !bytes.Equal(read.key, c.good.key)
	c.good, c.problem = read, nil
	return changed
}

// secret is what the Gateway refers to.
func (c *certificateWatch) secret(namespace string) *corev1.Secret {
	return &corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: servingSecret},
		Type:       corev1.SecretTypeTLS,
		Data:       map[string][]byte{corev1.TLSCertKey: c.good.certificate, corev1.TLSPrivateKeyKey: c.good.key},
	}
}

// problems tells of files that can't be taken in.
func (c *certificateWatch) problems() []manifest.Problem {
	if c.problem == nil {
		return nil
	}
	file := c.files.Certificate
	var path *os.PathError
	if errors.As(c.problem, &path) {
		file = path.Path
	}
	// The problem's place says which file, and most faults what to do.
	message := strings.TrimPrefix(c.problem.Error(), file+": ")
	if path != nil {
		message = strings.Replace(message, path.Error(), path.Err.Error(), 1)
	}
	remedy := "until then the last good certificate is served"
	if !strings.Contains(message, "; ") {
		remedy = "mend the files; " + remedy
	}
	return []manifest.Problem{{Source: manifest.Source{File: file}, Message: message, Remedy: remedy}}
}

// httpsListener is the built-in Gateway's listener with TLS, open to every namespace.
func httpsListener(port uint16) gatewayv1.Listener {
	all := gatewayv1.NamespacesFromAll
	return gatewayv1.Listener{
		Name: "https", Port: gatewayv1.PortNumber(port), Protocol: gatewayv1.HTTPSProtocolType,
		AllowedRoutes: &gatewayv1.AllowedRoutes{Namespaces: &gatewayv1.RouteNamespaces{From: &all}},
		TLS:           &gatewayv1.ListenerTLSConfig{CertificateRefs: []gatewayv1.SecretObjectReference{{Name: servingSecret}}},
	}
}

// renewCertificate takes changed files in, and says whether there was anything new.
func (l *loop) renewCertificate(now time.Time) bool {
	if !l.certificate.look(now) {
		return false
	}
	l.troubled[problemPlace{serving: true}] = true
	if l.certificate.problem != nil {
		return true
	}
	l.logger.Info("serving certificate read", "file", l.certificate.files.Certificate)
	l.routing.set(builtIn, l.certificate.secret(l.driver.settings.Ingress.Gateway.Namespace))
	return true
}
