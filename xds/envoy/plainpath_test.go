package envoy

import (
	"regexp"
	"strings"
	"testing"
)

func TestPlainPath(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		expression, text string
		kind             plainKind
	}{
		{"^/.*$", "/", pathBeginning},
		{"/.*", "/", pathBeginning},
		{"^/.*", "/", pathBeginning},
		{`/v1/models/a\.b.*$`, "/v1/models/a.b", pathBeginning},
		{"(?s)/a/.*", "/a/", pathBeginning},
		{"^/v2$", "/v2", wholePath},
		{`/v1/models/iris:predict`, "/v1/models/iris:predict", wholePath},
		{`^/inference\.GRPCInferenceService/.*$`, "/inference.GRPCInferenceService/", pathBeginning},
		{"(?:/a/.*)", "/a/", pathBeginning},
		{expression: "(/a/.*)"},
		{expression: ".*"},
		{expression: ""},
		{expression: "^$"},
		{expression: "/.+"},
		{expression: "/a.*?/b"},
		{expression: "(?i)/a.*"},
		{expression: "(?i)/a"},
		{expression: "(?m)^/a$"},
		{expression: "a.*"},
		{expression: `/a\?b`},
		{expression: "/a|/b"},
		{expression: "/a*"},
		{expression: "/[ab]"},
		{expression: "/a.*b.*"},
		{expression: "(/a"},
		{expression: `/v[12]/models/iris([:/].*)?`},
	} {
		if text, kind := plainPath(c.expression); text != c.text || kind != c.kind {
			t.Errorf("%q: %q, kind %d; want %q, %d", c.expression, text, kind, c.text, c.kind)
		}
	}
}

// FuzzPlainPath compares the text with the expression that it stands for.
func FuzzPlainPath(f *testing.F) {
	for _, expression := range []string{"^/.*$", "/a", `/a\.b/.*`, "(?i)/a.*", "/a|/b", "/a.*b", "(?U)/a.*", "/é.*", "^^/a$$", "/a.*.*"} {
		for _, path := range []string{"/", "/a", "/a.b/c", "/A", "/ab", "/é"} {
			f.Add(expression, path)
		}
	}
	f.Fuzz(func(t *testing.T, expression, path string) {
		text, kind := plainPath(expression)
		if kind == noPlainPath || !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "\n?#") {
			return
		}
		whole := regexp.MustCompile(`\A(?:` + expression + `)\z`)
		same := path == text
		if kind == pathBeginning {
			same = strings.HasPrefix(path, text)
		}
		if matches := whole.MatchString(path); matches != same {
			t.Errorf("%q matches %q: %t, and by %q: %t", expression, path, matches, text, same)
		}
	})
}
