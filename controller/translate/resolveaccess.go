package translate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	sluicev1alpha1 "github.com/sluice-serving/sluice/api/sluice/v1alpha1"
	"github.com/sluice-serving/sluice/xds/ir"
)

// Bounds of what one policy may hold. They keep a configuration within what Envoy takes in one message.
const (
	maxCredentials = 1000
	maxKeyBytes    = 1024
	maxJWKSBytes   = 128 << 10
)

// defaultClockSkew is Envoy's.
const defaultClockSkew = 60

// resolve gives what a policy asks of a request, or why it can't be enforced. No problem holds a value of a Secret.
func (s *store) resolve(p *policy) (*ir.Access, *ir.TokenPolicy, *problem) {
	var wrong []problem
	for _, err := range p.spec.Validate() {
		wrong = append(wrong, invalidPolicy("%s: %s", err.Field, err.ErrorBody()))
	}
	if len(wrong) > 0 {
		return nil, nil, closed(wrong)
	}
	access := &ir.Access{Policy: p.object}
	var token *ir.TokenPolicy
	if auth := p.spec.APIKeyAuth; auth != nil {
		keys, problems := s.apiKeys(p.namespace, auth, p.spec.JWT != nil)
		access.APIKeys = keys
		wrong = append(wrong, problems...)
	}
	if p.spec.JWT != nil {
		made, problems := s.tokenPolicy(p)
		token, access.Token = made, made.Name
		wrong = append(wrong, problems...)
	}
	if len(wrong) > 0 {
		return nil, nil, closed(wrong)
	}
	return access, token, nil
}

func invalidPolicy(format string, args ...any) problem {
	return problem{reason: string(gatewayv1.PolicyReasonInvalid), message: fmt.Sprintf(format, args...)}
}

// closed makes one problem of those that keep a policy from being enforced.
func closed(wrong []problem) *problem {
	joined := joinProblems(wrong)
	joined.message = "nobody is let in: " + joined.message
	return joined
}

// apiKeys reads the keys of all Secrets that a policy names.
func (s *store) apiKeys(namespace string, auth *sluicev1alpha1.APIKeyAuth, besideJWT bool) (*ir.APIKeys, []problem) {
	out := &ir.APIKeys{Sources: keySources(auth.ExtractFrom, besideJWT), ClientHeader: strings.ToLower(auth.ForwardClientIDHeader)}
	var problems []problem
	holders := map[string]string{}
	clients := map[string]bool{}
	for i, ref := range auth.SecretRefs {
		name := types.NamespacedName{Namespace: namespace, Name: ref.Name}
		secret, present := s.secrets[name]
		if !present {
			problems = append(problems, invalidPolicy("spec.apiKeyAuth.secretRefs[%d]: Secret %s does not exist; add it with an entry for each caller", i, name))
			continue
		}
		if len(secret.Data) == 0 {
			problems = append(problems, invalidPolicy("spec.apiKeyAuth.secretRefs[%d]: Secret %s is empty; give it an entry for each caller", i, name))
		}
		for _, client := range slices.Sorted(maps.Keys(secret.Data)) {
			key := strings.TrimSpace(string(secret.Data[client]))
			entry := fmt.Sprintf("entry %q of Secret %s", client, name)
			switch wrong := checkKey(key); {
			case wrong != "":
				problems = append(problems, invalidPolicy("%s %s", entry, wrong))
			case holders[key] != "":
				problems = append(problems, invalidPolicy("%s has the same key as %s; give each caller its own", entry, holders[key]))
			case clients[client]:
				problems = append(problems, invalidPolicy("%s is a client that another Secret of the policy has too; give it another name", entry))
			default:
				out.Credentials = append(out.Credentials, ir.Credential{Client: client, Key: ir.Secret(key)})
			}
			holders[key], clients[client] = entry, true
		}
	}
	if len(out.Credentials) > maxCredentials {
		problems = append(problems, invalidPolicy("the policy has %d keys, and at most %d are served; split it by target", len(out.Credentials), maxCredentials))
	}
	slices.SortFunc(out.Credentials, func(a, b ir.Credential) int { return cmp.Compare(a.Client, b.Client) })
	return out, problems
}

// checkKey gives why a key could never be sent, or nothing.
func checkKey(key string) string {
	switch {
	case key == "":
		return "is empty; give it a key, for example of 32 random bytes in hexadecimal"
	case len(key) > maxKeyBytes:
		return fmt.Sprintf("is longer than %d bytes; give it a shorter key", maxKeyBytes)
	case !utf8.ValidString(key) || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return "has a character that no header can carry; use letters, digits and punctuation of ASCII"
	}
	return ""
}

// keySources are the places where a request may carry its key.
func keySources(from []sluicev1alpha1.ExtractFrom, besideJWT bool) []ir.KeySource {
	switch {
	case len(from) == 0 && besideJWT:
		return []ir.KeySource{{Header: "x-api-key"}}
	case len(from) == 0:
		return []ir.KeySource{{Header: "authorization"}, {Header: "x-api-key"}}
	}
	var out []ir.KeySource
	for _, f := range from {
		for _, name := range f.Headers {
			out = append(out, ir.KeySource{Header: strings.ToLower(name)})
		}
		for _, name := range f.Params {
			out = append(out, ir.KeySource{Query: name})
		}
		for _, name := range f.Cookies {
			out = append(out, ir.KeySource{Cookie: name})
		}
	}
	return out
}

// tokenPolicy reads a policy's providers.
func (s *store) tokenPolicy(p *policy) (*ir.TokenPolicy, []problem) {
	out := &ir.TokenPolicy{Name: p.namespace + "/" + p.object.Name, Object: p.object}
	var problems []problem
	for i := range p.spec.JWT.Providers {
		in := &p.spec.JWT.Providers[i]
		provider := ir.TokenProvider{
			Name: out.Name + "/" + in.Name, Issuer: in.Issuer, Audiences: in.Audiences, ClockSkewSeconds: defaultClockSkew,
		}
		if in.ClockSkewSeconds != nil {
			provider.ClockSkewSeconds = uint32(*in.ClockSkewSeconds) //nolint:gosec // validated
		}
		for _, c := range in.ClaimToHeaders {
			provider.Claims = append(provider.Claims, ir.ClaimHeader{Header: strings.ToLower(c.Header), Claim: c.Claim})
		}
		if err := s.keySet(p.namespace, in, &provider); err != nil {
			problems = append(problems, invalidPolicy("spec.jwt.providers[%d]: %v", i, err))
		}
		out.Providers = append(out.Providers, provider)
	}
	return out, problems
}

// keySet sets the provider's keys.
func (s *store) keySet(namespace string, in *sluicev1alpha1.JWTProvider, out *ir.TokenProvider) error {
	if in.RemoteJWKS != nil {
		at, err := sluicev1alpha1.ParseJWKSURI(in.RemoteJWKS.URI)
		out.Remote = &ir.RemoteJWKS{URI: at.URI, Host: at.Host, Port: at.Port, TLS: at.TLS}
		return err
	}
	text, from := in.LocalJWKS.Inline, "localJWKS.inline"
	if ref := in.LocalJWKS.ValueRef; ref != nil {
		var err error
		if text, from, err = s.referredKeySet(namespace, ref); err != nil {
			return err
		}
	}
	public, err := publicKeys(text)
	if err != nil {
		return fmt.Errorf("%s %w", from, err)
	}
	out.JWKS = public
	return nil
}

// referredKeySet reads an entry of a ConfigMap or Secret.
func (s *store) referredKeySet(namespace string, ref *sluicev1alpha1.JWKSReference) (text, from string, err error) {
	name := types.NamespacedName{Namespace: namespace, Name: ref.Name}
	entries := map[string]string{}
	present := false
	if ref.Kind == kindSecret {
		secret := s.secrets[name]
		if present = secret != nil; present {
			for key, value := range secret.Data {
				entries[key] = string(value)
			}
		}
	} else {
		config := s.configMaps[name]
		if present = config != nil; present {
			entries = config.Data
		}
	}
	if !present {
		return "", "", fmt.Errorf("%s %s does not exist; add it with the key set as entry \"jwks\"", ref.Kind, name)
	}
	key := cmp.Or(ref.Key, "jwks")
	if _, has := entries[key]; !has && ref.Key == "" && len(entries) == 1 {
		key = slices.Collect(maps.Keys(entries))[0]
	}
	text, has := entries[key]
	if !has {
		return "", "", fmt.Errorf("%s %s has no entry %q; add it, or name another by valueRef.key", ref.Kind, name, key)
	}
	return text, fmt.Sprintf("entry %q of %s %s", key, ref.Kind, name), nil
}
