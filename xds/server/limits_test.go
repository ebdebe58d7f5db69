package server_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/sluice-serving/sluice/xds/envoy"
	"github.com/sluice-serving/sluice/xds/ir"
	"github.com/sluice-serving/sluice/xds/proxy"
)

// post sends a body by HTTP/1.1 or HTTP/2, with or without its length.
func (d *dataPlane) post(http2, chunked bool, host string, body io.Reader, length int64) (answer, error) {
	d.t.Helper()
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!http2)
	protocols.SetUnencryptedHTTP2(http2)
	transport := &http.Transport{Protocols: protocols, DisableKeepAlives: !http2}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, d.url("/"), body)
	if err != nil {
		d.t.Fatal(err)
	}
	request.Host = host
	request.ContentLength = length
	if chunked {
		request.ContentLength = -1
	}
	response, err := (&http.Client{Transport: transport, Timeout: 30 * time.Second}).Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	return answer{status: response.StatusCode, body: string(data), header: response.Header}, err
}

// wantReason wants a status and a JSON body whose error has reason in it.
func wantReason(t *testing.T, what string, got answer, status int, reason string) {
	t.Helper()
	var body struct{ Error string }
	err := json.Unmarshal([]byte(got.body), &body)
	if got.status != status || err != nil || !strings.Contains(body.Error, reason) || got.header.Get("Content-Type") != "application/json" {
		t.Errorf("%s: %d %s %q, want %d and JSON with %q", what, got.status, got.header.Get("Content-Type"), got.body, status, reason)
	}
}

// call makes a gRPC call with a message of some bytes and gives its outcome.
func (d *dataPlane) call(ctx context.Context, authority string, size int) error {
	d.t.Helper()
	connection, err := grpc.NewClient(fmt.Sprintf("127.0.0.1:%d", d.port), grpc.WithAuthority(authority), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		d.t.Fatal(err)
	}
	defer connection.Close()
	return connection.Invoke(ctx, "/test.Service/Call", wrapperspb.Bytes(make([]byte, size)), new(wrapperspb.BytesValue), grpc.Header(new(metadata.MD)))
}

// wantCode wants a gRPC status whose message has reason in it.
func wantCode(t *testing.T, what string, err error, code codes.Code, reason string) {
	t.Helper()
	if got := status.Convert(err); got.Code() != code || !strings.Contains(got.Message(), reason) {
		t.Errorf("%s: %v, want %s with %q", what, err, code, reason)
	}
}

func TestBodyBeyondTheLimitIsRefusedUnread(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	d := startLimited(t, envoy.Limits{Body: limit}, proxy.Options{})
	b := serve(t, "b", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err == nil {
			fmt.Fprint(w, n)
		}
	}))
	d.publish([]ir.Host{host("a.example.com", all(b))}, []ir.Backend{b})
	const reason = "more than 1048576 bytes (--max-body-bytes)"
	for _, http2 := range []bool{false, true} {
		for _, chunked := range []bool{false, true} {
			what := fmt.Sprintf("HTTP/2 %v, length unknown %v", http2, chunked)
			got, err := d.post(http2, chunked, "a.example.com", bytes.NewReader(make([]byte, limit)), limit)
			if err != nil || got.status != http.StatusOK || got.body != fmt.Sprint(limit) {
				t.Errorf("%s: %d %q, %v, want all bytes of a body that is just small enough to pass", what, got.status, got.body, err)
			}
			got, err = d.post(http2, chunked, "a.example.com", bytes.NewReader(make([]byte, 4*limit)), 4*limit)
			if err != nil {
				t.Errorf("%s: %v", what, err)
				continue
			}
			wantReason(t, what, got, http.StatusRequestEntityTooLarge, reason)
		}
	}
	// With its length in the header a body is refused before a byte of it is sent.
	got := d.exchange("POST / HTTP/1.1\r\nHost: a.example.com\r\nContent-Length: 99999999\r\n\r\n")
	wantReason(t, "at once", got, http.StatusRequestEntityTooLarge, reason)
	h2c := b
	h2c.Name, h2c.Protocol = "h2c", ir.H2C
	d.publish([]ir.Host{host("a.example.com", all(h2c))}, []ir.Backend{h2c})
	wantCode(t, "gRPC", d.call(t.Context(), "a.example.com", 4*limit), codes.ResourceExhausted, reason)
}

// exchange sends bytes and reads one answer.
func (d *dataPlane) exchange(text string) answer {
	d.t.Helper()
	connection, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", d.port))
	if err != nil {
		d.t.Fatal(err)
	}
	defer connection.Close()
	if _, err := io.WriteString(connection, text); err != nil {
		d.t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		d.t.Fatalf("%.60q: %v", text, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return answer{status: response.StatusCode, body: string(body), header: response.Header}
}

func TestMalformedRequestsAreRefusedWithAReason(t *testing.T) {
	t.Parallel()
	d := startDataPlane(t)
	b := echo(t, "b")
	d.publish([]ir.Host{host("a.example.com", all(b)), host("gone.example.com", ir.Weighted{Backend: "empty", Weight: 1})}, []ir.Backend{b, {Name: "empty"}})
	head := "GET / HTTP/1.1\r\nHost: a.example.com\r\n"
	for what, test := range map[string]struct {
		request string
		status  int
		reason  string
	}{
		"a header of 100 KiB": {head + "X-Large: " + strings.Repeat("x", 100<<10) + "\r\n\r\n", 431, "headers are more than"},
		"200 headers":         {head + strings.Repeat("X-Many: x\r\n", 200) + "\r\n", 431, "headers are more than"},
		"no host":             {"GET / HTTP/1.1\r\n\r\n", 400, "malformed"},
		"no HTTP":             {"GARBAGE\r\n\r\n", 400, "malformed"},
		"no endpoint":         {"GET / HTTP/1.1\r\nHost: gone.example.com\r\n\r\n", 503, "no healthy upstream"},
		"headers too slow":    {head, 408, "did not come within 10s"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			wantReason(t, what, d.exchange(test.request), test.status, test.reason)
		})
	}
}

// gate is a backend whose requests wait until they are let go.
type gate struct {
	ir.Backend
	entered chan struct{}
	release chan struct{}
}

func newGate(t *testing.T, name string) gate {
	t.Helper()
	g := gate{entered: make(chan struct{}, 100), release: make(chan struct{})}
	g.Backend = serve(t, name, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		g.entered <- struct{}{}
		<-g.release
	}))
	return g
}

// fill sends n requests, waits until the backend has them and gives what waits for their answers.
func (d *dataPlane) fill(g gate, host string, n int) (wait func()) {
	d.t.Helper()
	done := make(chan int, n)
	for range n {
		go func() { done <- d.get(host, "/").status }()
		<-g.entered
	}
	return func() {
		d.t.Helper()
		for range n {
			if got := <-done; got != http.StatusOK {
				d.t.Errorf("a request that was taken ended with %d", got)
			}
		}
	}
}

func TestRequestsBeyondTheLimitsAreRefused(t *testing.T) {
	t.Parallel()
	d := startLimited(t, envoy.Limits{Requests: 5, BackendRequests: 3}, proxy.Options{})
	slow, other, free := newGate(t, "slow"), newGate(t, "other"), echo(t, "free")
	d.publish([]ir.Host{host("slow.example.com", all(slow.Backend)), host("other.example.com", all(other.Backend)), host("free.example.com", all(free))},
		[]ir.Backend{slow.Backend, other.Backend, free})
	waitSlow := d.fill(slow, "slow.example.com", 3)
	got := d.get("slow.example.com", "/")
	wantReason(t, "a fourth at one backend", got, 503, "this service has 3 requests in flight (--max-backend-requests)")
	if got.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After is %q", got.header.Get("Retry-After"))
	}
	wantCode(t, "a fourth by gRPC", d.call(t.Context(), "slow.example.com", 1), codes.Unavailable, "--max-backend-requests")
	if got := d.get("free.example.com", "/"); got.status != 200 {
		t.Errorf("another backend: %d %s", got.status, got.body)
	}
	waitOther := d.fill(other, "other.example.com", 2)
	got = d.get("free.example.com", "/")
	wantReason(t, "a sixth", got, 503, "5 requests are in flight (--max-requests)")
	if got.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After is %q", got.header.Get("Retry-After"))
	}
	wantCode(t, "a sixth by gRPC", d.call(t.Context(), "free.example.com", 1), codes.Unavailable, "--max-requests")
	close(slow.release)
	close(other.release)
	waitSlow()
	waitOther()
	for range 20 {
		if got := d.get("free.example.com", "/"); got.status != 200 {
			t.Fatalf("after all were answered: %d %s", got.status, got.body)
		}
	}
}

func TestConnectionsBeyondTheLimitAreClosed(t *testing.T) {
	t.Parallel()
	const limit = 10
	d := startLimited(t, envoy.Limits{}, proxy.Options{MaxConnections: limit})
	b := echo(t, "b")
	d.publish([]ir.Host{host("a.example.com", all(b))}, []ir.Backend{b})
	const request = "GET / HTTP/1.1\r\nHost: a.example.com\r\n\r\n"
	try := func() (net.Conn, error) {
		connection, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", d.port))
		if err != nil {
			return nil, err
		}
		if _, err := io.WriteString(connection, request); err != nil {
			return nil, errors.Join(err, connection.Close())
		}
		response, err := http.ReadResponse(bufio.NewReader(connection), nil)
		if err != nil {
			return nil, errors.Join(err, connection.Close())
		}
		_, err = io.Copy(io.Discard, response.Body)
		return connection, errors.Join(err, response.Body.Close())
	}
	var open []net.Conn
	for range limit {
		connection, err := try()
		if err != nil {
			t.Fatalf("connection %d: %v", len(open)+1, err)
		}
		open = append(open, connection)
	}
	for range 5 {
		if connection, err := try(); err == nil {
			connection.Close()
			t.Error("a connection beyond the limit was answered")
		}
	}
	for _, connection := range open {
		connection.Close()
	}
	deadline := time.Now().Add(20 * time.Second)
	for {
		connection, err := try()
		if err == nil {
			connection.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after the others were closed: %v", err)
		}
	}
}

func TestRequestsAreRefusedWhenTheMemoryIsUsedUp(t *testing.T) {
	t.Parallel()
	// Less than Envoy has when it does nothing.
	d := startLimited(t, envoy.Limits{}, proxy.Options{MaxMemory: 5 << 20})
	b := echo(t, "b")
	d.publish([]ir.Host{host("a.example.com", all(b))}, []ir.Backend{b})
	deadline := time.Now().Add(20 * time.Second)
	for {
		got := d.exchange("GET / HTTP/1.1\r\nHost: a.example.com\r\n\r\n")
		if got.status != 200 || time.Now().After(deadline) {
			wantReason(t, "without memory", got, 503, "the gateway's memory is used up (--max-memory)")
			break
		}
	}
	wantCode(t, "without memory, by gRPC", d.call(t.Context(), "a.example.com", 1), codes.Unavailable, "--max-memory")
}
