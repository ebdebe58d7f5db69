package mutate

import (
	"fmt"
	"slices"
	"strings"
)

// snippets are pieces of YAML that change what stands around them.
var snippets = []string{
	"\n---\n", "\n...\n", "---", "\n%YAML 1.1\n", "%TAG ! x", "&a ", "*a", "*b", "<<: *a\n", "!!binary ", "!!null ", "!!float ", "!custom ", "? ", ": ", "- ", "| \n", ">-\n", "{", "}", "[", "]", "\"", "'", "#", "\t",
	"\x00", "\xff\xfe", "\xef\xbb\xbf", "\xc3", "\xed\xa0\x80", "\r", "\u2028", "\u0085", "@", "`", "\\", "\\u0000", "\\ud800", "\n  \n", "\n kind: List\n",
}

// text changes bytes, lines and punctuation.
func (m mutator) text(from []byte) []byte {
	out := slices.Clone(from)
	for range 1 + m.IntN(4) {
		at := m.IntN(len(out) + 1)
		switch m.IntN(8) {
		case 0:
			out = slices.Insert(out, at, []byte(snippets[m.IntN(len(snippets))])...)
		case 1:
			out = slices.Insert(out, at, byte(m.IntN(256)))
		case 2:
			end := min(len(out), at+1+m.IntN(20))
			out = slices.Delete(out, at, end)
		case 3:
			if at < len(out) {
				out[at] ^= 1 << m.IntN(8)
			}
		case 4:
			lines := strings.SplitAfter(string(out), "\n")
			i, j := m.IntN(len(lines)), m.IntN(len(lines))
			lines[i], lines[j] = lines[j], lines[i]
			out = []byte(strings.Join(lines, ""))
		case 5:
			lines := strings.SplitAfter(string(out), "\n")
			i := m.IntN(len(lines))
			lines[i] = strings.Repeat(" ", m.IntN(6)) + lines[i]
			out = []byte(strings.Join(slices.Insert(lines, i, lines[i]), ""))
		case 6:
			if m.IntN(40) == 0 {
				out = append(out, m.bomb()...)
			}
		case 7:
			out = out[:at]
		}
	}
	return out[:min(len(out), maxText)]
}

// bomb is short, and long once its aliases are written out.
func (m mutator) bomb() string {
	var b strings.Builder
	width := 2 + m.IntN(9)
	b.WriteString("\nbomb:\n  a0: &a0 [x, x]\n")
	for i := range 1 + m.IntN(12) {
		fmt.Fprintf(&b, "  a%d: &a%d [%s*a%d]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), width), i)
	}
	return b.String()
}
