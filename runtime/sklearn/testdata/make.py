"""Trains small models of every family that runtime/sklearn serves, and writes them with what they answer.

  make.py DIRECTORY [--part first|more|all] [--rows N] [--seed S] [--only PREFIX] [--every K]

writes DIRECTORY/NAME.joblib (or .pkl) for each model, and DIRECTORY/expected.joblib: {name: {file, tolerance, x | columns, outputs}}. Runs with
scikit-learn 1.0 to the newest; what a version doesn't have is left out.
"""

import argparse
import os
import pickle
import warnings
import zlib

import joblib
import more
import numpy as np
import pandas as pd
import sklearn
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.covariance import EllipticEnvelope
from sklearn.decomposition import PCA, FastICA, IncrementalPCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    AdaBoostClassifier, AdaBoostRegressor, BaggingClassifier, BaggingRegressor, ExtraTreesClassifier, ExtraTreesRegressor,
    GradientBoostingClassifier, GradientBoostingRegressor, HistGradientBoostingClassifier, HistGradientBoostingRegressor,
    IsolationForest, RandomForestClassifier, RandomForestRegressor, StackingClassifier, StackingRegressor, VotingClassifier, VotingRegressor)
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.feature_selection import RFE, SelectFromModel, SelectKBest, SelectPercentile, VarianceThreshold
from sklearn.impute import KNNImputer, MissingIndicator, SimpleImputer
from sklearn.linear_model import (
    ARDRegression, BayesianRidge, ElasticNet, ElasticNetCV, GammaRegressor, HuberRegressor, Lars, Lasso, LassoCV, LinearRegression,
    LogisticRegression, LogisticRegressionCV, MultiTaskLasso, Perceptron, PoissonRegressor, RANSACRegressor, Ridge,
    RidgeClassifier, RidgeClassifierCV, RidgeCV, SGDClassifier, SGDOneClassSVM, SGDRegressor, TweedieRegressor)
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor, RegressorChain
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, ComplementNB, GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, LocalOutlierFactor, NearestCentroid
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    Binarizer, FunctionTransformer, KBinsDiscretizer, MaxAbsScaler, MinMaxScaler, Normalizer, OneHotEncoder, OrdinalEncoder, PolynomialFeatures,
    PowerTransformer, QuantileTransformer, RobustScaler, StandardScaler)
from sklearn.svm import LinearSVC, LinearSVR, NuSVC, NuSVR, OneClassSVM, SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

VERSION = tuple(int(p) for p in sklearn.__version__.split(".")[:2])
SCORING = (IsolationForest, OneClassSVM, GaussianMixture, BayesianGaussianMixture, LocalOutlierFactor, EllipticEnvelope)
METHODS = ["predict", "predict_proba", "decision_function", "transform", "score_samples"]
ARGS = argparse.Namespace()
WORDS = "the quick brown fox jumps over a lazy dog café naïve Straße ΣΙΣΥΦΟΣ x1 don't e-mail 42 _under é 東京 good bad not very".split(" ")


def wanted(name):
    """Says whether a model is among those asked for: by its prefix, and one of so many by the sum of its name."""
    return name.startswith(ARGS.only) and (zlib.crc32(name.encode()) + ARGS.seed) % ARGS.every == 0


def onehot(**k):
    if VERSION < (1, 2) and "sparse_output" in k:
        k["sparse"] = k.pop("sparse_output")
    return OneHotEncoder(**k)


class Data:
    """Random rows and targets; the same for each seed."""

    def __init__(self, seed, rows):
        r = self.r = np.random.RandomState(seed)
        n, self.m = 90, 5
        self.x = r.normal(size=(n, self.m)) * [1, 2, 0.5, 10, 1] + [0, 1, 2, 3, 0]
        self.t = r.normal(size=(rows, self.m)) * [1, 2, 0.5, 10, 1] + [0, 1, 2, 3, 0]
        s = self.x @ [1, -0.5, 2, 0.1, 0] + r.normal(size=n) * 0.5
        self.y = s
        self.y2 = np.c_[s, -s * 0.3 + self.x[:, 0], self.x[:, 2] ** 2]
        self.pos = np.exp(s / 4)
        self.b = (s > np.median(s)).astype(int)
        self.c = np.digitize(s, np.quantile(s, [0.33, 0.66]))
        self.names = np.array(["setosa", "versicolor", "virginica"])[self.c]
        self.four = np.digitize(s, np.quantile(s, [0.2, 0.5, 0.8])) * 10
        self.xm, self.tm = self.holes(self.x), self.holes(self.t)
        self.counts, self.tcounts = r.poisson(2, size=(n, 6)), r.poisson(2, size=(rows, 6))
        self.df, self.tdf = self.frame(n, True), self.frame(rows, False)
        self.docs = [self.text() for _ in range(n)]
        self.tdocs = [self.text() for _ in range(rows - 2)] + ["", "unheard-of words ONLY"]

    def holes(self, x):
        return np.where(self.r.uniform(size=x.shape) < 0.15, np.nan, x)

    def text(self):
        return " ".join(self.r.choice(WORDS, size=self.r.randint(0, 12))) + self.r.choice(["", ".", "!?", "\n\ttabs"])

    def frame(self, n, fit):
        r = self.r
        colors = np.array(["red", "green", "blue", "grün"] if fit else ["red", "green", "blue", "grün", "violet"], dtype=object)
        age = np.where(r.uniform(size=n) < 0.1, np.nan, r.randint(18, 90, size=n))
        city = np.where(r.uniform(size=n) < 0.15, None, r.choice(np.array(["Rome", "Oslo", "Lima"], dtype=object), size=n))
        return pd.DataFrame({"age": age, "income": r.lognormal(3, 1, size=n), "color": r.choice(colors, size=n), "city": pd.Series(city, dtype=object).values,
                             "rooms": r.randint(1, 5, size=n)}).astype({"color": object, "city": object})


def regressors(d):
    lin = dict(linear=LinearRegression(), ridge=Ridge(alpha=0.5), ridgecv=RidgeCV(), lasso=Lasso(0.01), lassocv=LassoCV(cv=3), elasticnet=ElasticNet(0.01),
               elasticnetcv=ElasticNetCV(cv=3), sgd=make_pipeline(StandardScaler(), SGDRegressor(random_state=1)), linearsvr=LinearSVR(max_iter=20000, random_state=1),
               huber=make_pipeline(StandardScaler(), HuberRegressor()), bayesian=BayesianRidge(), ard=ARDRegression(), lars=Lars(), nointercept=LinearRegression(fit_intercept=False),
               ransac=RANSACRegressor(random_state=1), svr=SVR(C=3), svrlinear=SVR(kernel="linear", C=0.1), nusvr=NuSVR(kernel="poly", degree=2, coef0=1, gamma=0.01),
               svrsigmoid=SVR(kernel="sigmoid", gamma=0.01), knn=KNeighborsRegressor(3), knndistance=KNeighborsRegressor(4, weights="distance", metric="manhattan"),
               knnball=KNeighborsRegressor(4, algorithm="ball_tree", p=3), tree=DecisionTreeRegressor(max_depth=5, random_state=1), extratree=ExtraTreeRegressor(max_depth=5, random_state=1),
               forest=RandomForestRegressor(7, max_depth=5, random_state=1), extratrees=ExtraTreesRegressor(7, max_depth=4, random_state=1),
               gb=GradientBoostingRegressor(n_estimators=12, random_state=1), gbhuber=GradientBoostingRegressor(n_estimators=8, loss="huber", random_state=1),
               gbzero=GradientBoostingRegressor(n_estimators=5, init="zero"), gbinit=GradientBoostingRegressor(n_estimators=5, init=LinearRegression()),
               hgb=HistGradientBoostingRegressor(max_iter=8, min_samples_leaf=5, random_state=1), ada=AdaBoostRegressor(n_estimators=6, random_state=1),
               bag=BaggingRegressor(DecisionTreeRegressor(max_depth=3), 5, max_features=0.6, random_state=1),
               mlp=make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=(8, 4), max_iter=60, random_state=1)), mlptanh=MLPRegressor(hidden_layer_sizes=(6,), activation="tanh", max_iter=30, random_state=1),
               dummy=DummyRegressor(), dummymedian=DummyRegressor(strategy="median"),
               voting=VotingRegressor([("a", Ridge()), ("b", DecisionTreeRegressor(max_depth=3))]),
               stacking=StackingRegressor([("a", Ridge()), ("b", KNeighborsRegressor(5))], final_estimator=Ridge(), cv=3),
               stackpass=StackingRegressor([("a", Ridge())], final_estimator=LinearRegression(), cv=3, passthrough=True),
               grid=GridSearchCV(Ridge(), {"alpha": [0.1, 1]}, cv=3), random=RandomizedSearchCV(Lasso(), {"alpha": [0.1, 1]}, n_iter=2, cv=3),
               target=TransformedTargetRegressor(Ridge(), transformer=StandardScaler()), pca=make_pipeline(StandardScaler(), PCA(3), Ridge()))
    for name, e in lin.items():
        if wanted("reg-" + name):
            yield "reg-" + name, e.fit(d.x, d.y), d.t
    for name, e in dict(poisson=PoissonRegressor(), gamma=GammaRegressor(), tweedie=TweedieRegressor(power=1.5), tweedie0=TweedieRegressor(power=0),
                        hgbpoisson=HistGradientBoostingRegressor(max_iter=5, loss="poisson", min_samples_leaf=5), targetlog=TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1)).items():
        if wanted("reg-" + name):
            yield "reg-" + name, e.fit(d.x, d.pos), d.t
    for name, e in dict(linear=LinearRegression(), multilasso=MultiTaskLasso(0.01), knn=KNeighborsRegressor(3), tree=DecisionTreeRegressor(max_depth=4), forest=RandomForestRegressor(5, max_depth=4, random_state=1),
                        mlp=MLPRegressor(hidden_layer_sizes=(5,), max_iter=30, random_state=1), multi=MultiOutputRegressor(Ridge()), chain=RegressorChain(Ridge(), order=[2, 0, 1]), dummy=DummyRegressor(strategy="mean"),
                        extratrees=ExtraTreesRegressor(5, max_depth=3, random_state=1)).items():
        if wanted("multi-" + name):
            yield "multi-" + name, e.fit(d.x, d.y2), d.t
    yield "multi-linear1", LinearRegression().fit(d.x, d.y2[:, :1]), d.t
    yield "reg-hgbmissing", HistGradientBoostingRegressor(max_iter=8, min_samples_leaf=4).fit(d.xm, d.y), d.tm
    cat, tcat = d.counts.astype(float), d.tcounts.astype(float)
    cat[:5, 0] = np.nan
    tcat[:5, 0], tcat[5:8, 1] = np.nan, 77
    yield "reg-hgbcategories", HistGradientBoostingRegressor(max_iter=8, min_samples_leaf=4, categorical_features=[0, 1, 3]).fit(cat, d.y), tcat
    if VERSION >= (1, 3):
        yield "reg-treemissing", DecisionTreeRegressor(max_depth=5).fit(d.xm, d.y), d.tm
    if VERSION >= (1, 4):
        yield "reg-forestmissing", RandomForestRegressor(5, max_depth=5, random_state=1).fit(d.xm, d.y), d.tm
        c, t = d.df.copy(), d.tdf.copy()
        c["color"], c["city"] = c["color"].astype("category"), c["city"].astype("category")
        yield "reg-hgbframe", HistGradientBoostingRegressor(max_iter=8, min_samples_leaf=4, categorical_features="from_dtype").fit(c, d.y), t.assign(color=t["color"].where(t["color"] != "violet", "red"))


def classifiers(d):
    for suffix, y in [("2", d.b), ("3", d.names), ("4", d.four), ("bool", d.b.astype(bool)), ("text2", np.where(d.b, "yes", "no").astype(object)), ("float", d.c.astype(float))]:
        some = dict(logistic=LogisticRegression(max_iter=2000), sgdlog=make_pipeline(StandardScaler(), SGDClassifier(loss="log" if VERSION < (1, 1) else "log_loss", random_state=1)),
                    svc=SVC(C=2), tree=DecisionTreeClassifier(max_depth=4, random_state=1), forest=RandomForestClassifier(5, max_depth=4, random_state=1),
                    knn=KNeighborsClassifier(4), gnb=GaussianNB(), gb=GradientBoostingClassifier(n_estimators=4, random_state=1), hgb=HistGradientBoostingClassifier(max_iter=4, min_samples_leaf=5),
                    mlp=make_pipeline(StandardScaler(), MLPClassifier((6,), max_iter=40, random_state=1)), ridge=RidgeClassifier())
        if suffix in "234":
            some.update(linearsvc=LinearSVC(max_iter=20000, random_state=1), perceptron=Perceptron(random_state=1),
                        huber=make_pipeline(StandardScaler(), SGDClassifier(loss="modified_huber", random_state=1)), svcproba=SVC(probability=True, random_state=1),
                        svclinear=SVC(kernel="linear", C=0.3), svcpoly=SVC(kernel="poly", degree=3, coef0=1, gamma=0.02), svcovo=SVC(decision_function_shape="ovo"),
                        nusvc=NuSVC(nu=0.3), lda=LinearDiscriminantAnalysis(), qda=QuadraticDiscriminantAnalysis(reg_param=0.1), ldaeigen=LinearDiscriminantAnalysis(solver="eigen", shrinkage=0.1),
                        knndistance=KNeighborsClassifier(5, weights="distance"), knncosine=KNeighborsClassifier(5, metric="cosine"), extratree=ExtraTreeClassifier(max_depth=4, random_state=1),
                        extratrees=ExtraTreesClassifier(5, max_depth=4, random_state=1), ada=AdaBoostClassifier(n_estimators=4, random_state=1),
                        adasamme=AdaBoostClassifier(DecisionTreeClassifier(max_depth=2), n_estimators=4, random_state=1, **({"algorithm": "SAMME"} if VERSION < (1, 6) else {})),
                        bag=BaggingClassifier(DecisionTreeClassifier(max_depth=3), 4, max_features=0.7, random_state=1), bagsvc=BaggingClassifier(LinearSVC(max_iter=9999, random_state=1), 3, random_state=1),
                        centroid=NearestCentroid(), ridgecv=RidgeClassifierCV(), logisticcv=LogisticRegressionCV(cv=3, Cs=2, max_iter=2000),
                        dummy=DummyClassifier(), dummyconstant=DummyClassifier(strategy="constant", constant=y[0]),
                        votehard=VotingClassifier([("a", LogisticRegression(max_iter=2000)), ("b", DecisionTreeClassifier(max_depth=3)), ("c", GaussianNB())]),
                        votesoft=VotingClassifier([("a", LogisticRegression(max_iter=2000)), ("b", DecisionTreeClassifier(max_depth=3))], voting="soft", weights=[2, 1]),
                        stacking=StackingClassifier([("a", LogisticRegression(max_iter=2000)), ("b", SVC())], final_estimator=LogisticRegression(), cv=3),
                        calibrated=CalibratedClassifierCV(LinearSVC(max_iter=9999, random_state=1), cv=3), isotonic=CalibratedClassifierCV(GaussianNB(), method="isotonic", cv=3),
                        ovr=OneVsRestClassifier(LogisticRegression(max_iter=2000)), ovrsvc=OneVsRestClassifier(LinearSVC(max_iter=9999, random_state=1)), ovo=OneVsOneClassifier(LinearSVC(max_iter=9999, random_state=1)),
                        grid=GridSearchCV(SVC(), {"C": [1, 2]}, cv=3), hgbdeep=HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=3, learning_rate=0.3))
        if suffix in "34" and VERSION < (1, 7):
            some.update(logisticovr=LogisticRegression(multi_class="ovr", max_iter=2000))
        if suffix == "2":
            some.update(gbexp=GradientBoostingClassifier(n_estimators=4, loss="exponential", random_state=1), gbzero=GradientBoostingClassifier(n_estimators=3, init="zero"))
            if VERSION < (1, 7):
                some.update(logisticmulti=LogisticRegression(multi_class="multinomial", max_iter=2000))
        if suffix == "4":
            some.update(svcties=SVC(break_ties=True, C=0.5))
            if VERSION >= (1, 4):  # older ones mix up the rows of a batch here
                some.update(gbinit=GradientBoostingClassifier(n_estimators=3, init=GaussianNB(), random_state=1))
        for name, e in some.items():
            if wanted("cls-%s-%s" % (name, suffix)):
                yield "cls-%s-%s" % (name, suffix), e.fit(d.x, y), d.t
    y2 = np.c_[d.c, d.b]
    yield "multi-treeclasses", DecisionTreeClassifier(max_depth=4).fit(d.x, y2), d.t
    yield "multi-forestclasses", RandomForestClassifier(4, max_depth=4, random_state=1).fit(d.x, y2), d.t
    yield "multi-classes", MultiOutputClassifier(LogisticRegression(max_iter=2000)).fit(d.x, y2), d.t
    yield "multi-chain", ClassifierChain(LogisticRegression(max_iter=2000), order=[1, 0]).fit(d.x, np.c_[d.b, 1 - d.b]), d.t
    for name, e in dict(multinomial=MultinomialNB(), complement=ComplementNB(), bernoulli=BernoulliNB(binarize=1.0), complementnorm=ComplementNB(norm=True), categorical=CategoricalNB(min_categories=20)).items():
        if wanted("cls-" + name + "nb"):
            yield "cls-" + name + "nb", e.fit(d.counts, d.names), d.tcounts
    yield "out-isolation", IsolationForest(n_estimators=5, random_state=1, max_samples=32).fit(d.x), d.t
    yield "out-isolationfeatures", IsolationForest(n_estimators=5, random_state=1, max_samples=32, max_features=0.6, contamination=0.1).fit(d.x), d.t
    yield "out-oneclass", OneClassSVM(nu=0.1).fit(d.x), d.t
    yield "out-sgd", make_pipeline(StandardScaler(), SGDOneClassSVM(random_state=1)).fit(d.x), d.t
    for kind in ["full", "tied", "diag", "spherical"]:
        yield "mix-" + kind, GaussianMixture(3, covariance_type=kind, random_state=1).fit(d.x), d.t
    yield "km-kmeans", KMeans(4, n_init=2, random_state=1).fit(d.x), d.t
    yield "km-minibatch", make_pipeline(StandardScaler(), MiniBatchKMeans(3, n_init=2, random_state=1)).fit(d.x), d.t


def transforms(d):
    some = dict(standard=StandardScaler(), nomean=StandardScaler(with_mean=False), nostd=StandardScaler(with_std=False), minmax=MinMaxScaler((-1, 2)), minmaxclip=MinMaxScaler(clip=True), maxabs=MaxAbsScaler(),
                robust=RobustScaler(), robustplain=RobustScaler(with_centering=False), l1=Normalizer("l1"), l2=Normalizer(), lmax=Normalizer("max"), binarizer=Binarizer(threshold=0.5), power=PowerTransformer(),
                powerplain=PowerTransformer(standardize=False), quantile=QuantileTransformer(n_quantiles=20), quantilenormal=QuantileTransformer(n_quantiles=20, output_distribution="normal"), poly=PolynomialFeatures(3),
                polyinteraction=PolynomialFeatures(3, interaction_only=True, include_bias=False), polymin=PolynomialFeatures((2, 3)), kbins=KBinsDiscretizer(4), kbinsordinal=KBinsDiscretizer(3, encode="ordinal", strategy="uniform"),
                kbinsdense=KBinsDiscretizer(3, encode="onehot-dense", strategy="kmeans"), pca=PCA(3), pcawhiten=PCA(2, whiten=True), incremental=IncrementalPCA(2), svd=TruncatedSVD(2, random_state=1), ica=FastICA(2, random_state=1, max_iter=500),
                log=make_pipeline(FunctionTransformer(np.abs), FunctionTransformer(np.log1p)), identity=FunctionTransformer(), variance=VarianceThreshold(0.5),
                union=FeatureUnion([("p", PCA(2)), ("s", StandardScaler()), ("n", Normalizer())], transformer_weights={"p": 0.5}))
    for name, e in some.items():
        if wanted("tr-" + name):
            yield "tr-" + name, e.fit(d.x), d.t
    yield "tr-boxcox", PowerTransformer("box-cox").fit(np.abs(d.x) + 0.1), np.abs(d.t) + 0.1
    for name, e in dict(kbest=SelectKBest(k=2), percentile=SelectPercentile(percentile=50), frommodel=SelectFromModel(RandomForestClassifier(5, random_state=1)), fromlinear=SelectFromModel(LogisticRegression(max_iter=2000), threshold="mean"),
                        fromlasso=SelectFromModel(Lasso(0.1)), frommax=SelectFromModel(Ridge(), max_features=2), rfe=RFE(LogisticRegression(max_iter=2000), n_features_to_select=2), lda=LinearDiscriminantAnalysis()).items():
        if wanted("tr-" + name):
            yield "tr-" + name, e.fit(d.x, d.c), d.t
    yield "tr-rfelogistic", make_pipeline(SelectKBest(k=3), LogisticRegression(max_iter=2000)).fit(d.x, d.names), d.t
    for name, e in dict(mean=SimpleImputer(), median=SimpleImputer(strategy="median", add_indicator=True), frequent=SimpleImputer(strategy="most_frequent"), constant=SimpleImputer(strategy="constant", fill_value=-1), knn=KNNImputer(n_neighbors=3),
                        knndistance=KNNImputer(n_neighbors=4, weights="distance", add_indicator=True), indicator=MissingIndicator(), scaled=make_pipeline(StandardScaler(), SimpleImputer())).items():
        if wanted("im-" + name):
            yield "im-" + name, e.fit(d.xm), d.tm
    empty, t = d.xm.copy(), d.tm.copy()
    empty[:, 1] = np.nan
    yield "im-empty", SimpleImputer().fit(empty), t
    yield "im-zero", SimpleImputer(missing_values=0).fit(d.counts.astype(float)), d.tcounts.astype(float)


def encoders(d):
    df, t = d.df, d.tdf
    cats, tcats = df[["color", "city"]], t[["color", "city"]]
    known = tcats.assign(color=tcats["color"].where(tcats["color"] != "violet", "red"))
    for name, e, x in [("onehot", onehot(), known), ("ignore", onehot(handle_unknown="ignore"), tcats), ("first", onehot(drop="first", handle_unknown="ignore" if VERSION >= (1, 0) else "error"), tcats), ("binary", onehot(drop="if_binary"), known),
                       ("dense", onehot(sparse_output=False), known), ("ordinal", OrdinalEncoder(), known), ("ordinalunknown", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), tcats)]:
        yield "enc-" + name, e.fit(cats), x
    if VERSION >= (1, 1):
        yield "enc-infrequent", onehot(handle_unknown="infrequent_if_exist", min_frequency=25).fit(cats), tcats
        yield "enc-ordinalmissing", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2).fit(cats), tcats
    if VERSION >= (1, 3):
        yield "enc-ordinalinfrequent", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, max_categories=3).fit(cats), tcats
        from sklearn.preprocessing import TargetEncoder
        yield "enc-target", TargetEncoder(random_state=1).fit(cats, d.y), tcats
        yield "enc-targetclasses", TargetEncoder(random_state=1).fit(cats, d.names if VERSION >= (1, 4) else d.y), tcats
    yield "enc-numbers", onehot(handle_unknown="ignore").fit(d.counts), d.tcounts
    yield "enc-ordinalnumbers", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan).fit(d.counts), d.tcounts
    numeric = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    text = make_pipeline(SimpleImputer(missing_values=None if VERSION < (1, 1) else np.nan, strategy="most_frequent") if VERSION >= (1, 1) else SimpleImputer(missing_values=None, strategy="constant", fill_value="?"), onehot(handle_unknown="ignore"))
    ct = ColumnTransformer([("num", numeric, ["age", "income"]), ("cat", text, ["color", "city"])], remainder="passthrough")
    yield "ct-logistic", make_pipeline(ct, LogisticRegression(max_iter=2000)).fit(df, d.names), t
    yield "ct-forest", make_pipeline(clone(ct), RandomForestRegressor(4, max_depth=4, random_state=1)).fit(df, d.y), t
    yield "ct-hgb", make_pipeline(clone(ct).set_params(sparse_threshold=0), HistGradientBoostingClassifier(max_iter=3)).fit(df, d.b), t
    yield "ct-drop", ColumnTransformer([("num", numeric, ["age", "income"]), ("gone", "drop", ["color"]), ("rooms", "passthrough", ["rooms"])]).fit(df), t
    yield "ct-selector", ColumnTransformer([("num", numeric, make_column_selector(dtype_include=np.number)), ("cat", text, make_column_selector(dtype_include=object))]).fit(df), t
    yield "ct-index", ColumnTransformer([("num", numeric, df.columns[:2]), ("cat", text, pd.Index(["color"]))], transformer_weights={"cat": 2.0}).fit(df), t
    yield "ct-slice", ColumnTransformer([("a", StandardScaler(), slice(0, 2)), ("b", MinMaxScaler(), [-1]), ("c", "passthrough", [False, False, True, False, False])], remainder="drop").fit(d.x), d.t
    yield "ct-remainder", ColumnTransformer([("a", StandardScaler(), [0, 3])], remainder=MinMaxScaler()).fit(d.x), d.t


def texts(d):
    some = dict(count=CountVectorizer(), tfidf=TfidfVectorizer(), sublinear=TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), norm="l1"), stop=CountVectorizer(stop_words="english"), char=CountVectorizer(analyzer="char", ngram_range=(1, 3)),
                charwb=TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4)), accents=CountVectorizer(strip_accents="unicode"), ascii=CountVectorizer(strip_accents="ascii", lowercase=False), binary=CountVectorizer(binary=True, max_features=10),
                word1=CountVectorizer(token_pattern=r"(?u)\b\w+\b"), letters=CountVectorizer(token_pattern=r"[a-zA-Z]+"), noidf=TfidfVectorizer(use_idf=False), hashing=HashingVectorizer(n_features=64), hashingplain=HashingVectorizer(n_features=32, alternate_sign=False, norm=None),
                pipe=make_pipeline(CountVectorizer(), TfidfTransformer()), svd=make_pipeline(TfidfVectorizer(), TruncatedSVD(3, random_state=1)))
    for name, e in some.items():
        if wanted("txt-" + name):
            yield "txt-" + name, e.fit(d.docs), d.tdocs
    for name, e in dict(logistic=LogisticRegression(max_iter=2000), nb=MultinomialNB(), svc=LinearSVC(max_iter=9999, random_state=1)).items():
        if wanted("txt-" + name):
            yield "txt-" + name, make_pipeline(TfidfVectorizer(), e).fit(d.docs, d.names), d.tdocs
    frame, t = d.df.assign(doc=d.docs), d.tdf.assign(doc=d.tdocs)
    yield "txt-column", make_pipeline(ColumnTransformer([("t", TfidfVectorizer(), "doc"), ("n", MaxAbsScaler(), ["income"])]), LogisticRegression(max_iter=2000)).fit(frame, d.b), t
    yield "txt-union", make_pipeline(FeatureUnion([("w", TfidfVectorizer()), ("c", CountVectorizer(analyzer="char"))]), RidgeClassifier()).fit(d.docs, d.b), d.tdocs


def dtypes(d):
    yield "num-float32", make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)).fit(d.x.astype(np.float32), d.b), d.t
    yield "num-names", LogisticRegression(max_iter=2000).fit(pd.DataFrame(d.x, columns=list("abcde")), d.names), pd.DataFrame(d.t, columns=list("abcde"))
    yield "num-int32", DecisionTreeClassifier(max_depth=3).fit(d.x, d.c.astype(np.int32)), d.t
    yield "num-onecolumn", LinearRegression().fit(d.x[:, :1], d.y), d.t[:, :1]


def save(model, path, index):
    """Each model in another of the ways there are: protocols 0 to 5, joblib plain and compressed."""
    way = index % 13
    if way < 6:
        with open(path + ".pkl", "wb") as f:
            pickle.dump(model, f, protocol=way)
        if os.path.getsize(path + ".pkl") < 8000:  # the others are committed compressed
            return path + ".pkl"
        os.remove(path + ".pkl")
        way = 7
    compress = [0, 3, ("gzip", 6), ("bz2", 9), ("lzma", 6), ("xz", 6), ("lz4", 3)][way - 6]
    joblib.dump(model, path + ".joblib", compress=compress)
    return path + ".joblib"


def columns(x):
    """Rows as plain columns: of numbers, or of texts with None for a missing one."""
    if isinstance(x, list):
        return [["", x]]
    out = []
    for name in x.columns:
        c = x[name]
        if c.dtype.kind in "fiub":
            out.append([name, c.to_numpy(dtype=float)])
        else:
            out.append([name, [v if isinstance(v, str) else None for v in c]])
    return out


def answers(model, x):
    out = {}
    for method in METHODS:
        if not hasattr(model, method) or (method == "score_samples" and not isinstance(model, SCORING)):
            continue
        if isinstance(model, NearestCentroid) and method != "predict":
            continue
        if type(model).__name__ == "NMF":  # stops when the whole batch has converged: here each row by itself
            y = np.concatenate([model.transform(x[i:i + 1]) for i in range(len(x))])
        elif type(model).__name__.startswith("Label") and method == "transform":
            y = model.transform(np.asarray(x).ravel())
        else:
            y = getattr(model, method)(x)
        for name, y in enumerate_outputs(method, y):
            out[name] = plain(y)
    return out


def enumerate_outputs(method, y):
    """The probabilities of a classifier of several outputs are a list."""
    if isinstance(y, list):
        return [("%s_%d" % (method, k), part) for k, part in enumerate(y)]
    return [(method, y)]


def plain(y):
    if hasattr(y, "toarray"):
        y = y.toarray()
    y = np.asarray(y)
    return {"shape": list(y.shape), "kind": y.dtype.str, "values": np.ascontiguousarray(y) if y.dtype.kind in "fiub" else [str(v) for v in y.ravel()]}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("directory")
    p.add_argument("--part", choices=["first", "more", "all"], default="all", help="of the families: those of this file, those of more.py")
    p.add_argument("--rows", type=int, default=12)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--only", default="")
    p.add_argument("--every", type=int, default=1, help="leave out all models but one of so many")
    p.parse_args(namespace=ARGS)
    args = ARGS
    warnings.simplefilter("ignore")
    os.makedirs(args.directory, exist_ok=True)
    d = Data(args.seed, args.rows)
    expected, index = {}, 0
    parts = {"first": [regressors, classifiers, transforms, encoders, texts, dtypes], "more": [lambda d, f=f: f(d, wanted) for f in more.families()]}
    parts["all"] = parts["first"] + parts["more"]
    for family in parts[args.part]:
        for name, model, x in family(d):
            index += 1
            if not wanted(name):
                continue
            file = save(model, os.path.join(args.directory, name), index)
            case = {"file": os.path.basename(file), "outputs": answers(model, x)}
            if isinstance(x, np.ndarray):
                case["x"] = np.asarray(x, dtype=float)
            else:
                case["columns"] = columns(x)
            expected[name] = case
    joblib.dump({"version": sklearn.__version__, "cases": expected}, os.path.join(args.directory, "expected.joblib"), compress=("gzip", 9) if args.rows < 100 else 0)


if __name__ == "__main__":
    main()
