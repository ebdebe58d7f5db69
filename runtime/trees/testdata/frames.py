"""Trains models of pandas' data frames with columns of categories, and writes what the libraries answer for others.

    python frames.py SEED COUNT FOLDER

models.json lists them: the files of one model, the columns asked (null is a missing value) with what the library predicts for them,
the codes of the same rows in a matrix with what it predicts for those, and, for XGBoost, a value of "int" that it refuses.
"""

import json
import os
import sys

import joblib
import lightgbm as lgb
import numpy as np
import pandas as pd
import xgboost as xgb

KINDS = {
    "int": ([30, 10, -7, 20], 11),
    "byte": (np.array([1, 2, 7, 100], dtype="int8"), np.int8(3)),
    "text": (["x", "y", "", "10"], "other"),
    "float": ([0.1, 2.5, -3.0, 1e10], 0.2),
    "bool": ([False, True], None),
    "ordered": ([5, 4, 9], 6),
}


def plain(values):
    return [None if pd.isna(v) else v.item() if hasattr(v, "item") else v for v in values]


def frame(rng, rows, kinds, levels, unseen):
    columns = {"a": np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows)), "i": rng.integers(0, 5, rows)}
    codes = dict(columns)
    for kind in kinds:
        known, other = levels[kind], KINDS[kind][1]
        code = rng.integers(0, len(known), rows)
        code[rng.random(rows) < 0.1] = -1
        index = pd.Index(known)
        if unseen and other is not None:
            index = index.append(pd.Index([other], dtype=index.dtype))
            code[rng.random(rows) < 0.1] = len(known)
        columns[kind] = pd.Categorical.from_codes(code, index, ordered=kind == "ordered")
        codes[kind] = np.where((code < 0) | (code == len(known)), np.nan, code)
    order = list(rng.permutation(list(columns)))
    return columns, codes, order


def main(seed, count, folder):
    rng = np.random.default_rng(seed)
    models = []
    for n in range(count):
        library = ["lightgbm", "xgboost"][n % 2]
        possible = ["int", "byte", "text"] + ([] if library == "xgboost" else ["float", "bool"])
        kinds = sorted(rng.choice(possible, int(rng.integers(1, len(possible) + 1)), replace=False).tolist() + ["int"] * 1)
        kinds = ["ordered"] if n % 6 == 4 else sorted(set(kinds))
        levels = {k: [KINDS[k][0][i] for i in rng.permutation(len(KINDS[k][0]))] for k in kinds}
        levels = {k: np.array(v, dtype="int8") if k == "byte" else v for k, v in levels.items()}
        columns, codes, order = frame(rng, 1500, kinds, levels, False)
        if kinds == ["ordered"]:
            order.remove("i")  # else which column was of ordered categories can't be told by a file
        x = pd.DataFrame(columns)[order]
        y = np.nan_to_num(columns["a"]) + sum(np.array([0, 3, -2, 5, 1])[columns[k].codes] * (1 + j) for j, k in enumerate(kinds))
        make = {"lightgbm": lambda: lgb.LGBMRegressor(n_estimators=15, verbose=-1, n_jobs=1), "xgboost": lambda: xgb.XGBRegressor(n_estimators=15, enable_categorical=True, n_jobs=1)}[library]
        m = make().fit(x, y)
        files = [f"{n}.joblib"]
        joblib.dump(m, os.path.join(folder, files[0]))
        if library == "lightgbm":
            files.append(f"{n}.txt")
            m.booster_.save_model(os.path.join(folder, files[1]))
        else:
            for end in ["ubj", "json"]:
                files.append(f"{n}.{end}")
                m.save_model(os.path.join(folder, files[-1]))
        columns, codes, _ = frame(rng, 200, kinds, levels, library == "lightgbm")
        asked = pd.DataFrame(columns)[order]
        matrix = pd.DataFrame(codes)[order].to_numpy(dtype=float)
        models.append({
            "library": library, "kinds": kinds, "files": files,
            "columns": [{"name": c, "values": plain(asked[c])} for c in order], "predict": m.predict(asked).tolist(),
            "matrix": [plain(row) for row in matrix], "of_matrix": m.predict(matrix).tolist(),
        })
        if library == "xgboost" and "int" in kinds:
            refused = asked.copy()
            refused["int"] = pd.Categorical([99] * len(refused))
            try:
                m.predict(refused)  # (3.2 refuses only what is above all categories; below, it takes the next greater one)
            except xgb.core.XGBoostError as e:
                assert "not in the training set" in str(e), e
                models[-1]["refused"] = 99
    with open(os.path.join(folder, "models.json"), "w") as f:
        json.dump(models, f)


main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
