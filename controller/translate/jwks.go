package translate

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
)

// jwk is a key's public part (RFC 7517, RFC 7518 section 6, RFC 8037). Private members are not read, so that none goes on.
type jwk struct {
	Type      string `json:"kty"`
	Use       string `json:"use,omitempty"`
	Algorithm string `json:"alg,omitempty"`
	ID        string `json:"kid,omitempty"`
	N         string `json:"n,omitempty"`
	E         string `json:"e,omitempty"`
	Curve     string `json:"crv,omitempty"`
	X         string `json:"x,omitempty"`
	Y         string `json:"y,omitempty"`
}

// publicKeys gives the public part of a key set, or why it can't be used. No error quotes the key set.
func publicKeys(text string) (string, error) {
	if len(text) > maxJWKSBytes {
		return "", fmt.Errorf("is longer than %d bytes; leave out what is no signing key", maxJWKSBytes)
	}
	var set struct {
		Keys []jwk `json:"keys"`
	}
	if err := json.Unmarshal([]byte(text), &set); err != nil {
		return "", errors.New(`is not a JSON Web Key Set; write {"keys": [...]} (RFC 7517)`)
	}
	kept := struct {
		Keys []jwk `json:"keys"`
	}{Keys: []jwk{}}
	for i, key := range set.Keys {
		if key.Use != "" && key.Use != "sig" {
			continue // Identity providers list the keys by which they want to be written to as well.
		}
		if err := key.check(); err != nil {
			return "", fmt.Errorf("keys[%d] %w", i, err)
		}
		kept.Keys = append(kept.Keys, key)
	}
	if len(kept.Keys) == 0 {
		return "", errors.New("has no key that signs; add one, or leave out its member use")
	}
	public, err := json.Marshal(kept)
	return string(public), err
}

// check refuses a key that no token could be verified by.
func (k *jwk) check() error {
	switch k.Type {
	case "RSA":
		if n := number(k.N); n == nil || n.BitLen() < 2048 {
			return errors.New("is no RSA key of at least 2048 bits; make a new pair (RFC 7518, section 3.3)")
		}
		if e := number(k.E); e == nil || e.BitLen() > 32 || e.Sign() == 0 {
			return errors.New("has no exponent e; publish the whole public key")
		}
		return nil
	case "EC":
		size := map[string]int{"P-256": 32, "P-384": 48, "P-521": 66}[k.Curve]
		if size == 0 || decodedLength(k.X) != size || decodedLength(k.Y) != size {
			return errors.New("is no point of the curves P-256, P-384 or P-521; publish the whole public key")
		}
		return nil
	case "OKP":
		if k.Curve != "Ed25519" || decodedLength(k.X) != 32 {
			return errors.New("is no Ed25519 key; use that curve, RSA or EC")
		}
		return nil
	case "oct":
		return errors.New("is a shared secret (kty oct), by which whoever verifies can sign too; use an RSA, EC or Ed25519 pair")
	default:
		return errors.New("has a kty that is not served; use RSA, EC or OKP")
	}
}

func number(text string) *big.Int {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) == 0 {
		return nil
	}
	return new(big.Int).SetBytes(raw)
}

func decodedLength(text string) int {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return 0
	}
	return len(raw)
}
