package translate

import (
	"strings"
	"testing"
)

func TestCheckRegexBoundsExpressions(t *testing.T) {
	t.Parallel()
	for _, expression := range []string{"^/.*$", `^/v1/models/[\w-]+:explain$`, `/v[12]/models/iris([:/].*)?`, `^/inference\.GRPCInferenceService/.*$`, "(?i)abc", `\pL+`} {
		if wrong := checkRegex("path", expression, maxPath); wrong != nil {
			t.Errorf("checkRegex(%q) complains: %s", expression, wrong.message)
		}
	}
	for _, expression := range []string{"(", "a{1001}", `(?=a)`, `\1`, `\pL{1000}`, strings.Repeat("x{1000}", 20), strings.Repeat("a", maxPath+1), strings.Repeat("(", 500), "\xff"} {
		if wrong := checkRegex("path", expression, maxPath); wrong == nil {
			t.Errorf("checkRegex(%.40q) does not complain", expression)
		}
	}
}

func TestCheckPathKeepsToTheAPIServersRules(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/", "/a", "/a/", "/a%20b", "/v1/models/iris:predict", "/a/b.c/..d"} {
		if wrong := checkPath(path); wrong != nil {
			t.Errorf("checkPath(%q) complains: %s", path, wrong.message)
		}
	}
	for _, path := range []string{"", "a", "//", "/a//b", "/a/../b", "/.", "/a/..", "/a%2Fb", "/a%2", "/a b", "/a?b", "/a#b", "/ü", "/" + strings.Repeat("a", maxPath)} {
		if wrong := checkPath(path); wrong == nil {
			t.Errorf("checkPath(%.40q) does not complain", path)
		}
	}
}
