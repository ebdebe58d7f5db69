package engine

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseRequirements(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"b==2\na==1":                     {"a==1", "b==2"},
		"a==1 b==2, c[extra]==3":         {"a==1", "b==2", "c[extra]==3"},
		"# note\n\na==1  # why\na==1\n":  {"a==1"},
		"a @ file:///x/a.whl":            {"a @ file:///x/a.whl"},
		`a==1 ; python_version < "3.13"`: {`a==1 ; python_version < "3.13"`},
		"a===1":                          {"a===1"},
		"":                               nil,
	} {
		got, err := parseRequirements(text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: %v\n%s", text, err, diff)
		}
	}
	for _, text := range []string{"a", "a>=1", "a==1.*", "a==", "-r other.txt", "--index-url=x", "a==1\nb", `a ; python_version == "3"`} {
		if got, err := parseRequirements(text); err == nil {
			t.Errorf("%q is taken as %q", text, got)
		}
	}
}

func FuzzParseRequirements(f *testing.F) {
	f.Add("a==1\nb @ file:///x")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := parseRequirements(text)
		if err != nil {
			return
		}
		for _, spec := range list {
			if spec == "" || spec[0] == '-' {
				t.Errorf("%q gives %q", text, spec)
			}
		}
	})
}
