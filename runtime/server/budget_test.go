package server_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/sluice-serving/sluice/runtime/model"
	"github.com/sluice-serving/sluice/runtime/server"
)

// paddedRequest is a request with a body of some size for a gate's model.
func paddedRequest(size int) string {
	body := `{"inputs":[{"name":"x","datatype":"FP32","shape":[1,1],"data":[1]}]}`
	return body + strings.Repeat(" ", size-len(body))
}

func TestBodiesOfAllRequestsTogetherAreBounded(t *testing.T) {
	t.Parallel()
	g := newGate()
	r := run(t, server.Options{MaxBody: 10_000, MaxBodyMemory: 25_000}, model.Options{}, map[string]model.Opener{"m": g.opener()})
	r.waitReady(t)
	const path = "/v2/models/m/infer"
	done := make(chan int, 2)
	for range 2 {
		go func() {
			status, _ := r.post(t, path, paddedRequest(10_000))
			done <- status
		}()
		<-g.entered
	}
	for name, send := range map[string]func() (int, string){
		"by its length": func() (int, string) { return r.post(t, path, paddedRequest(9000)) },
		"compressed": func() (int, string) {
			var packed bytes.Buffer
			w := gzip.NewWriter(&packed)
			_, _ = io.WriteString(w, paddedRequest(9000))
			_ = w.Close()
			status, body, _ := r.exchange(t, http.MethodPost, path, packed.Bytes(), http.Header{"Content-Encoding": {"gzip"}})
			return status, string(body)
		},
	} {
		status, body := send()
		if status != http.StatusTooManyRequests || !strings.Contains(body, "25000 bytes together (--max-body-memory)") {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	close(g.open)
	for range 2 {
		if status := <-done; status != http.StatusOK {
			t.Errorf("a request that was taken: %d", status)
		}
	}
	if status, body := r.post(t, path, paddedRequest(10_000)); status != http.StatusOK {
		t.Errorf("after all were answered: %d %s", status, body)
	}
}

func TestAnAnnouncedBodyHoldsNothing(t *testing.T) {
	t.Parallel()
	g := newGate()
	close(g.open)
	r := run(t, server.Options{MaxBody: 1 << 30, MaxBodyMemory: 1 << 30}, model.Options{}, map[string]model.Opener{"m": g.opener()})
	r.waitReady(t)
	for range 8 {
		connection, err := net.Dial("tcp", r.HTTPAddress())
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		if _, err := fmt.Fprintf(connection, "POST /v2/models/m/infer HTTP/1.1\r\nHost: m\r\nContent-Length: %d\r\n\r\n{", 1<<30); err != nil {
			t.Fatal(err)
		}
	}
	if status, body := r.post(t, "/v2/models/m/infer", paddedRequest(100_000)); status != http.StatusOK {
		t.Errorf("beside clients that announce much and send little: %d %s", status, body)
	}
	// One of several times what is set aside at once arrives whole.
	if status, body := r.post(t, "/v2/models/m/infer", paddedRequest(5<<20)); status != http.StatusOK {
		t.Errorf("a large one: %d %s", status, body)
	}
}
