package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	oipgrpc "github.com/sluice-serving/sluice/api/oip/grpc"
)

const (
	aliceKey = "key-of-alice-81c1e728"
	bobKey   = "key-of-bob-9d4c2f63"
)

// keysManifest is a Secret of one key.
func keysManifest(name, client, key string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: Secret\nmetadata: {name: %s}\nstringData: {%s: %s}\n", name, client, key)
}

// guardedQuickstart is the quickstart with an API key for iris.
func guardedQuickstart(t *testing.T) string {
	t.Helper()
	dir := quickstart(t)
	edit(t, filepath.Join(dir, "iris.yaml"), "  name: iris\n", "  name: iris\n  annotations: {sluice.dev/api-key-secret: iris-keys}\n")
	write(t, filepath.Join(dir, "keys.yaml"), keysManifest("iris-keys", "alice", aliceKey))
	for _, other := range []string{"digits.yaml", "iris-canary.yaml"} {
		if err := os.Remove(filepath.Join(dir, other)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// way is one way to call a service.
type way struct {
	name, host, path string
	h2c              bool
}

// waysTo lists how a client may reach a service: by its hosts, however they are spelt, and by its name in the path at
// every other host.
func waysTo(name string) []way {
	path := "/v2/models/" + name
	return []way{
		{name: "its host", host: name + "-default.localhost", path: path},
		{name: "its predictor's host", host: name + "-predictor-default.localhost", path: path},
		{name: "its host in capitals", host: strings.ToUpper(name) + "-DEFAULT.localhost", path: path},
		{name: "its host by HTTP/2", host: name + "-default.localhost", path: path, h2c: true},
		{name: "its host and a port", host: name + "-default.localhost:80", path: path},
		{name: "its name in the path", host: "localhost", path: path},
		{name: "its name in the path, V1", host: "localhost", path: "/v1/models/" + name},
		{name: "its name in the path, HTTP/2", host: "LOCALHOST", path: path, h2c: true},
		{name: "its name in the path at an address", host: "127.0.0.1", path: path},
	}
}

// try asks a way with a header and gives the status.
func (s *sluice) try(w way, header http.Header) answer {
	s.t.Helper()
	transport := &http.Transport{Protocols: new(http.Protocols), DisableKeepAlives: true}
	transport.Protocols.SetHTTP1(!w.h2c)
	transport.Protocols.SetUnencryptedHTTP2(w.h2c)
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d%s", s.port, w.path), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	request.Host = w.host
	for name, values := range header {
		request.Header[name] = values
	}
	response, err := (&http.Client{Transport: transport, Timeout: 30 * time.Second}).Do(request)
	if err != nil {
		s.t.Fatalf("%s: %v", w.name, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{response.StatusCode, string(body), response.Header}
}

// waitTry waits until a way has a status.
func (s *sluice) waitTry(w way, header http.Header, want int) answer {
	s.t.Helper()
	var got answer
	eventually(s.t, startTimeout, fmt.Sprintf("%d by %s", want, w.name), func() error {
		if got = s.try(w, header); got.status != want {
			return fmt.Errorf("%d %s", got.status, got.body)
		}
		return nil
	})
	return got
}

func keyHeader(key string) http.Header { return http.Header{"X-Api-Key": {key}} }

// grpcReady asks by gRPC whether a model is ready.
func (s *sluice) grpcReady(authority, model string, header metadata.MD) error {
	s.t.Helper()
	connection, err := grpc.NewClient("passthrough:///"+net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)),
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithAuthority(authority))
	if err != nil {
		s.t.Fatal(err)
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(metadata.NewOutgoingContext(s.t.Context(), header), 30*time.Second)
	defer cancel()
	_, err = oipgrpc.NewGRPCInferenceServiceClient(connection).ModelReady(ctx, &oipgrpc.ModelReadyRequest{Name: model})
	return err
}

// TestAPIKeyByAnnotation asks by every way there is, without a key, with a wrong one and with the right one.
func TestAPIKeyByAnnotation(t *testing.T) {
	t.Parallel()
	s := start(t, guardedQuickstart(t))
	s.waitReady()
	for _, w := range waysTo("iris") {
		for _, header := range []http.Header{nil, keyHeader("wrong"), {"Authorization": {"Bearer wrong"}}} {
			if got := s.try(w, header); got.status != http.StatusUnauthorized || !strings.Contains(got.body, `{"error":`) || got.header.Get("Www-Authenticate") == "" {
				t.Errorf("%s with %v: %d %s %v", w.name, header, got.status, got.body, got.header)
			}
		}
		for _, header := range []http.Header{keyHeader(aliceKey), {"Authorization": {"Bearer " + aliceKey}}} {
			if got := s.try(w, header); got.status != http.StatusOK {
				t.Errorf("%s with the key: %d %s", w.name, got.status, got.body)
			}
		}
	}
	for _, w := range []way{{name: "a trailing dot", host: "iris-default.localhost.", path: "/v2/models/iris"}, {name: "no known host", host: "evil.example.com", path: "/v2/models/iris"}} {
		if got := s.try(w, nil); got.status < 400 {
			t.Errorf("%s: %d %s", w.name, got.status, got.body)
		}
	}
	for _, w := range waysTo("sentiment")[5:7] {
		if got := s.try(w, nil); got.status == http.StatusUnauthorized {
			t.Errorf("an open service by %s: %d %s", w.name, got.status, got.body)
		}
	}
	for _, authority := range []string{"iris-default.localhost", "IRIS-default.LOCALHOST", "iris-predictor-default.localhost"} {
		for header, want := range map[string]codes.Code{"": codes.Unauthenticated, "wrong": codes.Unauthenticated, aliceKey: codes.OK} {
			err := s.grpcReady(authority, "iris", metadata.Pairs("x-api-key", header))
			if status.Code(err) != want {
				t.Errorf("gRPC at %s with the key %q: %v, want %v", authority, header, err, want)
			}
		}
	}
}

const irisPolicy = `apiVersion: sluice.dev/v1alpha1
kind: AccessPolicy
metadata: {name: iris}
spec:
  targetRefs: [{group: serving.kserve.io, kind: InferenceService, name: iris}]
  apiKeyAuth: {secretRefs: [{name: iris-keys}]}
`

// TestPolicyComesChangesAndGoes follows one service through its policy's life, and through what can't be enforced, while
// another service is asked all the time over one connection.
func TestPolicyComesChangesAndGoes(t *testing.T) {
	t.Parallel()
	dir := guardedQuickstart(t)
	edit(t, filepath.Join(dir, "iris.yaml"), "  annotations: {sluice.dev/api-key-secret: iris-keys}\n", "")
	policy, keys := filepath.Join(dir, "policy.yaml"), filepath.Join(dir, "keys.yaml")
	s := start(t, dir)
	s.waitReady()
	kept := s.keepAsking("sentiment")
	byHost := waysTo("iris")[0]
	none, alice, bob := http.Header(nil), keyHeader(aliceKey), keyHeader(bobKey)

	s.waitTry(byHost, none, http.StatusOK)
	write(t, policy, irisPolicy)
	s.waitTry(byHost, none, http.StatusUnauthorized)
	s.waitTry(byHost, alice, http.StatusOK)

	write(t, keys, keysManifest("iris-keys", "bob", bobKey))
	s.waitTry(byHost, alice, http.StatusUnauthorized)
	s.waitTry(byHost, bob, http.StatusOK)

	if err := os.Remove(keys); err != nil {
		t.Fatal(err)
	}
	got := s.waitTry(byHost, bob, http.StatusServiceUnavailable)
	if !strings.Contains(got.body, "AccessPolicy default/iris") {
		t.Errorf("closed without a reason: %s", got.body)
	}
	s.waitProblem("policy.yaml", "Secret default/iris-keys does not exist")
	for _, w := range waysTo("iris") {
		if got := s.try(w, bob); got.status != http.StatusServiceUnavailable {
			t.Errorf("a policy without keys by %s: %d %s", w.name, got.status, got.body)
		}
	}
	write(t, keys, keysManifest("iris-keys", "alice", aliceKey))
	s.waitTry(byHost, alice, http.StatusOK)

	// A slip of the editor leaves the last good version in force.
	write(t, policy, strings.Replace(irisPolicy, "apiKeyAuth", "apiKeyAuht", 1))
	s.waitProblem("policy.yaml", "apiKeyAuht")
	s.waitTry(byHost, none, http.StatusUnauthorized)
	s.waitTry(byHost, alice, http.StatusOK)

	if err := os.Remove(policy); err != nil {
		t.Fatal(err)
	}
	s.waitTry(byHost, none, http.StatusOK)
	// One that was never good closes what it is about.
	write(t, policy, strings.Replace(irisPolicy, "apiKeyAuth", "apiKeyAuht", 1))
	s.waitTry(byHost, none, http.StatusServiceUnavailable)
	write(t, policy, irisPolicy)
	s.waitTry(byHost, alice, http.StatusOK)

	if failed := kept(); failed != "" {
		t.Error(failed)
	}
}

// keepAsking asks a service over one connection until the function that it gives is called, which tells of the first
// failure, or of a second connection.
func (s *sluice) keepAsking(name string) (stop func() string) {
	s.t.Helper()
	dials := 0
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		dials++
		return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)))
	}}
	client := &http.Client{Transport: transport, Timeout: 30 * time.Second}
	ctx, cancel := context.WithCancel(s.t.Context())
	result := make(chan string, 1)
	url := s.url(name, "/v1/models/"+name)
	go func() {
		defer transport.CloseIdleConnections()
		asked := 0
		for ctx.Err() == nil {
			got, err := ask(client, http.MethodGet, url, "")
			if err != nil || got.status != http.StatusOK {
				result <- fmt.Sprintf("request %d to %s: %v %d %s", asked, name, err, got.status, got.body)
				return
			}
			asked++
		}
		if dials != 1 {
			result <- fmt.Sprintf("%d requests to %s took %d connections, want 1", asked, name, dials)
			return
		}
		result <- ""
	}()
	return func() string {
		cancel()
		return <-result
	}
}

// waitProblem waits until a problem of a file says something.
func (s *sluice) waitProblem(file, text string) {
	s.t.Helper()
	eventually(s.t, startTimeout, fmt.Sprintf("a problem of %s that says %q", file, text), func() error {
		problems, err := s.admin.Problems(s.t.Context())
		if err != nil {
			return s.alive(err)
		}
		for _, p := range problems {
			if filepath.Base(p.File) == file && strings.Contains(p.Field+": "+p.Message, text) {
				return nil
			}
		}
		return fmt.Errorf("there are %+v", problems)
	})
}
