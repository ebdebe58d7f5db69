package trees

import (
	"fmt"
	"math"
	"unsafe"
)

// layOut writes the nodes and leaves.
func (b *builder) layOut(e *Ensemble) error {
	if len(e.columns) > wideColumns {
		return fmt.Errorf("the trees look at %d columns; at most %d can be read", len(e.columns), wideColumns)
	}
	narrow := b.forest.Input == Single && len(e.columns) <= narrowColumns
	slots := 0
	for i := range b.plans {
		narrow = narrow && len(b.plans[i].order) <= narrowNodes
		slots += len(b.forest.Trees[i].Leaves)
	}
	if slots > math.MaxInt32 {
		return fmt.Errorf("the trees have %d leaves; at most %d can be read", slots, math.MaxInt32)
	}
	if b.needSlots() {
		e.slots = make([]int32, 0, b.nodes)
	}
	var err error
	if narrow {
		e.narrow, err = writeNodes[int32, uint16](b, e, never32)
	} else {
		e.wide, err = writeNodes[int64, uint32](b, e, never64)
	}
	if err != nil {
		return err
	}
	if b.forest.Output == Single {
		e.single = writeLeaves[float32](b)
	} else {
		e.double = writeLeaves[float64](b)
	}
	return nil
}

// needSlots says whether leaves are found by their slot, not by their node's place.
func (b *builder) needSlots() bool {
	if b.forest.Vector {
		return true
	}
	for i := range b.forest.Trees {
		if b.forest.Trees[i].Linear != nil {
			return true
		}
	}
	return false
}

func writeNodes[K key, O offset](b *builder, e *Ensemble, never K) ([]node[K, O], error) {
	nodes := make([]node[K, O], 0, b.nodes)
	slot0 := 0
	for i := range b.plans {
		p, t := &b.plans[i], &b.forest.Trees[i]
		if len(p.order) == 0 {
			continue
		}
		e.trees = append(e.trees, tree{first: len(nodes), sure: p.sure, group: t.Group, mixed: p.mixed, linear: t.Linear, slot0: slot0})
		for place, at := range p.order {
			n := &t.Nodes[at]
			written := node[K, O]{bound: never, left: O(uintptr(p.left[place]) * unsafe.Sizeof(node[K, O]{}))}
			if n.Split != Leaf {
				bound, err := b.bound(e, n)
				if err != nil {
					return nil, fmt.Errorf("tree %d: node %d: %w", i, at, err)
				}
				written.bound = K(bound)
				written.column = O(uintptr(b.columns[columnOf(n)]) * lanes * unsafe.Sizeof(never) / 8)
			}
			nodes = append(nodes, written)
			if e.slots != nil {
				e.slots = append(e.slots, int32(slot0+n.Leaf))
			}
		}
		if b.forest.Vector {
			slot0 += len(t.Leaves) / b.forest.Groups
		} else {
			slot0 += len(t.Leaves)
		}
	}
	return nodes, nil
}

// bound is what a node's key is compared with: of a split by categories, the number of its set.
func (b *builder) bound(e *Ensemble, n *Node) (int64, error) {
	if n.Split != InSet {
		return bound(b.forest.Input, n.Split, n.Threshold), nil
	}
	set, err := newCategorySet(n.Categories)
	if err != nil {
		return 0, err
	}
	e.sets = append(e.sets, set)
	return int64(len(e.sets) - 1), nil
}

// writeLeaves gives the leaves' values: by slot if there are slots, else by place.
func writeLeaves[A float32 | float64](b *builder) []A {
	var values []A
	if b.needSlots() {
		for i := range b.plans {
			size := 1
			if b.forest.Vector {
				size = b.forest.Groups
			}
			if len(b.plans[i].order) == 0 {
				continue
			}
			leaves := b.forest.Trees[i].Leaves
			for _, v := range leaves[:len(leaves)/size*size] {
				values = append(values, A(v))
			}
		}
		return values
	}
	values = make([]A, 0, b.nodes)
	for i := range b.plans {
		t := &b.forest.Trees[i]
		for _, at := range b.plans[i].order {
			value := 0.0
			if n := &t.Nodes[at]; n.Split == Leaf {
				value = t.Leaves[n.Leaf]
			}
			values = append(values, A(value))
		}
	}
	return values
}
