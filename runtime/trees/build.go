package trees

import (
	"fmt"
	"math"
	"runtime"
	"sync"
)

// Ensemble is a forest laid out to be evaluated. Its methods may be called from any goroutine.
type Ensemble struct {
	features, groups int
	input            Precision
	threads          int
	vector           bool
	columns          []column      // those of numbers first
	firstSet         int           // the first column of categories
	sets             []categorySet // if they have no masks
	trees            []tree
	block            int // the most rows that are taken through all trees before the next

	// One of these holds the nodes of all trees.
	narrow       []node[int32, uint16, struct{}]
	wide         []node[int64, uint32, struct{}]
	narrowMasked []node[int32, uint32, uint32]
	wideMasked   []node[int64, uint32, uint32]
	complete     []uint64 // each a bound and a column; complete.go

	// planes is 2 where a strip has the number of a word behind each key, else 1. One of these holds the words' masks then.
	planes  int
	masks32 []int32
	masks64 []int64

	// One of these holds what the leaves add: by their node's place among all, or, if slots isn't nil, by their slot, or as
	// trees that are made full have them.
	single []float32
	double []float64
	slots  []int32

	scratch sync.Pool // of *scratch
}

// tree is where a tree stands, and how it is walked.
type tree struct {
	first int // its root's place among all nodes
	sure  int // levels that are walked before the first look whether all rows are at leaves; the depth of one made full
	group int
	mixed bool // it looks at categories that have no masks
	// linear holds the models of the leaves, by slot less slot0.
	linear []LeafModel
	slot0  int
}

// Options say how an ensemble is evaluated.
type Options struct {
	// Threads is how many goroutines share a big batch; 0: GOMAXPROCS.
	Threads int
}

// The most nodes and columns that a node of 8 bytes can point at.
const (
	narrowNodes   = (math.MaxUint16 + 1) / 8
	narrowColumns = math.MaxUint16 / 4
	wideNodes     = math.MaxUint32 / 24
	wideColumns   = math.MaxUint32 / 16
)

// Build checks a forest and lays it out. The error names the tree and node that is wrong: a child or feature that isn't there,
// a node with two parents, a threshold that is no number, a leaf or group out of range.
func Build(f Forest, o Options) (*Ensemble, error) {
	if f.Groups < 1 {
		return nil, fmt.Errorf("the model has %d outputs for each row; it needs at least one", f.Groups)
	}
	threads := o.Threads
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	b := builder{forest: &f, columns: map[column]int{}, plans: make([]plan, len(f.Trees))}
	for i := range f.Trees {
		if err := b.check(i); err != nil {
			return nil, fmt.Errorf("tree %d: %w", i, err)
		}
	}
	e := &Ensemble{features: f.Features, groups: f.Groups, input: f.Input, threads: threads, vector: f.Vector}
	b.numberColumns(e)
	if err := b.layOut(e); err != nil {
		return nil, err
	}
	e.block = blockRows(e.keyBytes(), e.nodeBytes(), max(len(e.trees), 1))
	return e, nil
}

// keyBytes is the size of a row's keys.
func (e *Ensemble) keyBytes() int {
	size := 8
	if e.narrow != nil || e.narrowMasked != nil {
		size = 4
	}
	return size * e.planes * len(e.columns)
}

// nodeBytes is the size of the nodes of all trees.
func (e *Ensemble) nodeBytes() int {
	return 8*len(e.narrow) + 8*len(e.complete) + 16*(len(e.narrowMasked)+len(e.wide)) + 24*len(e.wideMasked)
}

// Features is the number of columns of a row.
func (e *Ensemble) Features() int { return e.features }

// Groups is the number of sums for each row.
func (e *Ensemble) Groups() int { return e.groups }

// blockRows is how many rows are taken through all trees at once: as many as keep their keys in the nearest cache beside a
// tree, but enough to make it worth to bring each tree there. Of big trees that the second cache can't hold together, more
// would come from further away for each block than its rows look at, so that there the keys fill half of the second cache: 500
// trees of 2,000 nodes took a quarter of the time then.
func blockRows(row, forest, trees int) int {
	if forest > 256<<10 && forest/trees > 2<<10 {
		return rowsIn(512<<10, row, 512)
	}
	return rowsIn(16<<10, row, 32)
}

// rowsIn is how many rows have their keys in size bytes: at least 8 strips of them, and at most as many as said.
func rowsIn(size, row, strips int) int {
	return lanes * min(max(size/(max(row, 1)*lanes), 8), strips)
}
