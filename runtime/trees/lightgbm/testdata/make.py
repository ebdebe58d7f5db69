"""Trains small models with the LightGBM that is installed, of each objective and booster, and writes them beside what they
answer: VERSION/cases.json and a file for each model.

    python make.py [--out FOLDER]

The committed ones were made with Python 3.11 and LightGBM 2.3.1 and 3.3.5 (numpy 1.26, scikit-learn 1.2, pandas 2.0) and 4.7.0
(numpy 2.4, scikit-learn 1.9, pandas 3.1), each in an environment of its own.
"""

import argparse
import json
import os
import re

import lightgbm as lgb
import numpy as np
import pandas as pd

VERSION = tuple(int(n) for n in re.findall(r"\d+", lgb.__version__)[:3])
ROWS, FEATURES = 300, 5


def numbers(rng, rows):
    """Numbers that often equal thresholds, a tenth of them missing, a tenth zero."""
    x = np.round(rng.normal(size=(rows, FEATURES)) * 4) / 4 + 0.1
    x[rng.random(x.shape) < 0.1] = np.nan
    x[rng.random(x.shape) < 0.1] = 0
    return x


def training():
    rng = np.random.default_rng(7)
    x = numbers(rng, ROWS)
    signal = np.nan_to_num(x[:, 0]) * np.nan_to_num(x[:, 1]) + np.nan_to_num(x[:, 2]) + rng.normal(size=ROWS) * 0.2
    return x, signal


def cases():
    """Name, parameters, label from signal, and more arguments of the dataset."""
    positive = lambda s: np.exp(s / 3)
    binary = lambda s: (s > 0).astype(int)
    three = lambda s: np.digitize(s, [-0.5, 0.5])
    share = lambda s: 1 / (1 + np.exp(-s))
    yield "regression", dict(objective="regression"), lambda s: s, {}
    yield "sqrt", dict(objective="regression", reg_sqrt=True), lambda s: s, {}
    for name in ("regression_l1", "huber", "fair", "quantile"):
        yield name, dict(objective=name), lambda s: s, {}
    for name in ("mape", "poisson", "gamma", "tweedie"):
        yield name, dict(objective=name), positive, {}
    yield "binary", dict(objective="binary", sigmoid=1.7), binary, {}
    yield "multiclass", dict(objective="multiclass", num_class=3), three, {}
    yield "ova", dict(objective="multiclassova", num_class=3, sigmoid=0.7), three, {}
    yield "cross_entropy", dict(objective="cross_entropy"), share, {}
    yield "cross_entropy_lambda", dict(objective="cross_entropy_lambda"), share, {}
    yield "lambdarank", dict(objective="lambdarank"), three, dict(group=[100, 200])
    yield "forest", dict(objective="binary", boosting="rf", bagging_fraction=0.5, bagging_freq=1), binary, {}
    yield "dart", dict(objective="regression", boosting="dart", drop_rate=0.5), lambda s: s, {}
    yield "zero", dict(objective="regression", zero_as_missing=True), lambda s: s, {}
    yield "no-missing", dict(objective="regression", use_missing=False), lambda s: s, {}
    categories = dict(min_data_per_group=5, cat_smooth=1)
    yield "categories", dict(objective="regression", max_cat_to_onehot=1, **categories), lambda s: s, dict(categorical_feature=[1, 3])
    yield "one-hot", dict(objective="multiclass", num_class=3, max_cat_to_onehot=100, **categories), three, dict(categorical_feature=[1, 3])
    yield "stump", dict(objective="regression", min_data_in_leaf=200), lambda s: s, {}
    yield "names", dict(objective="regression"), lambda s: s, dict(feature_name=["a", "b_c", "d", "ü" if VERSION >= (3,) else "u", "e"])
    if VERSION >= (3, 2):
        yield "rank_xendcg", dict(objective="rank_xendcg"), three, dict(group=[100, 200])
        yield "linear", dict(objective="regression", linear_tree=True), lambda s: s, {}
        yield "linear-categories", dict(objective="binary", linear_tree=True, min_data_per_group=5), binary, dict(categorical_feature=[1])


def categorical(x, arguments):
    for i in arguments.get("categorical_feature", []):
        x[:, i] = np.floor(np.abs(x[:, i]) * 8)
    return x


def plain(array):
    """Numbers as JSON has them; missing ones are null."""
    array = np.asarray(array)
    if array.ndim > 1:
        return [plain(row) for row in array]
    return [None if isinstance(v, float) and v != v else v for v in array.tolist()]


def without_parameters(file):
    """Leaves out what the model was trained with, which says nothing of predictions, from all but a few files."""
    if os.path.basename(file)[0] in "bc":
        return
    with open(file) as f:
        text = f.read()
    trees, rest = text.split("end of trees", 1)
    with open(file, "w") as f:
        f.write(trees + "end of trees\n" + rest[rest.rindex("\npandas_categorical"):])


OPTIONS = dict(num_leaves=7, min_data_in_leaf=5, learning_rate=0.5, verbose=-1, num_threads=1, seed=1)


def boosters(out):
    for name, parameters, label, arguments in cases():
        x, signal = training()
        x = categorical(x, arguments)
        booster = lgb.train(dict(OPTIONS, **dict(parameters)), lgb.Dataset(x, label(signal), **arguments), 4)
        asked = categorical(numbers(np.random.default_rng(8), 16), arguments)
        if "categorical_feature" in arguments:
            for row, odd in enumerate((1000, -1, 1.75, -0.5, 1e12)):
                asked[row] = odd
        booster.save_model(os.path.join(out, name + ".txt"))
        without_parameters(os.path.join(out, name + ".txt"))
        yield dict(name=name, file=name + ".txt", rows=plain(asked), predict=plain(booster.predict(asked)))


def wrappers(out):
    """Models with early stopping, by the scikit-learn interface, as a pickle holds them."""
    x, signal = training()
    asked = numbers(np.random.default_rng(8), 16)
    for name, label in (("classifier-two", (signal > 0).astype(int)), ("classifier-three", np.digitize(signal, [-0.5, 0.5])), ("regressor", signal)):
        kind = lgb.LGBMRegressor if name == "regressor" else lgb.LGBMClassifier
        m = kind(n_estimators=20, num_leaves=7, learning_rate=0.9, n_jobs=1, verbose=-1)
        fit = dict(eval_set=[(x[200:], label[200:])])
        if VERSION >= (4,):
            fit["callbacks"] = [lgb.early_stopping(2, verbose=False)]
        else:
            fit.update(early_stopping_rounds=2, verbose=False)
        m.fit(x[:200], label[:200], **fit)
        state = m.booster_.__getstate__()
        with open(os.path.join(out, name + ".txt"), "w") as f:
            f.write(state.get("handle", state.get("_handle")))
        case = dict(name=name, file=name + ".txt", rows=plain(asked), iterations=max(m.best_iteration_ or 0, 0), classifier=name != "regressor", predict=plain(m.predict(asked)))
        if case["classifier"]:
            case["proba"] = plain(m.predict_proba(asked))
        yield case


def texts(out):
    """A model of a data frame whose categories are texts, and numbers."""
    x, signal = training()
    c = np.digitize(np.nan_to_num(x[:, 0]), [-0.5, 0.5])
    frame = lambda numbers, codes: pd.DataFrame({"a": numbers, "c": pd.Categorical.from_codes(codes, ["x", "y", "zz"]), "d": pd.Categorical.from_codes(codes, [10, 20, 30])})
    booster = lgb.train(dict(OPTIONS, min_data_per_group=5), lgb.Dataset(frame(x[:, 1], c), signal), 4)
    booster.save_model(os.path.join(out, "texts.txt"))
    asked = np.stack([x[:16, 1], c[:16], c[:16]], 1)
    yield dict(name="texts", file="texts.txt", rows=plain(asked), predict=plain(booster.predict(frame(x[:16, 1], c[:16]))))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", default=os.path.dirname(os.path.abspath(__file__)))
    out = os.path.join(parser.parse_args().out, lgb.__version__)
    os.makedirs(out, exist_ok=True)
    made = list(boosters(out)) + list(wrappers(out)) + list(texts(out))
    with open(os.path.join(out, "cases.json"), "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(case) for case in made) + "\n]\n")


if __name__ == "__main__":
    main()
