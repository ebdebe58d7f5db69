package pickle

// Limits bound what reading a file may cost. A zero field is its default.
type Limits struct {
	// Memory is how many bytes values and decompressed content may take together. Default: 8 GiB.
	Memory int64
	// Ratio is how many times its size a compressed file may grow, beyond the first 64 MiB. Default: 200.
	Ratio int64
	// Depth is how many pickles may stand within each other, as in a joblib file's object arrays, and how many marks may be open. Default: 10,000 marks, 16 pickles.
	Depth int
}

const (
	defaultMemory = 8 << 30
	defaultRatio  = 200
	defaultDepth  = 10_000
	freeGrowth    = 64 << 20 // a file that unpacks to less than this is never a bomb
	nestedPickles = 16
)

func (l Limits) withDefaults() Limits {
	if l.Memory <= 0 {
		l.Memory = defaultMemory
	}
	if l.Ratio <= 0 {
		l.Ratio = defaultRatio
	}
	if l.Depth <= 0 {
		l.Depth = defaultDepth
	}
	return l
}

// unpacked is the most that size compressed bytes may grow to.
func (l Limits) unpacked(size int) int64 {
	return min(l.Memory, max(freeGrowth, int64(size)*l.Ratio))
}
