package trees

import (
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/sluice-serving/sluice/runtime/tabular"
)

// Sum adds to out, [rows, groups], what the trees say of each row, tree by tree in the forest's order, in double precision:
// out holds what the sums start from. The forest's Output is Double, and the matrix has Features columns; else it panics.
func (e *Ensemble) Sum(rows tabular.Matrix, out []float64) {
	e.demand(e.double != nil || e.single == nil, rows, len(out))
	evaluate(e, e.double, rows, out)
}

// Sum32 is Sum in single precision, for a forest whose Output is Single.
func (e *Ensemble) Sum32(rows tabular.Matrix, out []float32) {
	e.demand(e.single != nil || e.double == nil, rows, len(out))
	evaluate(e, e.single, rows, out)
}

func evaluate[A float32 | float64](e *Ensemble, leaves []A, rows tabular.Matrix, out []A) {
	if rows.Rows == 0 || len(e.trees) == 0 {
		return
	}
	switch {
	case e.complete != nil:
		sumComplete(e, leaves, rows, out)
	case e.narrow != nil:
		sum(e, e.narrow, nil, leaves, never32, rows, out)
	case e.narrowMasked != nil:
		sum(e, e.narrowMasked, e.masks32, leaves, never32, rows, out)
	case e.wideMasked != nil:
		sum(e, e.wideMasked, e.masks64, leaves, never64, rows, out)
	default:
		sum(e, e.wide, nil, leaves, never64, rows, out)
	}
}

func (e *Ensemble) demand(precision bool, rows tabular.Matrix, out int) {
	switch {
	case !precision:
		panic("trees: a sum of the other precision than the forest's was asked for")
	case rows.Cols != e.features || len(rows.F32)+len(rows.F64) != rows.Rows*rows.Cols:
		panic(fmt.Sprintf("trees: %d values as %d rows of %d columns for a forest of %d features", len(rows.F32)+len(rows.F64), rows.Rows, rows.Cols, e.features))
	case out != rows.Rows*e.groups:
		panic(fmt.Sprintf("trees: room for %d sums of %d rows in %d groups", out, rows.Rows, e.groups))
	}
}

// sharedWork is the number of walks of a row down a tree below which other goroutines take longer to wake than to do it.
const sharedWork = 1 << 14

// leastShare is the least number of rows that are worth a block of their own.
const leastShare = 8 * lanes

// evaluation is one call of Sum.
type evaluation[K key, O offset, M lookup, A float32 | float64] struct {
	*Ensemble
	block  int // rows that are taken through all trees before the next
	nodes  []node[K, O, M]
	masks  []K
	leaves []A
	never  K
	rows   tabular.Matrix
	out    []A
}

func sum[K key, O offset, M lookup, A float32 | float64](e *Ensemble, nodes []node[K, O, M], masks []K, leaves []A, never K, rows tabular.Matrix, out []A) {
	c := e.cut(rows.Rows)
	v := evaluation[K, O, M, A]{Ensemble: e, block: c.block, nodes: nodes, masks: masks, leaves: leaves, never: never, rows: rows, out: out}
	if c.threads == 1 {
		v.blocks(nil, c.blocks)
		return
	}
	share(v, c)
}

// cut is how a batch is cut into blocks, and how many goroutines share them.
type cut struct{ block, blocks, threads int }

func (e *Ensemble) cut(rows int) cut {
	if e.threads == 1 || rows <= leastShare || rows*len(e.trees) < sharedWork {
		return cut{block: e.block, blocks: blocksOf(rows, e.block), threads: 1}
	}
	// Two blocks or more for each thread, so that one that is held up leaves some to the others.
	shares := (rows + 2*e.threads - 1) / (2 * e.threads)
	block := min(e.block, max((shares+lanes-1)/lanes*lanes, leastShare))
	blocks := blocksOf(rows, block)
	return cut{block: block, blocks: blocks, threads: min(e.threads, blocks)}
}

func blocksOf(rows, block int) int { return (rows + block - 1) / block }

// share lets goroutines take block after block. (It is a function of its own, since what goroutines share is on the heap.)
func share[E interface {
	blocks(next *atomic.Int64, blocks int)
}](e E, c cut) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range c.threads - 1 {
		group.Go(func() { e.blocks(&next, c.blocks) })
	}
	e.blocks(&next, c.blocks)
	group.Wait()
}

// scratch is the keys of a block.
type scratch[K any] struct{ keys []K }

// scratchFor has room for the keys of some rows.
func scratchFor[K any](e *Ensemble, rows int) *scratch[K] {
	s, _ := e.scratch.Get().(*scratch[K])
	if s == nil {
		s = &scratch[K]{}
	}
	// At least one strip's column, since a leaf's look goes to the first.
	size := max((rows+lanes-1)/lanes*lanes*len(e.columns)*e.planes, lanes)
	if len(s.keys) < size {
		s.keys = make([]K, size)
	}
	return s
}

// blocks takes the blocks that next gives, or all.
func (v evaluation[K, O, M, A]) blocks(next *atomic.Int64, blocks int) {
	s := scratchFor[K](v.Ensemble, min(v.block, v.rows.Rows))
	for i := range blockNumbers(next, blocks) {
		from := i * v.block
		v.takeBlock(s.keys, from, min(from+v.block, v.rows.Rows))
	}
	v.scratch.Put(s)
}

// blockNumbers are those that next gives, or all.
func blockNumbers(next *atomic.Int64, blocks int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; ; i++ {
			if next != nil {
				i = int(next.Add(1)) - 1
			}
			if i >= blocks || !yield(i) {
				return
			}
		}
	}
}

// inSteps is up to which row they are walked four by four: three rows and an idle lane are faster than row by row.
func inSteps(from, to int) int {
	full := from + (to-from)/inStep*inStep
	if to-full == inStep-1 {
		return to
	}
	return full
}

// takeBlock takes rows from and up to through all trees.
func (v *evaluation[K, O, M, A]) takeBlock(keys []K, from, to int) {
	size := len(v.columns) * v.planes * lanes
	for row := from; row < to; row += lanes {
		fillStrip(keys[(row-from)/lanes*size:], v.rows, row, min(lanes, to-row), v.columns, v.planes, v.input)
	}
	full := inSteps(from, to)
	if full > from {
		for i := range v.trees {
			v.takeTree(&v.trees[i], keys, from, full)
		}
	}
	for row := full; row < to; row++ {
		strip := keys[(row-from)/lanes*size+(row-from)%lanes:]
		v.takeRow(unsafe.Pointer(&strip[0]), row)
	}
}

// takeTree takes rows from and up to down one tree, four by four.
func (v *evaluation[K, O, M, A]) takeTree(t *tree, keys []K, from, to int) {
	nodes := unsafe.Pointer(&v.nodes[t.first])
	size := len(v.columns) * v.planes * lanes
	plain := v.slots == nil
	masks := unsafe.Pointer(unsafe.SliceData(v.masks))
	for row := from; row < to; row += inStep {
		strip := unsafe.Pointer(&keys[(row-from)/lanes*size+(row-from)%lanes])
		var at [inStep]uintptr
		if t.mixed {
			for lane := range min(inStep, to-row) {
				at[lane] = v.walkMixed(nodes, strip, uintptr(lane))
			}
		} else {
			at[0], at[1], at[2], at[3] = walkRows[K, O, M](nodes, strip, masks, t.sure, v.never)
		}
		if plain && to-row >= inStep {
			leaves := v.leaves[t.first:]
			out := v.out[row*v.groups+t.group:]
			out[0] += leaves[at[0]/unsafe.Sizeof(node[K, O, M]{})]
			out[v.groups] += leaves[at[1]/unsafe.Sizeof(node[K, O, M]{})]
			out[2*v.groups] += leaves[at[2]/unsafe.Sizeof(node[K, O, M]{})]
			out[3*v.groups] += leaves[at[3]/unsafe.Sizeof(node[K, O, M]{})]
			continue
		}
		for lane := range min(inStep, to-row) {
			v.add(t, row+lane, at[lane])
		}
	}
}

func (v *evaluation[K, O, M, A]) walkMixed(nodes, strip unsafe.Pointer, lane uintptr) uintptr {
	firstSet := uintptr(v.firstSet) * lanes * unsafe.Sizeof(v.never) / 8
	return walkMixed[K, O, M](nodes, unsafe.Add(strip, lane*unsafe.Sizeof(v.never)), firstSet, v.sets, v.never)
}

// takeRow takes one row through all trees, four by four.
func (v *evaluation[K, O, M, A]) takeRow(strip unsafe.Pointer, row int) {
	trees, masks := v.trees, unsafe.Pointer(unsafe.SliceData(v.masks))
	for len(trees) >= inStep {
		t := trees[:inStep]
		if t[0].mixed || t[1].mixed || t[2].mixed || t[3].mixed {
			break
		}
		var nodes [inStep]unsafe.Pointer
		for i := range nodes {
			nodes[i] = unsafe.Pointer(&v.nodes[t[i].first])
		}
		a, b, c, d := walkTrees[K, O, M](nodes, strip, masks, max(t[0].sure, t[1].sure, t[2].sure, t[3].sure), v.never)
		v.add(&t[0], row, a)
		v.add(&t[1], row, b)
		v.add(&t[2], row, c)
		v.add(&t[3], row, d)
		trees = trees[inStep:]
	}
	for i := range trees {
		t := &trees[i]
		nodes := unsafe.Pointer(&v.nodes[t.first])
		if t.mixed {
			v.add(t, row, v.walkMixed(nodes, strip, 0))
		} else {
			v.add(t, row, walkRow[K, O, M](nodes, strip, masks, v.never))
		}
	}
}

// add adds the leaf that a row has come to.
func (v *evaluation[K, O, M, A]) add(t *tree, row int, at uintptr) {
	place := t.first + int(at/unsafe.Sizeof(node[K, O, M]{}))
	switch {
	case v.slots == nil:
		v.out[row*v.groups+t.group] += v.leaves[place]
	case v.vector:
		out := v.out[row*v.groups:][:v.groups]
		for i, value := range v.leaves[int(v.slots[place])*v.groups:][:v.groups] {
			out[i] += value
		}
	case t.linear == nil:
		v.out[row*v.groups+t.group] += v.leaves[v.slots[place]]
	default:
		slot := int(v.slots[place])
		v.out[row*v.groups+t.group] += A(t.linear[slot-t.slot0].value(v.rows, row, float64(v.leaves[slot])))
	}
}

// value is what the model says of a row, or constant if a feature is missing.
func (m *LeafModel) value(rows tabular.Matrix, row int, constant float64) float64 {
	sum := m.Constant
	for i, feature := range m.Features {
		var x float64
		if at := row*rows.Cols + feature; rows.F32 != nil {
			x = float64(rows.F32[at])
		} else {
			x = rows.F64[at]
		}
		if x != x {
			return constant
		}
		sum += float64(x * m.Coefficients[i]) // two roundings, also where the processor could do with one
	}
	return sum
}
