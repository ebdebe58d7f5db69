package manifest

import "testing"

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
