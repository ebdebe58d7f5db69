package engine

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// tcpListen is TCP_LISTEN of the kernel's include/net/tcp_states.h, as /proc/net/tcp prints it.
const tcpListen = "0A"

// parseListeners reads /proc/PID/net/tcp or tcp6: the local port of each listening socket, by its inode.
func parseListeners(table string) map[string]int32 {
	out := map[string]int32{}
	for line := range strings.SplitSeq(table, "\n") {
		fields := strings.Fields(line)
		if len(fields) < 10 || fields[3] != tcpListen {
			continue
		}
		_, port, ok := strings.Cut(fields[1], ":")
		if !ok {
			continue
		}
		raw, err := hex.DecodeString(port)
		if err != nil || len(raw) != 2 {
			continue
		}
		out[fields[9]] = int32(binary.BigEndian.Uint16(raw))
	}
	return out
}

// listeningPorts are the TCP ports on which the processes of a group listen, sorted.
func listeningPorts(group int) []int32 {
	byInode := map[string]int32{}
	for _, table := range []string{"tcp", "tcp6"} {
		if data, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", group, table)); err == nil {
			maps.Copy(byInode, parseListeners(string(data)))
		}
	}
	ports := map[int32]bool{}
	for _, member := range running(inGroup(group)) {
		fds, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", member.pid))
		if err != nil {
			continue
		}
		for _, fd := range fds {
			target, err := os.Readlink(fd)
			if err != nil {
				continue
			}
			inode, ok := strings.CutPrefix(target, "socket:[")
			if port, listens := byInode[strings.TrimSuffix(inode, "]")]; ok && listens {
				ports[port] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(ports))
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
