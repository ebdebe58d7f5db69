package v1alpha1

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Bounds of the lists of an AccessPolicy.
const (
	maxTargets   = 16
	maxSecrets   = 16
	maxSources   = 16
	maxProviders = 4
	maxAudiences = 8
	maxClaims    = 16
	maxClockSkew = 3600
)

// TargetKinds are the kinds that an AccessPolicy may target, as "group/Kind".
func TargetKinds() []string {
	return []string{"serving.kserve.io/InferenceService", gatewayv1.GroupName + "/HTTPRoute", gatewayv1.GroupName + "/GRPCRoute", gatewayv1.GroupName + "/Gateway"}
}

// Validate gives what keeps a policy from being enforced. Each error's detail gives the rule, then after a semicolon
// what to do. No error holds a key or a key set.
func (s *AccessPolicySpec) Validate() field.ErrorList {
	spec := field.NewPath("spec")
	errs := validateTargets(s.TargetRefs, spec.Child("targetRefs"))
	if s.APIKeyAuth == nil && s.JWT == nil {
		errs = append(errs, field.Required(spec, "the policy asks nothing of a caller; give apiKeyAuth or jwt"))
	}
	if s.APIKeyAuth != nil {
		errs = append(errs, s.APIKeyAuth.validate(spec.Child("apiKeyAuth"), s.JWT != nil)...)
	}
	if s.JWT != nil {
		errs = append(errs, s.JWT.validate(spec.Child("jwt"))...)
	}
	return errs
}

func validateTargets(refs []gatewayv1.LocalPolicyTargetReference, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	if len(refs) == 0 {
		errs = append(errs, field.Required(at, "the policy is about nothing; name an InferenceService, HTTPRoute, GRPCRoute or Gateway"))
	}
	errs = append(errs, atMost(at, len(refs), maxTargets)...)
	for i, ref := range refs {
		if kind := string(ref.Group) + "/" + string(ref.Kind); !slices.Contains(TargetKinds(), kind) {
			errs = append(errs, field.NotSupported(at.Index(i).Child("kind"), kind, TargetKinds()))
		}
		if ref.Name == "" {
			errs = append(errs, field.Required(at.Index(i).Child("name"), "the target has no name; give that of an object in the policy's namespace"))
		}
	}
	return errs
}

func (a *APIKeyAuth) validate(at *field.Path, besideJWT bool) field.ErrorList {
	var errs field.ErrorList
	refs := at.Child("secretRefs")
	if len(a.SecretRefs) == 0 {
		errs = append(errs, field.Required(refs, "there is no key; name a Secret with an entry for each caller"))
	}
	errs = append(errs, atMost(refs, len(a.SecretRefs), maxSecrets)...)
	for i, ref := range a.SecretRefs {
		if ref.Name == "" {
			errs = append(errs, field.Required(refs.Index(i).Child("name"), "the reference has no name; give that of a Secret in the policy's namespace"))
		}
	}
	errs = append(errs, atMost(at.Child("extractFrom"), len(a.ExtractFrom), maxSources)...)
	for i, from := range a.ExtractFrom {
		errs = append(errs, from.validate(at.Child("extractFrom").Index(i), besideJWT)...)
	}
	if a.ForwardClientIDHeader != "" {
		errs = append(errs, validateForwarded(a.ForwardClientIDHeader, at.Child("forwardClientIDHeader"))...)
	}
	return errs
}

func (e *ExtractFrom) validate(at *field.Path, besideJWT bool) field.ErrorList {
	var errs field.ErrorList
	if len(e.Headers)+len(e.Params)+len(e.Cookies) == 0 {
		errs = append(errs, field.Required(at, "no place is named; give headers, params or cookies"))
	}
	errs = append(errs, atMost(at, len(e.Headers)+len(e.Params)+len(e.Cookies), maxSources)...)
	for i, name := range e.Headers {
		errs = append(errs, validateHeader(name, at.Child("headers").Index(i))...)
		if besideJWT && strings.EqualFold(name, "authorization") {
			errs = append(errs, field.Invalid(at.Child("headers").Index(i), name, "the token of jwt stands there; name another header"))
		}
	}
	errs = append(errs, validateNames(e.Params, at.Child("params"))...)
	return append(errs, validateNames(e.Cookies, at.Child("cookies"))...)
}

func validateNames(names []string, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, name := range names {
		if !isToken(name) {
			errs = append(errs, field.Invalid(at.Index(i), name, "is not a name; use letters, digits, hyphens and underscores"))
		}
	}
	return errs
}

func (j *JWT) validate(at *field.Path) field.ErrorList {
	var errs field.ErrorList
	providers := at.Child("providers")
	if len(j.Providers) == 0 {
		errs = append(errs, field.Required(providers, "nobody's tokens are accepted; give a provider"))
	}
	errs = append(errs, atMost(providers, len(j.Providers), maxProviders)...)
	seen := map[string]bool{}
	for i := range j.Providers {
		p := &j.Providers[i]
		switch name := providers.Index(i).Child("name"); {
		case p.Name == "":
			errs = append(errs, field.Required(name, "the provider has no name; give it one"))
		case !isToken(p.Name):
			errs = append(errs, field.Invalid(name, p.Name, "is not a name; use letters, digits, hyphens and underscores"))
		case seen[p.Name]:
			errs = append(errs, field.Duplicate(name, p.Name))
		}
		seen[p.Name] = true
		errs = append(errs, p.validate(providers.Index(i))...)
	}
	return errs
}

func (p *JWTProvider) validate(at *field.Path) field.ErrorList {
	var errs field.ErrorList
	if hasControl(p.Issuer) {
		errs = append(errs, field.Invalid(at.Child("issuer"), p.Issuer, "has a control character; write the token's iss"))
	}
	errs = append(errs, atMost(at.Child("audiences"), len(p.Audiences), maxAudiences)...)
	for i, audience := range p.Audiences {
		if audience == "" || hasControl(audience) {
			errs = append(errs, field.Invalid(at.Child("audiences").Index(i), audience, "is no audience; write what the token's aud has"))
		}
	}
	switch {
	case (p.RemoteJWKS == nil) == (p.LocalJWKS == nil):
		errs = append(errs, field.Required(at, "a provider has exactly one key set; give either remoteJWKS or localJWKS"))
	case p.RemoteJWKS != nil:
		if _, err := ParseJWKSURI(p.RemoteJWKS.URI); err != nil {
			errs = append(errs, field.Invalid(at.Child("remoteJWKS", "uri"), p.RemoteJWKS.URI, err.Error()))
		}
	default:
		errs = append(errs, p.LocalJWKS.validate(at.Child("localJWKS"))...)
	}
	errs = append(errs, atMost(at.Child("claimToHeaders"), len(p.ClaimToHeaders), maxClaims)...)
	for i, c := range p.ClaimToHeaders {
		errs = append(errs, validateForwarded(c.Header, at.Child("claimToHeaders").Index(i).Child("header"))...)
		if c.Claim == "" || hasControl(c.Claim) {
			errs = append(errs, field.Invalid(at.Child("claimToHeaders").Index(i).Child("claim"), c.Claim, "is no claim; write its name"))
		}
	}
	if n := p.ClockSkewSeconds; n != nil && (*n < 0 || *n > maxClockSkew) {
		errs = append(errs, field.Invalid(at.Child("clockSkewSeconds"), *n, fmt.Sprintf("is not between 0 and %d; use the seconds that clocks may differ", maxClockSkew)))
	}
	return errs
}

func (l *LocalJWKS) validate(at *field.Path) field.ErrorList {
	if (l.Inline == "") == (l.ValueRef == nil) {
		return field.ErrorList{field.Required(at, "a local key set stands in exactly one place; give either inline or valueRef")}
	}
	if l.ValueRef == nil {
		return nil
	}
	var errs field.ErrorList
	if kinds := []string{"ConfigMap", "Secret"}; !slices.Contains(kinds, l.ValueRef.Kind) {
		errs = append(errs, field.NotSupported(at.Child("valueRef", "kind"), l.ValueRef.Kind, kinds))
	}
	if l.ValueRef.Name == "" {
		errs = append(errs, field.Required(at.Child("valueRef", "name"), "the reference has no name; give that of an object in the policy's namespace"))
	}
	return errs
}

// JWKSURI is where a remote key set is fetched.
type JWKSURI struct {
	// Host is a DNS name or an IP address without brackets.
	Host string
	Port uint16
	TLS  bool
	// URI is the whole as it was written.
	URI string
}

// ParseJWKSURI reads the URI of a remote key set. Without TLS anyone between could put keys of their own in its place,
// so that http is for loopback only.
func ParseJWKSURI(text string) (JWKSURI, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || hasControl(text) {
		return JWKSURI{}, fmt.Errorf("is not a URL of a key set; write https://HOST/PATH")
	}
	out := JWKSURI{Host: u.Hostname(), TLS: u.Scheme == "https", URI: text}
	switch u.Scheme {
	case "https":
		out.Port = 443
	case "http":
		address, err := netip.ParseAddr(out.Host)
		if out.Host != "localhost" && (err != nil || !address.IsLoopback()) {
			return JWKSURI{}, fmt.Errorf("would fetch keys without TLS from another machine; write https")
		}
		out.Port = 80
	default:
		return JWKSURI{}, fmt.Errorf("has scheme %q; write https", u.Scheme)
	}
	if !hostname.MatchString(out.Host) {
		return JWKSURI{}, fmt.Errorf("has no host that is a DNS name or an IP address; write https://HOST/PATH")
	}
	if u.Port() != "" {
		port, err := strconv.ParseUint(u.Port(), 10, 16)
		if err != nil || port == 0 {
			return JWKSURI{}, fmt.Errorf("has port %q; use one from 1 to 65535", u.Port())
		}
		out.Port = uint16(port)
	}
	return out, nil
}

var (
	hostname = regexp.MustCompile(`^[A-Za-z0-9.:-]{1,253}$`)
	token    = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)
)

func isToken(name string) bool { return token.MatchString(name) }

func hasControl(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f })
}

func validateHeader(name string, at *field.Path) field.ErrorList {
	if !isToken(name) {
		return field.ErrorList{field.Invalid(at, name, "is not the name of a header; use letters, digits and hyphens")}
	}
	if strings.Contains(name, "_") {
		return field.ErrorList{field.Invalid(at, name, "has an underscore, and the gateway drops clients' headers with one; use hyphens")}
	}
	return nil
}

// validateForwarded refuses headers by which a request is routed or framed: to write them would change what it is.
func validateForwarded(name string, at *field.Path) field.ErrorList {
	errs := validateHeader(name, at)
	lower := strings.ToLower(name)
	if slices.Contains([]string{"host", "content-length", "transfer-encoding", "connection", "authorization", "content-type", "te", "upgrade"}, lower) ||
		strings.HasPrefix(lower, "x-sluice-") || strings.HasPrefix(lower, "x-envoy-") || strings.HasPrefix(lower, "x-forwarded-") {
		errs = append(errs, field.Invalid(at, name, "is a header with a meaning of its own; use another, for example x-client-id"))
	}
	return errs
}

func atMost(at *field.Path, n, most int) field.ErrorList {
	if n <= most {
		return nil
	}
	return field.ErrorList{field.TooMany(at, n, most)}
}
