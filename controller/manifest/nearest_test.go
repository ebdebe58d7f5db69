package manifest

import "testing"

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"containers", "initContainers", "model", "minReplicas", "maxReplicas", "name"}
	for wrong, want := range map[string]string{
		"container":   "containers",
		"minreplicas": "minReplicas",
		"maxReplica":  "maxReplicas",
		"modle":       "model",
		"nmae":        "name",
		"zzz":         "",
		"x":           "",
		"":            "",
	} {
		if got := nearest(wrong, known); got != want {
			t.Errorf("nearest(%q) = %q, want %q", wrong, got, want)
		}
	}
}

func TestSegmentsOf(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]int{
		"":                              0,
		"spec":                          1,
		"spec.containers[0].env[12]":    5,
		"metadata.annotations[a.b/c].d": 4,
		"spec[":                         2,
	} {
		if got := segmentsOf(path); len(got) != want {
			t.Errorf("segmentsOf(%q) = %q, want %d", path, got, want)
		}
	}
}
