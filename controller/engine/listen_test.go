package engine

import (
	"net"
	"os"
	"slices"
	"strings"
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
	if diff := cmp.Diff(map[string]listener{"11111": {port: 8080}, "33333": {port: 9000, everywhere: true}}, parseListeners(table), cmp.AllowUnexported(listener{})); diff != "" {
		t.Error(diff)
	}
}

func FuzzParseListeners(f *testing.F) {
	f.Add("0: 0100007F:1F90 0:0 0A 0 0 0 0 0 11 1")
	f.Fuzz(func(t *testing.T, table string) {
		for inode, socket := range parseListeners(table) {
			if socket.port < 0 || socket.port > 65535 || inode == "" {
				t.Errorf("%q: %+v", inode, socket)
			}
		}
	})
}

func TestListenersOfAGroup(t *testing.T) {
	t.Parallel()
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	port := int32(socket.Addr().(*net.TCPAddr).Port)
	group := syscall.Getpgrp()
	if _, ours := listenersOf(map[int]bool{group: true})[group][port]; ours {
		t.Error("sluice's own ports are taken for a child's") // running leaves this process out
	}
	if byInode, err := os.ReadFile("/proc/self/net/tcp"); err != nil || !slices.Contains(portsOf(string(byInode)), port) {
		t.Errorf("port %d is not in the kernel's table: %v", port, err)
	}
}

func portsOf(table string) []int32 {
	var out []int32
	for _, socket := range parseListeners(table) {
		out = append(out, socket.port)
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

func TestExposedNamesPortsThatOthersReach(t *testing.T) {
	t.Parallel()
	open := map[int32]listener{9000: {port: 9000, everywhere: true}, 8080: {port: 8080, everywhere: true}, 7000: {port: 7000}}
	got := exposed(open, "127.0.0.1")
	for _, want := range []string{"every interface", "8080, 9000", "$(SLUICE_LISTEN_ADDRESS)", "127.0.0.1"} {
		if !strings.Contains(got, want) || strings.Contains(got, "7000") {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := exposed(open, "0.0.0.0") + exposed(map[int32]listener{7000: {port: 7000}}, "127.0.0.1"); got != "" {
		t.Errorf("named without need: %q", got)
	}
}

// A container that listens everywhere is ready like any other, and says what it does.
func TestContainerThatListensEverywhereSaysSo(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.Apply(newTestDeployment("m", "server", env("HOST", "")), References{})
	r.first("the message", func(c ContainerState) bool { return strings.Contains(c.Message, "listens on every interface") })
	r.untilReady("m", 1)
	if c := r.Pods()[0].Containers[0]; c.Reason != "" || !c.Ready {
		t.Errorf("%+v", c)
	}
}
