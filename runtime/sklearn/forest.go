package sklearn

import (
	"context"
	"math"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
	"github.com/sluice-serving/sluice/runtime/tabular"
	"github.com/sluice-serving/sluice/runtime/trees"
)

func forestFamily(class string) maker {
	switch class {
	case "DecisionTreeClassifier", "ExtraTreeClassifier", "RandomForestClassifier", "ExtraTreesClassifier":
		return forestClassifier
	case "DecisionTreeRegressor", "ExtraTreeRegressor", "RandomForestRegressor", "ExtraTreesRegressor":
		return forestRegressor
	case "RandomTreesEmbedding":
		return nil
	case "IsolationForest":
		return isolationForest
	}
	return nil
}

// tree is one of scikit-learn's as its arrays have it.
type tree struct {
	left, right, feature []int64
	threshold            []float64
	missingLeft          []int64 // nil before 1.3
	samples              []float64
	values               []float64 // [nodes, outputs, classes]
	outputs, classes     int
}

// tree reads a fitted decision tree's tree_.
func (a *attrs) tree() *tree {
	inner := a.within("tree_")
	t := &tree{}
	nodes, isArray := inner.need("nodes").(*pickle.Array)
	if a.err != nil || inner.err != nil || !isArray {
		a.fail("tree_", "it holds no nodes")
		return t
	}
	field := func(name string) *pickle.Array {
		f, ok := nodes.Field(name)
		if !ok {
			a.fail("tree_", "its nodes have no field %s", name)
			return &pickle.Array{Type: &pickle.DType{Kind: 'i', Size: 8}, Shape: []int{0}}
		}
		return f
	}
	t.left, t.right, t.feature = a.intsOf(field("left_child")), a.intsOf(field("right_child")), a.intsOf(field("feature"))
	t.threshold, t.samples = a.floatsOf("tree_", field("threshold")), a.floatsOf("tree_", field("n_node_samples"))
	if f, ok := nodes.Field("missing_go_to_left"); ok {
		t.missingLeft = a.intsOf(f)
	}
	shape, values := inner.shaped("values")
	if len(shape) != 3 || shape[0] != len(t.left) {
		a.fail("tree_", "values of shape %v for %d nodes", shape, len(t.left))
		return t
	}
	t.values, t.outputs, t.classes = values, shape[1], shape[2]
	return t
}

func (a *attrs) intsOf(array *pickle.Array) []int64 {
	values, err := array.Ints()
	if err != nil {
		a.fail("tree_", "%v", err)
	}
	return values
}

// nodes gives the tree to the kernel; leaves are numbered as nodes. feature maps its columns to the model's, nil if they are the same.
func (t *tree) nodes(feature []int64) []trees.Node {
	out := make([]trees.Node, len(t.left))
	for i := range out {
		n := trees.Node{Leaf: i}
		if t.left[i] != t.right[i] { // both -1 at a leaf
			n.Split, n.Feature, n.Threshold = trees.LessEqual, int(t.feature[i]), t.threshold[i]
			n.Left, n.Right = int(t.left[i]), int(t.right[i])
			if t.missingLeft != nil && t.missingLeft[i] != 0 {
				n.Missing = trees.MissingLeft
			}
			if feature != nil && n.Feature >= 0 && n.Feature < len(feature) {
				n.Feature = int(feature[n.Feature])
			}
		}
		out[i] = n
	}
	return out
}

// members are the trees of a forest, or the one of a tree; of each what its attributes say.
func (a *attrs) members() []*attrs {
	if a.value("tree_") != nil {
		return []*attrs{a}
	}
	var out []*attrs
	for i, v := range a.items("estimators_") {
		o, ok := v.(*pickle.Object)
		if !ok {
			a.fail("estimators_", "element %d is no tree", i)
			return nil
		}
		out = append(out, &attrs{object: o, class: o.Name, version: a.version, loader: a.loader})
	}
	if len(out) == 0 {
		a.fail("estimators_", "it holds no trees")
	}
	return out
}

// ensemble is a forest in the kernel, and what its sums are divided by.
type ensemble struct {
	kernel *trees.Ensemble
	width  int
	count  float64
}

// averaged builds a forest whose leaves are vectors; change gets those of each tree first.
func (a *attrs) averaged(change func(*tree)) (*ensemble, *tree) {
	forest := trees.Forest{Features: a.integer("n_features_in_", 0), Input: trees.Single, Output: trees.Double, Vector: true}
	var first *tree
	members := a.members()
	for _, member := range members {
		t := member.tree()
		if member.err != nil {
			a.err = member.err
			return nil, nil
		}
		if first == nil {
			first = t
			forest.Groups = t.outputs * t.classes
		}
		if t.outputs != first.outputs || t.classes != first.classes {
			a.fail("estimators_", "trees of different sizes")
			return nil, nil
		}
		change(t)
		forest.Trees = append(forest.Trees, trees.Tree{Nodes: t.nodes(nil), Leaves: t.values})
	}
	if a.err != nil {
		return nil, nil
	}
	return a.build(forest, float64(len(members))), first
}

func (a *attrs) build(forest trees.Forest, count float64) *ensemble {
	kernel, err := trees.Build(forest, trees.Options{})
	if err != nil {
		a.fail("trees", "%v", err)
		return nil
	}
	return &ensemble{kernel: kernel, width: forest.Groups, count: count}
}

// mean is the trees' average: [rows, width].
func (e *ensemble) mean(_ context.Context, x *batch) (*batch, error) {
	out := dense(x.rows, e.width)
	e.kernel.Sum(tabular.Matrix{Rows: x.rows, Cols: x.cols, F64: x.dense}, out.dense)
	if e.count != 1 {
		for i := range out.dense {
			out.dense[i] /= e.count
		}
	}
	return out, nil
}

// treeInput is what a tree takes: missing values since it was trained with the way that they go.
func (a *attrs) treeInput() input {
	in := input{cols: a.integer("n_features_in_", 0)}
	if !a.before(1, 3) {
		in.accepts = missing
	}
	return in
}

func forestClassifier(a *attrs) *estimator {
	counts := a.before(1, 4) // of samples; shares since
	e, shape := a.averaged(func(t *tree) {
		if !counts {
			return
		}
		for i := 0; i+t.classes <= len(t.values) && t.classes > 0; i += t.classes {
			normalize(t.values[i : i+t.classes])
		}
	})
	if a.err != nil {
		return nil
	}
	if shape.outputs != 1 {
		return a.manyClasses(e, shape)
	}
	classes := a.classes()
	a.expect("classes_", classes.len(), shape.classes)
	out := classifier(classes, op{name: proba, cols: shape.classes, run: e.mean})
	out.in = a.treeInput()
	return out
}

// manyClasses is a classifier of several outputs.
func (a *attrs) manyClasses(e *ensemble, shape *tree) *estimator {
	var all []*labels
	for i, v := range a.items("classes_") {
		l, err := labelsOf(v)
		if err != nil || l.len() > shape.classes {
			a.fail("classes_", "the classes of output %d aren't whole", i)
			return nil
		}
		all = append(all, l)
	}
	a.expect("classes_", len(all), shape.outputs)
	if a.err != nil {
		return nil
	}
	run := func(ctx context.Context, x *batch) (*batch, error) {
		y, err := e.mean(ctx, x)
		if err != nil {
			return nil, err
		}
		out := &batch{rows: x.rows, cols: len(all), codes: make([]int32, x.rows*len(all)), labels: all}
		for i := range out.codes {
			row, k := i/len(all), i%len(all)
			out.codes[i] = int32(argmax(y.row(row)[k*shape.classes:][:all[k].len()]))
		}
		return out, nil
	}
	shares := func(ctx context.Context, output int, x *batch) (*batch, error) {
		y, err := e.mean(ctx, x)
		if err != nil {
			return nil, err
		}
		return y.slice(output*shape.classes, all[output].len()), nil
	}
	ops := append([]op{{name: predict, cols: len(all), labels: sharedLabels(all), run: run}}, probabilitiesOf(all, shares)...)
	return &estimator{in: a.treeInput(), classes: all, ops: ops}
}

// sharedLabels has the datatype that several outputs' classes are answered in.
func sharedLabels(all []*labels) *labels {
	switch {
	case all[0].datatype == oip.Bytes:
		return all[0]
	case all[0].ints == nil:
		return &labels{datatype: oip.FP64}
	default:
		return &labels{datatype: oip.Int64}
	}
}

func forestRegressor(a *attrs) *estimator {
	e, shape := a.averaged(func(*tree) {})
	if a.err != nil {
		return nil
	}
	if shape.classes != 1 {
		a.fail("tree_", "a regression with %d values for each output", shape.classes)
	}
	cols := shape.outputs
	if cols == 1 {
		cols = 0
	}
	out := regressor(cols, func(ctx context.Context, x *batch) (*batch, error) {
		y, err := e.mean(ctx, x)
		if err != nil {
			return nil, err
		}
		return asVector(y), nil
	})
	out.in = a.treeInput()
	return out
}

// isolationForest scores a row by how soon random splits leave it alone (Liu, Ting and Zhou 2008).
func isolationForest(a *attrs) *estimator {
	features := a.integer("n_features_in_", 0)
	forest := trees.Forest{Features: features, Groups: 1, Input: trees.Single, Output: trees.Double}
	maps := a.items("estimators_features_")
	members := a.members()
	for i, member := range members {
		t := member.tree()
		if member.err != nil {
			a.err = member.err
			return nil
		}
		var feature []int64
		if i < len(maps) {
			if array, ok := maps[i].(*pickle.Array); ok {
				feature = a.intsOf(array)
			}
		}
		forest.Trees = append(forest.Trees, trees.Tree{Nodes: t.nodes(feature), Leaves: t.pathLengths()})
	}
	if a.err != nil {
		return nil
	}
	e := a.build(forest, 1)
	whole, offset := float64(len(members))*averagePath(a.number("max_samples_", a.number("_max_samples", 0))), a.number("offset_", -0.5)
	if whole == 0 {
		whole = 1
	}
	score := func(shift float64) method {
		return func(ctx context.Context, x *batch) (*batch, error) {
			y, err := e.mean(ctx, x)
			if err != nil {
				return nil, err
			}
			for i, depth := range y.dense {
				y.dense[i] = -math.Pow(2, -depth/whole) - shift
			}
			y.vector = true
			return y, nil
		}
	}
	out := outliers(op{name: decision, run: score(offset)}, op{name: scoring, run: score(0)})
	out.in = input{cols: features}
	if !a.before(1, 6) {
		out.in.accepts = missing
	}
	return out
}

// pathLengths is for each leaf its depth, and how much deeper its samples would be if it were split further.
func (t *tree) pathLengths() []float64 {
	out := make([]float64, len(t.left))
	type place struct {
		node  int64
		depth float64
	}
	todo := []place{{}}
	for steps := 0; len(todo) > 0 && steps <= 2*len(out); steps++ {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if at.node < 0 || at.node >= int64(len(out)) {
			continue // trees.Build refuses such a tree
		}
		out[at.node] = at.depth + averagePath(t.samples[at.node])
		if t.left[at.node] != t.right[at.node] {
			todo = append(todo, place{t.left[at.node], at.depth + 1}, place{t.right[at.node], at.depth + 1})
		}
	}
	return out
}

// averagePath is the mean depth of n samples in a random tree.
func averagePath(n float64) float64 {
	switch {
	case n <= 1:
		return 0
	case n == 2:
		return 1
	default:
		const euler = 0.57721566490153286060651209008240243
		return 2*(math.Log(n-1)+euler) - 2*(n-1)/n
	}
}
