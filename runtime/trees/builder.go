package trees

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// builder turns a forest into an ensemble: first every tree is checked, put in order and asked for the columns that it
// needs; then, when their number is known, the nodes are written.
type builder struct {
	forest  *Forest
	columns map[column]int
	plans   []plan
	nodes   int           // of all plans
	sets    []categorySet // of all nodes that look at categories, in the order in which they are written
	masks   []uint32      // where the masks of each set begin
}

// plan is the order in which a tree's nodes are written.
type plan struct {
	order []int32 // the file's index of each: the root, then siblings side by side
	left  []int32 // the place of each one's left child, its own at a leaf
	sure  int
	// deepest is how many levels below the root the last leaf is.
	deepest int
	mixed   bool
}

// check reads a tree from its root, and gives up at the first node that is wrong.
func (b *builder) check(number int) error {
	t := &b.forest.Trees[number]
	if len(t.Nodes) == 0 {
		return nil
	}
	if len(t.Nodes) > wideNodes {
		return fmt.Errorf("it has %d nodes; at most %d can be read", len(t.Nodes), wideNodes)
	}
	if !b.forest.Vector && (t.Group < 0 || t.Group >= b.forest.Groups) {
		return fmt.Errorf("it adds to output %d of %d", t.Group, b.forest.Groups)
	}
	if t.Linear != nil && b.forest.Vector {
		return errors.New("its leaves are both vectors and linear models")
	}
	p := plan{order: []int32{0}, left: make([]int32, 0, len(t.Nodes))}
	met := make([]bool, len(t.Nodes))
	met[0] = true
	depths := []int32{0}
	leaves, sum, deepest := 0, 0, int32(0)
	for place := 0; place < len(p.order); place++ {
		at := int(p.order[place])
		n := &t.Nodes[at]
		if n.Split == Leaf {
			if err := b.checkLeaf(t, n); err != nil {
				return fmt.Errorf("node %d: %w", at, err)
			}
			p.left = append(p.left, int32(place))
			leaves++
			sum += int(depths[place])
			deepest = max(deepest, depths[place])
			continue
		}
		if err := b.checkSplit(n, met); err != nil {
			return fmt.Errorf("node %d: %w", at, err)
		}
		met[n.Left], met[n.Right] = true, true
		p.mixed = p.mixed || n.Split == InSet
		p.left = append(p.left, int32(len(p.order)))
		p.order = append(p.order, int32(n.Left), int32(n.Right))
		depths = append(depths, depths[place]+1, depths[place]+1)
	}
	p.deepest = int(deepest)
	p.sure = sureLevels(sum, leaves, int(deepest))
	b.plans[number] = p
	b.nodes += len(p.order)
	return nil
}

// sureLevels is how deep to walk without a look. A level too many costs each row a step, a look as much as half of one.
func sureLevels(sum, leaves, deepest int) int {
	if deepest <= 8 {
		return deepest
	}
	return min(deepest, sum/leaves+1)
}

func (b *builder) checkLeaf(t *Tree, n *Node) error {
	size := 1
	if b.forest.Vector {
		size = b.forest.Groups
	}
	if n.Leaf < 0 || n.Leaf >= len(t.Leaves)/size {
		return fmt.Errorf("it has value %d of %d", n.Leaf, len(t.Leaves)/size)
	}
	if t.Linear == nil {
		return nil
	}
	if n.Leaf >= len(t.Linear) {
		return fmt.Errorf("it has linear model %d of %d", n.Leaf, len(t.Linear))
	}
	m := &t.Linear[n.Leaf]
	if len(m.Features) != len(m.Coefficients) {
		return fmt.Errorf("its linear model has %d features and %d coefficients", len(m.Features), len(m.Coefficients))
	}
	for _, feature := range m.Features {
		if feature < 0 || feature >= b.forest.Features {
			return fmt.Errorf("its linear model looks at feature %d of %d", feature, b.forest.Features)
		}
	}
	return nil
}

func (b *builder) checkSplit(n *Node, met []bool) error {
	for _, child := range []int{n.Left, n.Right} {
		if child < 0 || child >= len(met) {
			return fmt.Errorf("its child is node %d of %d", child, len(met))
		}
		if met[child] {
			return fmt.Errorf("its child, node %d, has another parent", child)
		}
	}
	switch {
	case n.Left == n.Right:
		return fmt.Errorf("node %d is both of its children", n.Left)
	case n.Feature < 0 || n.Feature >= b.forest.Features:
		return fmt.Errorf("it looks at feature %d of %d", n.Feature, b.forest.Features)
	case n.Split > InSet:
		return fmt.Errorf("it splits in unknown way %d", n.Split)
	case n.Missing > ZeroLeft:
		return fmt.Errorf("it treats missing values in unknown way %d", n.Missing)
	case n.Split != InSet && n.Threshold != n.Threshold:
		return errors.New("its threshold is NaN")
	}
	b.columns[columnOf(n)] = 0
	return nil
}

func columnOf(n *Node) column {
	if n.Split == InSet {
		return column{feature: n.Feature, category: true, truncate: n.Categories.Truncate}
	}
	return column{feature: n.Feature, missing: n.Missing}
}

// numberColumns puts the columns that nodes asked for in order.
func (b *builder) numberColumns(e *Ensemble) {
	for c := range b.columns {
		e.columns = append(e.columns, c)
	}
	slices.SortFunc(e.columns, func(x, y column) int {
		return cmp.Or(order(x.category, y.category), cmp.Compare(x.feature, y.feature), cmp.Compare(x.missing, y.missing), order(x.truncate, y.truncate))
	})
	e.firstSet = len(e.columns)
	for i, c := range e.columns {
		b.columns[c] = i
		if c.category {
			e.firstSet = min(e.firstSet, i)
		}
	}
}

// order puts false before true.
func order(x, y bool) int {
	switch {
	case x == y:
		return 0
	case y:
		return -1
	default:
		return 1
	}
}
