package engine

import (
	"strings"
	"testing"
)

func TestParseStat(t *testing.T) {
	t.Parallel()
	line := "42 (a) b (c) S 1 40 39 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654 1000 10 18446744073709551615"
	got, err := parseStat([]byte(line))
	if err != nil || got != (procStat{pid: 42, state: 'S', group: 40, start: 987654}) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{"", "42", "42 (x", "42 (x) S 1", strings.Replace(line, "987654", "x", 1), ")("} {
		if _, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("42 (a) S 1 40 39 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654 1000"))
	f.Add([]byte(")("))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = parseStat(data) })
}
