package lightgbm

import (
	"errors"
	"fmt"

	"github.com/sluice-serving/sluice/runtime/trees"
)

// The bits of decision_type.
const (
	categoricalBit  = 1
	defaultLeftBit  = 2
	missingShift    = 2
	missingNone     = 0
	missingZero     = 1
	missingNaN      = 2
	maxTreeNodes    = 1 << 27
	categoriesAWord = 32
)

// arrays are a tree's members: of its splits, and of its categorical splits.
type arrays struct {
	left, right, feature, decision []int
	threshold                      []float64
	boundaries, words              []int
	used                           []bool // sets of categories that a split has taken
}

// readTree reads a tree. Its splits become nodes 0, 1, …; leaf i becomes node splits+i.
func readTree(s section) (trees.Tree, error) {
	var t trees.Tree
	leaves, err := s.whole("num_leaves")
	if err != nil {
		return t, err
	}
	if leaves < 1 || leaves > maxTreeNodes || leaves > len(s["leaf_value"]) {
		return t, fmt.Errorf("num_leaves: %d with %d bytes of leaf_value", leaves, len(s["leaf_value"]))
	}
	if t.Leaves, err = s.numbers("leaf_value", leaves); err != nil {
		return t, err
	}
	a, err := readArrays(s, leaves-1)
	if err != nil {
		return t, err
	}
	t.Nodes = make([]trees.Node, 2*leaves-1)
	for i := range leaves - 1 {
		if err := a.split(&t.Nodes[i], i, leaves-1); err != nil {
			return t, fmt.Errorf("split %d: %w", i, err)
		}
	}
	for i := range leaves {
		t.Nodes[leaves-1+i].Leaf = i
	}
	if s["is_linear"] == "1" {
		t.Linear, err = readLinear(s, leaves)
	}
	return t, err
}

func readArrays(s section, splits int) (a arrays, err error) {
	for _, member := range []struct {
		key string
		to  *[]int
	}{{"left_child", &a.left}, {"right_child", &a.right}, {"split_feature", &a.feature}} {
		if *member.to, err = s.wholes(member.key, splits); err != nil {
			return a, err
		}
	}
	if a.threshold, err = s.numbers("threshold", splits); err != nil {
		return a, err
	}
	if a.decision, err = s.wholes("decision_type", splits); errors.Is(err, errMissing) {
		a.decision, err = make([]int, splits), nil
	}
	if err != nil {
		return a, err
	}
	sets, err := s.whole("num_cat")
	if err != nil || sets <= 0 {
		return a, err
	}
	if sets > splits {
		return a, fmt.Errorf("num_cat: %d for %d splits", sets, splits)
	}
	if a.boundaries, err = s.wholes("cat_boundaries", sets+1); err != nil {
		return a, err
	}
	a.used = make([]bool, sets)
	words := a.boundaries[sets]
	if words < 0 || words > len(s["cat_threshold"]) {
		return a, fmt.Errorf("cat_boundaries: they end at %d with %d bytes of cat_threshold", words, len(s["cat_threshold"]))
	}
	a.words, err = s.wholes("cat_threshold", words)
	return a, err
}

// child is the node that a child's number means: a split's, or if it is negative, the complement of a leaf's.
func child(number, splits int) int {
	if number < 0 {
		return splits + ^number
	}
	return number
}

func (a *arrays) split(n *trees.Node, i, splits int) error {
	n.Left, n.Right = child(a.left[i], splits), child(a.right[i], splits)
	n.Feature, n.Threshold = a.feature[i], a.threshold[i]
	decision := a.decision[i]
	if decision&categoricalBit != 0 {
		listed, err := a.categories(a.threshold[i])
		n.Split = trees.InSet
		n.Categories = trees.Categories{Listed: listed, ListedLeft: true, Truncate: true}
		return err
	}
	n.Split = trees.LessEqual
	left := decision&defaultLeftBit != 0
	switch missing := decision >> missingShift & 3; {
	case missing == missingNone:
		n.Missing = trees.MissingZero
	case missing == missingZero && left:
		n.Missing = trees.ZeroLeft
	case missing == missingZero:
		n.Missing = trees.ZeroRight
	case missing == missingNaN && left:
		n.Missing = trees.MissingLeft
	case missing == missingNaN:
		n.Missing = trees.MissingRight
	default:
		return fmt.Errorf("decision_type: %d has an unknown way of missing values", decision)
	}
	return nil
}

// categories lists those of a set, whose number stands where a threshold would. Each set is one split's, so that a file
// can't have more of them than it has room for.
func (a *arrays) categories(threshold float64) ([]uint32, error) {
	if !(threshold >= 0 && threshold < float64(len(a.used))) {
		return nil, fmt.Errorf("threshold: set of categories %v of %d", threshold, len(a.used))
	}
	set := int(threshold)
	if a.used[set] {
		return nil, fmt.Errorf("threshold: set of categories %d is another split's", set)
	}
	a.used[set] = true
	from, to := a.boundaries[set], a.boundaries[set+1]
	if from < 0 || from > to || to > len(a.words) {
		return nil, fmt.Errorf("cat_boundaries: from %d to %d of %d", from, to, len(a.words))
	}
	var listed []uint32
	for i, word := range a.words[from:to] {
		for bit := range categoriesAWord {
			if uint32(word)>>bit&1 != 0 {
				listed = append(listed, uint32(i*categoriesAWord+bit))
			}
		}
	}
	return listed, nil
}

// readLinear reads the linear models of the leaves.
func readLinear(s section, leaves int) ([]trees.LeafModel, error) {
	constants, err := s.numbers("leaf_const", leaves)
	if err != nil {
		return nil, err
	}
	counts, err := s.wholes("num_features", leaves)
	if err != nil {
		return nil, err
	}
	total := 0
	for _, count := range counts {
		if count < 0 || count > maxFeatures {
			return nil, fmt.Errorf("num_features: %d", count)
		}
		total += count
	}
	features, err := s.wholes("leaf_features", total)
	if err != nil {
		return nil, err
	}
	coefficients, err := s.numbers("leaf_coeff", total)
	if err != nil {
		return nil, err
	}
	models := make([]trees.LeafModel, leaves)
	from := 0
	for i, count := range counts {
		models[i] = trees.LeafModel{Constant: constants[i], Features: features[from:][:count], Coefficients: coefficients[from:][:count]}
		from += count
	}
	return models, nil
}
