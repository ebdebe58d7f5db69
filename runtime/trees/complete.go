package trees

import (
	"math/bits"
	"sync/atomic"
	"unsafe"

	"github.com/sluice-serving/sluice/runtime/tabular"
)

// Trees that are about as full as their depth allows, as XGBoost grows them, are laid out as if they were full: the children of
// node i are 2i and 2i+1, the root is 1, and what is behind the last level are leaves. A node needs no place of a child then,
// and a step is one subtraction, whose borrow is the child's last bit.

// The deepest tree that is made full, and the most columns that it can point at.
const (
	completeDepth   = 8
	completeColumns = (1<<16)/lanes - 1
)

// completable says whether all trees are made full: of numbers in single precision with constant leaves, and for at most
// twice the memory that their nodes take otherwise.
func (b *builder) completable(e *Ensemble) bool {
	if b.forest.Input != Single || len(b.sets) > 0 || b.needSlots() || len(e.columns) > completeColumns || b.nodes == 0 {
		return false
	}
	size := 0
	for i := range b.plans {
		if b.plans[i].deepest > completeDepth {
			return false
		}
		size += 1 << b.plans[i].deepest
	}
	return size <= 2*b.nodes
}

// writeComplete writes the nodes of all trees, and gives their leaves: as many for each tree, at the same places.
func writeComplete[A float32 | float64](b *builder, e *Ensemble) []A {
	var leaves []A
	for i := range b.plans {
		p, t := &b.plans[i], &b.forest.Trees[i]
		if len(p.order) == 0 {
			continue
		}
		w := completeWriter[A]{builder: b, plan: p, tree: t, nodes: make([]uint64, 1<<p.deepest), leaves: make([]A, 1<<p.deepest)}
		w.write(1, 0, 0)
		e.trees = append(e.trees, tree{first: len(e.complete), sure: p.deepest, group: t.Group})
		e.complete = append(e.complete, w.nodes...)
		leaves = append(leaves, w.leaves...)
	}
	return leaves
}

type completeWriter[A float32 | float64] struct {
	*builder
	plan   *plan
	tree   *Tree
	nodes  []uint64
	leaves []A
}

// write writes the node of a place in the plan, and those below it, as number i, so many levels down. A leaf stands for all that
// could be below it.
func (w *completeWriter[A]) write(i, place, level int) {
	n := &w.tree.Nodes[w.plan.order[place]]
	if n.Split == Leaf {
		below := w.plan.deepest - level
		first := i<<below - len(w.leaves)
		for k := range 1 << below {
			w.leaves[first+k] = A(w.tree.Leaves[n.Leaf])
		}
		return
	}
	// The greatest key that goes to the left, and behind it the column, which makes no difference to a key with zeros there.
	greatest := int32(bound(Single, n.Split, n.Threshold) - 1)
	w.nodes[i] = completeKey(greatest) | uint64(w.columns[columnOf(n)]*lanes)
	left := int(w.plan.left[place])
	w.write(2*i, left, level+1)
	w.write(2*i+1, left+1, level+1)
}

// completeKey is a key as nodes of full trees are compared with it.
func completeKey(k int32) uint64 { return uint64(uint32(k)^1<<31) << 32 }

// stepComplete goes from node i to its child.
func stepComplete(nodes, strip unsafe.Pointer, i uint64, lane uintptr) uint64 {
	n := *(*uint64)(unsafe.Add(nodes, i*8))
	key := *(*uint64)(unsafe.Add(strip, (uintptr(uint16(n))+lane)*8))
	_, right := bits.Sub64(n, key, 0)
	child, _ := bits.Add64(i, i, right)
	return child
}

// walkComplete takes four neighbouring rows of a strip down one tree.
func walkComplete(nodes, strip unsafe.Pointer, depth int) (a, b, c, d uint64) {
	a, b, c, d = 1, 1, 1, 1
	for ; depth > 0; depth-- {
		a = stepComplete(nodes, strip, a, 0)
		b = stepComplete(nodes, strip, b, 1)
		c = stepComplete(nodes, strip, c, 2)
		d = stepComplete(nodes, strip, d, 3)
	}
	return a, b, c, d
}

// walkCompleteTrees takes one row down four trees of one depth.
func walkCompleteTrees(nodes [inStep]unsafe.Pointer, strip unsafe.Pointer, depth int) (a, b, c, d uint64) {
	a, b, c, d = 1, 1, 1, 1
	for ; depth > 0; depth-- {
		a = stepComplete(nodes[0], strip, a, 0)
		b = stepComplete(nodes[1], strip, b, 0)
		c = stepComplete(nodes[2], strip, c, 0)
		d = stepComplete(nodes[3], strip, d, 0)
	}
	return a, b, c, d
}

// completeEvaluation is one call of Sum of a forest of full trees.
type completeEvaluation[A float32 | float64] struct {
	*Ensemble
	block  int
	leaves []A
	rows   tabular.Matrix
	out    []A
}

func sumComplete[A float32 | float64](e *Ensemble, leaves []A, rows tabular.Matrix, out []A) {
	c := e.cut(rows.Rows)
	v := completeEvaluation[A]{Ensemble: e, block: c.block, leaves: leaves, rows: rows, out: out}
	if c.threads == 1 {
		v.blocks(nil, c.blocks)
		return
	}
	share(v, c)
}

// blocks takes the blocks that next gives, or all.
func (v completeEvaluation[A]) blocks(next *atomic.Int64, blocks int) {
	s := scratchFor[uint64](v.Ensemble, min(v.block, v.rows.Rows))
	for i := range blockNumbers(next, blocks) {
		from := i * v.block
		v.takeBlock(s.keys, from, min(from+v.block, v.rows.Rows))
	}
	v.scratch.Put(s)
}

// takeBlock takes rows from and up to through all trees.
func (v *completeEvaluation[A]) takeBlock(keys []uint64, from, to int) {
	size := len(v.columns) * lanes
	for row := from; row < to; row += lanes {
		fillComplete(keys[(row-from)/lanes*size:], v.rows, row, min(lanes, to-row), v.columns)
	}
	full := inSteps(from, to)
	if full > from {
		for i := range v.trees {
			v.takeTree(&v.trees[i], keys, from, full)
		}
	}
	for row := full; row < to; row++ {
		v.takeRow(unsafe.Pointer(&keys[(row-from)/lanes*size+(row-from)%lanes]), row)
	}
}

// takeTree takes rows from and up to down one tree, four by four.
func (v *completeEvaluation[A]) takeTree(t *tree, keys []uint64, from, to int) {
	nodes := unsafe.Pointer(&v.complete[t.first])
	leaves := v.leaves[t.first:][:1<<t.sure]
	last := uint64(len(leaves)) - 1 // the bits of a leaf's number that count from the first leaf
	size := len(v.columns) * lanes
	for row := from; row < to; row += inStep {
		strip := unsafe.Pointer(&keys[(row-from)/lanes*size+(row-from)%lanes])
		a, b, c, d := walkComplete(nodes, strip, t.sure)
		out := v.out[row*v.groups+t.group:]
		out[0] += leaves[a&last]
		out[v.groups] += leaves[b&last]
		out[2*v.groups] += leaves[c&last]
		if row+inStep <= to {
			out[3*v.groups] += leaves[d&last]
		}
	}
}

// takeRow takes one row through all trees, four by four where they are equally deep.
func (v *completeEvaluation[A]) takeRow(strip unsafe.Pointer, row int) {
	for trees := v.trees; len(trees) > 0; {
		t := trees[:min(inStep, len(trees))]
		if len(t) == inStep && t[0].sure == t[1].sure && t[0].sure == t[2].sure && t[0].sure == t[3].sure {
			var nodes [inStep]unsafe.Pointer
			for i := range nodes {
				nodes[i] = unsafe.Pointer(&v.complete[t[i].first])
			}
			a, b, c, d := walkCompleteTrees(nodes, strip, t[0].sure)
			for i, leaf := range [inStep]uint64{a, b, c, d} {
				v.add(&t[i], row, leaf)
			}
			trees = trees[inStep:]
			continue
		}
		leaf := uint64(1)
		for range t[0].sure {
			leaf = stepComplete(unsafe.Pointer(&v.complete[t[0].first]), strip, leaf, 0)
		}
		v.add(&t[0], row, leaf)
		trees = trees[1:]
	}
}

func (v *completeEvaluation[A]) add(t *tree, row int, leaf uint64) {
	v.out[row*v.groups+t.group] += v.leaves[t.first+int(leaf)-1<<t.sure]
}

// fillComplete writes the keys of up to lanes rows, from row on, into a strip.
func fillComplete(strip []uint64, m tabular.Matrix, row, rows int, columns []column) {
	if m.F32 != nil {
		fillCompleteOf(strip, m.F32, m.Cols, row, rows, columns)
		return
	}
	fillCompleteOf(strip, m.F64, m.Cols, row, rows, columns)
}

func fillCompleteOf[S float32 | float64](strip []uint64, values []S, width, row, rows int, columns []column) {
	for i, c := range columns {
		keys := strip[i*lanes:][:rows]
		at := row*width + c.feature
		missing, plain := plainMissing(c, int32(lowest32), int32(highest32))
		for lane := range keys {
			if plain {
				keys[lane] = completeKey(plainKey(values[at], Single, missing))
			} else {
				keys[lane] = completeKey(int32(c.key(float64(values[at]), Single)))
			}
			at += width
		}
	}
}
