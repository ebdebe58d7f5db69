package sklearn

// because is why a class isn't served, and what to do if it is something else than for most.
type because struct{ reason, remedy string }

// unserved says why a class of scikit-learn isn't served; nothing of one that nobody knows here. Every class that sklearn.utils.all_estimators lists
// has a maker or a reason, and the tests hold both against the library's list.
func unserved(class string) because {
	switch class {
	case "AgglomerativeClustering", "DBSCAN", "HDBSCAN", "OPTICS", "SpectralClustering", "SpectralBiclustering", "SpectralCoclustering":
		return because{"it labels the rows that it was fitted on and has no predict", "train a classifier on its labels (labels_), or cluster by KMeans, and serve that"}
	case "TSNE", "MDS", "ClassicalMDS", "SpectralEmbedding":
		return because{"it places the rows that it was fitted on and has no transform", "use PCA, or train a regressor on its embedding_, and serve that"}
	case "EmpiricalCovariance", "MinCovDet", "LedoitWolf", "OAS", "ShrunkCovariance", "GraphicalLasso", "GraphicalLassoCV", "NearestNeighbors":
		return because{"it has neither predict nor transform", "serve an estimator that has one of them, as EllipticEnvelope or KNeighborsClassifier"}
	case "KernelDensity":
		return because{"it has score_samples only", "serve a GaussianMixture, whose score_samples are served"}
	case "KNeighborsTransformer", "RadiusNeighborsTransformer", "KernelCenterer":
		return because{reason: "it answers with a column for each row that it was fitted on"}
	case "DictVectorizer", "FeatureHasher", "PatchExtractor", "MultiLabelBinarizer":
		return because{reason: "what it takes are dicts, lists or images and not rows of columns"}
	case "DictionaryLearning", "MiniBatchDictionaryLearning", "SparseCoder", "MiniBatchNMF", "Isomap", "LocallyLinearEmbedding":
		return because{reason: "its transform solves a problem of optimization for each row"}
	case "AdditiveChi2Sampler", "SkewedChi2Sampler", "PolynomialCountSketch", "RandomTreesEmbedding", "GaussianProcessClassifier":
		return because{reason: "it is rarely deployed"}
	}
	return because{}
}
