package trees

import "math"

// Keys are integers in the order of the numbers that they stand for: key(a) < key(b) where a < b, and both zeros are one
// key. Below and above the keys of the infinities there is room: for missing values that go to the left or right of every
// threshold, and for the leaves' key, which nothing reaches.

type key interface{ int32 | int64 }

const (
	lowest32, highest32, never32 = math.MinInt32, math.MaxInt32 - 1, math.MaxInt32
	lowest64, highest64, never64 = math.MinInt64, math.MaxInt64 - 1, math.MaxInt64
)

// key32 is the key of a number that is no NaN.
func key32(x float32) int32 {
	bits := int32(math.Float32bits(x + 0)) // -0 + 0 is 0
	return bits ^ int32(uint32(bits>>31)>>1)
}

// key64 is the key of a number that is no NaN.
func key64(x float64) int64 {
	bits := int64(math.Float64bits(x + 0))
	return bits ^ int64(uint64(bits>>63)>>1)
}

// bound is the least key that goes to the right of a threshold.
func bound(input Precision, split Split, threshold float64) int64 {
	if input == Double {
		k := key64(threshold)
		if split == LessEqual {
			k++
		}
		return k
	}
	// Which float32 values lie left of a float64 threshold: those up to the greatest float32 not above it; with <, that one
	// itself only if it is below.
	floor := float32(threshold)
	if float64(floor) > threshold {
		floor = math.Nextafter32(floor, float32(math.Inf(-1)))
	}
	k := int64(key32(floor))
	if split == LessEqual || float64(floor) < threshold {
		k++
	}
	return k
}
