"""Trains small models with the XGBoost that is installed, of each objective, booster and format that it has, and writes them
beside what they answer: VERSION/cases.json and a file for each model and format.

    python make.py [--out FOLDER] [--cases NAME,…]

The committed ones were made with Python 3.11 and XGBoost 1.0.2, 1.3.3, 1.7.6, 2.0.3 and 3.0.5 (numpy 1.26, pandas 2.2) and 3.2.0
(numpy 2.4, pandas 3.1), each in an environment of its own.
"""

import argparse
import json
import os
import re

import numpy as np
import xgboost as xgb

VERSION = tuple(int(n) for n in re.findall(r"\d+", xgb.__version__)[:3])
ROWS, FEATURES = 300, 5


def numbers(rng, rows):
    """Numbers that often equal thresholds, a tenth of them missing."""
    x = (np.round(rng.normal(size=(rows, FEATURES)) * 4) / 4).astype(np.float32)
    x[rng.random(x.shape) < 0.1] = np.nan
    return x


def training():
    rng = np.random.default_rng(7)
    x = numbers(rng, ROWS)
    signal = np.nan_to_num(x[:, 0]) * np.nan_to_num(x[:, 1]) + np.nan_to_num(x[:, 2]) + rng.normal(size=ROWS) * 0.2
    return x, signal


def cases():
    """Name, parameters, label from signal, and more arguments of the DMatrix."""
    positive = lambda s: np.exp(s / 3)
    binary = lambda s: (s > 0).astype(int)
    three = lambda s: np.digitize(s, [-0.5, 0.5])
    yield "squarederror", dict(objective="reg:squarederror"), lambda s: s, {}
    yield "base-score", dict(objective="reg:squarederror", base_score=3.25), lambda s: s, {}
    yield "squaredlogerror", dict(objective="reg:squaredlogerror"), positive, {}
    yield "reg-logistic", dict(objective="reg:logistic", base_score=0.3), binary, {}
    yield "binary-logistic", dict(objective="binary:logistic", tree_method="exact"), binary, {}
    yield "logitraw", dict(objective="binary:logitraw", base_score=0.3), binary, {}
    yield "hinge", dict(objective="binary:hinge"), binary, {}
    yield "softmax", dict(objective="multi:softmax", num_class=3), three, {}
    yield "softprob", dict(objective="multi:softprob", num_class=3), three, {}
    yield "poisson", dict(objective="count:poisson"), lambda s: np.floor(positive(s)), {}
    yield "gamma", dict(objective="reg:gamma"), positive, {}
    yield "tweedie", dict(objective="reg:tweedie", tweedie_variance_power=1.3), positive, {}
    yield "cox", dict(objective="survival:cox"), lambda s: positive(s) * np.where(s > 1, -1, 1), {}
    yield "pairwise", dict(objective="rank:pairwise"), three, dict(group=[100, 200])
    yield "ndcg", dict(objective="rank:ndcg"), three, dict(group=[100, 200])
    yield "dart", dict(booster="dart", rate_drop=0.5, one_drop=1, objective="reg:squarederror"), lambda s: s, {}
    yield "dart-classes", dict(booster="dart", rate_drop=0.5, objective="multi:softprob", num_class=3), three, {}
    yield "linear", dict(booster="gblinear", objective="reg:squarederror", updater="coord_descent"), lambda s: s, {}
    yield "linear-classes", dict(booster="gblinear", objective="multi:softprob", num_class=3, updater="coord_descent"), three, {}
    yield "forest", dict(num_parallel_tree=3, subsample=0.5, objective="binary:logistic"), binary, {}
    yield "lossguide", dict(tree_method="hist", grow_policy="lossguide", max_leaves=12, max_depth=0, objective="reg:squarederror"), lambda s: s, {}
    yield "names", dict(objective="reg:squarederror"), lambda s: s, dict(feature_names=["a", "b c", "d", 'e "f', "ü"])
    if VERSION >= (1, 2):
        bounds = lambda s: dict(label_lower_bound=positive(s), label_upper_bound=np.where(s > 1, np.inf, positive(s)))
        yield "aft", dict(objective="survival:aft"), None, dict(bounds=bounds)
    if VERSION >= (1, 4):
        yield "pseudohuber", dict(objective="reg:pseudohubererror"), lambda s: s, {}
    if VERSION >= (1, 7):
        yield "absoluteerror", dict(objective="reg:absoluteerror"), lambda s: s, {}
        yield "targets", dict(objective="reg:squarederror", tree_method="hist"), lambda s: np.stack([s, -s, s * s], 1), {}
        types = ["q", "c", "q", "c", "q"]
        yield "categories", dict(tree_method="hist", max_cat_to_onehot=1), lambda s: s, dict(feature_types=types)
        yield "one-hot", dict(tree_method="hist", max_cat_to_onehot=100), lambda s: s, dict(feature_types=types)
    if VERSION >= (2, 0):
        yield "quantile", dict(objective="reg:quantileerror", quantile_alpha=[0.1, 0.5, 0.9], tree_method="hist"), lambda s: s, {}
        vector = dict(tree_method="hist", multi_strategy="multi_output_tree")
        yield "vector-leaves", dict(objective="reg:squarederror", **vector), lambda s: np.stack([s, -s, s * s], 1), {}
        yield "vector-classes", dict(objective="multi:softprob", num_class=3, **vector), three, {}
        yield "multilabel", dict(objective="binary:logistic", **vector), lambda s: np.stack([s > 0, s > 1], 1).astype(int), {}


def categorical(x, arguments):
    """Turns the features of type c into categories."""
    for i, kind in enumerate(arguments.get("feature_types", [])):
        if kind == "c":
            x[:, i] = np.floor(np.abs(x[:, i]) * 8)
    return x


def matrix(x, label, arguments):
    arguments = dict(arguments)
    group, bounds = arguments.pop("group", None), arguments.pop("bounds", None)
    if "feature_types" in arguments:
        arguments["enable_categorical"] = True
    d = xgb.DMatrix(x, label=label, **arguments)
    if group:
        d.set_group(group)
    for key, value in (bounds or {}).items():
        d.set_float_info(key, value)
    return d


# What is saved as JSON too, which takes most room: one of everything that the format has.
JSON = ("softprob", "dart", "linear", "names", "categories", "vector-leaves", "quantile", "texts", "classifier-two")


def formats():
    """What the version writes, less what another near it writes alike."""
    if VERSION < (1, 3) or VERSION >= (3, 2):
        yield "json"
    if VERSION >= (1, 7):
        yield "ubj"
    if VERSION < (3, 0):
        yield "bst"


def plain(array):
    """Numbers as JSON has them; missing ones are null."""
    array = np.asarray(array)
    if array.ndim > 1:
        return [plain(row) for row in array]
    return [None if isinstance(v, float) and v != v else v for v in array.tolist()]


def save(booster, name, out):
    files = []
    for extension in formats():
        if extension == "json" and name not in JSON:
            continue
        if extension == "bst" and name in ("vector-leaves", "vector-classes", "multilabel", "categories", "one-hot"):
            continue  # the binary format hasn't these
        booster.save_model(os.path.join(out, name + "." + extension))
        files.append(name + "." + extension)
    return files


def boosters(out, only):
    for name, parameters, label, arguments in cases():
        if only and name not in only:
            continue
        x, signal = training()
        x = categorical(x, arguments)
        bounds = arguments.get("bounds")
        given = dict(arguments, bounds=bounds(signal)) if bounds else arguments
        d = matrix(x, None if label is None else label(signal), given)
        booster = xgb.train(dict(dict(max_depth=3, eta=0.5, seed=1, nthread=1), **parameters), d, 4 if VERSION >= (3, 2) or VERSION < (1, 3) else 2)
        asked = categorical(numbers(np.random.default_rng(8), 16), arguments)
        if "feature_types" in arguments:
            asked[0], asked[1], asked[2] = 1000, -1, 1.75  # no category that it knows
        q = matrix(asked, None, {k: v for k, v in arguments.items() if k not in ("group", "bounds")})
        yield dict(name=name, files=save(booster, name, out), rows=plain(asked), predict=plain(booster.predict(q)),
                   margin=plain(booster.predict(q, output_margin=True)))


def wrappers(out):
    """Models with early stopping, by the scikit-learn interface, as files and as what a pickle holds."""
    x, signal = training()
    asked = numbers(np.random.default_rng(8), 16)
    for name, label in (("classifier-two", (signal > 0).astype(int)), ("classifier-three", np.digitize(signal, [-0.5, 0.5])), ("regressor", signal)):
        kind = xgb.XGBRegressor if name == "regressor" else xgb.XGBClassifier
        options = dict(n_estimators=40, max_depth=2, learning_rate=0.9, n_jobs=1)
        fit = {}
        if VERSION >= (1, 6):
            options["early_stopping_rounds"] = 2
        else:
            fit["early_stopping_rounds"] = 2
        m = kind(**options)
        m.fit(x[:200], label[:200], eval_set=[(x[200:], label[200:])], verbose=False, **fit)
        files = save(m.get_booster(), name, out)
        if name == "classifier-two":
            files.append(name + ".pickled")
            with open(os.path.join(out, files[-1]), "wb") as f:
                f.write(m.get_booster().__getstate__()["handle"])
        # Before 1.4 the interface uses all rounds; what it does since is what is answered.
        limit = dict() if VERSION >= (1, 4) else dict(ntree_limit=m.best_ntree_limit)
        case = dict(name=name, files=files, rows=plain(asked), classifier=name != "regressor", wrapper=True,
                    predict=plain(m.predict(asked, **limit)))
        if case["classifier"]:
            case["proba"] = plain(m.predict_proba(asked, **limit))
        yield case


def texts(out):
    """A model of a data frame whose categories are texts, which are in the file since 3.1."""
    import pandas as pd

    x, signal = training()
    c = np.digitize(x[:, 0], [-0.5, 0.5])
    frame = pd.DataFrame({"a": x[:, 1], "c": pd.Categorical.from_codes(c, ["x", "y", "zz"])})
    booster = xgb.train(dict(max_depth=3, max_cat_to_onehot=1), xgb.DMatrix(frame, signal, enable_categorical=True), 4)
    asked = np.stack([np.nan_to_num(x[:16, 1]), c[:16]], 1).astype(np.float32)
    q = pd.DataFrame({"a": asked[:, 0], "c": pd.Categorical.from_codes(c[:16], ["x", "y", "zz"])})
    yield dict(name="texts", files=save(booster, "texts", out), rows=plain(asked), predict=plain(booster.predict(xgb.DMatrix(q, enable_categorical=True))))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", default=os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("--cases", default="")
    options = parser.parse_args()
    only = [name for name in options.cases.split(",") if name]
    out = os.path.join(options.out, xgb.__version__)
    os.makedirs(out, exist_ok=True)
    made = list(boosters(out, only))
    if not only or "wrappers" in only:
        made += wrappers(out)
    if VERSION >= (3, 1):
        made += texts(out)
    with open(os.path.join(out, "cases.json"), "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(case) for case in made) + "\n]\n")


if __name__ == "__main__":
    main()
