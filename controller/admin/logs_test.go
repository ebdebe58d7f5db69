package admin_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sluice-serving/sluice/controller/admin"
	"github.com/sluice-serving/sluice/controller/admin/admintest"
)

// changing is a source whose snapshot a test replaces as a whole.
type changing struct {
	atomic.Pointer[admintest.Snapshot]
	admintest.Snapshot
}

func (c *changing) Service(namespace, name string) (admin.Service, bool) {
	return c.Load().Service(namespace, name)
}

func logged(pods ...admin.Pod) *changing {
	source := &changing{}
	source.Store(&admintest.Snapshot{ServiceList: []admin.Service{{Namespace: "default", Name: "iris", Pods: pods}}})
	return source
}

func pod(name string, containers ...admin.Container) admin.Pod {
	return admin.Pod{Name: name, Containers: containers}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestLogsOfOneMoment(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server, proxy, before := filepath.Join(dir, "server"), filepath.Join(dir, "proxy"), filepath.Join(dir, "before")
	write(t, server, "one\ntwo\nthree")
	write(t, proxy, "alpha\nbeta\n")
	write(t, before, "panic: gone\n")
	long := filepath.Join(dir, "long")
	write(t, long, strings.Repeat("x", 200_000)+"\nend\n")
	a := pod("iris-a", admin.Container{Name: "server", LogFile: server, PreviousLogFile: before}, admin.Container{Name: "proxy", LogFile: proxy})
	b := pod("iris-b", admin.Container{Name: "server", LogFile: filepath.Join(dir, "not-yet")})
	tests := []struct {
		name    string
		pods    []admin.Pod
		options admin.LogOptions
		want    string
	}{
		{"all", []admin.Pod{a, b}, admin.LogOptions{Tail: admin.AllLines},
			"[iris-a server] one\n[iris-a server] two\n[iris-a server] three\n[iris-a proxy] alpha\n[iris-a proxy] beta\n"},
		{"one container", []admin.Pod{a, b}, admin.LogOptions{Tail: admin.AllLines, Container: "proxy"}, "[iris-a] alpha\n[iris-a] beta\n"},
		{"a tail of an unended line", []admin.Pod{a}, admin.LogOptions{Tail: 2, Container: "server"}, "[iris-a] two\n[iris-a] three\n"},
		{"a tail of ended lines", []admin.Pod{a}, admin.LogOptions{Tail: 1, Container: "proxy"}, "[iris-a] beta\n"},
		{"a tail longer than the log", []admin.Pod{a}, admin.LogOptions{Tail: 90, Container: "proxy"}, "[iris-a] alpha\n[iris-a] beta\n"},
		{"no lines", []admin.Pod{a}, admin.LogOptions{Tail: 0}, ""},
		{"the process before", []admin.Pod{a, b}, admin.LogOptions{Tail: admin.AllLines, Previous: true}, "[iris-a server] panic: gone\n"},
		{"a replica that has not written", []admin.Pod{a, b}, admin.LogOptions{Tail: admin.AllLines, Replica: "iris-b"}, ""},
		{"a tail over several blocks", []admin.Pod{pod("p", admin.Container{Name: "c", LogFile: long})}, admin.LogOptions{Tail: 1}, "[p] end\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, logged(test.pods...))
			stream, err := client.Logs(t.Context(), "default", "iris", test.options)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = stream.Close() }()
			got, err := io.ReadAll(stream)
			if err != nil || string(got) != test.want {
				t.Errorf("got %q, error %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestLogsSendALongLineInPieces(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	write(t, path, strings.Repeat("x", 200_000)+"\nend\n")
	client, _ := serve(t, logged(pod("p", admin.Container{Name: "c", LogFile: path})))
	stream, err := client.Logs(t.Context(), "default", "iris", admin.LogOptions{Tail: admin.AllLines})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stream.Close() }()
	got, err := io.ReadAll(stream)
	if err != nil || strings.Count(string(got), "x") != 200_000 || !strings.HasSuffix(string(got), "[p] end\n") {
		t.Errorf("got %d bytes with %d x, error %v", len(got), strings.Count(string(got), "x"), err)
	}
}

func TestLogsNameWhatThereIsWhenAskedForAnother(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, logged(pod("iris-a", admin.Container{Name: "server"})))
	for _, options := range []admin.LogOptions{{Replica: "iris-x"}, {Container: "sidecar"}} {
		_, err := client.Logs(t.Context(), "default", "iris", options)
		wantStatus(t, err, http.StatusNotFound)
		if err != nil && !strings.Contains(err.Error(), "it has ") {
			t.Errorf("error %q does not list what there is", err)
		}
	}
}

func TestLogsOfAnEarlierProcessMayNotBeKept(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, logged(pod("iris-a", admin.Container{Name: "server", LogFile: "/none"})))
	_, err := client.Logs(t.Context(), "default", "iris", admin.LogOptions{Previous: true, Tail: admin.AllLines})
	wantStatus(t, err, http.StatusNotFound)
}

func TestFollowedLogsOutliveRestartsAndNewReplicas(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, second, third := filepath.Join(dir, "a.log"), filepath.Join(dir, "b.log"), filepath.Join(dir, "c.log")
	write(t, first, "old\nrecent\n")
	a := pod("iris-a", admin.Container{Name: "server", LogFile: first})
	source := logged(a)
	client, _ := serve(t, source)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	stream, err := client.Logs(ctx, "default", "iris", admin.LogOptions{Tail: 1, Follow: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stream.Close() }()
	lines := bufio.NewScanner(stream)

	expect(t, lines, "[iris-a] recent")
	write(t, first, "half ")
	write(t, first, "a line\n")
	expect(t, lines, "[iris-a] half a line")

	// A restart moves the file away and begins another under its name; what was written before the move is still sent.
	write(t, first, "last words\n")
	if err := os.Rename(first, first+".1"); err != nil {
		t.Fatal(err)
	}
	write(t, first, "hello again\n")
	expect(t, lines, "[iris-a] last words")
	expect(t, lines, "[iris-a] hello again")

	// A new replica's log is sent from its beginning, and one may come before its file does.
	write(t, second, "b1\nb2\n")
	b := pod("iris-b", admin.Container{Name: "server", LogFile: second})
	c := pod("iris-c", admin.Container{Name: "server", LogFile: third})
	source.Store(&admintest.Snapshot{ServiceList: []admin.Service{{Namespace: "default", Name: "iris", Pods: []admin.Pod{a, b, c}}}})
	expect(t, lines, "[iris-b] b1")
	expect(t, lines, "[iris-b] b2")
	write(t, third, "c1\n")
	expect(t, lines, "[iris-c] c1")

	// The stream ends with the service, after its last words.
	write(t, second, "unended")
	source.Store(&admintest.Snapshot{})
	expect(t, lines, "[iris-b] unended")
	if lines.Scan() || lines.Err() != nil {
		t.Errorf("after the end: line %q, error %v", lines.Text(), lines.Err())
	}
}

func TestFollowingEndsWithTheServer(t *testing.T) {
	t.Parallel()
	client, stop := serve(t, logged())
	stream, err := client.Logs(t.Context(), "default", "iris", admin.LogOptions{Tail: admin.AllLines, Follow: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stream.Close() }()
	began := time.Now()
	stop()
	if _, err := io.ReadAll(stream); err != nil {
		t.Errorf("the stream ended with %v", err)
	}
	if took := time.Since(began); took > patience/2 {
		t.Errorf("the stop took %s", took)
	}
}

func TestTooManyLogStreamsAreRefused(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, logged())
	for i := range 32 {
		stream, err := client.Logs(t.Context(), "default", "iris", admin.LogOptions{Follow: true})
		if err != nil {
			t.Fatalf("stream %d: %v", i, err)
		}
		defer func() { _ = stream.Close() }()
	}
	_, err := client.Logs(t.Context(), "default", "iris", admin.LogOptions{Follow: true})
	wantStatus(t, err, http.StatusTooManyRequests)
}

func expect(t *testing.T, lines *bufio.Scanner, want string) {
	t.Helper()
	if !lines.Scan() {
		t.Fatalf("the stream ended (%v) before %q", lines.Err(), want)
	}
	if got := lines.Text(); got != want {
		t.Fatalf("got line %q, want %q", got, want)
	}
}
