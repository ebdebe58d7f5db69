package keypair_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/sluice-serving/sluice/api/keypair"
)

func encode(t *testing.T, key crypto.Signer, names ...string) (chain, private []byte) {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: names}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	inner, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: inner})
}

func TestParse(t *testing.T) {
	t.Parallel()
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	chain, key := encode(t, curve, "example.com")
	nameless, _ := encode(t, curve)
	weak, weakKey := encode(t, short, "example.com")
	for name, c := range map[string]struct {
		chain, key []byte
		want       string
	}{
		"a pair":         {chain, key, ""},
		"no certificate": {nil, key, "certificate is missing"},
		"no key":         {chain, nil, "key is missing"},
		"another's key":  {chain, weakKey, "no certificate with its own key"},
		"no name":        {nameless, key, "names nobody"},
		"a short key":    {weak, weakKey, "1024 bits"},
	} {
		leaf, err := keypair.Parse(c.chain, c.key)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) || err == nil && leaf == nil {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
