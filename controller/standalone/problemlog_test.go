package standalone

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/sluice-serving/sluice/controller/manifest"
)

func TestProblemIsLoggedWhenItIsNew(t *testing.T) {
	t.Parallel()
	at := func(line int) manifest.Problem {
		return manifest.Problem{Source: manifest.Source{File: "a.yaml", Line: line}, Message: "is wrong", Remedy: "mend it"}
	}
	logged := func(before, now []manifest.Problem) string {
		var out bytes.Buffer
		logNewProblems(slog.New(slog.NewTextHandler(&out, nil)), before, now)
		return out.String()
	}
	first := logged(nil, []manifest.Problem{at(3)})
	for _, want := range []string{"level=WARN", "at=a.yaml:3", `message="is wrong"`, `remedy="mend it"`} {
		if strings.Count(first, want) != 1 {
			t.Errorf("the log has not %s once:\n%s", want, first)
		}
	}
	if again := logged([]manifest.Problem{at(3)}, []manifest.Problem{at(3)}); again != "" {
		t.Errorf("logged again at the next read:\n%s", again)
	}
	if other := logged([]manifest.Problem{at(3)}, []manifest.Problem{at(0)}); !strings.Contains(other, "at=a.yaml ") {
		t.Errorf("a new one, of the whole file, is logged as:\n%s", other)
	}
}
