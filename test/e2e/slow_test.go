package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluice-serving/sluice/controller/admin"
)

// slowServer answers /slow when the file named by GATE is there, and anything else at once.
const slowServer = `import http.server, os, socketserver, time

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/slow":
            open(os.environ["GATE"] + ".waiting", "w").close()
            while not os.path.exists(os.environ["GATE"]):
                time.sleep(0.02)
        body = os.environ["MARK"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
`

// slowManifest serves slowServer with a mark of its own.
func slowManifest(gate, mark string) string {
	return fmt.Sprintf(`apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: slow
spec:
  predictor:
    containers:
      - name: kserve-container
        command: [python3, server.py]
        env:
          - {name: GATE, value: %s}
          - {name: MARK, value: %s}
`, gate, mark)
}

// slowRequest starts a request that waits for gate, and returns when it has reached the server. The channel
// gives its answer.
func (s *sluice) slowRequest(gate string) <-chan string {
	s.t.Helper()
	answers := make(chan string, 1)
	client, url := s.client(), s.url("slow", "/slow")
	go func() {
		got, err := ask(client, http.MethodGet, url, "")
		if err != nil {
			answers <- err.Error()
			return
		}
		answers <- fmt.Sprintf("%d %s", got.status, got.body)
	}()
	eventually(s.t, startTimeout, "the slow request at its server", func() error {
		_, err := os.Stat(gate + ".waiting")
		return err
	})
	return answers
}

// TestSlowRequestOutlivesARollingUpdate has a request in flight while its replica is replaced: new requests
// go to the new one, the old one answers what it has, and only then ends.
func TestSlowRequestOutlivesARollingUpdate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	gate := filepath.Join(t.TempDir(), "gate")
	write(t, filepath.Join(dir, "server.py"), slowServer)
	write(t, filepath.Join(dir, "slow.yaml"), slowManifest(gate, "old"))
	s := start(t, dir)
	s.waitService("slow", ready)
	answer := s.slowRequest(gate)

	write(t, filepath.Join(dir, "slow.yaml"), slowManifest(gate, "new"))
	eventually(t, startTimeout, "the new replica", func() error {
		got, err := ask(s.client(), http.MethodGet, s.url("slow", "/"), "")
		if err == nil && got.body != "new" {
			err = fmt.Errorf("%d %s", got.status, got.body)
		}
		return err
	})
	// Long enough for a drain that does not look at the request to end its replica.
	s.waitService("slow", func(service admin.Service) error {
		for _, pod := range service.Pods {
			if pod.Terminating {
				return nil
			}
		}
		return fmt.Errorf("no replica is being drained: %+v", service.Pods)
	})
	select {
	case got := <-answer:
		t.Fatalf("the request was answered %q before its gate opened", got)
	default:
	}
	write(t, gate, "")
	if got := <-answer; got != "200 old" {
		t.Errorf("the request in flight was answered %q, want 200 old", got)
	}
	s.waitService("slow", alone)
}

// TestSlowRequestOutlivesAnInterrupt has a request in flight when sluice is interrupted: it is answered
// before its server ends.
func TestSlowRequestOutlivesAnInterrupt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	gate := filepath.Join(t.TempDir(), "gate")
	write(t, filepath.Join(dir, "server.py"), slowServer)
	write(t, filepath.Join(dir, "slow.yaml"), slowManifest(gate, "old"))
	s := start(t, dir)
	s.waitService("slow", ready)
	answer := s.slowRequest(gate)
	if err := s.command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	eventually(t, startTimeout, "sluice waiting for the request", func() error {
		if !strings.Contains(s.output.String(), "waiting for requests in flight") {
			return fmt.Errorf("it printed %s", s.output)
		}
		return nil
	})
	write(t, gate, "")
	if got := <-answer; got != "200 old" {
		t.Errorf("the request in flight was answered %q, want 200 old", got)
	}
	if err := <-s.exited; err != nil {
		t.Errorf("sluice ended with %v", err)
	}
	s.command = nil
}
