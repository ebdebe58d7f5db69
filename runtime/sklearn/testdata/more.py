"""More families for make.py: what is deployed less often than those there."""

import numpy as np
import sklearn
from sklearn.cluster import AffinityPropagation, Birch, FeatureAgglomeration, KMeans, MeanShift
from sklearn.covariance import EllipticEnvelope
from sklearn.cross_decomposition import CCA, PLSCanonical, PLSRegression, PLSSVD
from sklearn.decomposition import NMF, FactorAnalysis, KernelPCA, LatentDirichletAllocation, SparsePCA
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, DotProduct, ExpSineSquared, Matern, RationalQuadratic, WhiteKernel
from sklearn.impute import IterativeImputer
from sklearn.kernel_approximation import Nystroem, RBFSampler
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.mixture import BayesianGaussianMixture
from sklearn.multiclass import OutputCodeClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import LocalOutlierFactor, NeighborhoodComponentsAnalysis, RadiusNeighborsClassifier, RadiusNeighborsRegressor
from sklearn.neural_network import BernoulliRBM
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelBinarizer, LabelEncoder, MinMaxScaler, SplineTransformer, StandardScaler
from sklearn.semi_supervised import LabelPropagation, LabelSpreading, SelfTrainingClassifier
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

VERSION = tuple(int(p) for p in sklearn.__version__.split(".")[:2])


def transforms(d, wanted):
    far = d.t * 1.5
    splines = dict(constant={}, linear=dict(extrapolation="linear"), linear1=dict(extrapolation="linear", degree=1), periodic=dict(extrapolation="periodic"), go=dict(extrapolation="continue"),
                   nobias=dict(include_bias=False, n_knots=4, degree=2), step=dict(degree=0, extrapolation="continue"), quantile=dict(knots="quantile", degree=4))
    if VERSION >= (1, 5):
        splines["sparse"] = dict(sparse_output=True)
    for name, k in splines.items():
        if wanted("spline-" + name):
            yield "spline-" + name, SplineTransformer(**k).fit(d.x), far
    if wanted("spline-error"):
        yield "spline-error", SplineTransformer(extrapolation="error").fit(np.r_[d.x, far]), far
    if VERSION >= (1, 8) and wanted("spline-missing"):
        yield "spline-missing", SplineTransformer(handle_missing="zeros").fit(d.xm), d.tm
    if wanted("spline-ridge"):
        yield "spline-ridge", make_pipeline(StandardScaler(), SplineTransformer(extrapolation="linear"), Ridge(0.1)).fit(d.x, d.y), d.t
    positive, tpositive = np.abs(d.x), np.abs(d.t)
    for name, e in dict(plain=NMF(3, init="nndsvda", max_iter=400), regular=NMF(2, init="random", random_state=1, max_iter=400, alpha_W=0.002, l1_ratio=0.5)).items():
        if wanted("nmf-" + name):
            yield "nmf-" + name, e.fit(positive), tpositive
    for name, e in dict(factor=FactorAnalysis(2, random_state=1), sparse=SparsePCA(2, random_state=1, ridge_alpha=0.1), kernelrbf=KernelPCA(3, kernel="rbf", gamma=0.05), kernelpoly=KernelPCA(2, kernel="poly", degree=2, gamma=0.1),
                        agglomerate=FeatureAgglomeration(2), nystroem=Nystroem(n_components=12, gamma=0.1, random_state=1), nystroempoly=Nystroem(kernel="poly", gamma=0.1, coef0=1, degree=2, n_components=12, random_state=1),
                        fourier=RBFSampler(gamma=0.2, n_components=20, random_state=1)).items():
        if wanted("latent-" + name):
            yield "latent-" + name, e.fit(d.x), d.t
    scaled = MinMaxScaler().fit(d.x)
    if wanted("latent-boltzmann"):
        yield "latent-boltzmann", BernoulliRBM(4, n_iter=3, random_state=1).fit(scaled.transform(d.x)), np.clip(scaled.transform(d.t), 0, 1)
    if wanted("latent-neighborhood"):
        yield "latent-neighborhood", NeighborhoodComponentsAnalysis(2, random_state=1, max_iter=10).fit(d.x, d.c), d.t
    for name, e in dict(plain=IterativeImputer(random_state=1, max_iter=4), few=IterativeImputer(n_nearest_features=3, random_state=1, max_iter=2, add_indicator=True, initial_strategy="median"),
                        bounded=IterativeImputer(Ridge(), max_iter=3, min_value=-5, max_value=8, random_state=1)).items():
        if wanted("iterative-" + name):
            yield "iterative-" + name, e.fit(d.xm), d.tm
    yield "label-encoder", LabelEncoder().fit(d.df["color"]), _known(d)
    yield "label-binarizer", LabelBinarizer(neg_label=-1, pos_label=2).fit(d.df["color"]), d.tdf[["color"]]
    yield "label-integers", LabelEncoder().fit(np.arange(40)), d.tcounts[:, :1]
    yield "label-two", LabelBinarizer().fit(d.b), (d.tcounts[:, :1] > 2).astype(float)


    for name, e in dict(counts=LatentDirichletAllocation(3, random_state=1, max_iter=5), priors=LatentDirichletAllocation(4, random_state=1, max_iter=3, doc_topic_prior=0.3, learning_method="online")).items():
        if wanted("lda-" + name):
            yield "lda-" + name, e.fit(d.counts), d.tcounts
    yield "lda-text", make_pipeline(CountVectorizer(), LatentDirichletAllocation(3, random_state=1, max_iter=5), LogisticRegression(max_iter=2000)).fit(d.docs, d.names), d.tdocs


def _known(d):
    c = d.tdf[["color"]]
    return c.assign(color=c["color"].where(c["color"] != "violet", "red"))


def regressors(d, wanted):
    for name, e in dict(one=PLSRegression(2), unscaled=PLSRegression(3, scale=False)).items():
        if wanted("pls-" + name):
            yield "pls-" + name, e.fit(d.x, d.y), d.t
    for name, e in dict(many=PLSRegression(2), canonical=PLSCanonical(2), cca=CCA(1), svd=PLSSVD(2)).items():
        if wanted("pls-" + name):
            yield "pls-" + name, e.fit(d.x, d.y2), d.t
    few = d.x[:, [0, 2]]
    for name, e in dict(plain=RadiusNeighborsRegressor(3.0), distance=RadiusNeighborsRegressor(4.0, weights="distance", p=1)).items():
        if wanted("radius-" + name):
            yield "radius-" + name, e.fit(few, d.y), d.t[:, [0, 2]]
    yield "radius-many", RadiusNeighborsRegressor(3.0).fit(few, d.y2), d.t[:, [0, 2]]
    for name, e in dict(rbf=KernelRidge(alpha=0.5, kernel="rbf", gamma=0.05), linear=KernelRidge(alpha=1), poly=KernelRidge(kernel="polynomial", degree=2, gamma=0.1), laplacian=KernelRidge(kernel="laplacian")).items():
        if wanted("kr-" + name):
            yield "kr-" + name, e.fit(d.x, d.y), d.t
    yield "kr-many", KernelRidge(kernel="rbf").fit(d.x, d.y2), d.t
    kernels = dict(plain=ConstantKernel(2.0) * RBF(2.0) + WhiteKernel(0.1), lengths=RBF([1.0, 2, 1, 8, 3]) + WhiteKernel(0.1), matern=Matern(2.0, nu=1.5) + WhiteKernel(0.1), matern5=Matern(2.0, nu=2.5) + WhiteKernel(0.1),
                   rough=Matern(2.0, nu=0.5) + WhiteKernel(0.1), rational=RationalQuadratic(2.0, 0.5) + WhiteKernel(0.1), dots=DotProduct(1.0) ** 2 + WhiteKernel(1.0), periodic=ExpSineSquared(2.0, 7.0) * RBF(2.0) + WhiteKernel(3.0))
    for name, k in kernels.items():
        if wanted("gp-" + name):
            yield "gp-" + name, GaussianProcessRegressor(k, normalize_y=True, optimizer=None, alpha=1e-3).fit(d.x, d.y), d.t
    yield "gp-many", GaussianProcessRegressor(RBF(2.0) + WhiteKernel(0.1), optimizer=None).fit(d.x, d.y2), d.t


def classifiers(d, wanted):
    few, tfew = d.x[:, [0, 2]], d.t[:, [0, 2]]
    yield "radius-text", RadiusNeighborsClassifier(1.0, outlier_label="nowhere").fit(few, d.names.astype(object)), tfew
    yield "radius-frequent", RadiusNeighborsClassifier(0.4, outlier_label="most_frequent").fit(few, d.four), tfew
    yield "radius-weights", RadiusNeighborsClassifier(0.8, weights="distance", outlier_label=-1).fit(few, d.b), tfew
    semi = np.where(np.arange(len(d.c)) % 3 == 0, d.c, -1)
    for name, e in dict(propagation=LabelPropagation(gamma=0.3), spreading=LabelSpreading(kernel="knn", n_neighbors=5), self=SelfTrainingClassifier(LogisticRegression(max_iter=2000)),).items():
        if wanted("semi-" + name):
            yield "semi-" + name, e.fit(d.x, semi), d.t
    yield "codes-svc", OutputCodeClassifier(LinearSVC(max_iter=9999, random_state=1), code_size=3, random_state=1).fit(d.x, d.names), d.t
    yield "codes-logistic", OutputCodeClassifier(LogisticRegression(max_iter=2000), code_size=2, random_state=2).fit(d.x, d.four), d.t
    if VERSION >= (1, 5):
        from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
        two = np.array(["no", "yes"])[d.b]
        yield "threshold-fixed", FixedThresholdClassifier(LogisticRegression(max_iter=2000), threshold=0.3).fit(d.x, two), d.t
        yield "threshold-first", FixedThresholdClassifier(LogisticRegression(max_iter=2000), threshold=0.7, pos_label="no").fit(d.x, two), d.t
        yield "threshold-decision", FixedThresholdClassifier(LinearSVC(max_iter=9999, random_state=1), threshold=-0.2, pos_label=0).fit(d.x, d.b), d.t
        yield "threshold-auto", FixedThresholdClassifier(GaussianNB()).fit(d.x, d.b), d.t
        yield "threshold-tuned", TunedThresholdClassifierCV(LogisticRegression(max_iter=2000), cv=3).fit(d.x, two), d.t
    if VERSION >= (1, 6):
        from sklearn.frozen import FrozenEstimator
        yield "threshold-frozen", FrozenEstimator(LogisticRegression(max_iter=2000).fit(d.x, d.names)).fit(d.x, d.names), d.t
    y2 = np.c_[d.c, d.b]
    yield "multiproba-tree", DecisionTreeClassifier(max_depth=3).fit(d.x, y2), d.t
    yield "multiproba-forest", RandomForestClassifier(4, max_depth=3, random_state=1).fit(d.x, y2), d.t
    yield "multiproba-extra", make_pipeline(StandardScaler(), ExtraTreesClassifier(4, max_depth=3, random_state=1)).fit(d.x, y2), d.t
    yield "multiproba-multi", MultiOutputClassifier(LogisticRegression(max_iter=2000)).fit(d.x, y2), d.t


def clusters(d, wanted):
    for kind in ["full", "tied", "diag", "spherical"]:
        yield "bayesmix-" + kind, BayesianGaussianMixture(n_components=3, covariance_type=kind, random_state=1, max_iter=300).fit(d.x), d.t
    yield "bayesmix-dirichlet", BayesianGaussianMixture(n_components=3, weight_concentration_prior_type="dirichlet_distribution", random_state=1, max_iter=300).fit(d.x), d.t
    if VERSION >= (1, 1):
        from sklearn.cluster import BisectingKMeans
        yield "cluster-bisecting", BisectingKMeans(5, random_state=1).fit(d.x), d.t
        yield "cluster-bisectinglargest", make_pipeline(StandardScaler(), BisectingKMeans(6, bisecting_strategy="largest_cluster", random_state=1)).fit(d.x), d.t
    yield "cluster-birch", Birch(n_clusters=3, threshold=1.0).fit(d.x), d.t
    yield "cluster-birchall", Birch(n_clusters=None, threshold=3.0).fit(d.x), d.t
    yield "cluster-affinity", AffinityPropagation(damping=0.7, preference=-400, random_state=1, max_iter=500).fit(d.x), d.t
    yield "cluster-meanshift", MeanShift(bandwidth=6.0).fit(d.x), d.t
    yield "cluster-transform", make_pipeline(KMeans(5, n_init=2, random_state=1), LinearRegression()).fit(d.x, d.y), d.t
    yield "outlier-elliptic", EllipticEnvelope(random_state=1, contamination=0.15).fit(d.x), d.t
    yield "outlier-local", LocalOutlierFactor(n_neighbors=7, novelty=True).fit(d.x), d.t
    yield "outlier-localmanhattan", LocalOutlierFactor(n_neighbors=5, novelty=True, metric="manhattan", contamination=0.1).fit(d.x), d.t


def families():
    return [transforms, regressors, classifiers, clusters]
