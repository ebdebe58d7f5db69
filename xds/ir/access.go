package ir

// Secret is a text that must not be read by anyone but Envoy. It prints as [redacted] wherever it is printed, JSON
// and logs included; only a conversion to string gives it away.
type Secret string

const redacted = "[redacted]"

// String gives [redacted].
func (Secret) String() string { return redacted }

// GoString gives [redacted], for %#v.
func (Secret) GoString() string { return redacted }

// MarshalText gives [redacted], which stands in JSON and YAML.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// UnmarshalText reads the text as it stands, for models that are written by hand.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = Secret(text)
	return nil
}

// Access is what a request has to show before a route takes it: an API key, a token, or both. It is checked before the
// route answers, redirects or forwards. At least one of the two is set.
type Access struct {
	APIKeys *APIKeys `json:"apiKeys,omitempty"`
	// Token is the [TokenPolicy.Name] of which a request needs a token. No such policy lets nobody in.
	Token string `json:"token,omitempty"`
	// Policy is the AccessPolicy that asks for it, or the InferenceService with the annotation.
	Policy Ref `json:"policy,omitzero"`
}

// APIKeys are the keys that open a route. The key is taken out of a request before it is forwarded.
type APIKeys struct {
	// Credentials are sorted by Client. No key stands twice.
	Credentials []Credential `json:"credentials"`
	// Sources are looked at in order; the first that has a value decides.
	Sources []KeySource `json:"sources"`
	// ClientHeader is the request header in which the backend is told the client, or empty.
	ClientHeader string `json:"clientHeader,omitempty"`
}

// Credential is one caller's key.
type Credential struct {
	Client string `json:"client"`
	Key    Secret `json:"key"`
}

// KeySource is a place of a request where a key may stand: exactly one of its fields is set. Of a header's value
// "Bearer " is left out.
type KeySource struct {
	Header string `json:"header,omitempty"`
	Query  string `json:"query,omitempty"`
	Cookie string `json:"cookie,omitempty"`
}

// TokenPolicy accepts the tokens of any of its providers.
type TokenPolicy struct {
	// Name is unique and stable: routes refer to it.
	Name string `json:"name"`
	// Object is what the policy came from.
	Object    Ref             `json:"object"`
	Providers []TokenProvider `json:"providers"`
}

// TokenProvider is an issuer of JSON Web Tokens, with exactly one of JWKS and Remote. Tokens stand in the header
// Authorization after "Bearer ", and are taken out of a request before it is forwarded.
type TokenProvider struct {
	// Name is unique among all policies' providers.
	Name string `json:"name"`
	// Issuer and Audiences are not looked at when empty.
	Issuer    string   `json:"issuer,omitempty"`
	Audiences []string `json:"audiences,omitempty"`
	// JWKS is a key set of public keys only (RFC 7517).
	JWKS   string      `json:"jwks,omitempty"`
	Remote *RemoteJWKS `json:"remote,omitempty"`
	// Claims are told the backend in headers; what a client sends by these names is removed.
	Claims []ClaimHeader `json:"claims,omitempty"`
	// ClockSkewSeconds is how far the clocks of issuer and gateway may differ.
	ClockSkewSeconds uint32 `json:"clockSkewSeconds"`
}

// RemoteJWKS is where Envoy fetches a key set.
type RemoteJWKS struct {
	URI  string `json:"uri"`
	Host string `json:"host"`
	Port uint16 `json:"port"`
	TLS  bool   `json:"tls,omitempty"`
}

// ClaimHeader copies a token's claim into a request header.
type ClaimHeader struct {
	Header string `json:"header"`
	Claim  string `json:"claim"`
}
