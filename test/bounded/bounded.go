// Package bounded holds readers of bytes from outside to their memory: what an input says of itself must not decide how
// much is taken for it.
package bounded

import (
	"runtime/metrics"
	"testing"
)

// Memory is what an input may have allocated in all, freed or not: PerByte for each of its bytes, and Constant beside.
type Memory struct {
	PerByte, Constant uint64
}

// Run calls read, which reads an input of size bytes, and fails the test if more is allocated meanwhile. Other goroutines'
// allocations count, so that it is for fuzz targets, which run alone.
func (m Memory) Run(t *testing.T, size int, read func()) {
	t.Helper()
	before := allocated()
	read()
	if took, limit := allocated()-before, m.Constant+m.PerByte*uint64(size); took > limit {
		t.Errorf("%d bytes were allocated for an input of %d; %d may be", took, size, limit)
	}
}

// allocated is what the process has allocated since its start. Small objects are counted once their span is full, which a
// bound's constant is to have room for.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
