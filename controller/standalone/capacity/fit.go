// Package capacity says how much one machine can take at once: what it has, and the limits that fit into it.
package capacity

import "fmt"

// Machine is what limits have to fit into.
type Machine struct {
	// OpenFiles is the hard limit of open files of this process.
	OpenFiles uint64
	// Memory is that of the machine, or of the control group if that has less; 0 if it isn't known.
	Memory uint64
}

// Limits bound what Envoy takes. In what is asked for, 0 leaves the choice to [Fit].
type Limits struct {
	// Connections are those of clients, over all listeners.
	Connections int64
	// Requests are those in flight at one listener, and BackendRequests at one backend.
	Requests, BackendRequests uint32
	// Memory is Envoy's, in bytes.
	Memory uint64
	// OpenFiles is the limit of this process and of all that it starts.
	OpenFiles uint64
}

const (
	// Where nobody says otherwise. A backend has half of the requests, so that one which hangs leaves room for the others.
	defaultConnections = 50_000
	defaultRequests    = 4096
	memoryShare        = 4
	fewConnections     = 10_000
	leastRequests      = 16

	// ownFiles are what Envoy has open beside connections: listeners, logs, its workers' own.
	ownFiles = 512

	// defaultFiles are enough for the logs and handles of some thousand processes. Some programs go through every number
	// below the limit when they start, so that it is not raised without need.
	defaultFiles = 1 << 16

	// leastFiles leaves some room for connections.
	leastFiles = 2 * ownFiles
)

// filesFor is how many files Envoy has open with so many connections and requests: a request has a connection to its
// backend, and one more may wait idle for the next at another backend.
func filesFor(connections int64, requests uint32) uint64 {
	return uint64(connections) + 2*uint64(requests) + ownFiles
}

// Fit chooses what was not asked for, so that all of it fits. What was asked for and doesn't is an error that says what
// would.
func Fit(asked Limits, m Machine) (Limits, error) {
	ceiling := m.OpenFiles
	if asked.OpenFiles > 0 {
		if asked.OpenFiles > m.OpenFiles {
			return Limits{}, fmt.Errorf("--max-open-files %d is above the hard limit of open files, %d: %s", asked.OpenFiles, m.OpenFiles, raise)
		}
		ceiling = asked.OpenFiles
	}
	if asked.OpenFiles > 0 && ceiling < leastFiles {
		return Limits{}, fmt.Errorf("--max-open-files %d is too few, %d are needed at least", ceiling, leastFiles)
	}
	if ceiling < leastFiles {
		return Limits{}, fmt.Errorf("%d open files are too few, %d are needed at least: %s", ceiling, leastFiles, raise)
	}
	fit := asked
	if fit.Requests == 0 {
		fit.Requests = requestsFor(ceiling, fit.Connections)
	}
	if fit.Connections == 0 {
		fit.Connections = defaultConnections
		if most := int64(ceiling) - int64(filesFor(0, fit.Requests)); most < fit.Connections {
			fit.Connections = max(most, 1)
		}
	}
	if fit.BackendRequests == 0 {
		fit.BackendRequests = max(fit.Requests/2, 1)
	}
	if fit.Memory == 0 {
		fit.Memory = m.Memory / memoryShare
	}
	need := filesFor(fit.Connections, fit.Requests)
	if need > ceiling {
		return Limits{}, fmt.Errorf("--max-connections %d and --max-requests %d need %d open files (a connection, two a request, %d of Envoy's own), and there are %d: lower them, or %s",
			fit.Connections, fit.Requests, need, ownFiles, ceiling, raise)
	}
	if fit.BackendRequests > fit.Requests {
		return Limits{}, fmt.Errorf("--max-backend-requests %d is above --max-requests %d, which would never let it be reached", fit.BackendRequests, fit.Requests)
	}
	if fit.OpenFiles == 0 {
		fit.OpenFiles = min(max(need, defaultFiles), ceiling)
	}
	return fit, nil
}

// requestsFor leaves half of the files to client connections, or as many as were asked for.
func requestsFor(files uint64, connections int64) uint32 {
	room := int64(files-ownFiles) / 2
	if connections > 0 {
		room = int64(files-ownFiles) - connections
	}
	return uint32(max(min(defaultRequests, room/2), leastRequests))
}

// raise is how the hard limit is raised.
const raise = "raise the hard limit with ulimit -Hn as root, LimitNOFILE= in a systemd unit, or a nofile line in /etc/security/limits.conf"

// Scarce says what to do where the open files leave few connections, and "" where there are enough or as many as were asked
// for.
func Scarce(asked, fit Limits) string {
	if asked.Connections > 0 || fit.Connections >= fewConnections {
		return ""
	}
	return raise
}
