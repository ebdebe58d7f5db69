package rounds

import (
	"cmp"
	"slices"
)

// Median gives the middle of values, or the mean of the two in the middle; 0 of none.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// Quantile gives the smallest of values that at least the share q of them, from 0 to 1, does not exceed (the nearest
// rank: always a value that was measured); the zero value of none.
func Quantile[T cmp.Ordered](values []T, q float64) T {
	var none T
	if len(values) == 0 {
		return none
	}
	return SortedQuantile(slices.Sorted(slices.Values(values)), q)
}

// SortedQuantile is [Quantile] of values that are sorted already, at least one.
func SortedQuantile[T cmp.Ordered](sorted []T, q float64) T {
	// A share such as 0.99 of 100 is 99.00000000000001 or 98.99999999999999: a hair below the rank is the rank.
	rank := int(q*float64(len(sorted)) + 1 - 1e-9)
	return sorted[min(max(rank, 1), len(sorted))-1]
}
