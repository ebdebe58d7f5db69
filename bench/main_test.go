package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

// run gives what a command line prints, or its error.
func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	cmd := command()
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func TestListNamesEachBenchmarkAndItsParts(t *testing.T) {
	t.Parallel()
	out, err := run(t, "--list")
	if err != nil || !strings.Contains(out, "standalone: ") || !strings.Contains(out, "overhead") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestWhatIsNotThereIsRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args []string
		says string
	}{
		{[]string{"nothing"}, `"nothing"`},
		{[]string{"--rounds", "-1"}, "--rounds -1"},
		{[]string{"--sizes", "0,1"}, "--sizes"},
		{[]string{"--sizes", "10,1"}, "--sizes"},
	} {
		if _, err := run(t, test.args...); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%v: %v, want an error that says %s", test.args, err, test.says)
		}
	}
}

// TestOnlyAWholeRunWritesResults keeps numbers of a narrowed run away from those that are committed.
func TestOnlyAWholeRunWritesResults(t *testing.T) {
	t.Parallel()
	results, elsewhere := filepath.Join("bench", "results"), filepath.Join("bin", "bench")
	for _, test := range []struct {
		change func(*options)
		want   string
	}{
		{func(*options) {}, results},
		{func(o *options) { o.rig.Rounds = 7 }, results},
		{func(o *options) { o.rig.Rounds = 4 }, elsewhere},
		{func(o *options) { o.rig.Quick = true }, elsewhere},
		{func(o *options) { o.rig.Sizes = []int{1, 1000} }, elsewhere},
		{func(o *options) { o.parts = []string{"static"} }, elsewhere},
		{func(o *options) { o.rig.Quick, o.out = true, "here" }, "here"},
	} {
		var o options
		test.change(&o)
		if err := o.complete(&bytes.Buffer{}); err != nil || o.out != test.want {
			t.Errorf("%+v: results go to %s, %v; want %s", o, o.out, err, test.want)
		}
	}
}
