package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/sluice-serving/sluice/controller/admin"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// result is what one run of the command line did.
type result struct {
	code     int
	out, err string
}

// sluice runs the command line in this process. environment holds the variables that it sees.
func sluice(ctx context.Context, in io.Reader, environment map[string]string, arguments ...string) result {
	var out, errOut bytes.Buffer
	root := newRootCommand(func(name string) string { return environment[name] })
	root.SetArgs(append([]string{}, arguments...)) // nil would stand for the arguments of this test
	root.SetIn(in)
	root.SetOut(&out)
	root.SetErr(&errOut)
	code := execute(ctx, root)
	return result{code, out.String(), errOut.String()}
}

// adminOf gives the environment in which source is the sluice that runs.
func adminOf(t *testing.T, source admin.Source) map[string]string {
	t.Helper()
	server := httptest.NewServer(admin.New(admin.Options{
		Source: source, Loads: &climbing{}, Gatherer: prometheus.NewRegistry(), Logger: slog.New(slog.DiscardHandler), Address: "127.0.0.1:0", Version: "test",
	}).Handler())
	t.Cleanup(server.Close)
	return map[string]string{"SLUICE_ADMIN": strings.TrimPrefix(server.URL, "http://")}
}

// golden compares a run with testdata/NAME.out.txt, which reads as a terminal's session would.
func golden(t *testing.T, name string, arguments []string, got result) {
	t.Helper()
	text := fmt.Sprintf("$ sluice %s\n%s", strings.Join(arguments, " "), got.out)
	if got.err != "" {
		text += "--- standard error\n" + got.err
	}
	text += fmt.Sprintf("--- exit code %d\n", got.code)
	path := filepath.Join("testdata", name+".out.txt")
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
