package trees

import (
	"math"
	"unsafe"

	"github.com/sluice-serving/sluice/runtime/tabular"
)

// column is a feature as some of the nodes see it. A feature has a column for each way in which nodes treat its missing
// values; one that no node looks at has none.
type column struct {
	feature int
	missing Missing
	// category says that the keys are categories'; truncate is Categories.Truncate.
	category, truncate bool
	// last is the last of the keys of categories that any node tells apart, where categories have masks.
	last uint32
}

// key is the key of a value, for every kind of column.
func (c column) key(x float64, input Precision) int64 {
	if c.category {
		return categoryKey(x, c.truncate)
	}
	low, high := int64(lowest64), int64(highest64)
	if input == Single {
		x = float64(float32(x))
		low, high = lowest32, highest32
	}
	nan := x != x
	switch c.missing {
	case MissingZero:
		if nan {
			x = 0
		}
	case ZeroLeft, ZeroRight:
		nan = nan || math.Abs(x) <= zeroThreshold
		if nan && c.missing == ZeroLeft {
			return low
		}
		if nan {
			return high
		}
	default:
		if nan && c.missing == MissingLeft {
			return low
		}
		if nan {
			return high
		}
	}
	if input == Single {
		return int64(key32(float32(x)))
	}
	return key64(x)
}

// plainKey is column.key where missing is the key of NaN.
func plainKey[K key, S float32 | float64](x S, input Precision, missing K) K {
	if x != x {
		return missing
	}
	if unsafe.Sizeof(missing) == 4 || input == Single {
		return K(key32(float32(x)))
	}
	return K(key64(float64(x)))
}

// plainMissing is what plainKey needs of a column for which it does: not one of categories, nor where zeros are missing too.
func plainMissing[K key](c column, low, high K) (missing K, plain bool) {
	switch c.missing {
	case MissingRight:
		missing = high
	case MissingLeft:
		missing = low
	case MissingZero:
		missing = 0 // which is the key of 0
	default:
		return 0, false
	}
	return missing, !c.category
}

// fill writes the keys of up to lanes rows, from row on, into a strip.
func fill[K key, S float32 | float64](strip []K, values []S, width, row, rows int, columns []column, planes int, input Precision) {
	low, high := K(lowest32), K(highest32)
	if input == Double {
		low64, high64 := int64(lowest64), int64(highest64)
		low, high = K(low64), K(high64)
	}
	for i, c := range columns {
		keys := strip[i*planes*lanes:][:rows]
		at := row*width + c.feature
		if missing, plain := plainMissing(c, low, high); plain {
			for lane := range keys {
				keys[lane] = plainKey(values[at], input, missing)
				at += width
			}
			continue
		}
		if c.category && planes == 2 {
			fillCategories(keys, strip[(i*planes+1)*lanes:][:rows], values, at, width, c)
			continue
		}
		for lane := range keys {
			keys[lane] = K(c.key(float64(values[at]), input))
			at += width
		}
	}
}

// fillStrip is fill for either precision of the matrix.
func fillStrip[K key](strip []K, m tabular.Matrix, row, rows int, columns []column, planes int, input Precision) {
	if m.F32 != nil {
		fill(strip, m.F32, m.Cols, row, rows, columns, planes, input)
		return
	}
	fill(strip, m.F64, m.Cols, row, rows, columns, planes, input)
}
