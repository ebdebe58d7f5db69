// Package keypair reads a certificate and its private key as a gateway is given them.
package keypair

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
)

// Parse gives the certificate of a chain and its key, both in PEM, or why they can't serve: that is also what Envoy,
// besides Go, refuses. No error quotes the key. Whether the certificate is valid today is the caller's to ask.
func Parse(chain, key []byte) (*x509.Certificate, error) {
	if len(chain) == 0 {
		return nil, errors.New("the certificate is missing")
	}
	if len(key) == 0 {
		return nil, errors.New("the certificate's key is missing")
	}
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, fmt.Errorf("they are no certificate with its own key in PEM: %w", err)
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return nil, fmt.Errorf("the certificate can't be read: %w", err)
	}
	if public, ok := leaf.PublicKey.(*rsa.PublicKey); ok && public.N.BitLen() < 2048 {
		return nil, fmt.Errorf("the certificate's RSA key has %d bits; make one of 2048 or more, or an ECDSA key", public.N.BitLen())
	}
	if leaf.Subject.CommonName == "" && len(leaf.DNSNames)+len(leaf.IPAddresses)+len(leaf.URIs)+len(leaf.EmailAddresses) == 0 {
		return nil, errors.New("the certificate names nobody; make one with the hosts that it is for as subject alternative names")
	}
	return leaf, nil
}
