package plan

import (
	"fmt"

	"github.com/sluice-serving/sluice/api/serving/v1beta1"
)

// batchArgs tells the bundled runtime how a manifest wants requests joined. KServe's agent joins 32 instances where the manifest names no
// number. Where it names no latency none is waited for: requests are joined that come while others are computed.
func batchArgs(b *v1beta1.Batcher) []string {
	if b == nil {
		return nil
	}
	size := 32
	if n := value(b.MaxBatchSize); n > 0 {
		size = n
	}
	args := []string{fmt.Sprintf("--batch-size=%d", size)}
	if ms := value(b.MaxLatency); ms > 0 {
		args = append(args, fmt.Sprintf("--batch-latency=%dms", ms))
	}
	return args
}

// batcherNotApplied lists what of a component's batcher nothing is made of.
func batcherNotApplied(b *v1beta1.Batcher, bundled bool, path string) []string {
	switch {
	case b == nil:
		return nil
	case !bundled:
		return []string{path + ".batcher (only the bundled runtime joins requests)"}
	case b.Timeout != nil:
		return []string{path + ".batcher.timeout (a batch takes as long as the model does)"}
	}
	return nil
}
