package main

import (
	"fmt"
	"log/slog"
	"strconv"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/sluice-serving/sluice/controller/standalone/capacity"
	"github.com/sluice-serving/sluice/xds/envoy"
)

// defaultMaxBody is what the bundled runtime takes too.
const defaultMaxBody = 256 << 20

// leastMemory is twice what an idle Envoy has on its heap with some services, at 0.95 of which it refuses requests.
const leastMemory = 64 << 20

// limitOptions are the flags of `sluice run` that say how much is taken at once.
type limitOptions struct {
	asked  capacity.Limits
	body   byteCount
	memory byteCount
}

func (o *limitOptions) addFlags(flags *pflag.FlagSet) {
	o.body = defaultMaxBody
	flags.Int64Var(&o.asked.Connections, "max-connections", 0, "client connections; more are closed at once (default, and with 0: as many as the open files allow, at most 50000)")
	flags.Uint32Var(&o.asked.Requests, "max-requests", 0, "requests in flight; more are refused with 503 (default, and with 0: 4096)")
	flags.Uint32Var(&o.asked.BackendRequests, "max-backend-requests", 0, "requests in flight at one service; more are refused with 503 (default, and with 0: half of --max-requests)")
	flags.Var(&o.body, "max-body-bytes", "bytes of a request's body; a larger one is refused with 413; 0 is no limit")
	flags.Var(&o.memory, "max-memory", "memory of Envoy, above which requests are refused with 503 (default, and with 0: a quarter of the machine's)")
	flags.Uint64Var(&o.asked.OpenFiles, "max-open-files", 0, "open files of sluice and each process that it starts (default: as many as the limits above need, at least 65536 where the hard limit allows)")
}

// resolve chooses what was not asked for, by what this machine has, and sets the limit of open files.
func (o *limitOptions) resolve(logger *slog.Logger) (capacity.Limits, error) {
	if o.asked.Connections < 0 {
		return capacity.Limits{}, usagef("--max-connections %d is not a number of connections; 0 takes as many as the open files allow", o.asked.Connections)
	}
	if o.memory > 0 && o.memory < leastMemory {
		return capacity.Limits{}, usagef("--max-memory %s is less than Envoy takes by itself, so that it would refuse every request; %s is the least", &o.memory, "64Mi")
	}
	machine, err := capacity.Read()
	if err != nil {
		return capacity.Limits{}, err
	}
	asked := o.asked
	asked.Memory = uint64(o.memory)
	fit, err := capacity.Fit(asked, machine)
	if err != nil {
		return capacity.Limits{}, usagef("%w", err)
	}
	if advice := capacity.Scarce(asked, fit); advice != "" {
		logger.Warn("the hard limit of open files allows few client connections", "connections", fit.Connections, "openFiles", machine.OpenFiles, "remedy", advice)
	}
	return fit, capacity.LimitOpenFiles(fit.OpenFiles)
}

// envoyLimits are those that each listener and backend has.
func (o *limitOptions) envoyLimits(fit capacity.Limits) envoy.Limits {
	return envoy.Limits{Body: uint64(o.body), Requests: fit.Requests, BackendRequests: fit.BackendRequests}
}

// byteCount is a flag's number of bytes, written as Kubernetes writes quantities: 67108864, 64Mi, 1G.
type byteCount uint64

// Set implements [pflag.Value].
func (b *byteCount) Set(text string) error {
	quantity, err := resource.ParseQuantity(text)
	if err != nil || quantity.Sign() < 0 {
		return fmt.Errorf("%q is not a number of bytes; write it as 67108864, 64Mi or 1G", text)
	}
	*b = byteCount(quantity.Value())
	return nil
}

// String implements [pflag.Value]. It gives the largest unit that leaves no remainder.
func (b *byteCount) String() string {
	n := uint64(*b)
	for _, unit := range []struct {
		name string
		size uint64
	}{{"Gi", 1 << 30}, {"Mi", 1 << 20}, {"Ki", 1 << 10}} {
		if n > 0 && n%unit.size == 0 {
			return strconv.FormatUint(n/unit.size, 10) + unit.name
		}
	}
	return strconv.FormatUint(n, 10)
}

// Type implements [pflag.Value].
func (b *byteCount) Type() string { return "bytes" }
