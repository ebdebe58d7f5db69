package runtimes

import (
	"maps"
	"slices"
)

// nearest is the known word from which a mistyped one differs least, empty if none is within a third of its letters.
func nearest(wrong string, known map[string]bool) string {
	best, least := "", max(1, len(wrong)/3)+1
	for _, word := range slices.Sorted(maps.Keys(known)) {
		if d := distance(wrong, word); d < least {
			best, least = word, d
		}
	}
	return best
}

// distance counts the single-byte insertions, deletions and replacements between two words (Levenshtein 1965).
func distance(a, b string) int {
	above := make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			replaced := above[j]
			if a[i] != b[j] {
				replaced++
			}
			row[j+1] = min(replaced, above[j+1]+1, row[j]+1)
		}
		above = row
	}
	return above[len(b)]
}
