package stores

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Faults is a proxy before a store that counts what passes, and cuts or holds bodies back.
type Faults struct {
	// URL is where it listens.
	URL string
	// Sent are the bytes of objects that have passed, and Reads the requests for them, of which Held are held back now.
	Sent, Reads, Held atomic.Int64

	mu sync.Mutex
	// object is a part of the path of the requests that count.
	object string
	// left are the bytes that may pass before every connection is cut; negative is any number.
	left int64
	// held stops bodies when left is used up, instead of cutting them.
	held chan struct{}
	// refused are the answers that the next requests get.
	refused []int
}

// NewFaults puts a proxy before the store at target, for the objects whose path holds object.
func NewFaults(t testing.TB, target, object string) *Faults {
	t.Helper()
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	f := &Faults{object: object, left: -1}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host // it is part of a signature
		},
		ModifyResponse: func(response *http.Response) error {
			if response.Request.Method == http.MethodGet && strings.Contains(response.Request.URL.Path, f.object) {
				f.Reads.Add(1)
				response.Body = &faulty{response.Body, f, response.Request}
			}
			return nil
		},
		FlushInterval: -1,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if code := f.refusal(r); code != 0 {
			w.WriteHeader(code)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(f.Mend)
	f.URL = server.URL
	return f
}

func (f *Faults) refusal(r *http.Request) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.refused) == 0 || !strings.Contains(r.URL.Path, f.object) {
		return 0
	}
	code := f.refused[0]
	f.refused = f.refused[1:]
	return code
}

// Refuse answers the next requests for objects with codes.
func (f *Faults) Refuse(codes ...int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refused = codes
}

// CutAfter cuts every connection once n more bytes have passed.
func (f *Faults) CutAfter(n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left = n
}

// HoldAfter lets n more bytes pass, and then none.
func (f *Faults) HoldAfter(n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left, f.held = n, make(chan struct{})
}

// Mend lets everything pass again.
func (f *Faults) Mend() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left = -1
	if f.held != nil {
		close(f.held)
		f.held = nil
	}
}

// take says how many of n bytes may pass now, and what to wait for if none.
func (f *Faults) take(n int) (int, chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left < 0 {
		return n, nil
	}
	n = int(min(int64(n), f.left))
	f.left -= int64(n)
	return n, f.held
}

type faulty struct {
	io.ReadCloser
	faults  *Faults
	request *http.Request
}

func (b *faulty) Read(p []byte) (int, error) {
	allowed, held := b.faults.take(min(len(p), 64<<10))
	if allowed == 0 && len(p) > 0 {
		if held == nil {
			panic(http.ErrAbortHandler)
		}
		b.faults.Held.Add(1)
		defer b.faults.Held.Add(-1)
		select {
		case <-held:
		case <-b.request.Context().Done():
		}
		panic(http.ErrAbortHandler)
	}
	n, err := b.ReadCloser.Read(p[:allowed])
	b.faults.Sent.Add(int64(n))
	b.faults.mu.Lock()
	if b.faults.left >= 0 {
		b.faults.left += int64(allowed - n)
	}
	b.faults.mu.Unlock()
	return n, err
}
