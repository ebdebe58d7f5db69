package manifest

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// differences are the manifests that we judge otherwise than KServe's schema and webhook (in Standard mode),
// each with its reason. A line that is no longer needed fails the test.
var differences = map[string]string{
	"manifests/InferenceService/272-transformer-collocation.yaml": `a container is called "transformer-container " with a blank at its end: KServe takes it, and then the API server refuses the Deployment`,
}

type verdict struct {
	file, kind string
	accepted   bool
	reason     string
}

// TestCorpusIsJudgedAsKServeDoes reads KServe's published manifests: each that a cluster with KServe takes is
// accepted, and each that it refuses is refused with the path of a field.
func TestCorpusIsJudgedAsKServeDoes(t *testing.T) {
	t.Parallel()
	dir := corpusDir(t)
	seen := map[string]bool{}
	for _, v := range verdicts(t, dir) {
		data, err := os.ReadFile(filepath.Join(dir, v.file))
		if err != nil {
			t.Fatal(err)
		}
		seen[v.file] = true
		documents, problems := Parse(v.file, data)
		accepted := len(problems) == 0 && len(documents) > 0
		_, differs := differences[v.file]
		switch {
		case accepted == v.accepted && differs:
			t.Errorf("%s: judged as KServe does, so it needs no line among the differences", v.file)
		case accepted != v.accepted && !differs && v.accepted:
			t.Errorf("%s: KServe accepts it, and we say:\n%s", v.file, texts(problems))
		case accepted != v.accepted && !differs:
			t.Errorf("%s: accepted, and KServe refuses it: %s", v.file, v.reason)
		}
		for _, p := range problems {
			if p.Field == "" || p.Line == 0 || p.Remedy == "" {
				t.Errorf("%s: a problem without field, line or remedy: %s", v.file, p.Error())
			}
		}
	}
	if len(seen) < 474 {
		t.Errorf("only %d manifests of %s were judged; the corpus has more", len(seen), dir)
	}
	for file := range differences {
		if !seen[file] {
			t.Errorf("%s stands among the differences and not in the corpus", file)
		}
	}
}

// corpusDir is the folder of KServe's manifests, which is not part of the repository.
func corpusDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("SLUICE_KSERVE_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "kserve")
	}
	if _, err := os.Stat(filepath.Join(dir, "index.csv")); err != nil {
		t.Skipf("KServe's manifests are not at %s; set SLUICE_KSERVE_CORPUS to their folder to judge them", dir)
	}
	return dir
}

// verdicts joins what the API server says by its schema and what the webhook says.
func verdicts(t *testing.T, dir string) []verdict {
	t.Helper()
	refused := map[string]string{}
	for _, row := range rows(t, filepath.Join(dir, "webhook.csv")) {
		if file, mode, admitted, reason := row[0], row[1], row[2], row[3]; mode != "Knative" && admitted == "no" {
			refused[file] = reason
		}
	}
	var all []verdict
	for _, row := range rows(t, filepath.Join(dir, "index.csv")) {
		v := verdict{file: row[0], kind: row[1], accepted: row[3] == "valid", reason: row[4]}
		if reason, no := refused[v.file]; no && v.accepted {
			v.accepted, v.reason = false, reason
		}
		all = append(all, v)
	}
	return all
}

func rows(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all[1:]
}

func texts(problems []Problem) string {
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = "  " + p.Error()
	}
	return strings.Join(lines, "\n")
}
