package envoy

import (
	"strings"
	"testing"

	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"

	"github.com/sluice-serving/sluice/xds/ir"
)

func TestReplacePrefix(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ match, to, prefix, regex string }{
		{"/a", "/b", "/b", ""},
		{"/a/", "/b/", "/b", ""},
		{"/a", "/", "", "^/a/*"},
		{"/a.b", "/", "", `^/a\.b/*`},
		{"/", "/b", "/b/", ""},
		{"/", "/", "", ""},
	} {
		got := replacePrefix(ir.Path{Kind: ir.PathPrefix, Value: c.match}, c.to)
		if got.prefix != c.prefix || got.regex.GetPattern().GetRegex() != c.regex {
			t.Errorf("%s → %s: prefix %q, expression %q; want %q, %q", c.match, c.to, got.prefix, got.regex.GetPattern().GetRegex(), c.prefix, c.regex)
		}
	}
}

func TestFraction(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		numerator, denominator, want uint32
		of                           typev3.FractionalPercent_DenominatorType
	}{
		{5, 100, 5, typev3.FractionalPercent_HUNDRED},
		{5, 10_000, 5, typev3.FractionalPercent_TEN_THOUSAND},
		{1, 3, 333_333, typev3.FractionalPercent_MILLION},
		{4, 3, 1_000_000, typev3.FractionalPercent_MILLION},
		{4_000_000_000, 4_294_967_295, 931_322, typev3.FractionalPercent_MILLION},
		{1, 0, 0, typev3.FractionalPercent_HUNDRED},
	} {
		if got := fraction(c.numerator, c.denominator); got.GetNumerator() != c.want || got.GetDenominator() != c.of {
			t.Errorf("%d/%d is %v", c.numerator, c.denominator, got)
		}
	}
}

// FuzzLuaString checks that no name can end its quotes or the line.
func FuzzLuaString(f *testing.F) {
	for _, s := range []string{"*.example.com", `a"b`, "a\\", "a\n]=true}os.exit()", "é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		quoted := luaString(s)
		inner := strings.TrimSuffix(strings.TrimPrefix(quoted, `"`), `"`)
		for i := 0; i < len(inner); i++ {
			switch c := inner[i]; {
			case c == '\\':
				if i+3 >= len(inner) {
					t.Fatalf("%q: short escape in %s", s, quoted)
				}
				i += 3
			case c == '"' || c == '\n' || c == '\r' || c >= 0x80:
				t.Fatalf("%q: %q stands bare in %s", s, c, quoted)
			}
		}
	})
}

// TestVersionIsOfContent holds for restarts: maps are serialised in one order.
func TestVersionIsOfContent(t *testing.T) {
	t.Parallel()
	h := ir.Host{Listener: "l", Name: "a.example.com"}
	first := Host(h)
	for range 50 {
		if again := Host(h); again.Version != first.Version {
			t.Fatal("equal hosts have different versions")
		}
	}
	h.Routes = []ir.Route{{Name: "r", Respond: &ir.Respond{Status: 200}}}
	if Host(h).Version == first.Version {
		t.Error("different hosts have one version")
	}
}
