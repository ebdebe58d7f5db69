package trees

import (
	"fmt"
	"unsafe"
)

// Where categories are few enough, a row's category is one bit of one of its column's words, and a node that looks at it has
// a mask for each word, of the bits that go to the right. A comparison then tells them apart as it does numbers, and rows walk
// down in step.

// maskBits is how many categories a word has. (Half of its bits, which makes a shift of a division and no key negative.)
func maskBits[K key]() uint32 { return uint32(unsafe.Sizeof(K(0))) * 4 }

// gatherSets reads the categories of all nodes.
func (b *builder) gatherSets() error {
	for i := range b.plans {
		if !b.plans[i].mixed {
			continue
		}
		for _, at := range b.plans[i].order {
			n := &b.forest.Trees[i].Nodes[at]
			if n.Split != InSet {
				continue
			}
			set, err := newCategorySet(n.Categories)
			if err != nil {
				return fmt.Errorf("tree %d: node %d: %w", i, at, err)
			}
			set.column = b.columns[columnOf(n)]
			b.sets = append(b.sets, set)
		}
	}
	return nil
}

// placeMasks finds where each set's masks stand, and says whether there are any: not without categories, nor where the masks
// would take many times the memory of the nodes, since a file can list categories that are few but great.
func (b *builder) placeMasks(e *Ensemble) bool {
	e.planes = 1
	if len(b.sets) == 0 {
		return false
	}
	last := make([]uint32, len(e.columns))
	for i := range b.sets {
		s := &b.sets[i]
		if s.listed != nil {
			return false
		}
		last[s.column] = max(last[s.column], s.last)
	}
	bits := maskBits[int64]()
	if b.forest.Input == Single {
		bits = maskBits[int32]()
	}
	next, most := 1, 1<<14+16*b.nodes // the first is the mask of all numbers
	places := make([]uint32, len(b.sets))
	for i := range b.sets {
		places[i] = uint32(next)
		if next += int(last[b.sets[i].column]/bits) + 1; next > most {
			return false
		}
	}
	for i := range e.columns {
		e.columns[i].last = last[i]
	}
	e.planes, b.masks = 2, places
	return true
}

// writeMasks gives the masks: first one that keeps all bits, then those of the sets. Each set has as many as its column has
// words, and the last of its own bits stands for all of the column's above it.
func writeMasks[K key](b *builder, e *Ensemble) []K {
	all := K(0)
	masks := []K{^all}
	bits := maskBits[K]()
	for i := range b.sets {
		s := &b.sets[i]
		last := e.columns[s.column].last
		first := len(masks)
		masks = append(masks, make([]K, last/bits+1)...)
		for k := uint32(0); k <= last; k++ {
			masks[first+int(k/bits)] |= K(s.bit(min(k, s.last))) << (k % bits)
		}
	}
	return masks
}

// fillCategories writes the words of rows' categories, and the words' numbers a plane further on.
func fillCategories[K key, S float32 | float64](keys, words []K, values []S, at, width int, c column) {
	bits := maskBits[K]()
	for lane := range keys {
		k := uint32(min(categoryKey(float64(values[at]), c.truncate), int64(c.last)))
		keys[lane], words[lane] = 1<<(k%bits), K(k/bits)
		at += width
	}
}
