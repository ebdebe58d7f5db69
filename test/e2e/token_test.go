package e2e

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// issuer signs tokens with an Ed25519 key and publishes its public half.
type issuer struct {
	t      *testing.T
	public ed25519.PublicKey
	key    ed25519.PrivateKey
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	public, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &issuer{t, public, key}
}

func (i *issuer) jwks() string {
	return fmt.Sprintf(`{"keys":[{"kty":"OKP","crv":"Ed25519","use":"sig","x":%q}]}`, base64.RawURLEncoding.EncodeToString(i.public))
}

// token is right for the audience until a time.
func (i *issuer) token(audience string, until time.Time) string {
	i.t.Helper()
	text, err := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.MapClaims{
		"iss": "https://issuer.example.com", "aud": audience, "sub": "alice", "exp": until.Unix(),
	}).SignedString(i.key)
	if err != nil {
		i.t.Fatal(err)
	}
	return text
}

func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

// tokenPolicy accepts tokens by a key set of the ConfigMap beside it, or by one that Envoy fetches.
func tokenPolicy(keys string) string {
	return `apiVersion: sluice.dev/v1alpha1
kind: AccessPolicy
metadata: {name: tokens}
spec:
  targetRefs: [{group: serving.kserve.io, kind: InferenceService, name: iris}]
  jwt:
    providers:
    - name: issuer
      issuer: https://issuer.example.com
      audiences: [models]
      ` + keys + "\n"
}

func keySetManifest(jwks string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: issuer}\ndata:\n  jwks: '" + jwks + "'\n"
}

// TestTokens asks by every way with tokens right and wrong, takes a new key of the issuer in, then fetches the keys.
func TestTokens(t *testing.T) {
	t.Parallel()
	dir, first, second := guardedQuickstart(t), newIssuer(t), newIssuer(t)
	edit(t, filepath.Join(dir, "iris.yaml"), "  annotations: {sluice.dev/api-key-secret: iris-keys}\n", "")
	write(t, filepath.Join(dir, "policy.yaml"), tokenPolicy("localJWKS: {valueRef: {kind: ConfigMap, name: issuer}}"))
	write(t, filepath.Join(dir, "issuer.yaml"), keySetManifest(first.jwks()))
	s := start(t, dir)
	s.waitReady()
	kept := s.keepAsking("sentiment")
	soon := time.Now().Add(time.Hour)
	good := first.token("models", soon)
	for _, w := range waysTo("iris") {
		for why, header := range map[string]http.Header{
			"no token": nil, "an expired one": bearer(first.token("models", time.Now().Add(-time.Hour))), "another audience": bearer(first.token("others", soon)),
			"another key": bearer(second.token("models", soon)), "an API key": keyHeader(aliceKey),
		} {
			if got := s.try(w, header); got.status != http.StatusUnauthorized && got.status != http.StatusForbidden {
				t.Errorf("%s with %s: %d %s", w.name, why, got.status, got.body)
			}
		}
		if got := s.try(w, bearer(good)); got.status != http.StatusOK {
			t.Errorf("%s with the token: %d %s", w.name, got.status, got.body)
		}
	}
	for token, want := range map[string]codes.Code{"": codes.Unauthenticated, good: codes.OK} {
		if err := s.grpcReady("iris-default.localhost", "iris", metadata.Pairs("authorization", "Bearer "+token)); status.Code(err) != want {
			t.Errorf("gRPC with the token %q: %v, want %v", token, err, want)
		}
	}

	byHost := waysTo("iris")[0]
	write(t, filepath.Join(dir, "issuer.yaml"), keySetManifest(second.jwks()))
	s.waitTry(byHost, bearer(second.token("models", soon)), http.StatusOK)
	s.waitTry(byHost, bearer(good), http.StatusUnauthorized)

	var fetches atomic.Int32
	remote := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fetches.Add(1)
		_, _ = w.Write([]byte(first.jwks()))
	}))
	defer remote.Close()
	write(t, filepath.Join(dir, "policy.yaml"), tokenPolicy("remoteJWKS: {uri: "+remote.URL+"/jwks}"))
	s.waitTry(byHost, bearer(good), http.StatusOK)
	if got := s.try(byHost, nil); got.status != http.StatusUnauthorized || fetches.Load() == 0 {
		t.Errorf("with fetched keys and no token: %d %s, fetched %d times", got.status, got.body, fetches.Load())
	}
	if failed := kept(); failed != "" {
		t.Error(failed)
	}
}

// TestSampleOfAccess serves the sample beside the quickstart.
func TestSampleOfAccess(t *testing.T) {
	t.Parallel()
	s := start(t, quickstart(t), filepath.Join(repository(t), "config", "samples", "access"))
	s.waitReady()
	byPath := way{name: "the sample's command", host: "localhost", path: "/v2/models/iris"}
	if got := s.try(byPath, nil); got.status != http.StatusUnauthorized {
		t.Errorf("without a key: %d %s", got.status, got.body)
	}
	if got := s.try(byPath, keyHeader("a-key-only-for-trying")); got.status != http.StatusOK {
		t.Errorf("with the key: %d %s", got.status, got.body)
	}
}

// TestSampleOfTokens serves the sample beside the quickstart: without a token, with one, and with one for another audience.
func TestSampleOfTokens(t *testing.T) {
	t.Parallel()
	sample := filepath.Join(repository(t), "config", "samples", "access-jwt")
	s := start(t, quickstart(t), sample)
	s.waitReady()
	digits := way{name: "the sample's command", host: "localhost", path: "/v2/models/digits"}
	if got := s.try(digits, nil); got.status != http.StatusUnauthorized {
		t.Errorf("without a token: %d %s", got.status, got.body)
	}
	for file, want := range map[string]int{"token.txt": http.StatusOK, "wrong-audience.txt": http.StatusForbidden} {
		token, err := os.ReadFile(filepath.Join(sample, file))
		if err != nil {
			t.Fatal(err)
		}
		if got := s.try(digits, http.Header{"Authorization": {"Bearer " + strings.TrimSpace(string(token))}}); got.status != want {
			t.Errorf("%s: %d %s", file, got.status, got.body)
		}
	}
}
