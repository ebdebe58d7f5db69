// Package ir is the intermediate model between Gateway API objects and Envoy: plain values that say
// what the data plane shall do, with no type of Envoy's and none of Kubernetes' in them.
//
// The model is cut where changes are cut. A [Host] is one hostname on one listener and carries its own
// routes; a [Backend] is one destination and carries its own endpoints. Hosts name backends, never hold
// them, so that a change to one service's endpoints or routes leaves every other value as it was.
//
// Every value is complete: defaults have been resolved by the stage that made it, and a zero means zero.
package ir

// Config is all that one Envoy is to serve. Its slices are sorted by their key (Listener.Name;
// Host.Listener, Host.Name; Backend.Name; TokenPolicy.Name; Certificate.Name), and no key stands twice.
type Config struct {
	Listeners []Listener    `json:"listeners,omitempty"`
	Hosts     []Host        `json:"hosts,omitempty"`
	Backends  []Backend     `json:"backends,omitempty"`
	Tokens    []TokenPolicy `json:"tokens,omitempty"`
	// Certificates are those that listeners name.
	Certificates []Certificate `json:"certificates,omitempty"`
}

// Ref names the user's object that a value was made from. A rejection by Envoy is reported on it.
type Ref struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

// String gives "Kind namespace/name", or "Kind name" for an object without a namespace.
func (r Ref) String() string {
	if r.Namespace == "" {
		return r.Kind + " " + r.Name
	}
	return r.Kind + " " + r.Namespace + "/" + r.Name
}

// Listener is one address and port on which Envoy accepts HTTP/1.1 and HTTP/2.
type Listener struct {
	// Name is unique among listeners and stable: routes are scoped by it.
	Name string `json:"name"`
	// Address is the IP address to bind, for example 127.0.0.1 or 0.0.0.0.
	Address string `json:"address"`
	// Port is the TCP port, 1 to 65535.
	Port uint16 `json:"port"`
	// Object is the Gateway that asked for the listener.
	Object Ref `json:"object"`
	// TLS is how connections are served by the name that they are opened for; without it they are in clear text.
	TLS []Chain `json:"tls,omitempty"`
}

// Host is one hostname on one listener with its routes.
type Host struct {
	// Listener is the [Listener.Name], or with TLS the [Chain.Scope], that the host belongs to.
	Listener string `json:"listener"`
	// Name is an exact lower-case hostname without port, a wildcard "*.suffix", or "*" for every other host.
	Name string `json:"name"`
	// Model is set where these are not all requests for the host, but those that name this model in their path
	// (/v1/models/NAME or /v2/models/NAME and what follows) and that the host answers by a route with ByModel.
	Model string `json:"model,omitempty"`
	// Routes are tried in order; the first match wins. A request that matches none is answered 404.
	Routes []Route `json:"routes,omitempty"`
}

// Route sends the requests that match to exactly one of Forward, Redirect and Respond.
type Route struct {
	// Name is unique within the host; it is what access logs and statistics show.
	Name string `json:"name"`
	// Object is the HTTPRoute or GRPCRoute that the rule came from.
	Object Ref   `json:"object"`
	Match  Match `json:"match"`
	// Access is what a caller has to show; nil lets everyone in.
	Access *Access `json:"access,omitempty"`
	// Closed is the policy in whose place Respond answers, since it can't be enforced.
	Closed *Ref `json:"closed,omitempty"`
	// ByModel says that this route is what is left where the path names no model that the host has routes for.
	ByModel bool `json:"byModel,omitempty"`

	Forward  *Forward  `json:"forward,omitempty"`
	Redirect *Redirect `json:"redirect,omitempty"`
	Respond  *Respond  `json:"respond,omitempty"`

	// RequestHeaders applies before the request is forwarded, ResponseHeaders before the response is sent.
	RequestHeaders  *HeaderChange `json:"requestHeaders,omitempty"`
	ResponseHeaders *HeaderChange `json:"responseHeaders,omitempty"`
}

// Match is a conjunction: a request matches when path, method, headers and query parameters all do.
type Match struct {
	Path Path `json:"path"`
	// Method is an HTTP method in upper case, or empty for any.
	Method  string       `json:"method,omitempty"`
	Headers []ValueMatch `json:"headers,omitempty"`
	Query   []ValueMatch `json:"query,omitempty"`
}

// PathKind says how [Path.Value] is compared.
type PathKind string

const (
	// PathExact compares the whole path, without the query.
	PathExact PathKind = "Exact"
	// PathPrefix compares whole path elements: "/a" matches "/a" and "/a/b", not "/ab". "/" matches all.
	PathPrefix PathKind = "Prefix"
	// PathRegex is an RE2 expression over the whole path, anchored at both ends, within [MaxRegexProgram].
	PathRegex PathKind = "Regex"
)

// MaxRegexProgram bounds the instructions that RE2 may make of one expression: Envoy is told to refuse a larger one.
const MaxRegexProgram = 10_000

// Path is a condition on the request's path.
type Path struct {
	Kind  PathKind `json:"kind"`
	Value string   `json:"value"`
}

// ValueMatch is a condition on one header (name in lower case) or one query parameter.
type ValueMatch struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	// Regex makes Value an RE2 expression over the whole value; otherwise it is compared exactly.
	Regex bool `json:"regex,omitempty"`
}

// Forward sends a request to one of several backends, chosen by weight.
type Forward struct {
	// Backends holds at least one destination with a weight above zero.
	Backends []Weighted `json:"backends"`
	// Timeout bounds the whole request in milliseconds, retries included; 0 is no bound.
	TimeoutMS int64 `json:"timeoutMs,omitempty"`
	// Rewrite changes host and path on the way to the backend.
	Rewrite *Rewrite `json:"rewrite,omitempty"`
	// Mirrors get a copy of the request; their answers are dropped.
	Mirrors []Mirror `json:"mirrors,omitempty"`
	// Retry is nil when no answer is tried again. Whatever it says, a request of which an endpoint has seen nothing
	// (no connection, or one that ended before the first byte was taken) goes to another endpoint, twice at most.
	Retry *Retry `json:"retry,omitempty"`
}

// Unresolved stands in [Weighted.Backend] for a reference that leads nowhere (no such Service, no such port,
// not permitted): that share of the requests is answered 500, as the Gateway API wants it, and the other
// shares go on. No [Backend] has this name.
const Unresolved = "unresolved"

// Weighted is one share of a [Forward]: Weight out of the sum of all weights.
type Weighted struct {
	// Backend is a [Backend.Name], or [Unresolved].
	Backend string `json:"backend"`
	Weight  uint32 `json:"weight"`
	// RequestHeaders and ResponseHeaders apply after the route's own, for this backend only.
	RequestHeaders  *HeaderChange `json:"requestHeaders,omitempty"`
	ResponseHeaders *HeaderChange `json:"responseHeaders,omitempty"`
}

// Mirror copies Numerator/Denominator of the requests to a backend.
type Mirror struct {
	Backend     string `json:"backend"`
	Numerator   uint32 `json:"numerator"`
	Denominator uint32 `json:"denominator"`
}

// Retry tries a request again on another endpoint of the same backend.
type Retry struct {
	// Attempts is the number of tries after the first.
	Attempts uint32 `json:"attempts"`
	// StatusCodes are the upstream answers that are tried again. A failure to connect, a reset before the answer
	// and a single try's timeout always are.
	StatusCodes []uint32 `json:"statusCodes,omitempty"`
	// BackoffMS is the first wait between tries in milliseconds; 0 takes Envoy's.
	BackoffMS int64 `json:"backoffMs,omitempty"`
	// TryTimeoutMS bounds each single try in milliseconds; 0 leaves only [Forward.TimeoutMS].
	TryTimeoutMS int64 `json:"tryTimeoutMs,omitempty"`
}

// Rewrite changes a request's host or path. Empty fields change nothing; at most one of Path and Prefix is set.
type Rewrite struct {
	Host string `json:"host,omitempty"`
	// Path replaces the whole path.
	Path string `json:"path,omitempty"`
	// Prefix replaces the prefix that a [PathPrefix] match matched.
	Prefix string `json:"prefix,omitempty"`
}

// Redirect answers with a Location header. Empty fields keep the request's value.
type Redirect struct {
	Status uint32 `json:"status"`
	Scheme string `json:"scheme,omitempty"`
	Host   string `json:"host,omitempty"`
	Port   uint32 `json:"port,omitempty"`
	Path   string `json:"path,omitempty"`
	Prefix string `json:"prefix,omitempty"`
}

// Respond answers a request in Envoy itself.
type Respond struct {
	Status uint32 `json:"status"`
	// ContentType is the media type of Body, for example application/json.
	ContentType string `json:"contentType,omitempty"`
	Body        string `json:"body,omitempty"`
}

// HeaderChange edits headers: Remove first, then Set (replacing), then Add (appending). Names are in lower case.
type HeaderChange struct {
	Set    []Header `json:"set,omitempty"`
	Add    []Header `json:"add,omitempty"`
	Remove []string `json:"remove,omitempty"`
}

// Header is one name and value.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Protocol is what a backend's endpoints speak.
type Protocol string

const (
	// HTTP1 is HTTP/1.1 in clear text.
	HTTP1 Protocol = "http1"
	// H2C is HTTP/2 in clear text with prior knowledge, as gRPC servers speak it.
	H2C Protocol = "h2c"
)

// Backend is one destination: a port of a Service, with the endpoints that serve it. It becomes one
// cluster, shared by every route that names it, so that health and limits count once.
type Backend struct {
	// Name is "namespace/service/port", or "namespace/service/port/h2c" where a GRPCRoute leads to a port
	// that other routes reach by HTTP/1.1.
	Name     string   `json:"name"`
	Protocol Protocol `json:"protocol"`
	// Object is the Service.
	Object    Ref        `json:"object"`
	Endpoints []Endpoint `json:"endpoints,omitempty"`
}

// Endpoint is one address and port of a [Backend]. A backend's endpoints are sorted by Address and Port.
type Endpoint struct {
	// Address is an IP address.
	Address string `json:"address"`
	Port    uint16 `json:"port"`
	// Draining endpoints keep the requests they have and get no new ones.
	Draining bool `json:"draining,omitempty"`
}
