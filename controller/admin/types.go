package admin

import (
	"encoding/json"
	"time"
)

// Service is one InferenceService as it stands: what it asks for, what was made of it and whether that works.
type Service struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// File and Line say where the manifest stands. File is empty if it came from elsewhere.
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	// Spec is the short form of the manifest.
	Spec SpecSummary `json:"spec"`
	// Ready, Reason and Message are those of the condition Ready. Reason is a CamelCase word, Message a sentence.
	Ready   bool   `json:"ready"`
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
	// URLs are all ways to reach the service; the first is the one to show.
	URLs []URL `json:"urls,omitempty"`
	// Revisions are sorted oldest first; those without pods and traffic are left out.
	Revisions  []Revision  `json:"revisions,omitempty"`
	Pods       []Pod       `json:"pods,omitempty"`
	Conditions []Condition `json:"conditions,omitempty"`
}

// SpecSummary is what a person wants to know of an InferenceService's spec at a glance.
type SpecSummary struct {
	// ModelFormat is the format's name, for example onnx; empty for a predictor that is only containers.
	ModelFormat string `json:"modelFormat,omitempty"`
	// Runtime is the name of the (Cluster)ServingRuntime chosen, or "custom".
	Runtime string `json:"runtime,omitempty"`
	// StorageURI is where the model comes from, as the manifest spells it.
	StorageURI string `json:"storageUri,omitempty"`
	// Components are those of predictor, transformer and explainer that it has.
	Components []string `json:"components,omitempty"`
	// Protocols are those of v1, v2 and grpc-v2 that its runtime speaks, as far as known.
	Protocols []string `json:"protocols,omitempty"`
	// MinReplicas is the number of replicas that it asks for.
	MinReplicas int32 `json:"minReplicas"`
}

// URLKind says what stands behind a [URL].
type URLKind string

// The kinds of [URL].
const (
	// HostURL is HTTP by the service's own host name: http://iris-default.localhost:8080.
	HostURL URLKind = "host"
	// PathURL is HTTP by the model's name in the path: http://localhost:8080/v2/models/iris.
	PathURL URLKind = "path"
	// HTTPSURL is HTTP over TLS by the model's name in the path, at a name of the certificate: https://gpu1.example.com:8443/v2/models/iris.
	HTTPSURL URLKind = "https"
	// GRPCURL is gRPC by authority: grpc://iris-default.localhost:8080.
	GRPCURL URLKind = "grpc"
)

// URL is one way to reach a service.
type URL struct {
	Kind URLKind `json:"kind"`
	URL  string  `json:"url"`
	// Dial is the address "ip:port" of the Gateway's listener. A client that connects there and sends URL's host as its
	// Host header (gRPC: as its authority) needs no DNS.
	Dial string `json:"dial"`
}

// Revision is one version of a component and its share of the requests.
type Revision struct {
	// Name is as Knative names revisions, for example iris-predictor-00002, or the name of a spec.canary entry.
	Name      string `json:"name"`
	Component string `json:"component"`
	// Deployment is the name of the Deployment that carries it.
	Deployment string `json:"deployment,omitempty"`
	// TrafficPercent is its share of the requests now, 0 to 100.
	TrafficPercent int32 `json:"trafficPercent"`
	// WantedPercent is the share that the manifest gives it; it differs while the revision is not ready.
	WantedPercent int32  `json:"wantedPercent"`
	Ready         bool   `json:"ready"`
	Reason        string `json:"reason,omitempty"`
	Message       string `json:"message,omitempty"`
	Replicas      int32  `json:"replicas"`
	ReadyReplicas int32  `json:"readyReplicas"`
}

// Pod is one replica.
type Pod struct {
	Name       string `json:"name"`
	Namespace  string `json:"namespace"`
	Deployment string `json:"deployment"`
	// Revision is the [Revision.Name] it belongs to, if known.
	Revision    string `json:"revision,omitempty"`
	Ready       bool   `json:"ready"`
	Terminating bool   `json:"terminating,omitempty"`
	// Address is the IP address that its ports are on.
	Address    string      `json:"address,omitempty"`
	Ports      []Port      `json:"ports,omitempty"`
	Containers []Container `json:"containers,omitempty"`
}

// Port says on which real port a declared container port is served.
type Port struct {
	Name          string `json:"name,omitempty"`
	ContainerPort int32  `json:"containerPort"`
	Port          int32  `json:"port"`
}

// Container is one process of a pod.
type Container struct {
	Name string `json:"name"`
	// PID is 0 if no process runs.
	PID int `json:"pid,omitempty"`
	// State is Waiting, Running or Terminated.
	State   string `json:"state"`
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
	// Restarts counts the starts after the first.
	Restarts  int       `json:"restarts"`
	StartedAt time.Time `json:"startedAt,omitzero"`
	// LogFile holds what the present process printed, PreviousLogFile what the one before it did; each is an absolute
	// path, or empty if there is none.
	LogFile         string `json:"logFile,omitempty"`
	PreviousLogFile string `json:"previousLogFile,omitempty"`
}

// Condition is one of the InferenceService's conditions.
type Condition struct {
	Type string `json:"type"`
	// Status is True, False or Unknown.
	Status             string    `json:"status"`
	Severity           string    `json:"severity,omitempty"`
	Reason             string    `json:"reason,omitempty"`
	Message            string    `json:"message,omitempty"`
	LastTransitionTime time.Time `json:"lastTransitionTime,omitzero"`
}

// Problem is something wrong in a manifest, or with an object made from one.
type Problem struct {
	File string `json:"file"`
	// Line counts from 1; 0 means the file as a whole.
	Line int `json:"line,omitempty"`
	// Object is "Kind namespace/name", or empty if the document could not be read that far.
	Object string `json:"object,omitempty"`
	// Field is the path of the field, or empty.
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
	Remedy  string `json:"remedy,omitempty"`
}

// Policy is an access policy: an AccessPolicy, or the annotation of an InferenceService.
type Policy struct {
	// Kind is AccessPolicy, or InferenceService for an annotation; Namespace and Name are that object's.
	Kind      string         `json:"kind"`
	Namespace string         `json:"namespace"`
	Name      string         `json:"name"`
	File      string         `json:"file,omitempty"`
	Line      int            `json:"line,omitempty"`
	Targets   []PolicyTarget `json:"targets"`
}

// PolicyTarget is what became of a policy at one of its targets.
type PolicyTarget struct {
	// Target is "Kind namespace/name".
	Target string `json:"target"`
	// Accepted is false where the policy is not enforced, for the Reason and Message given. With the reason Invalid the target
	// is closed: nobody is let in.
	Accepted bool   `json:"accepted"`
	Reason   string `json:"reason,omitempty"`
	Message  string `json:"message,omitempty"`
}

// XDS is what the xDS server holds and what its Envoys said to it.
type XDS struct {
	Clients   []XDSClient   `json:"clients"`
	Resources []XDSResource `json:"resources"`
}

// XDSClient is one connected Envoy.
type XDSClient struct {
	ID        string    `json:"id"`
	Connected time.Time `json:"connected,omitzero"`
}

// XDSResource is one resource that Envoys get.
type XDSResource struct {
	// TypeURL is the protobuf type, for example type.googleapis.com/envoy.config.cluster.v3.Cluster.
	TypeURL string `json:"typeUrl"`
	Name    string `json:"name"`
	// Version is a hash of the content.
	Version string `json:"version"`
	// Object is "Kind namespace/name" of what it was made from.
	Object string `json:"object,omitempty"`
	// Acknowledged lists the IDs of the clients that accepted this version.
	Acknowledged []string `json:"acknowledged,omitempty"`
	// Rejected lists the refusals of this resource, of this version or of one that was set aside for it.
	Rejected []XDSRejection `json:"rejected,omitempty"`
	// Body is the resource as protobuf JSON; it is there only if the full dump was asked for.
	Body json.RawMessage `json:"body,omitempty"`
}

// XDSRejection is one Envoy's refusal of a resource.
type XDSRejection struct {
	// Client is the Envoy's ID, or empty if it isn't known.
	Client string `json:"client,omitempty"`
	// Reason is Envoy's own text.
	Reason string    `json:"reason"`
	Since  time.Time `json:"since,omitzero"`
}

// Load is what the revisions were asked and what they use. A reader tells CPU use from two of them.
type Load struct {
	// At is when it was read.
	At time.Time `json:"at"`
	// Revisions are sorted by namespace, service and revision; those without load are in it.
	Revisions []RevisionLoad `json:"revisions"`
}

// RevisionLoad is the load of one revision. Rates are means over the last ten seconds, and none of it counts what Envoy
// answers itself.
type RevisionLoad struct {
	Namespace string `json:"namespace"`
	Service   string `json:"service"`
	// Revision is the [Revision.Name], or empty for pods of which nobody knows it.
	Revision          string  `json:"revision"`
	RequestsPerSecond float64 `json:"requestsPerSecond"`
	// ErrorsPerSecond counts answers 5xx, gRPC statuses that name a fault of the server, and requests without an answer.
	ErrorsPerSecond float64 `json:"errorsPerSecond"`
	InFlight        uint64  `json:"inFlight"`
	// Latency is absent where no answer came within the window.
	Latency *Latency `json:"latency,omitempty"`
	// Usage is absent while no process of it is seen.
	Usage *Usage `json:"usage,omitempty"`
}

// Latency is how long the whole answers of the last ten seconds took, from a request's first byte at Envoy to the last
// byte of the answer that it passes on. A quantile is off by an eighth at most, and absent where there are too few samples
// to tell: below ten, and for P99 below a hundred.
type Latency struct {
	Samples         uint64   `json:"samples"`
	P50Milliseconds *float64 `json:"p50Milliseconds,omitempty"`
	P90Milliseconds *float64 `json:"p90Milliseconds,omitempty"`
	P99Milliseconds *float64 `json:"p99Milliseconds,omitempty"`
}

// Usage is what the processes of a revision's pods use together. It knows nothing of what a container engine's daemon runs.
type Usage struct {
	Processes int `json:"processes"`
	// CPUSeconds is the time on a CPU since the processes were started.
	CPUSeconds float64 `json:"cpuSeconds"`
	// MemoryBytes adds up the resident sets; what processes share is counted in each.
	MemoryBytes uint64 `json:"memoryBytes"`
}

// Unready is one reason why sluice as a whole is not ready.
type Unready struct {
	// Subject is what isn't ready, for example "envoy" or "InferenceService default/iris".
	Subject string `json:"subject"`
	Reason  string `json:"reason"`
}

// Readiness is the answer of /readyz.
type Readiness struct {
	Ready   bool      `json:"ready"`
	Reasons []Unready `json:"reasons,omitempty"`
}

// Index is the answer of /api/v1: what runs here and what it can be asked.
type Index struct {
	Version string   `json:"version"`
	Paths   []string `json:"paths"`
}

// Items wraps a list, so that a field can be added beside it later.
type Items[T any] struct {
	Items []T `json:"items"`
}

// Error is the body of every answer from 400 up.
type Error struct {
	// Message says what was wrong and what to do.
	Message string `json:"error"`
}
