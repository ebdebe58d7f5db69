// Package nearest finds the name that a mistyped one was meant to be, for the messages that say so: a manifest's
// field or kind, a model format, a service, a command's argument.
package nearest

import "strings"

// Name gives the known name that a wrong one was most likely meant to be, whatever the case of its letters: the one
// at the least distance, at most a third of its length and one letter more. Of several the first; "" if none is near.
func Name(wrong string, known []string) string {
	best, least := "", len(wrong)/3+1
	for _, name := range known {
		switch d := distance(strings.ToLower(wrong), strings.ToLower(name), least); {
		case d < least, d == least && best == "":
			best, least = name, d
		}
	}
	return best
}

// distance is the number of letters to insert, remove, replace or swap with their neighbour to turn a into b
// (optimal string alignment), or more than bound if it is more than that.
func distance(a, b string, bound int) int {
	if d := len(a) - len(b); d > bound || -d > bound || len(a) > maxCompared || len(b) > maxCompared {
		return bound + 1
	}
	before, above, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			replaced := above[j-1]
			if a[i-1] != b[j-1] {
				replaced++
			}
			row[j] = min(above[j]+1, row[j-1]+1, replaced)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}

// maxCompared bounds the work for names that a hostile file makes long.
const maxCompared = 64
