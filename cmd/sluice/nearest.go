package main

import "slices"

// nearest gives the candidate with the least edit distance to word, if that is at most a third of the word's length
// and at least one edit is allowed.
func nearest(word string, candidates []string) (string, bool) {
	best, distance := "", max(1, len(word)/3)+1
	for _, candidate := range candidates {
		if d := editDistance(word, candidate); d < distance {
			best, distance = candidate, d
		}
	}
	return best, best != ""
}

// editDistance counts the single-byte insertions, deletions and replacements that turn a into b (Levenshtein 1965), one
// row of the table at a time.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = slices.Min([]int{cost, row[j] + 1, row[j+1] + 1})
		}
	}
	return row[len(b)]
}
