package server

import "sync"

// calls counts the unary calls in flight and says when, after drained was
// asked, there is none.
type calls struct {
	mu       sync.Mutex
	inFlight int
	draining bool
	closed   bool
	idle     chan struct{}
}

func (c *calls) enter() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inFlight++
}

func (c *calls) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inFlight--
	c.closeIfIdleLocked()
}

// drained gives a channel that is closed at the first moment without calls.
func (c *calls) drained() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.draining = true
	c.closeIfIdleLocked()
	return c.idle
}

func (c *calls) closeIfIdleLocked() {
	if c.draining && c.inFlight == 0 && !c.closed {
		c.closed = true
		close(c.idle)
	}
}
