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
	if err := b.gatherSets(); err != nil {
		return err
	}
	masked := b.placeMasks(e)
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
	if b.completable(e) {
		if b.forest.Output == Single {
			e.single = writeComplete[float32](b, e)
		} else {
			e.double = writeComplete[float64](b, e)
		}
		return nil
	}
	switch {
	case masked && b.forest.Input == Single:
		e.masks32 = writeMasks[int32](b, e)
		e.narrowMasked = writeNodes[int32, uint32, uint32](b, e, never32)
	case masked:
		e.masks64 = writeMasks[int64](b, e)
		e.wideMasked = writeNodes[int64, uint32, uint32](b, e, never64)
	case narrow:
		e.narrow, e.sets = writeNodes[int32, uint16, struct{}](b, e, never32), b.sets
	default:
		e.wide, e.sets = writeNodes[int64, uint32, struct{}](b, e, never64), b.sets
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

func writeNodes[K key, O offset, M lookup](b *builder, e *Ensemble, never K) []node[K, O, M] {
	nodes := make([]node[K, O, M], 0, b.nodes)
	slot0, set := 0, 0
	for i := range b.plans {
		p, t := &b.plans[i], &b.forest.Trees[i]
		if len(p.order) == 0 {
			continue
		}
		e.trees = append(e.trees, tree{first: len(nodes), sure: p.sure, group: t.Group, mixed: p.mixed && b.masks == nil, linear: t.Linear, slot0: slot0})
		for place, at := range p.order {
			n := &t.Nodes[at]
			written := node[K, O, M]{bound: never, left: O(uintptr(p.left[place]) * unsafe.Sizeof(node[K, O, M]{}))}
			if n.Split != Leaf {
				written.column = O(uintptr(b.columns[columnOf(n)]*e.planes) * lanes * unsafe.Sizeof(never) / 8)
			}
			switch n.Split {
			case Leaf:
			case InSet:
				written.bound = K(set)
				if masks, masked := any(&written.masks).(*uint32); masked {
					written.bound, *masks = 1, b.masks[set] // any bit that is left goes to the right
				}
				set++
			default:
				written.bound = K(bound(b.forest.Input, n.Split, n.Threshold))
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
	return nodes
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
