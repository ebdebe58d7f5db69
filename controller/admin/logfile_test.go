package admin

import (
	"bytes"
	"testing"
)

func FuzzTailOffset(f *testing.F) {
	f.Add([]byte("one\ntwo\nthree"), 2)
	f.Add([]byte("\n\n\n"), 1)
	f.Add([]byte(""), 3)
	f.Add(append(bytes.Repeat([]byte("x"), block-1), "\ny\n"...), 1)
	f.Add(append(bytes.Repeat([]byte("x"), block), "\ny\n"...), 2)
	f.Fuzz(func(t *testing.T, text []byte, n int) {
		if n < 0 || n > maxTail {
			return
		}
		got, err := tailOffset(bytes.NewReader(text), int64(len(text)), n)
		if err != nil {
			t.Fatal(err)
		}
		if want := plainTailOffset(text, n); got != want {
			t.Errorf("last %d lines of %q begin at %d, want %d", n, text, got, want)
		}
	})
}

// plainTailOffset says the same with everything in memory.
func plainTailOffset(text []byte, n int) int64 {
	lines := bytes.SplitAfter(text, []byte("\n"))
	if len(lines[len(lines)-1]) == 0 {
		lines = lines[:len(lines)-1]
	}
	offset := len(text)
	for i := len(lines) - 1; i >= 0 && i >= len(lines)-n; i-- {
		offset -= len(lines[i])
	}
	return int64(offset)
}
