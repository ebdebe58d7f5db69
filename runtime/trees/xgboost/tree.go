package xgboost

import (
	"fmt"

	"github.com/sluice-serving/sluice/runtime/trees"
)

// readTrees reads a gbtree.
func (m *booster) readTrees(booster object) error {
	model, err := booster.object("model")
	if err != nil {
		return err
	}
	parameters, err := model.object("gbtree_model_param")
	if err != nil {
		return err
	}
	if m.parallel, err = parameters.parameter("num_parallel_tree", 1); err != nil {
		return err
	}
	list, err := model.list("trees")
	if err != nil {
		return err
	}
	groups, err := model.numbers("tree_info")
	if err != nil {
		return err
	}
	if len(groups) != len(list) {
		return fmt.Errorf("\"tree_info\" has %d elements for %d trees", len(groups), len(list))
	}
	for i, item := range list {
		description, ok := item.(object)
		if !ok {
			return fmt.Errorf("tree %d is %s, not an object", i, kindOf(item))
		}
		t, err := m.readTree(description)
		if err != nil {
			return fmt.Errorf("tree %d: %w", i, err)
		}
		if t.Group, err = whole(groups[i], "tree_info"); err != nil {
			return err
		}
		m.trees = append(m.trees, t)
	}
	if model["weight_drop"] != nil { // where 3.3 has it
		weights, err := model.numbers("weight_drop")
		if err != nil {
			return err
		}
		m.weights = single(weights)
	}
	if m.rounds, err = readRounds(model, len(list)); err != nil {
		return err
	}
	return m.readCategories(model)
}

// readRounds reads where each boosting round ends.
func readRounds(model object, count int) ([]int, error) {
	ends, err := model.numbers("iteration_indptr")
	if err != nil || len(ends) == 0 {
		return nil, err
	}
	rounds := make([]int, 0, len(ends))
	for i, end := range ends {
		n, err := whole(end, "iteration_indptr")
		if err != nil {
			return nil, err
		}
		if n < 0 || n > count || i > 0 && n < rounds[i-1] {
			return nil, fmt.Errorf("element %d of \"iteration_indptr\" is %d, for %d trees", i, n, count)
		}
		rounds = append(rounds, n)
	}
	return rounds[1:], nil
}

// arrays are a tree's members, one element for each node.
type arrays struct {
	left, right, feature, condition, defaultLeft, kind []float64
	// leaves are the nodes' or leaves' vectors of a tree with several targets.
	leaves []float64
	// leafIndex says that a leaf's right child is its index in leaves (since 3.1; before, a node's own).
	leafIndex bool
	size      int
	listed    map[int][]uint32 // the categories of the nodes that look at some
}

func (m *booster) readTree(o object) (trees.Tree, error) {
	a, err := readArrays(o)
	if err != nil {
		return trees.Tree{}, err
	}
	m.vector = m.vector || a.size > 1
	if a.size > 1 && a.size != m.groups() {
		return trees.Tree{}, fmt.Errorf("its leaves have %d values; the model has %d outputs", a.size, m.groups())
	}
	t := trees.Tree{Nodes: make([]trees.Node, len(a.left))}
	if a.size > 1 {
		t.Leaves = a.leaves
	}
	for i := range t.Nodes {
		if err := a.node(&t, i); err != nil {
			return trees.Tree{}, fmt.Errorf("node %d: %w", i, err)
		}
	}
	return t, nil
}

func readArrays(o object) (arrays, error) {
	var a arrays
	members := []struct {
		key string
		to  *[]float64
	}{{"left_children", &a.left}, {"right_children", &a.right}, {"split_indices", &a.feature}, {"split_conditions", &a.condition}, {"default_left", &a.defaultLeft}}
	for _, member := range members {
		var err error
		if *member.to, err = o.numbers(member.key); err != nil {
			return a, err
		}
		if len(*member.to) != len(a.left) {
			return a, fmt.Errorf("%q has %d elements for %d nodes", member.key, len(*member.to), len(a.left))
		}
	}
	var err error
	if a.kind, err = o.numbers("split_type"); err != nil {
		return a, err
	}
	if len(a.kind) > 0 && len(a.kind) != len(a.left) {
		return a, fmt.Errorf("\"split_type\" has %d elements for %d nodes", len(a.kind), len(a.left))
	}
	if err := a.readCategories(o); err != nil {
		return a, err
	}
	return a, a.readLeaves(o)
}

// readLeaves reads the vectors of a tree with several targets.
func (a *arrays) readLeaves(o object) error {
	parameters, err := o.object("tree_param")
	if err != nil {
		return err
	}
	if a.size, err = parameters.parameter("size_leaf_vector", 1); err != nil || a.size <= 1 {
		return err
	}
	_, a.leafIndex = o["leaf_weights"]
	key := "base_weights"
	if a.leafIndex {
		key = "leaf_weights"
	}
	a.leaves, err = o.numbers(key)
	return err
}

func (a *arrays) readCategories(o object) error {
	var parts [4][]float64
	for i, key := range []string{"categories_nodes", "categories_segments", "categories_sizes", "categories"} {
		var err error
		if parts[i], err = o.numbers(key); err != nil {
			return err
		}
	}
	nodes, segments, sizes, categories := parts[0], parts[1], parts[2], parts[3]
	if len(nodes) != len(segments) || len(nodes) != len(sizes) {
		return fmt.Errorf("\"categories_nodes\", \"categories_segments\" and \"categories_sizes\" have %d, %d and %d elements", len(nodes), len(segments), len(sizes))
	}
	a.listed = map[int][]uint32{}
	total := 0.0
	for i, node := range nodes {
		from, size := segments[i], sizes[i]
		total += size
		if !(from >= 0 && size >= 0 && from+size <= float64(len(categories)) && total <= float64(len(categories))) {
			return fmt.Errorf("categories %v to %v of %d", from, from+size, len(categories))
		}
		listed := make([]uint32, 0, int(size))
		for _, category := range categories[int(from):][:int(size)] {
			if !(category >= 0 && category < maxCategory) {
				return fmt.Errorf("category %v; there are those from 0 up to %d", category, maxCategory)
			}
			listed = append(listed, uint32(category))
		}
		a.listed[int(node)] = listed
	}
	return nil
}

// maxCategory is above all categories: XGBoost's own bound, up to which single precision counts.
const maxCategory = 1 << 24

// leafChild marks a leaf as its left child.
const leafChild = -1

func (a *arrays) node(t *trees.Tree, i int) error {
	n := &t.Nodes[i]
	left, err := whole(a.left[i], "left_children")
	if err != nil {
		return err
	}
	right, err := whole(a.right[i], "right_children")
	if err != nil {
		return err
	}
	if left == leafChild {
		switch {
		case a.size <= 1:
			n.Leaf = len(t.Leaves)
			t.Leaves = append(t.Leaves, float64(float32(a.condition[i])))
		case a.leafIndex:
			n.Leaf = right
		default:
			n.Leaf = i
		}
		return nil
	}
	n.Left, n.Right = left, right
	if n.Feature, err = whole(a.feature[i], "split_indices"); err != nil {
		return err
	}
	n.Split, n.Threshold = trees.Less, float64(float32(a.condition[i]))
	missingLeft := a.defaultLeft[i] != 0
	if missingLeft {
		n.Missing = trees.MissingLeft
	}
	if len(a.kind) > 0 && a.kind[i] == 1 {
		n.Split = trees.InSet
		n.Categories = trees.Categories{Listed: a.listed[i], OtherLeft: true, NegativeLeft: true, MissingLeft: missingLeft}
	}
	return nil
}
