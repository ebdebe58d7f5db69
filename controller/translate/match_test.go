package translate

import (
	"strings"
	"testing"
)

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
