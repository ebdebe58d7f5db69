package sklearn

import (
	"context"
	"math"

	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
	"github.com/sluice-serving/sluice/runtime/trees"
)

// histogramBoosting reads HistGradientBoosting, whose trees compare float64 and know missing values and categories.
func histogramBoosting(a *attrs) *estimator {
	features := a.integer("n_features_in_", 0)
	baseline := a.floats("_baseline_prediction")
	b := &boosted{width: len(baseline), constant: baseline}
	forest := trees.Forest{Features: features, Groups: max(1, b.width), Input: trees.Double, Output: trees.Double}
	known := a.knownCategories(features)
	for _, stage := range a.items("_predictors") {
		for k, v := range itemsOf(stage) {
			o, ok := v.(*pickle.Object)
			if !ok || k >= b.width {
				a.fail("_predictors", "a stage that isn't made of %d trees", b.width)
				return nil
			}
			inner := &attrs{object: o, class: o.Name, version: a.version, loader: a.loader}
			t := inner.histogramTree(known)
			if inner.err != nil {
				a.err = inner.err
				return nil
			}
			t.Group = k
			forest.Trees = append(forest.Trees, t)
		}
	}
	if a.err != nil {
		return nil
	}
	built := a.build(forest, 1)
	if a.err != nil {
		return nil
	}
	b.kernel = built.kernel
	e := a.histogramEstimator(b)
	e.in = input{cols: features, accepts: anything}
	a.histogramPreprocessor(e)
	return e
}

func (a *attrs) histogramEstimator(b *boosted) *estimator {
	if a.class == "HistGradientBoostingClassifier" {
		classes := a.classes()
		a.severalClasses(classes)
		a.expect("_baseline_prediction", b.width, max(1, scoreCols(classes.len())))
		return b.classifier(classes, 1)
	}
	loss := a.text("loss", "squared_error")
	if loss != "poisson" && loss != "gamma" {
		return regressor(0, b.raw)
	}
	return regressor(0, func(ctx context.Context, x *batch) (*batch, error) {
		y, err := b.raw(ctx, x)
		if err != nil {
			return nil, err
		}
		for i, v := range y.dense {
			y.dense[i] = math.Exp(v)
		}
		return y, nil
	})
}

// histogramPreprocessor puts the encoder of categories in front that versions since 1.4 keep, and restores the order that it changes.
func (a *attrs) histogramPreprocessor(e *estimator) {
	if a.value("_preprocessor") == nil || a.err != nil {
		return
	}
	encoder := a.child("_preprocessor")
	if a.err != nil {
		return
	}
	if !encoder.has(transform) {
		a.fail("_preprocessor", "it doesn't transform")
		return
	}
	inner := *e
	inner.ops = append([]op{}, e.ops...)
	for i := range e.ops {
		name := e.ops[i].name
		e.ops[i].run = func(ctx context.Context, x *batch) (*batch, error) {
			y, err := encoder.call(ctx, transform, x)
			if err != nil {
				return nil, err
			}
			return inner.call(ctx, name, y)
		}
	}
	e.in = encoder.in
	e.in.names = nil
}

// knownCategories has the categories of each feature that is one, nil for numbers.
func (a *attrs) knownCategories(features int) [][]uint32 {
	name := a.first("_is_categorical_remapped", "is_categorical_")
	known := make([][]uint32, features)
	if a.value(name) == nil {
		return known
	}
	is := a.ints(name)
	mapper := a.within("_bin_mapper")
	bins := mapper.items("bin_thresholds_")
	if a.err != nil || len(is) != features || len(bins) != features {
		a.fail(name, "it isn't of %d features as _bin_mapper is", features)
		return known
	}
	for i, v := range bins {
		if is[i] == 0 {
			continue
		}
		known[i] = []uint32{}
		for _, category := range a.floatsOf("_bin_mapper", v) {
			if !math.IsNaN(category) && category >= 0 {
				known[i] = append(known[i], uint32(category)&0xff) // held in a byte
			}
		}
	}
	return known
}

// histogramTree reads a TreePredictor.
func (a *attrs) histogramTree(known [][]uint32) trees.Tree {
	nodes, ok := a.need("nodes").(*pickle.Array)
	if !ok {
		a.fail("nodes", "expected an array")
		return trees.Tree{}
	}
	ints := func(names ...string) []int64 {
		for _, name := range names {
			if f, ok := nodes.Field(name); ok {
				return a.intsOf(f)
			}
		}
		return make([]int64, nodes.Len())
	}
	floats := func(names ...string) []float64 {
		for _, name := range names {
			if f, ok := nodes.Field(name); ok {
				return a.floatsOf(name, f)
			}
		}
		a.fail("nodes", "no field %s", names[0])
		return make([]float64, nodes.Len())
	}
	left, right, feature := ints("left"), ints("right"), ints("feature_idx")
	leaf, missingLeft, categorical, set := ints("is_leaf"), ints("missing_go_to_left"), ints("is_categorical"), ints("bitset_idx")
	threshold, values := floats("num_threshold", "threshold"), floats("value")
	if a.err != nil {
		return trees.Tree{}
	}
	t := trees.Tree{Nodes: make([]trees.Node, len(left)), Leaves: values}
	for i := range t.Nodes {
		n := &t.Nodes[i]
		n.Leaf = i
		if leaf[i] != 0 {
			continue
		}
		n.Split, n.Feature, n.Threshold = trees.LessEqual, int(feature[i]), threshold[i]
		n.Left, n.Right = int(left[i]), int(right[i])
		if missingLeft[i] != 0 {
			n.Missing = trees.MissingLeft
		}
		if categorical[i] != 0 {
			a.categorySplit(n, set[i], known, missingLeft[i] != 0)
		}
	}
	return t
}

// categorySplit reads the bits of a split: eight words for each set.
func (a *attrs) categorySplit(n *trees.Node, set int64, known [][]uint32, missingLeft bool) {
	bits := a.matrix("raw_left_cat_bitsets")
	if a.err != nil || set < 0 || int(set) >= bits.rows || bits.cols != 8 || n.Feature < 0 || n.Feature >= len(known) || known[n.Feature] == nil {
		a.fail("raw_left_cat_bitsets", "set %d of %d", set, bits.rows)
		return
	}
	n.Split, n.Threshold = trees.InSet, 0
	n.Categories = trees.Categories{ListedLeft: true, NegativeLeft: missingLeft, MissingLeft: missingLeft, Known: known[n.Feature]}
	for word, v := range bits.row(int(set)) {
		for bit := range 32 {
			if uint32(v)>>bit&1 == 1 {
				n.Categories.Listed = append(n.Categories.Listed, uint32(32*word+bit))
			}
		}
	}
}
