"""Trains random models of a library, and writes each beside random rows and what the library answers for them.

    python train.py xgboost|lightgbm SEED COUNT FOLDER

For each model there is N.model, N.rows (float32 for XGBoost, float64 for LightGBM, row by row), N.predict and N.raw (float64: the
answers, and the sums behind them), and in models.json its number of features and what it was trained with.
"""

import json
import os
import sys

import numpy as np

ROWS = 10_000


def data(rng, features, rows, missing, categorical):
    x = rng.normal(size=(rows, features))
    x[:, ::3] = np.round(x[:, ::3], 1)  # values that equal thresholds
    x[rng.random(x.shape) < missing] = np.nan
    x[rng.random(x.shape) < 0.05] = 0
    for i in categorical:
        x[:, i] = np.floor(np.abs(x[:, i]) * 20)
    return x


def labels(rng, x, kind):
    x = np.nan_to_num(x)
    s = x[:, 0] + np.sin(3 * x[:, 1]) + x[:, -1] * x[:, 0] + rng.normal(size=len(x)) * 0.1
    return {"number": s, "positive": np.exp(s / 4), "binary": (s > 0).astype(int), "classes": np.digitize(s, [-1, 0, 1])}[kind]


def xgboost_model(rng, folder, n):
    import xgboost as xgb

    objective, kind = [("reg:squarederror", "number"), ("binary:logistic", "binary"), ("multi:softprob", "classes"), ("count:poisson", "positive")][n % 4]
    features = int(rng.integers(3, 30))
    categorical = sorted(rng.choice(features, int(rng.integers(0, 3)), replace=False).tolist()) if n % 3 == 1 else []
    types = ["c" if i in categorical else "q" for i in range(features)]
    missing = float(rng.choice([0, 0.1]))
    x = data(rng, features, 3000, missing, categorical).astype(np.float32)
    parameters = dict(objective=objective, max_depth=int(rng.integers(2, 9)), eta=0.3, subsample=0.8, seed=n, nthread=1, booster="dart" if n % 5 == 2 else "gbtree", rate_drop=0.2)
    parameters["max_cat_to_onehot"] = int(rng.integers(1, 30))
    if kind == "classes":
        parameters["num_class"] = 4
    matrix = lambda x, y=None: xgb.DMatrix(x, y, feature_types=types, enable_categorical=True)
    rounds = int(rng.integers(5, 30))
    booster = xgb.train(parameters, matrix(x, labels(rng, x, kind)), rounds)
    booster.save_model(os.path.join(folder, f"{n}.ubj"))
    os.rename(os.path.join(folder, f"{n}.ubj"), os.path.join(folder, f"{n}.model"))
    asked = data(rng, features, ROWS, 0.1, categorical).astype(np.float32)
    q = matrix(asked)
    return features, asked, booster.predict(q), booster.predict(q, output_margin=True), parameters


def lightgbm_model(rng, folder, n):
    import lightgbm as lgb

    objective, kind = [("regression", "number"), ("binary", "binary"), ("multiclass", "classes"), ("poisson", "positive")][n % 4]
    features = int(rng.integers(3, 30))
    categorical = sorted(rng.choice(features, int(rng.integers(0, 3)), replace=False).tolist()) if n % 3 == 1 else []
    x = data(rng, features, 3000, float(rng.choice([0, 0.1])), categorical)
    parameters = dict(objective=objective, num_leaves=int(rng.integers(4, 255)), min_data_in_leaf=5, verbose=-1, num_threads=1, seed=n)
    parameters.update(zero_as_missing=bool(rng.integers(2)), use_missing=bool(rng.random() < 0.8), linear_tree=n % 5 == 4, boosting="dart" if n % 5 == 2 else "gbdt")
    if kind == "classes":
        parameters["num_class"] = 4
    booster = lgb.train(parameters, lgb.Dataset(x, labels(rng, x, kind), categorical_feature=categorical), int(rng.integers(5, 30)))
    booster.save_model(os.path.join(folder, f"{n}.model"))
    asked = data(rng, features, ROWS, 0.1, categorical)
    return features, asked, booster.predict(asked, num_threads=1), booster.predict(asked, raw_score=True, num_threads=1), parameters


def main():
    library, seed, count, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    train = {"xgboost": xgboost_model, "lightgbm": lightgbm_model}[library]
    rng = np.random.default_rng(seed)
    models = []
    for n in range(count):
        features, rows, predicted, raw, parameters = train(rng, folder, n)
        rows.tofile(os.path.join(folder, f"{n}.rows"))
        predicted.astype(np.float64).tofile(os.path.join(folder, f"{n}.predict"))
        raw.astype(np.float64).tofile(os.path.join(folder, f"{n}.raw"))
        models.append(dict(features=features, trained=str(parameters)))
    with open(os.path.join(folder, "models.json"), "w") as f:
        json.dump(models, f)


if __name__ == "__main__":
    main()
