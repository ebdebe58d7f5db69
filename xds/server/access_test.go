package server_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/sluice-serving/sluice/xds/ir"
)

const rightKey, otherKey = "key-of-alice-4711", "key-of-bob-0815"

// keys open a route by two clients' keys.
func keys() *ir.Access {
	return &ir.Access{APIKeys: &ir.APIKeys{
		Credentials:  []ir.Credential{{Client: "alice", Key: rightKey}, {Client: "bob", Key: otherKey}},
		Sources:      []ir.KeySource{{Header: "authorization"}, {Header: "x-api-key"}, {Query: "key"}, {Cookie: "key"}},
		ClientHeader: "x-client-id",
	}}
}

// guarded gives a host all of whose requests need access.
func guarded(name string, access *ir.Access, to ir.Backend) ir.Host {
	h := host(name, all(to))
	h.Routes[0].Access = access
	return h
}

// hostsOfEachKind are spellings that lead to guarded hosts: exact, by wildcard, by no name at all.
func hostsOfEachKind() []string {
	return []string{"iris.example.com", "iris.example.com:8080", "IRIS.Example.COM", "a.wild.example.com", "A.WILD.example.com:80", "nobody.example.org", "iris.example.com.", "NOBODY"}
}

func guardedHosts(access *ir.Access, to ir.Backend) []ir.Host {
	return []ir.Host{
		guarded("*", access, to), guarded("*.wild.example.com", access, to), guarded("iris.example.com", access, to),
		host("open.example.com", all(to)),
	}
}

func TestAPIKeysOpenEachKindOfHost(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	backend := echo(t, "backend")
	d.publish(guardedHosts(keys(), backend), []ir.Backend{backend})
	for _, name := range hostsOfEachKind() {
		for _, header := range []http.Header{nil, {"X-Api-Key": {"wrong"}}, {"Authorization": {"Bearer wrong"}}, {"Authorization": {"Basic " + rightKey}}, {"X-Api-Key": {""}}} {
			got := d.send(request{host: name, path: "/v1/models", header: header})
			if got.status != http.StatusUnauthorized {
				t.Errorf("%s with %v: %d %s, want 401", name, header, got.status, got.body)
				continue
			}
			checkRefusal(t, got)
		}
		for _, r := range []request{
			{header: http.Header{"X-Api-Key": {rightKey}, "X-Client-Id": {"mallory"}}},
			{header: http.Header{"Authorization": {"Bearer " + rightKey}}},
			{path: "/v1/models?key=" + rightKey},
			{header: http.Header{"Cookie": {"key=" + rightKey}}},
		} {
			r.host = name
			if r.path == "" {
				r.path = "/v1/models"
			}
			got := d.send(r)
			if got.status != http.StatusOK {
				t.Errorf("%s with the key: %d %s", name, got.status, got.body)
				continue
			}
			if strings.Contains(got.body, rightKey) {
				t.Errorf("%s: the backend was told the key: %s", name, got.body)
			}
			if client := got.echoed(t).Header["X-Client-Id"]; len(client) != 1 || client[0] != "alice" {
				t.Errorf("%s: the backend was told the client %q", name, client)
			}
		}
	}
	if got := d.get("open.example.com", "/"); got.status != http.StatusOK {
		t.Errorf("a host without access: %d %s", got.status, got.body)
	}
	for _, text := range []string{
		"GET http://iris.example.com/ HTTP/1.1\r\nHost: open.example.com\r\nConnection: close\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: iris.example.com\r\nx-sluice-scope: " + listenerName + "|open.example.com\r\nConnection: close\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: iris.example.com\r\nx-sluice-scope: a\r\nX-Sluice-Scope: " + listenerName + "|open.example.com\r\nConnection: close\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: iris.example.com\r\nx-sluice-scope: " + listenerName + "|open.example.com\r\nx-sluice-scope: a\r\nConnection: close\r\n\r\n",
		"GET / HTTP/1.0\r\n\r\n",
	} {
		if response := d.sendRaw(d.port, text); response.StatusCode < 400 {
			t.Errorf("%q: %d", text, response.StatusCode)
		}
	}
}

// TestNoSpellingOfAPathGoesAroundAGuard asks for a guarded path below an open one by every spelling that a backend may
// read as it.
func TestNoSpellingOfAPathGoesAroundAGuard(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	backend := echo(t, "backend")
	private := route("private", ir.PathPrefix, "/private", all(backend))
	private.Access = keys()
	open := route("open", ir.PathPrefix, "/", all(backend))
	d.publish([]ir.Host{{Listener: listenerName, Name: "iris.example.com", Routes: []ir.Route{private, open}}}, []ir.Backend{backend})
	for _, path := range []string{
		"/private/a", "//private/a", "///private//a", "/.//private/a", "/x/..//private/a", "/x/../private/a", `/\private/a`, `/x\..\private/a`,
		"/%70rivate/a", "/%2e/private/a", "/x/%2E%2e/private/a",
	} {
		if response := d.sendRaw(d.port, "GET "+path+" HTTP/1.1\r\nHost: iris.example.com\r\nConnection: close\r\n\r\n"); response.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %d, want 401", path, response.StatusCode)
		}
	}
	for _, path := range []string{"/private%2Fa", "/private%2fa", "/%2Fprivate/a", "/x%2f..%2fprivate/a", "/x/..%5Cprivate/a", "/%5cprivate/a"} {
		got := d.get("iris.example.com", path)
		var e struct{ Error string }
		if err := json.Unmarshal([]byte(got.body), &e); err != nil || got.status != http.StatusBadRequest || !strings.Contains(e.Error, "(%2F, %5C)") {
			t.Errorf("%s: %d %s, want 400 and why", path, got.status, got.body)
		}
	}
	for _, path := range []string{
		"/", "/v2/models/iris/infer", "/v1/models/iris:predict", "/v1/models/iris%3Apredict", "/v2/models/a%20b/versions/1", "/a?next=%2Fprivate%2Fa&url=http://x//y", "/a/",
	} {
		if got := d.get("iris.example.com", path); got.status != http.StatusOK || got.echoed(t).Path != path {
			t.Errorf("%s: %d %s, want it as it was sent", path, got.status, got.body)
		}
	}
}

// TestNoUnderscoreSpoofsAnIdentity sends a client's own word of who it is in spellings that a backend may take for Envoy's.
func TestNoUnderscoreSpoofsAnIdentity(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	backend := echo(t, "backend")
	d.publish([]ir.Host{guarded("iris.example.com", keys(), backend)}, []ir.Backend{backend})
	got := d.send(request{host: "iris.example.com", path: "/", header: http.Header{
		"X-Api-Key": {rightKey}, "x_client_id": {"root"}, "x-client_id": {"root"}, "X_Client-Id": {"root"}, "X-Other": {"kept"},
	}})
	if got.status != http.StatusOK || strings.Contains(got.body, "root") {
		t.Errorf("%d %s: the backend was told what the client says of itself", got.status, got.body)
	}
	if header := got.echoed(t).Header; header.Get("X-Client-Id") != "alice" || header.Get("X-Other") != "kept" {
		t.Errorf("the backend was told %v", header)
	}
}

// checkRefusal wants the protocol's shape and a challenge (RFC 9110, section 11.6.1), and no word of the key.
func checkRefusal(t *testing.T, got answer) {
	t.Helper()
	var e struct{ Error string }
	if err := json.Unmarshal([]byte(got.body), &e); err != nil || e.Error == "" || got.header.Get("Content-Type") != "application/json" {
		t.Errorf("401 with %q (%s)", got.body, got.header.Get("Content-Type"))
	}
	if challenge := got.header.Get("Www-Authenticate"); !strings.HasPrefix(challenge, "Bearer") {
		t.Errorf("401 with the challenge %q", challenge)
	}
	t.Log(got.body, got.header.Get("Www-Authenticate"))
}

// issuer signs tokens with a key of its own.
type issuer struct {
	t   *testing.T
	key *rsa.PrivateKey
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return &issuer{t, key}
}

// jwks is the public part.
func (i *issuer) jwks() string {
	encode := base64.RawURLEncoding.EncodeToString
	text, err := json.Marshal(map[string]any{"keys": []map[string]string{{
		"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "one",
		"n": encode(i.key.N.Bytes()), "e": encode(big.NewInt(int64(i.key.E)).Bytes()),
	}}})
	if err != nil {
		i.t.Fatal(err)
	}
	return string(text)
}

// claims are right, with one changed.
func claims(name string, value any) jwt.MapClaims {
	all := jwt.MapClaims{"iss": "https://issuer.example.com", "aud": "models", "sub": "alice", "exp": time.Now().Add(time.Hour).Unix()}
	if name != "" {
		all[name] = value
	}
	return all
}

func (i *issuer) sign(c jwt.MapClaims) string {
	i.t.Helper()
	unsigned := jwt.NewWithClaims(jwt.SigningMethodRS256, c)
	unsigned.Header["kid"] = "one"
	text, err := unsigned.SignedString(i.key)
	if err != nil {
		i.t.Fatal(err)
	}
	return text
}

func (i *issuer) policy(name string) ir.TokenPolicy {
	return ir.TokenPolicy{
		Name: name, Object: ir.Ref{Kind: "AccessPolicy", Namespace: "default", Name: "tokens"},
		Providers: []ir.TokenProvider{{
			Name: name + "/issuer", Issuer: "https://issuer.example.com", Audiences: []string{"models"}, JWKS: i.jwks(),
			Claims: []ir.ClaimHeader{{Header: "x-subject", Claim: "sub"}}, ClockSkewSeconds: 60,
		}},
	}
}

func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

func TestTokensOpenEachKindOfHost(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	backend, from, other := echo(t, "backend"), newIssuer(t), newIssuer(t)
	d.publishConfig(ir.Config{
		Listeners: []ir.Listener{d.listener()}, Backends: []ir.Backend{backend},
		Hosts:  guardedHosts(&ir.Access{Token: "default/tokens"}, backend),
		Tokens: []ir.TokenPolicy{from.policy("default/tokens")},
	})
	none, err := jwt.NewWithClaims(jwt.SigningMethodNone, claims("", nil)).SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	// The public key taken for a shared secret: the oldest trick with tokens.
	confused, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims("", nil)).SignedString([]byte(from.jwks()))
	if err != nil {
		t.Fatal(err)
	}
	bad := map[string]string{
		"expired":          from.sign(claims("exp", time.Now().Add(-time.Hour).Unix())),
		"not yet":          from.sign(claims("nbf", time.Now().Add(time.Hour).Unix())),
		"another audience": from.sign(claims("aud", "others")),
		"another issuer":   from.sign(claims("iss", "https://other.example.com")),
		"another key":      other.sign(claims("", nil)),
		"alg none":         none, "alg HS256": confused, "no token": "no.token.atall",
	}
	for _, name := range hostsOfEachKind() {
		got := d.send(request{host: name, path: "/"})
		if got.status != http.StatusUnauthorized {
			t.Errorf("%s without a token: %d %s", name, got.status, got.body)
		} else {
			checkRefusal(t, got)
		}
		for why, token := range bad {
			got := d.send(request{host: name, path: "/", header: bearer(token)})
			if got.status != http.StatusUnauthorized && got.status != http.StatusForbidden {
				t.Errorf("%s with a token of %s: %d %s", name, why, got.status, got.body)
			}
			t.Log(why, got.status, got.body)
		}
		good := from.sign(claims("", nil))
		header := bearer(good)
		header.Set("X-Subject", "mallory")
		got = d.send(request{host: name, path: "/", header: header})
		if got.status != http.StatusOK {
			t.Errorf("%s with the token: %d %s", name, got.status, got.body)
			continue
		}
		if strings.Contains(got.body, good) {
			t.Errorf("%s: the backend was told the token: %s", name, got.body)
		}
		if subject := got.echoed(t).Header["X-Subject"]; len(subject) != 1 || subject[0] != "alice" {
			t.Errorf("%s: the backend was told the subject %q", name, subject)
		}
		if got := d.send(request{host: name, path: "/?access_token=" + good}); got.status != http.StatusUnauthorized {
			t.Errorf("%s with the token in the query: %d", name, got.status)
		}
	}
	if got := d.get("open.example.com", "/"); got.status != http.StatusOK {
		t.Errorf("a host without access: %d %s", got.status, got.body)
	}
}
