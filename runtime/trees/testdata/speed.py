"""Trains a library's models of several shapes, then times the library on demand.

    python speed.py xgboost|lightgbm FOLDER

Writes what train.py writes (N.model, N.rows; models.json with each shape's name), but for what the folder has already, and
prints a line. Then, for each line "N ROWS THREADS" of its input, prints how many nanoseconds the library takes to predict as
many of the rows, from an array to an array, and how many of the processor: the least of three calls.
"""

import json
import os
import sys
import time

import numpy as np

ROWS = 10_000
FEATURES = 28
# Names, and how each shape differs from 100 trees of depth 6 or 31 leaves over numbers alone.
SHAPES = {
    "hundred": {},
    "few": dict(rounds=10),
    "deep": dict(rounds=500, depth=8, leaves=255),
    "many": dict(rounds=1000, depth=5),
    "classes": dict(classes=5),
    "missing": dict(missing=0.1),
    "categories": dict(categories=range(0, FEATURES, 4)),
    "dart": dict(booster="dart", rounds=50),
    "linear": dict(linear=True),
}


def data(rng, rows, missing=0, categories=(), **_):
    x = rng.normal(size=(rows, FEATURES)).astype(np.float32).astype(np.float64)
    for i in categories:
        x[:, i] = rng.integers(0, 10 + 3 * i, rows)
    x[rng.random(x.shape) < missing] = np.nan
    return x


def labels(rng, x, classes=2, **_):
    x = np.nan_to_num(x)
    s = x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + np.sin(x[:, 4] * 17) + x[:, 8] % 3 + x[:, 3:].sum(axis=1) / 4 + rng.normal(size=len(x))
    return np.digitize(s, np.quantile(s, np.linspace(0, 1, classes + 1)[1:-1]))


def train_xgboost(x, y, file, rounds=100, depth=6, classes=2, categories=(), booster="gbtree", **_):
    import xgboost as xgb

    p = dict(max_depth=depth, eta=0.1, nthread=1, booster=booster, rate_drop=0.1, objective="binary:logistic" if classes == 2 else "multi:softprob")
    if classes > 2:
        p["num_class"] = classes
    types = ["c" if i in categories else "q" for i in range(FEATURES)]
    xgb.train(p, xgb.DMatrix(x, y, feature_types=types, enable_categorical=True), rounds).save_model(file + ".ubj")
    os.rename(file + ".ubj", file)


def train_lightgbm(x, y, file, rounds=100, leaves=31, classes=2, categories=(), booster="gbdt", linear=False, **_):
    import lightgbm as lgb

    p = dict(num_leaves=leaves, learning_rate=0.1, num_threads=1, verbose=-1, boosting=booster, linear_tree=linear, objective="binary" if classes == 2 else "multiclass")
    if classes > 2:
        p["num_class"] = classes
    lgb.train(p, lgb.Dataset(x, y, categorical_feature=list(categories)), rounds).save_model(file)


def load_xgboost(file):
    import xgboost as xgb

    booster = xgb.Booster(model_file=bytearray(open(file, "rb").read()))

    def predict(x, threads):
        booster.set_param("nthread", threads)
        booster.inplace_predict(x)

    return predict


def load_lightgbm(file):
    import lightgbm as lgb

    booster = lgb.Booster(model_file=file)

    return lambda x, threads: booster.predict(x, num_threads=threads)


def timed(predict, x, threads):
    wall, work = time.perf_counter_ns(), time.process_time_ns()
    predict(x, threads)
    return time.perf_counter_ns() - wall, time.process_time_ns() - work


def main():
    library, folder = sys.argv[1], sys.argv[2]
    train, load, datatype = {"xgboost": (train_xgboost, load_xgboost, np.float32), "lightgbm": (train_lightgbm, load_lightgbm, np.float64)}[library]
    at = lambda n, kind: os.path.join(folder, f"{n}.{kind}")
    if not os.path.exists(os.path.join(folder, "models.json")):
        for n, shape in enumerate(SHAPES.values()):
            if os.path.exists(at(n, "rows")):
                continue
            rng = np.random.default_rng(n)
            x = data(rng, 10_000, **shape)
            train(x, labels(rng, x, **shape), at(n, "model"), **shape)
            data(rng, ROWS, **shape).astype(datatype).tofile(at(n, "rows"))
        with open(os.path.join(folder, "models.json"), "w") as f:
            json.dump([dict(features=FEATURES, trained=name) for name in SHAPES], f)
    models = [load(at(n, "model")) for n in range(len(SHAPES))]
    rows = [np.fromfile(at(n, "rows"), datatype).reshape(-1, FEATURES) for n in range(len(SHAPES))]
    print("ready", flush=True)
    for line in sys.stdin:
        n, count, threads = map(int, line.split())
        asked = np.ascontiguousarray(rows[n][:count])
        walls, works = zip(*(timed(models[n], asked, threads) for _ in range(3)))
        print(min(walls), min(works), flush=True)


if __name__ == "__main__":
    main()
