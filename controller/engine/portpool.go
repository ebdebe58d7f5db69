package engine

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// Real ports are taken below Linux's ephemeral range, where no outgoing connection can sit on one between the moment it is
// found free and the moment the process binds it.
const (
	firstRealPort = 20000
	lastRealPort  = 32767
)

// portPool gives out real ports, none twice at a time.
type portPool struct {
	mu    sync.Mutex
	taken map[int32]bool
}

func newPortPool() *portPool { return &portPool{taken: map[int32]bool{}} }

// take finds a free port for each declared one. A real port never equals a declared one, so that a command line that has
// been rewritten once is not changed by rewriting it again.
func (p *portPool) take(declared []int32) (portMap, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := portMap{}
	avoid := map[int32]bool{}
	for _, port := range declared {
		avoid[port] = true
	}
	for _, port := range declared {
		real, err := p.find(avoid)
		if err != nil {
			p.releaseLocked(out)
			return nil, err
		}
		p.taken[real] = true
		out[port] = real
	}
	return out, nil
}

// hold keeps the ports of an adopted pod from being given out.
func (p *portPool) hold(ports portMap) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, real := range ports {
		p.taken[real] = true
	}
}

func (p *portPool) release(ports portMap) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.releaseLocked(ports)
}

func (p *portPool) releaseLocked(ports portMap) {
	for _, real := range ports {
		delete(p.taken, real)
	}
}

// find tries at random, since two engines on one machine that both count upwards would meet at each port.
func (p *portPool) find(avoid map[int32]bool) (int32, error) {
	for range 1000 {
		port := int32(firstRealPort + rand.IntN(lastRealPort-firstRealPort+1))
		if !avoid[port] && !p.taken[port] && portFree(port) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("no free TCP port between %d and %d: end some of the processes that listen there", firstRealPort, lastRealPort)
}

// portFree says whether a process could listen on a port at every address.
func portFree(port int32) bool {
	listener, err := net.Listen("tcp", ":"+strconv.Itoa(int(port)))
	if err != nil {
		return false
	}
	return listener.Close() == nil
}
