package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// KindAccessPolicy is the kind that says who may call.
const KindAccessPolicy = "AccessPolicy"

// AnnotationAPIKeySecret on an InferenceService names the Secret of its namespace whose values are the API keys that
// open the service: an AccessPolicy in one line, with the defaults of [APIKeyAuth].
const AnnotationAPIKeySecret = "sluice.dev/api-key-secret"

// AccessPolicy says who may call what it targets: a caller has to show an API key or a JSON Web Token. Envoy enforces it.
//
// It is a direct policy of the Gateway API (GEP-713, GEP-2648): its targets are in its own namespace, of two policies for
// one target the older stands (of equal age the first by name), and the more specific target stands: a Gateway's policy
// holds where no other does, an HTTPRoute's or GRPCRoute's for that route, and an InferenceService's wherever a request
// would reach one of its replicas, by whichever route. A policy that can't be enforced closes its targets (503).
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
type AccessPolicy struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   AccessPolicySpec       `json:"spec"`
	Status gatewayv1.PolicyStatus `json:"status,omitempty"`
}

// AccessPolicyList is a list of AccessPolicies.
//
// +kubebuilder:object:root=true
type AccessPolicyList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []AccessPolicy `json:"items"`
}

// AccessPolicySpec names the targets and what callers have to show. With both APIKeyAuth and JWT a request needs both.
type AccessPolicySpec struct {
	// TargetRefs are InferenceServices (group serving.kserve.io), HTTPRoutes, GRPCRoutes or Gateways (group
	// gateway.networking.k8s.io) of the policy's namespace.
	//
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	TargetRefs []gatewayv1.LocalPolicyTargetReference `json:"targetRefs"`
	// APIKeyAuth lets in who shows one of a list of keys.
	APIKeyAuth *APIKeyAuth `json:"apiKeyAuth,omitempty"`
	// JWT lets in who shows a token that one of the providers has signed.
	JWT *JWT `json:"jwt,omitempty"`
}

// APIKeyAuth is authentication by a key. The key never reaches the backend.
type APIKeyAuth struct {
	// SecretRefs are Secrets of the policy's namespace. Each entry of a Secret's data is one caller: its name is the
	// client id, its value the key. White space around a key is no part of it.
	//
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	SecretRefs []LocalSecretReference `json:"secretRefs"`
	// ExtractFrom says where a request carries its key; the first place that has a value decides. Without it that is the
	// header Authorization, after "Bearer ", then the header x-api-key; beside JWT, which reads Authorization itself, it
	// is x-api-key alone.
	//
	// +kubebuilder:validation:MaxItems=16
	ExtractFrom []ExtractFrom `json:"extractFrom,omitempty"`
	// ForwardClientIDHeader is the request header in which the backend is told the client id.
	ForwardClientIDHeader string `json:"forwardClientIDHeader,omitempty"`
}

// LocalSecretReference names a Secret of the same namespace.
type LocalSecretReference struct {
	Name string `json:"name"`
}

// ExtractFrom is places of a request: each list holds names of headers, query parameters or cookies.
type ExtractFrom struct {
	Headers []string `json:"headers,omitempty"`
	Params  []string `json:"params,omitempty"`
	Cookies []string `json:"cookies,omitempty"`
}

// JWT is authentication by a JSON Web Token (RFC 7519) as a bearer token (RFC 6750). The token never reaches the backend.
type JWT struct {
	// Providers are those whose tokens are accepted: a request needs the token of one of them.
	//
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=4
	Providers []JWTProvider `json:"providers"`
}

// JWTProvider is one issuer of tokens with its public keys: exactly one of RemoteJWKS and LocalJWKS.
type JWTProvider struct {
	// Name is unique in the policy.
	Name string `json:"name"`
	// Issuer is what the claim iss has to be. Without one, iss is not looked at.
	Issuer string `json:"issuer,omitempty"`
	// Audiences are those of which the claim aud has to have one. Without them, aud is not looked at.
	//
	// +kubebuilder:validation:MaxItems=8
	Audiences  []string    `json:"audiences,omitempty"`
	RemoteJWKS *RemoteJWKS `json:"remoteJWKS,omitempty"`
	LocalJWKS  *LocalJWKS  `json:"localJWKS,omitempty"`
	// ClaimToHeaders tells the backend claims of a token that was accepted. What a client sends by these names is removed.
	//
	// +kubebuilder:validation:MaxItems=16
	ClaimToHeaders []ClaimToHeader `json:"claimToHeaders,omitempty"`
	// ClockSkewSeconds is how far the clocks of issuer and gateway may differ; 60 without it.
	//
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=3600
	ClockSkewSeconds *int32 `json:"clockSkewSeconds,omitempty"`
}

// RemoteJWKS is a key set that Envoy fetches, and fetches again every five minutes.
type RemoteJWKS struct {
	// URI is an https URL, or an http URL of a loopback address.
	URI string `json:"uri"`
}

// LocalJWKS is a key set (RFC 7517) at hand: exactly one of Inline and ValueRef.
type LocalJWKS struct {
	Inline string `json:"inline,omitempty"`
	// ValueRef names the ConfigMap or Secret that has the key set.
	ValueRef *JWKSReference `json:"valueRef,omitempty"`
}

// JWKSReference names an entry of a ConfigMap or Secret of the policy's namespace.
type JWKSReference struct {
	// Kind is ConfigMap or Secret.
	//
	// +kubebuilder:validation:Enum=ConfigMap;Secret
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Key is the entry's name; without it "jwks", or the only entry there is.
	Key string `json:"key,omitempty"`
}

// ClaimToHeader copies a claim into a request header.
type ClaimToHeader struct {
	// Header is the request header's name.
	Header string `json:"header"`
	// Claim is the claim's name; a dot leads into an object.
	Claim string `json:"claim"`
}
