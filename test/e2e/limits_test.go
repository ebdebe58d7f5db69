package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// staticService is the manifest of a service at an address of this machine, on the host NAME.localhost.
func staticService(name string, port int, protocol string) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Service
metadata: {name: %[1]s}
spec: {ports: [{name: http, port: 80%[3]s}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: %[1]s-1, labels: {kubernetes.io/service-name: %[1]s}}
addressType: IPv4
ports: [{name: http, port: %[2]d}]
endpoints: [{addresses: [127.0.0.1]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: %[1]s}
spec:
  parentRefs: [{namespace: kserve, name: kserve-ingress-gateway}]
  hostnames: [%[1]s.localhost]
  rules: [{backendRefs: [{name: %[1]s, port: 80}]}]
---
`, name, port, protocol)
}

// upstream is a server whose /slow waits until it is let go; all else reads the request and says how much it was.
type upstream struct {
	port    int
	entered chan struct{}
	release chan struct{}
}

func newUpstream(t *testing.T) *upstream {
	t.Helper()
	u := &upstream{entered: make(chan struct{}, 100), release: make(chan struct{})}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			u.entered <- struct{}{}
			<-u.release
		}
		if n, err := io.Copy(io.Discard, r.Body); err == nil {
			fmt.Fprint(w, n)
		}
	}))
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	u.port = server.Listener.Addr().(*net.TCPAddr).Port
	return u
}

// stateDir is a state directory with a path short enough for a unix socket.
func stateDir(t *testing.T) string {
	t.Helper()
	state, err := os.MkdirTemp("", "sluice")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(state) })
	return state
}

// clientOf speaks one version of HTTP.
func (s *sluice) clientOf(http2 bool) *http.Client {
	client := s.client()
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!http2)
	protocols.SetUnencryptedHTTP2(http2)
	client.Transport.(*http.Transport).Protocols = protocols
	return client
}

// wantRefusal wants a status and a JSON body whose error has reason in it.
func wantRefusal(t *testing.T, what string, got answer, status int, reason string) {
	t.Helper()
	var body struct{ Error string }
	if err := json.Unmarshal([]byte(got.body), &body); got.status != status || err != nil || !strings.Contains(body.Error, reason) {
		t.Errorf("%s: %d %q, want %d and JSON with %q", what, got.status, got.body, status, reason)
	}
}

// call makes a gRPC call with a message of some bytes.
func (s *sluice) call(ctx context.Context, authority string, size int) error {
	connection, err := grpc.NewClient(fmt.Sprintf("127.0.0.1:%d", s.port), grpc.WithAuthority(authority), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	return connection.Invoke(ctx, "/test.Service/Call", wrapperspb.Bytes(make([]byte, size)), new(wrapperspb.BytesValue))
}

// waitStatic waits until a static service answers.
func (s *sluice) waitStatic(client *http.Client, host string) {
	s.t.Helper()
	eventually(s.t, startTimeout, "an answer of "+host, func() error {
		got, err := ask(client, http.MethodGet, fmt.Sprintf("http://%s:%d/", host, s.port), "")
		if err != nil {
			return s.alive(err)
		}
		if got.status != http.StatusOK {
			return fmt.Errorf("%d %s", got.status, got.body)
		}
		return nil
	})
}

// TestWhatIsTooMuchIsRefusedWithAReason sends bodies and requests beyond the limits by HTTP/1.1, HTTP/2 and gRPC: each is
// told why, another service goes on, and afterwards all is as before.
func TestWhatIsTooMuchIsRefusedWithAReason(t *testing.T) {
	t.Parallel()
	busy, free := newUpstream(t), newUpstream(t)
	dir := t.TempDir()
	const h2c = ", appProtocol: kubernetes.io/h2c"
	write(t, filepath.Join(dir, "all.yaml"), staticService("busy", busy.port, "")+staticService("free", free.port, "")+staticService("rpc", free.port, h2c))
	s := startWith(t, stateDir(t), dir, "--max-requests=6", "--max-backend-requests=3", "--max-body-bytes=1Mi")
	client := s.client()
	for _, host := range []string{"busy.localhost", "free.localhost", "rpc.localhost"} {
		s.waitStatic(client, host)
	}
	const mebibyte = 1 << 20
	for _, http2 := range []bool{false, true} {
		client := s.clientOf(http2)
		url := fmt.Sprintf("http://free.localhost:%d/", s.port)
		s.wantBody(client, url, mebibyte)
		got, err := ask(client, http.MethodPost, url, string(bytes.Repeat([]byte("x"), 3*mebibyte)))
		if err != nil {
			t.Fatal(err)
		}
		wantRefusal(t, fmt.Sprintf("a large body, HTTP/2 %v", http2), got, http.StatusRequestEntityTooLarge, "--max-body-bytes")
	}
	if err := s.call(t.Context(), "rpc.localhost", 3*mebibyte); status.Code(err) != codes.ResourceExhausted || !strings.Contains(err.Error(), "--max-body-bytes") {
		t.Errorf("a large message: %v", err)
	}

	done := s.hold(client, busy, "busy.localhost", 3)
	got, err := ask(client, http.MethodGet, fmt.Sprintf("http://busy.localhost:%d/", s.port), "")
	if err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, "a fourth request at one service", got, http.StatusServiceUnavailable, "--max-backend-requests")
	s.waitStatic(client, "free.localhost")
	doneToo := s.hold(client, free, "free.localhost", 3)
	if got, err = ask(client, http.MethodGet, fmt.Sprintf("http://rpc.localhost:%d/", s.port), ""); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, "a seventh request", got, http.StatusServiceUnavailable, "--max-requests")
	if err := s.call(t.Context(), "rpc.localhost", 1); status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "--max-requests") {
		t.Errorf("a seventh request by gRPC: %v", err)
	}
	close(busy.release)
	close(free.release)
	done()
	doneToo()
	for _, host := range []string{"busy.localhost", "free.localhost"} {
		s.waitStatic(client, host)
	}
	eventually(t, startTimeout, "the refusals in the metrics", func() error {
		refused := func(code int, reason string) int64 {
			return s.metric(fmt.Sprintf(`sluice_refused_total\{code="%d",flags="[^"]*",reason="%s"\}`, code, reason))
		}
		large, full := refused(http.StatusRequestEntityTooLarge, "max_body_bytes"), refused(http.StatusServiceUnavailable, "max_backend_requests")
		all, calls := refused(http.StatusServiceUnavailable, "max_requests"), refused(http.StatusOK, "max_requests")
		if large != 2 || full != 1 || all != 1 || calls != 1 {
			return fmt.Errorf("%d of bodies, %d of one service, %d of the listener, %d of its calls by gRPC; want 2, 1, 1, 1", large, full, all, calls)
		}
		return nil
	})
}

// wantBody sends a body of n bytes that has to arrive whole.
func (s *sluice) wantBody(client *http.Client, url string, n int) {
	s.t.Helper()
	if got := s.mustAsk(client, http.MethodPost, url, strings.Repeat("x", n)); got != fmt.Sprint(n) {
		s.t.Errorf("%s of %d bytes arrived", got, n)
	}
}

// hold sends n requests, waits until the upstream has them, and gives what waits for their answers.
func (s *sluice) hold(client *http.Client, u *upstream, host string, n int) (wait func()) {
	s.t.Helper()
	done := make(chan error, n)
	for range n {
		go func() {
			got, err := ask(client, http.MethodGet, fmt.Sprintf("http://%s:%d/slow", host, s.port), "")
			if err == nil && got.status != http.StatusOK {
				err = fmt.Errorf("%d %s", got.status, got.body)
			}
			done <- err
		}()
		<-u.entered
	}
	return func() {
		s.t.Helper()
		for range n {
			if err := <-done; err != nil {
				s.t.Errorf("a request that was taken: %v", err)
			}
		}
	}
}
