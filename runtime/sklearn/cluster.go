package sklearn

import (
	"context"
	"math"

	"github.com/sluice-serving/sluice/api/oip"
)

func clusterFamily(class string) maker {
	switch class {
	case "KMeans", "MiniBatchKMeans":
		return kMeans
	case "BisectingKMeans":
		return bisectingKMeans
	case "AffinityPropagation", "MeanShift":
		return nearestCluster
	case "Birch":
		return birch
	case "GaussianMixture", "BayesianGaussianMixture":
		return gaussianMixture
	case "FeatureAgglomeration":
		return featureAgglomeration
	}
	return nil
}

func kMeans(a *attrs) *estimator {
	centers := a.matrix("cluster_centers_")
	measure := distance{kind: "euclidean"}
	numbers := count(centers.rows, oip.Int32)
	return &estimator{in: input{cols: centers.cols}, ops: []op{
		{name: predict, labels: numbers, run: func(_ context.Context, x *batch) (*batch, error) {
			return nearest(x, centers, measure, numbers), nil
		}},
		{name: transform, cols: centers.rows, run: distancesTo(centers)},
	}}
}

// distancesTo has a column for the Euclidean distance to each center.
func distancesTo(centers *matrix) method {
	return func(_ context.Context, x *batch) (*batch, error) {
		out := dense(x.rows, centers.rows)
		for i := range x.rows {
			for k := range centers.rows {
				out.row(i)[k] = math.Sqrt(squared(x.row(i), centers.row(k)))
			}
		}
		return out, nil
	}
}

// nearestCluster predicts the number of the nearest center.
func nearestCluster(a *attrs) *estimator {
	centers := a.matrix("cluster_centers_")
	if a.err == nil && centers.rows == 0 {
		a.refuse("no cluster: it didn't converge")
	}
	measure := distance{kind: "euclidean"}
	numbers := count(centers.rows, oip.Int64)
	return &estimator{in: input{cols: centers.cols}, ops: []op{{name: predict, labels: numbers,
		run: func(_ context.Context, x *batch) (*batch, error) { return nearest(x, centers, measure, numbers), nil }}}}
}

// birch predicts the cluster that the nearest of its many subclusters belongs to.
func birch(a *attrs) *estimator {
	centers, clusters := a.matrix("subcluster_centers_"), a.ints("subcluster_labels_")
	a.expect("subcluster_labels_", len(clusters), centers.rows)
	top := int64(0)
	for _, c := range clusters {
		top = max(top, c)
		if c < 0 || c > maxClusters {
			a.fail("subcluster_labels_", "cluster %d", c)
		}
	}
	if a.err != nil {
		return nil
	}
	measure, numbers := distance{kind: "euclidean"}, count(int(top)+1, oip.Int64)
	return &estimator{in: input{cols: centers.cols}, ops: []op{
		{name: predict, labels: numbers, run: func(_ context.Context, x *batch) (*batch, error) {
			y := nearest(x, centers, measure, numbers)
			for i, k := range y.codes {
				y.codes[i] = int32(clusters[k])
			}
			return y, nil
		}},
		{name: transform, cols: centers.rows, run: distancesTo(centers)},
	}}
}

// featureAgglomeration gives the mean of each cluster of columns.
func featureAgglomeration(a *attrs) *estimator {
	clusters, n := a.ints("labels_"), a.integer("n_clusters_", 0)
	if name := a.refersTo("pooling_func"); name != "numpy.mean" {
		a.refuse("pooling_func " + name)
	}
	if n < 1 || n > len(clusters) {
		a.fail("n_clusters_", "%d of %d columns", n, len(clusters))
		return nil
	}
	sizes := make([]float64, n)
	for _, c := range clusters {
		if c < 0 || int(c) >= n {
			a.fail("labels_", "cluster %d of %d", c, n)
			return nil
		}
		sizes[c]++
	}
	e := transformer(n, func(_ context.Context, x *batch) (*batch, error) {
		out := dense(x.rows, n)
		for i := range x.rows {
			to := out.row(i)
			for c, v := range x.row(i) {
				to[clusters[c]] += v
			}
			for k, size := range sizes {
				to[k] /= size
			}
		}
		return out, nil
	})
	e.in = input{cols: len(clusters)}
	return e
}
