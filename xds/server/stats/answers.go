package stats

// Class is the first digit of an answer's status, and 0 for a request without an answer.
type Class int

// Classes is the number of classes.
const Classes = 6

// serverError is the class of the endpoint's failures.
const serverError Class = 5

// classOf gives a status's class; one that no HTTP server should give is in class 0.
func classOf(status uint64) Class {
	if c := status / 100; c < Classes {
		return Class(c)
	}
	return 0
}

// Answers are what an endpoint answered in some time. Only whole answers have a latency.
type Answers struct {
	ByClass [Classes]uint64
	// Failed are those of status 5xx, the endpoint's own and those that Envoy gave a client in its place, and gRPC calls that
	// Envoy ended because of it. Load reports have what else is an endpoint's failure: gRPC statuses of its own, and tries after
	// which there was another.
	Failed  uint64
	Latency Latency
}

// add counts n answers of a status.
func (a *Answers) add(status, n uint64) {
	class := classOf(status)
	a.ByClass[class] += n
	if class == serverError {
		a.Failed += n
	}
}

// Add adds another's answers.
func (a *Answers) Add(other *Answers) {
	for class, n := range other.ByClass {
		a.ByClass[class] += n
	}
	a.Failed += other.Failed
	a.Latency.Add(&other.Latency)
}

// Refusal is a kind of answer that Envoy gave by itself. Status is the HTTP status, which is 200 for a gRPC call. Flags are
// its response flags, "UF,URX", or "" for none. Reason is one of a closed set.
type Refusal struct {
	Status uint64
	Flags  string
	Reason Reason
}

// Flush is what one Envoy counted since its flush before. ByEndpoint is by "ip:port".
type Flush struct {
	ByEndpoint map[string]*Answers
	Refused    map[Refusal]uint64
}
