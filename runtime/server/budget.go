package server

import (
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
)

// budget bounds the bytes of all bodies that are in memory at once. A bound on each alone would not: a thousand clients may
// send one.
type budget struct {
	most int64
	used atomic.Int64
}

// reserve begins a request, which holds nothing yet.
func (b *budget) reserve() *reservation { return &reservation{budget: b} }

// reservation is what one request holds of a budget, and what reads its body within it. One goroutine uses it.
type reservation struct {
	budget *budget
	held   int64
	body   io.Reader
}

// grow takes n bytes more, or refuses the request.
func (r *reservation) grow(n int64) error {
	if r.budget.used.Add(n) > r.budget.most {
		r.budget.used.Add(-n)
		return &refusal{http.StatusTooManyRequests, fmt.Sprintf("overloaded: the bodies of all requests in flight may take %d bytes together (--max-body-memory): try again later", r.budget.most)}
	}
	r.held += n
	return nil
}

// release gives everything back.
func (r *reservation) release() {
	r.budget.used.Add(-r.held)
	r.held = 0
}

// reader takes bytes as they come. A length that was only announced holds nothing: a few slow clients could else keep all
// others out.
func (r *reservation) reader(body io.Reader) io.Reader {
	r.body = body
	return r
}

// Read reads the body that reader was given.
func (r *reservation) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	if full := r.grow(int64(n)); full != nil {
		// Not n: whoever has read enough would pass over the error.
		return 0, full
	}
	return n, err
}
