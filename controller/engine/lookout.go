package engine

import (
	"context"
	"maps"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// lookoutGathers is how long a look waits for others who ask.
	lookoutGathers = 50 * time.Millisecond
	// lookoutRests is how many times as long as a look took none is made after it.
	lookoutRests = 20
)

// lookout finds where process groups listen. Neither the members of a group nor the sockets of a process can be asked for by
// themselves, so that a look goes over all processes and sockets of the machine: whoever asks shares the next one, and looks
// keep apart, so that a thousand processes that start cost no more of them than one.
type lookout struct {
	signal chan struct{}

	mu sync.Mutex
	// asked are those who wait, by the process group that they ask for.
	asked map[int][]chan<- map[int32]listener
}

func newLookout() *lookout {
	return &lookout{signal: make(chan struct{}, 1), asked: map[int][]chan<- map[int32]listener{}}
}

// ask gives the channel on which the listening TCP sockets of a group's processes will come, by port. A port is everywhere if
// any of its sockets is.
func (l *lookout) ask(group int) <-chan map[int32]listener {
	answer := make(chan map[int32]listener, 1)
	l.mu.Lock()
	l.asked[group] = append(l.asked[group], answer)
	l.mu.Unlock()
	select {
	case l.signal <- struct{}{}:
	default: // a signal is waiting already
	}
	return answer
}

// run answers until ctx ends; who asks then is not answered any more.
func (l *lookout) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.signal:
		}
		if !sleep(ctx, lookoutGathers) {
			return
		}
		began := time.Now()
		l.answer()
		if !sleep(ctx, lookoutRests*time.Since(began)) {
			return
		}
	}
}

// answer looks for all who have asked until now.
func (l *lookout) answer() {
	l.mu.Lock()
	asked := l.asked
	l.asked = map[int][]chan<- map[int32]listener{}
	l.mu.Unlock()
	if len(asked) == 0 {
		return
	}
	found := listenersOf(asked)
	for group, answers := range asked {
		for _, answer := range answers {
			answer <- found[group]
		}
	}
}

// listenersOf are the listening TCP sockets of the processes of some groups, by group and port.
func listenersOf[V any](groups map[int]V) map[int]map[int32]listener {
	byInode := listeningIn(groups)
	found := map[int]map[int32]listener{}
	for group := range groups {
		found[group] = map[int32]listener{}
	}
	for _, member := range running(func(s procStat) bool { return found[s.group] != nil }) {
		open := found[member.group]
		for _, inode := range socketsOf(member.pid) {
			if socket, listens := byInode[inode]; listens {
				socket.everywhere = socket.everywhere || open[socket.port].everywhere
				open[socket.port] = socket
			}
		}
	}
	return found
}

// listeningIn are the listening TCP sockets of the network namespaces in which the leaders of groups are, by their inodes.
func listeningIn[V any](groups map[int]V) map[string]listener {
	byInode, seen := map[string]listener{}, map[string]bool{}
	for group := range groups {
		of := "/proc/" + strconv.Itoa(group)
		namespace, err := os.Readlink(of + "/ns/net")
		if err != nil || seen[namespace] {
			continue
		}
		seen[namespace] = true
		for _, table := range []string{"tcp", "tcp6"} {
			if data, err := os.ReadFile(of + "/net/" + table); err == nil {
				maps.Copy(byInode, parseListeners(string(data)))
			}
		}
	}
	return byInode
}

// socketsOf are the inodes of the sockets that a process has open.
func socketsOf(pid int) []string {
	dir := "/proc/" + strconv.Itoa(pid) + "/fd"
	descriptors, err := os.ReadDir(dir)
	if err != nil {
		return nil // it has ended, or is somebody else's
	}
	var inodes []string
	for _, descriptor := range descriptors {
		target, err := os.Readlink(dir + "/" + descriptor.Name())
		if err != nil {
			continue
		}
		if inode, ok := strings.CutPrefix(target, "socket:["); ok {
			inodes = append(inodes, strings.TrimSuffix(inode, "]"))
		}
	}
	return inodes
}
