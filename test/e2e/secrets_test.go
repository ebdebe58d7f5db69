package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// mark begins every secret value of the sweep.
const mark = "hush-8d1f43"

// secretsManifest has a value wherever a manifest can carry one, right and wrong.
const secretsManifest = `
apiVersion: v1
kind: Secret
metadata: {name: iris-keys}
stringData: {alice: MARK-string-data}
data: {bob: BASE64}
---
apiVersion: v1
kind: Secret
metadata: {name: environment}
stringData: {token: MARK-environment}
---
apiVersion: v1
kind: Secret
metadata: {name: storage-config}
stringData: {s3: '{"type": "s3", "access_key_id": "MARK-storage-id", "secret_access_key": "MARK-storage"}'}
---
apiVersion: v1
kind: Secret
metadata: {name: tls}
type: kubernetes.io/tls
stringData: {tls.crt: MARK-certificate, tls.key: MARK-key}
---
apiVersion: v1
kind: Secret
metadata: {name: wrong-type}
data: {number: 5, text: MARK-not-base64!}
---
apiVersion: v1
kind: Secret
metadata: {name: bad-keys}
stringData: {alice: "MARK with spaces", carol: MARK-twice, dave: MARK-twice}
---
apiVersion: sluice.dev/v1alpha1
kind: AccessPolicy
metadata: {name: tokens}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: tokens}]
  jwt:
    providers:
    - name: one
      localJWKS:
        inline: '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"MARK-private-part"}]}'
---
apiVersion: sluice.dev/v1alpha1
kind: AccessPolicy
metadata: {name: shared}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: shared}]
  apiKeyAuth: {secretRefs: [{name: bad-keys}]}
  jwt:
    providers:
    - {name: one, localJWKS: {inline: '{"keys":[{"kty":"oct","k":"MARK-shared-secret"}]}'}}
    - {name: two, localJWKS: {inline: 'MARK-no-key-set'}}
---
apiVersion: sluice.dev/v1alpha1
kind: AccessPolicy
metadata: {name: typed}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: typed}]
  jwt: {providers: [{name: one, localJWKS: {inline: {keys: [MARK-typed]}}}]}
`

// tellingManifest has services that never get ready because they print their Secrets as what is wrong: by a probe, by the last
// line of the log, out of the environment and out of a file of several lines, and one that has its Secret as an argument.
const tellingManifest = `
apiVersion: v1
kind: Secret
metadata: {name: telling}
stringData: {token: MARK-token, tls.key: "-----BEGIN KEY-----\nMARK/first/line\nMARK/second/line\n-----END KEY-----\n"}
---
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: by-startup}
spec:
  predictor:
    containers:
    - name: kserve-container
      command: [sleep, "3600"]
      env: [{name: TOKEN, valueFrom: {secretKeyRef: {name: telling, key: token}}}]
      startupProbe: {exec: {command: [sh, -c, 'echo "login with $TOKEN failed"; exit 1']}, failureThreshold: 1}
---
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: by-liveness}
spec:
  predictor:
    containers:
    - name: kserve-container
      command: [sleep, "3600"]
      env: [{name: TOKEN, valueFrom: {secretKeyRef: {name: telling, key: token}}}]
      livenessProbe: {exec: {command: [sh, -c, 'echo "login with $TOKEN failed"; exit 1']}, failureThreshold: 1, periodSeconds: 1}
---
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: by-log}
spec:
  predictor:
    volumes: [{name: key, secret: {secretName: telling}}]
    containers:
    - name: kserve-container
      command: [sh, -c, 'echo "login with $(sed -n 2p "$KEY") failed"; exit 1']
      env: [{name: KEY, value: /etc/key/tls.key}]
      volumeMounts: [{name: key, mountPath: /etc/key}]
---
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: by-argument}
spec:
  predictor:
    containers:
    - name: kserve-container
      command: [sleep, "3600", "$(TOKEN)"]
      env: [{name: TOKEN, valueFrom: {secretKeyRef: {name: telling, key: token}}}]
`

// environmentOf gives the sentiment service its secret by its environment.
const environmentOf = `          - name: PYTHONUNBUFFERED
            value: "1"
          - name: TOKEN
            valueFrom: {secretKeyRef: {name: environment, key: token}}
`

// TestSecretsStayInside puts marked values wherever a manifest can carry them, and looks for the mark in whatever sluice
// and Envoy print, answer or keep.
func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	dir := guardedQuickstart(t)
	if err := os.Remove(filepath.Join(dir, "keys.yaml")); err != nil {
		t.Fatal(err)
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(mark + "-data"))
	manifest := strings.NewReplacer("MARK", mark, "BASE64", encoded).Replace(secretsManifest)
	write(t, filepath.Join(dir, "secrets.yaml"), manifest)
	edit(t, filepath.Join(dir, "custom.yaml"), "          - name: PYTHONUNBUFFERED\n            value: \"1\"\n", environmentOf)

	state, err := os.MkdirTemp("", "sluice")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(state) })
	log := filepath.Join(t.TempDir(), "access.log")
	s := startWith(t, state, dir, "--access-log", log, "--verbose")
	s.waitReady()
	s.waitProblem("secrets.yaml", "shared secret (kty oct)")
	write(t, filepath.Join(dir, "telling.yaml"), strings.ReplaceAll(tellingManifest, "MARK", mark))
	for _, name := range tellingServices() {
		s.searchRefusal(name)
	}
	byHost := waysTo("iris")[0]
	for _, header := range []http.Header{keyHeader(mark + "-string-data"), keyHeader(mark + "-data"), {"Authorization": {"Bearer " + mark + "-string-data"}}} {
		if got := s.try(byHost, header); got.status != http.StatusOK {
			t.Errorf("with a key of the Secret: %d %s", got.status, got.body)
		}
	}
	for _, w := range []way{byHost, {name: "a query", host: byHost.host, path: byHost.path + "?key=" + mark + "-query"}} {
		s.search(w.name, []byte(s.try(w, keyHeader(mark+"-wrong")).body))
	}

	s.searchAdmin(t.Context())
	for _, name := range tellingServices() {
		s.searchCommand("explain", name, "--admin", s.address)
		s.searchCommand("get", "services", name, "-o", "yaml", "--admin", s.address)
	}
	for _, args := range [][]string{
		{"get", "services", "-o", "json"}, {"get", "problems", "-o", "yaml"}, {"explain", "iris"}, {"explain", "sentiment", "-o", "json"}, {"xds", "dump", "--full", "-o", "json"},
	} {
		s.searchCommand(append(args, "--admin", s.address)...)
	}
	for _, args := range [][]string{
		{"validate", dir}, {"plan", "-f", dir, "--status"}, {"translate", "-f", dir}, {"translate", "-f", dir, "--to", "envoy", "-o", "json"},
	} {
		s.searchCommand(args...)
	}
	s.searchCommandLines()
	s.search("what sluice run printed", []byte(s.output.String()))
	s.searchFile("the access log", log)
	s.searchState()
}

// tellingServices are those of the tellingManifest.
func tellingServices() []string {
	return []string{"by-startup", "by-liveness", "by-log", "by-argument"}
}

// searchRefusal waits until a service's callers read why it doesn't serve, and looks at all that they are answered.
func (s *sluice) searchRefusal(name string) {
	s.t.Helper()
	eventually(s.t, startTimeout, "the reason of "+name, func() error {
		got := s.try(waysTo(name)[0], nil)
		s.search("the answer of "+name, []byte(got.body))
		if got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, "[redacted]") && !strings.Contains(got.body, "$(TOKEN) would put the value") {
			return fmt.Errorf("%d %s", got.status, got.body)
		}
		return nil
	})
}

// search fails the test where the mark is in data, plainly or in base64.
func (s *sluice) search(what string, data []byte) {
	s.t.Helper()
	for offset := range 3 {
		// The middle of the mark in base64, at each of the three places that it may have.
		encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", offset) + mark))
		if inner := encoded[4 : len(encoded)-4]; bytes.Contains(data, []byte(inner)) {
			s.t.Errorf("%s holds a secret value in base64", what)
		}
	}
	if i := bytes.Index(data, []byte(mark)); i >= 0 {
		s.t.Errorf("%s holds a secret value: …%s…", what, data[max(0, i-80):min(len(data), i+80)])
	}
}

func (s *sluice) searchFile(what, path string) {
	s.t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	s.search(what, data)
}

// searchAdmin looks at every answer of the admin port.
func (s *sluice) searchAdmin(ctx context.Context) {
	s.t.Helper()
	for _, path := range []string{
		"/metrics", "/readyz", "/api/v1", "/api/v1/services", "/api/v1/services/default/iris", "/api/v1/services/default/sentiment",
		"/api/v1/services/default/iris/explain", "/api/v1/services/default/sentiment/logs", "/api/v1/problems", "/api/v1/load", "/api/v1/xds?full=1",
	} {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+path, nil)
		if err != nil {
			s.t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			s.t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			s.t.Fatal(err)
		}
		s.search(path, body)
	}
}

// searchCommand looks at what a command prints; some of them report the manifests' faults by their exit code.
func (s *sluice) searchCommand(args ...string) {
	s.t.Helper()
	path, err := binary()
	if err != nil {
		s.t.Fatal(err)
	}
	out, _ := exec.CommandContext(s.t.Context(), path, args...).CombinedOutput()
	if len(out) == 0 || bytes.Contains(out, []byte("unknown flag")) {
		s.t.Errorf("sluice %s printed %q", strings.Join(args, " "), out)
	}
	s.search("sluice "+strings.Join(args, " "), out)
}

// searchCommandLines looks at the arguments of every process that sluice started, and of those that these started.
func (s *sluice) searchCommandLines() {
	s.t.Helper()
	looked := 0
	for queue := []int{s.command.Process.Pid}; len(queue) > 0; queue = queue[1:] {
		pid := strconv.Itoa(queue[0])
		line, err := os.ReadFile(filepath.Join("/proc", pid, "cmdline"))
		if err != nil {
			continue // It has ended meanwhile.
		}
		looked++
		s.search("the command line of process "+pid, line)
		tasks, _ := filepath.Glob(filepath.Join("/proc", pid, "task", "*", "children"))
		for _, task := range tasks {
			children, _ := os.ReadFile(task)
			for child := range strings.FieldsSeq(string(children)) {
				if number, err := strconv.Atoi(child); err == nil {
					queue = append(queue, number)
				}
			}
		}
	}
	if looked < 4 {
		s.t.Errorf("looked at %d processes; sluice, Envoy and two models make four", looked)
	}
}

// searchState looks at every file of the state directory. A model's own environment file may hold what the model is given,
// and then nobody else may read it.
func (s *sluice) searchState() {
	s.t.Helper()
	err := filepath.WalkDir(s.state, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("reading the state: %w", err)
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if bytes.Contains(data, []byte(mark)) && info.Mode().Perm()&0o077 == 0 && strings.Contains(path, string(filepath.Separator)+"pods"+string(filepath.Separator)) {
			s.t.Logf("%s holds what its model is given", path)
			return nil
		}
		s.search(path, data)
		return nil
	})
	if err != nil {
		s.t.Error(err)
	}
	if info, err := os.Stat(s.state); err != nil || info.Mode().Perm()&0o077 != 0 {
		s.t.Errorf("the state directory has the mode %v, want 0700", info.Mode())
	}
}
