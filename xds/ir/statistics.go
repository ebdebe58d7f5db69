package ir

// Names of the statistics by which Envoy counts what endpoints answer. The listeners make them, the bootstrap lets them
// out, and package stats of the xDS server reads them.
const (
	// LatencyStat is the time to whole answers by [AnswerTag], in microseconds, over [LatencyBounds]. How many there are of one
	// without flags is how many such answers there were.
	LatencyStat = "sluice.latency"
	// FailuresStat counts the requests that have flags, or a status or gRPC status of failure, by [EndpointTag], [CodeTag],
	// [FlagsTag] and [DetailsTag].
	FailuresStat = "sluice.failures"
	// StatsScope is what both begin with, without the dot.
	StatsScope = "sluice"

	// AnswerTag is what the first three below are, with a space in between and "-" for what is empty: each tag costs a request
	// as much as its value does.
	AnswerTag = "answer"
	// EndpointTag is the endpoint's "ip:port"; empty where Envoy answered by itself.
	EndpointTag = "endpoint"
	// CodeTag is the answer's HTTP status, 0 if there was none.
	CodeTag = "code"
	// FlagsTag are Envoy's response flags, empty for none.
	FlagsTag = "flags"
	// DetailsTag is what Envoy says of why the answer is what it is.
	DetailsTag = "details"
)

// LatencyBucketCount is the number of [LatencyBounds].
const LatencyBucketCount = 64

// LatencyBounds are the upper bounds in microseconds of the buckets that Envoy counts latencies in: ten to a decade from a
// tenth of a millisecond to ten seconds, so that a quantile is off by an eighth at most, and wider ones up to an hour. None
// has more than two digits: Envoy's own histograms keep no more, and a bound between two of theirs would be a guess.
func LatencyBounds() [LatencyBucketCount]float64 {
	const second = 1e6
	return [LatencyBucketCount]float64{
		100, 130, 160, 200, 250, 320, 400, 500, 630, 800,
		1e3, 1.3e3, 1.6e3, 2e3, 2.5e3, 3.2e3, 4e3, 5e3, 6.3e3, 8e3,
		10e3, 13e3, 16e3, 20e3, 25e3, 32e3, 40e3, 50e3, 63e3, 80e3,
		100e3, 130e3, 160e3, 200e3, 250e3, 320e3, 400e3, 500e3, 630e3, 800e3,
		1 * second, 1.3 * second, 1.6 * second, 2 * second, 2.5 * second, 3.2 * second, 4 * second, 5 * second, 6.3 * second, 8 * second,
		10 * second, 15 * second, 20 * second, 30 * second, 45 * second, 60 * second, 90 * second, 120 * second, 180 * second, 300 * second,
		600 * second, 1200 * second, 1800 * second, 3600 * second,
	}
}
