package engine

import (
	"strings"
	"testing"
)

func TestExpand(t *testing.T) {
	t.Parallel()
	values := map[string]string{"A": "a", "B_1": "$(A)", "EMPTY": "", "with space": "odd"}
	for in, want := range map[string]string{
		"":                  "",
		"plain":             "plain",
		"$(A)":              "a",
		"x$(A)y$(A)":        "xaya",
		"$(B_1)":            "$(A)", // a value is not expanded again
		"$(EMPTY)":          "",
		"$(NONE)":           "$(NONE)",
		"$(with space)":     "odd",
		"$$":                "$",
		"$$(A)":             "$(A)",
		"$$$(A)":            "$a",
		"$$$$(A)":           "$$(A)",
		"$(A":               "$(A",
		"$":                 "$",
		"a$":                "a$",
		"$A ${A} $1":        "$A ${A} $1",
		"$($(A))":           "$($(A))",
		"$()":               "$()",
		"--port=$(A):$$(A)": "--port=a:$(A)",
		"é$(A)é":            "éaé",
	} {
		if got := expand(in, lookupIn(values)); got != want {
			t.Errorf("expand(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzExpand(f *testing.F) {
	for _, seed := range []string{"", "$", "$$", "$(A)", "$(", "a$$(A)$", "$(A)$(B"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := expand(s, func(string) (string, bool) { return "", false })
		if !strings.Contains(s, "$$") && got != s {
			t.Errorf("expand(%q) = %q without a known name", s, got)
		}
		if len(got) > len(s) {
			t.Errorf("expand(%q) = %q is longer", s, got)
		}
	})
}
