package sklearn

import (
	"context"

	"github.com/sluice-serving/sluice/api/oip"
	"github.com/sluice-serving/sluice/runtime/sklearn/pickle"
)

// split is a node of BisectingKMeans' tree: a leaf has a cluster, any other two halves.
type split struct {
	center      []float64
	left, right *split
	cluster     int32
}

func bisectingKMeans(a *attrs) *estimator {
	e := kMeans(a)
	tree, left := &split{}, 2*maxClusters
	if a.err == nil {
		tree = a.split(a.need("_bisecting_tree"), a.optional("_X_mean"), e.op(transform).cols, maxDepthOfSplits, &left)
	}
	if a.err != nil {
		return nil
	}
	numbers := count(e.op(transform).cols, oip.Int32)
	e.ops[0].run = func(_ context.Context, x *batch) (*batch, error) {
		codes := make([]int32, x.rows)
		for i := range codes {
			node := tree
			for node.left != nil {
				if squared(x.row(i), node.right.center) < squared(x.row(i), node.left.center) {
					node = node.right
				} else {
					node = node.left
				}
			}
			codes[i] = node.cluster
		}
		return &batch{rows: x.rows, cols: 1, vector: true, codes: codes, labels: []*labels{numbers}}, nil
	}
	return e
}

const (
	maxDepthOfSplits = 10_000
	maxClusters      = 1 << 20
)

// split reads a node. A graph with a cycle passes the depth, one that shares nodes the number left.
func (a *attrs) split(v pickle.Value, mean []float64, clusters, depth int, left *int) *split {
	node := &split{}
	*left--
	o, ok := v.(*pickle.Object)
	if !ok || depth == 0 || *left < 0 {
		a.fail("_bisecting_tree", "a tree that isn't whole")
		return node
	}
	inner := &attrs{object: o, class: o.Name, version: a.version, loader: a.loader}
	node.center = append(node.center, inner.floats("center")...)
	if mean != nil && len(mean) == len(node.center) {
		for i, m := range mean {
			node.center[i] += m
		}
	}
	a.expect("_bisecting_tree", len(node.center), a.integer("n_features_in_", len(node.center)))
	if l, r := inner.value("left"), inner.value("right"); l != nil && r != nil && a.err == nil {
		node.left = a.split(l, mean, clusters, depth-1, left)
		node.right = a.split(r, mean, clusters, depth-1, left)
	} else {
		node.cluster = int32(inner.integer("label", -1))
		if node.cluster < 0 || int(node.cluster) >= clusters {
			a.fail("_bisecting_tree", "cluster %d of %d", node.cluster, clusters)
		}
	}
	if inner.err != nil && a.err == nil {
		a.err = inner.err
	}
	return node
}

// optional is an array that may be absent.
func (a *attrs) optional(name string) []float64 {
	if a.value(name) == nil {
		return nil
	}
	return a.floats(name)
}
