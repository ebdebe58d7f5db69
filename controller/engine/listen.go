package engine

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
)

// tcpListen is TCP_LISTEN of the kernel's include/net/tcp_states.h, as /proc/net/tcp prints it.
const tcpListen = "0A"

// listener is a socket that takes connections.
type listener struct {
	port int32
	// everywhere is true if it takes them at every address of this machine.
	everywhere bool
}

// parseListeners reads /proc/PID/net/tcp or tcp6: the listening sockets by their inodes.
func parseListeners(table string) map[string]listener {
	out := map[string]listener{}
	for line := range strings.SplitSeq(table, "\n") {
		if !strings.Contains(line, " "+tcpListen+" ") { // most of a busy machine's sockets are connections
			continue
		}
		fields := strings.Fields(line)
		if len(fields) < 10 || fields[3] != tcpListen {
			continue
		}
		address, port, ok := strings.Cut(fields[1], ":")
		if !ok {
			continue
		}
		raw, err := hex.DecodeString(port)
		if err != nil || len(raw) != 2 {
			continue
		}
		out[fields[9]] = listener{port: int32(binary.BigEndian.Uint16(raw)), everywhere: strings.Trim(address, "0") == ""}
	}
	return out
}

// exposed names the ports at which others on the network reach a container that was told to listen at address alone, or ""
// if there are none.
func exposed(open map[int32]listener, address string) string {
	if ip := net.ParseIP(address); ip != nil && ip.IsUnspecified() {
		return ""
	}
	var ports []string
	for _, port := range slices.Sorted(maps.Keys(open)) {
		if open[port].everywhere {
			ports = append(ports, strconv.Itoa(int(port)))
		}
	}
	if len(ports) == 0 {
		return ""
	}
	return fmt.Sprintf("listens on every interface of this machine (port %s): others on its network reach it without the Gateway; let it listen on $(%s), which is %s",
		strings.Join(ports, ", "), VariableListenAddress, address)
}

// wrongPort says what to do when a container listens elsewhere than it was told to, or "" when nothing is wrong. served is
// what it should listen on, declared port → real one; open is where it does listen. A port more is the container's own
// business, unless it is one that it declares or none of the right ones is open.
func wrongPort(served portMap, open []int32) string {
	var absent, strange []string
	known, declaredOpen := map[int32]bool{}, false
	for _, declared := range slices.Sorted(maps.Keys(served)) {
		real := served[declared]
		known[real] = true
		if !slices.Contains(open, real) {
			absent = append(absent, strconv.Itoa(int(real)))
			declaredOpen = declaredOpen || slices.Contains(open, declared)
		}
	}
	for _, port := range open {
		if !known[port] {
			strange = append(strange, strconv.Itoa(int(port)))
		}
	}
	if len(strange) == 0 || !declaredOpen && len(absent) < len(served) {
		return ""
	}
	return fmt.Sprintf("listens on %s instead of %s: read PORT (or HTTP_PORT, GRPC_PORT) from the environment, or write $(PORT) in the container's args",
		strings.Join(strange, ", "), strings.Join(absent, ", "))
}
