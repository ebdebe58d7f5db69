package engine

import (
	"net"
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseListeners(t *testing.T) {
	t.Parallel()
	table := `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11111 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1F91 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 22222 1 0000000000000000 100 0 0 10 0
   2: 00000000000000000000000000000000:2328 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 33333 1 0
   3: garbage
`
	if diff := cmp.Diff(map[string]int32{"11111": 8080, "33333": 9000}, parseListeners(table)); diff != "" {
		t.Error(diff)
	}
}

func FuzzParseListeners(f *testing.F) {
	f.Add("0: 0100007F:1F90 0:0 0A 0 0 0 0 0 11 1")
	f.Fuzz(func(t *testing.T, table string) {
		for inode, port := range parseListeners(table) {
			if port < 0 || port > 65535 || inode == "" {
				t.Errorf("%q: %d", inode, port)
			}
		}
	})
}

func TestListeningPortsOfAGroup(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := int32(listener.Addr().(*net.TCPAddr).Port)
	if slices.Contains(listeningPorts(syscall.Getpgrp()), port) {
		t.Error("sluice's own ports are taken for a child's") // running leaves this process out
	}
	if byInode, err := os.ReadFile("/proc/self/net/tcp"); err != nil || !slices.Contains(portsOf(string(byInode)), port) {
		t.Errorf("port %d is not in the kernel's table: %v", port, err)
	}
}

func portsOf(table string) []int32 {
	var out []int32
	for _, port := range parseListeners(table) {
		out = append(out, port)
	}
	return out
}

func TestWrongPort(t *testing.T) {
	t.Parallel()
	const remedy = ": read PORT (or HTTP_PORT, GRPC_PORT) from the environment, or write $(PORT) in the container's args"
	for _, c := range []struct {
		name   string
		served portMap
		open   []int32
		want   string
	}{
		{"as told", portMap{8080: 41233}, []int32{41233}, ""},
		{"nothing yet", portMap{8080: 41233}, nil, ""},
		{"the declared one", portMap{8080: 41233}, []int32{8080}, "listens on 8080 instead of 41233" + remedy},
		{"any other", portMap{8080: 41233}, []int32{5000}, "listens on 5000 instead of 41233" + remedy},
		{"one more", portMap{8080: 41233}, []int32{5000, 41233}, ""},
		{"one of two is declared", portMap{8080: 41233, 9000: 41234}, []int32{9000, 41233}, "listens on 9000 instead of 41234" + remedy},
		{"second not used", portMap{8080: 41233, 9000: 41234}, []int32{41233, 5000}, ""},
		{"both", portMap{8080: 41233, 9000: 41234}, []int32{8080, 9000}, "listens on 8080, 9000 instead of 41233, 41234" + remedy},
	} {
		if got := wrongPort(c.served, c.open); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
