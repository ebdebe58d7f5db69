package proxy

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseLog(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line               string
		level              slog.Level
		component, message string
	}{
		{"info main starting main dispatch loop", slog.LevelInfo, "main", "starting main dispatch loop"},
		{"warning config gRPC config for X rejected", slog.LevelWarn, "config", "gRPC config for X rejected"},
		{"critical main assert failure", slog.LevelError, "main", "assert failure"},
		{"error initializing configuration", slog.LevelError, "initializing", "configuration"},
		{"Backtrace (use tools/stack_decode.py)", slog.LevelWarn, "", "Backtrace (use tools/stack_decode.py)"},
		{"", slog.LevelWarn, "", ""},
	} {
		level, component, message := parseLog(c.line)
		if level != c.level || component != c.component || message != c.message {
			t.Errorf("%q: %v %q %q", c.line, level, component, message)
		}
	}
}

// TestForwardLogHasNoResource gives it a line that Envoy writes where it refuses a resource.
func TestForwardLogHasNoResource(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	text := `warning config gRPC config for X rejected: goo.gle/debugonly  \nname: \"a\"\nkey: \"key-of-alice\"\n}\n: too bad` + "\n"
	forwardLog(strings.NewReader(text), slog.New(slog.NewTextHandler(&out, nil)), func() bool { return false })
	if strings.Contains(out.String(), "alice") || !strings.Contains(out.String(), "gRPC config for X rejected: [redacted]") {
		t.Error(out.String())
	}
}

func TestForwardLogBoundsLines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	text := "error main first\n\nwarning main " + strings.Repeat("x", 3*maxLogLine) + "\nerror main last"
	forwardLog(strings.NewReader(text), slog.New(slog.NewJSONHandler(&out, nil)), func() bool { return true })
	var messages []string
	for line := range strings.Lines(out.String()) {
		var record struct{ Msg string }
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatal(err)
		}
		messages = append(messages, record.Msg)
	}
	// The long line is a warning, which is detail while the end is expected.
	if diff := cmp.Diff([]string{"first", "last"}, messages); diff != "" {
		t.Error(diff)
	}
}

func TestParseActiveRequests(t *testing.T) {
	t.Parallel()
	got, err := parseActiveRequests([]byte(`{"cluster_statuses":[
		{"name":"sluice-xds","host_statuses":[{"address":{"pipe":{"path":"/x"}}}]},
		{"name":"default/iris/80","host_statuses":[
			{"address":{"socket_address":{"address":"127.0.0.1","port_value":8080}},"stats":[{"name":"rq_total","value":"9"},{"name":"rq_active","value":"3"}]},
			{"address":{"socket_address":{"address":"::1","port_value":8081}},"stats":[{"name":"rq_active"}]}]},
		{"name":"default/empty/80"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]int{"default/iris/80": {"127.0.0.1:8080": 3, "[::1]:8081": 0}, "default/empty/80": {}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzParseActiveRequests(f *testing.F) {
	f.Add([]byte(`{"cluster_statuses":[{"name":"a","host_statuses":[{"stats":[{"name":"rq_active","value":"x"}]}]}]}`))
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = parseActiveRequests(data)
	})
}
