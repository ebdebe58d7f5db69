package sklearn

import "github.com/sluice-serving/sluice/runtime/sklearn/pickle"

// featureImportances is how much each feature's splits lessen impurity, as trees and their ensembles say of themselves.
func (a *attrs) featureImportances() []float64 {
	features := a.integer("n_features_in_", 0)
	if features < 0 || features > maxCells {
		a.fail("n_features_in_", "%d", features)
		return nil
	}
	total := make([]float64, features)
	members := a.members()
	counted := 0.0
	for _, member := range members {
		own, nodes := member.impurityDecrease(features)
		if member.err != nil {
			a.err = member.err
			return nil
		}
		if nodes <= 1 {
			continue // a tree that is one leaf says nothing
		}
		counted++
		if a.class == "GradientBoostingClassifier" || a.class == "GradientBoostingRegressor" {
			// Stages are averaged first and normalized at the end.
		} else {
			normalize(own)
		}
		for c, v := range own {
			total[c] += v
		}
	}
	if counted > 0 {
		for c := range total {
			total[c] /= counted
		}
	}
	normalize(total)
	return total
}

// impurityDecrease sums over a tree's splits: weight·impurity less that of the children, over the root's weight.
func (a *attrs) impurityDecrease(features int) ([]float64, int) {
	out := make([]float64, features)
	t := a.tree()
	nodes, ok := a.within("tree_").value("nodes").(*pickle.Array)
	if a.err != nil || !ok {
		return out, 0
	}
	impurityField, hasImpurity := nodes.Field("impurity")
	weightField, hasWeight := nodes.Field("weighted_n_node_samples")
	if !hasImpurity || !hasWeight {
		a.fail("tree_", "its nodes have no impurity")
		return out, 0
	}
	impurity, weight := a.floatsOf("tree_", impurityField), a.floatsOf("tree_", weightField)
	n := int64(len(t.left))
	for i, left := range t.left {
		right := t.right[i]
		if left == right {
			continue
		}
		if left < 0 || left >= n || right < 0 || right >= n || t.feature[i] < 0 || int(t.feature[i]) >= features {
			a.fail("tree_", "node %d leads nowhere", i)
			return out, 0
		}
		out[t.feature[i]] += weight[i]*impurity[i] - weight[left]*impurity[left] - weight[right]*impurity[right]
	}
	if len(weight) > 0 && weight[0] > 0 {
		for c := range out {
			out[c] /= weight[0]
		}
	}
	return out, int(n)
}
