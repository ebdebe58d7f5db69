package trees_test

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/sluice-serving/sluice/runtime/trees"
)

// reference says what a forest adds for one row, as plainly as it can be said.
func reference(f *trees.Forest, row []float64, out []float64) {
	for i := range f.Trees {
		t := &f.Trees[i]
		if len(t.Nodes) == 0 {
			continue
		}
		n := &t.Nodes[0]
		for n.Split != trees.Leaf {
			if goesLeft(f, n, row[n.Feature]) {
				n = &t.Nodes[n.Left]
			} else {
				n = &t.Nodes[n.Right]
			}
		}
		switch {
		case f.Vector:
			for g := range f.Groups {
				add(f, &out[g], t.Leaves[n.Leaf*f.Groups+g])
			}
		case t.Linear != nil:
			add(f, &out[t.Group], linear(&t.Linear[n.Leaf], row, t.Leaves[n.Leaf]))
		default:
			add(f, &out[t.Group], t.Leaves[n.Leaf])
		}
	}
}

func add(f *trees.Forest, sum *float64, value float64) {
	if f.Output == trees.Single {
		*sum = float64(float32(*sum) + float32(value))
		return
	}
	*sum += value
}

func linear(m *trees.LeafModel, row []float64, constant float64) float64 {
	sum := m.Constant
	for i, feature := range m.Features {
		if math.IsNaN(row[feature]) {
			return constant
		}
		sum += row[feature] * m.Coefficients[i]
	}
	return sum
}

func goesLeft(f *trees.Forest, n *trees.Node, x float64) bool {
	if n.Split == trees.InSet {
		return categoryGoesLeft(&n.Categories, x)
	}
	if f.Input == trees.Single {
		x = float64(float32(x))
	}
	switch missing := math.IsNaN(x); n.Missing {
	case trees.MissingLeft, trees.MissingRight:
		if missing {
			return n.Missing == trees.MissingLeft
		}
	case trees.MissingZero:
		if missing {
			x = 0
		}
	case trees.ZeroLeft, trees.ZeroRight:
		if missing || math.Abs(x) <= float64(float32(1e-35)) {
			return n.Missing == trees.ZeroLeft
		}
	}
	if n.Split == trees.Less {
		return x < n.Threshold
	}
	return x <= n.Threshold
}

func categoryGoesLeft(c *trees.Categories, x float64) bool {
	switch {
	case math.IsNaN(x):
		return c.MissingLeft
	case x < 0 && (!c.Truncate || x <= -1):
		return c.NegativeLeft
	}
	category := uint32(min(math.Trunc(x), math.MaxUint32))
	switch {
	case c.Known != nil && !slices.Contains(c.Known, category):
		return c.MissingLeft
	case slices.Contains(c.Listed, category):
		return c.ListedLeft
	default:
		return c.OtherLeft
	}
}

// shape is what a random forest is made from.
type shape struct {
	features, groups, trees, leaves int
	input, output                   trees.Precision
	vector, categories, linear      bool
	// great says that categories are above a million at times, which leaves no room for masks.
	great bool
	// depth is at how many levels trees end; 0: at none.
	depth   int
	missing []trees.Missing
}

func (s shape) forest(r *rand.Rand) trees.Forest {
	f := trees.Forest{Features: s.features, Groups: s.groups, Input: s.input, Output: s.output, Vector: s.vector}
	for i := range s.trees {
		t := s.tree(r)
		t.Group = i % s.groups
		f.Trees = append(f.Trees, t)
	}
	return f
}

// tree grows one by splitting leaves at random, so that they come in every depth; the nodes are shuffled but for the root.
func (s shape) tree(r *rand.Rand) trees.Tree {
	var t trees.Tree
	t.Nodes = []trees.Node{{}}
	leaves, depths := []int{0}, []int{0}
	for len(leaves) < s.leaves {
		i := r.IntN(len(leaves))
		if s.depth > 0 && depths[i] == s.depth {
			continue
		}
		depths[i]++
		depths = append(depths, depths[i])
		at := leaves[i]
		left := len(t.Nodes)
		t.Nodes = append(t.Nodes, trees.Node{}, trees.Node{})
		t.Nodes[at] = s.split(r, left, left+1)
		leaves[i] = left
		leaves = append(leaves, left+1)
	}
	size := 1
	if s.vector {
		size = s.groups
	}
	for i, at := range leaves {
		t.Nodes[at].Leaf = i
		for range size {
			t.Leaves = append(t.Leaves, r.NormFloat64())
		}
		if s.linear {
			t.Linear = append(t.Linear, trees.LeafModel{Constant: r.NormFloat64(), Features: []int{r.IntN(s.features)}, Coefficients: []float64{r.NormFloat64()}})
		}
	}
	shuffle(r, t.Nodes)
	return t
}

func shuffle(r *rand.Rand, nodes []trees.Node) {
	places := append([]int{0}, r.Perm(len(nodes)-1)...)
	for i := 1; i < len(places); i++ {
		places[i]++
	}
	old := slices.Clone(nodes)
	for i, n := range old {
		if n.Split != trees.Leaf {
			n.Left, n.Right = places[n.Left], places[n.Right]
		}
		nodes[places[i]] = n
	}
}

func (s shape) split(r *rand.Rand, left, right int) trees.Node {
	n := trees.Node{Split: trees.Less, Feature: r.IntN(s.features), Threshold: threshold(r), Left: left, Right: right}
	if r.IntN(2) == 0 {
		n.Split = trees.LessEqual
	}
	n.Missing = s.missing[r.IntN(len(s.missing))]
	if s.categories && r.IntN(3) == 0 {
		n.Split = trees.InSet
		n.Categories = categories(r, s.great)
	}
	return n
}

func categories(r *rand.Rand, great bool) trees.Categories {
	c := trees.Categories{ListedLeft: r.IntN(2) == 0, OtherLeft: r.IntN(2) == 0, NegativeLeft: r.IntN(2) == 0, MissingLeft: r.IntN(2) == 0, Truncate: r.IntN(2) == 0}
	for range r.IntN(5) {
		c.Listed = append(c.Listed, uint32(r.IntN(8)))
	}
	switch r.IntN(4) {
	case 0:
		if great {
			c.Listed = append(c.Listed, 1<<20+uint32(r.IntN(3)))
		} else {
			c.Listed = append(c.Listed, uint32(r.IntN(150)))
		}
	case 1:
		c.Known = append(c.Known, c.Listed...)
		for range r.IntN(5) {
			c.Known = append(c.Known, uint32(r.IntN(12)))
		}
	}
	return c
}

// threshold is often one of a few, which values are likely to equal.
func threshold(r *rand.Rand) float64 {
	odd := []float64{0, math.Copysign(0, -1), 1e-35, -1e-36, math.Inf(1), math.Inf(-1), math.MaxFloat32, 1e300, -1e300, 0.1, float64(float32(0.1)), math.SmallestNonzeroFloat64, -1e-50}
	switch r.IntN(4) {
	case 0:
		return odd[r.IntN(len(odd))]
	case 1:
		return float64(r.IntN(7) - 2)
	default:
		return r.NormFloat64()
	}
}

func value(r *rand.Rand) float64 {
	switch r.IntN(6) {
	case 0:
		return math.NaN()
	case 1, 2:
		return threshold(r)
	case 3:
		return []float64{1 << 20, 1<<20 + 1, 1 << 40, -0.5, 1.7, math.Float64frombits(0xfff8000000000001), float64(r.IntN(160)), float64(r.IntN(160))}[r.IntN(8)]
	default:
		return r.NormFloat64()
	}
}
