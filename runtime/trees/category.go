package trees

import (
	"fmt"
	"slices"
)

// The keys of categories: two for what isn't one, then the categories themselves.
const (
	categoryMissing  = 0
	categoryNegative = 1
	categoryFirst    = 2
	// categoryOther is the key of all categories that no model can list.
	categoryOther = categoryFirst + maxCategory + 1

	maxCategory = 1 << 30
	maxKnown    = 1 << 16
)

// categorySet says for a category's key whether it goes to the right.
type categorySet struct {
	// bits has a bit for each key up to the last, which stands for all above it.
	bits []uint32
	last uint32
	// listed holds the keys, sorted, that go another way than the last bit says; for lists of few and great categories,
	// whose bits would take more memory than the file has.
	listed []uint32
	// column is the number of the column that is looked at.
	column int
}

// right is 1 for a key that goes to the right, else 0.
func (s *categorySet) right(key uint32) uintptr {
	if s.listed != nil && key >= categoryFirst {
		if _, found := slices.BinarySearch(s.listed, key); found {
			return uintptr(s.bit(s.last) ^ 1)
		}
		return uintptr(s.bit(s.last))
	}
	return uintptr(s.bit(min(key, s.last)))
}

func (s *categorySet) bit(key uint32) uint32 { return s.bits[key>>5] >> (key & 31) & 1 }

func (s *categorySet) send(key uint32, left bool) {
	if left {
		s.bits[key>>5] &^= 1 << (key & 31)
	} else {
		s.bits[key>>5] |= 1 << (key & 31)
	}
}

func newCategorySet(c Categories) (categorySet, error) {
	top := uint32(0)
	for _, category := range c.Listed {
		top = max(top, category)
	}
	for _, category := range c.Known {
		top = max(top, category)
	}
	switch {
	case top > maxCategory:
		return categorySet{}, fmt.Errorf("category %d is above %d, the greatest there can be", top, maxCategory)
	case c.Known != nil && top > maxKnown:
		return categorySet{}, fmt.Errorf("category %d is above %d, the greatest that a list of known categories can have", top, maxKnown)
	case c.Known == nil && c.ListedLeft != c.OtherLeft && int(top)/32 > len(c.Listed)+64:
		return sparseSet(c), nil
	}
	otherLeft := c.OtherLeft
	if c.Known != nil {
		otherLeft = c.MissingLeft
	}
	s := categorySet{last: categoryFirst + top + 1}
	s.bits = make([]uint32, s.last/32+1)
	if !otherLeft {
		for i := range s.bits {
			s.bits[i] = ^uint32(0)
		}
	}
	for _, category := range c.Known {
		s.send(categoryFirst+category, c.OtherLeft)
	}
	for _, category := range c.Listed {
		s.send(categoryFirst+category, c.ListedLeft)
	}
	s.send(categoryMissing, c.MissingLeft)
	s.send(categoryNegative, c.NegativeLeft)
	return s, nil
}

func sparseSet(c Categories) categorySet {
	s := categorySet{bits: make([]uint32, 1), last: categoryFirst, listed: make([]uint32, len(c.Listed))}
	for i, category := range c.Listed {
		s.listed[i] = categoryFirst + category
	}
	slices.Sort(s.listed)
	s.send(categoryMissing, c.MissingLeft)
	s.send(categoryNegative, c.NegativeLeft)
	s.send(s.last, c.OtherLeft)
	return s
}

// categoryKey is the key of a category's number.
func categoryKey(x float64, truncate bool) int64 {
	switch {
	case x != x:
		return categoryMissing
	case x <= -1, x < 0 && !truncate:
		return categoryNegative
	case x > maxCategory:
		return categoryOther
	default:
		return categoryFirst + int64(x)
	}
}
