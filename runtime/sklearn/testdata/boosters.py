"""Trains small models by XGBoost's and LightGBM's scikit-learn wrappers, and writes them with what they answer, as make.py does.

  boosters.py DIRECTORY

Needs xgboost and lightgbm beside what requirements.txt pins.
"""

import os
import sys

import joblib
import lightgbm
import numpy as np
import sklearn
import xgboost
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import make


def models(d):
    few = dict(n_estimators=4, max_depth=3, n_jobs=1)
    quiet = dict(n_estimators=4, num_leaves=5, min_child_samples=5, verbose=-1, n_jobs=1)
    yield "xgb-regressor", xgboost.XGBRegressor(**few).fit(d.xm, d.y), d.tm
    yield "xgb-classifier", xgboost.XGBClassifier(**few).fit(d.x, d.c), d.t
    yield "xgb-binary", xgboost.XGBClassifier(**few).fit(d.x, d.b), d.t
    yield "xgb-pipeline", make_pipeline(StandardScaler(), xgboost.XGBClassifier(**few)).fit(d.x, d.c), d.t
    yield "lgb-regressor", lightgbm.LGBMRegressor(**quiet).fit(d.xm, d.y), d.tm
    yield "lgb-classifier", lightgbm.LGBMClassifier(**quiet).fit(d.x, d.names), d.t
    yield "lgb-binary", make_pipeline(StandardScaler(), lightgbm.LGBMClassifier(**quiet)).fit(d.x, d.b), d.t
    yield "lgb-stacking", StackingClassifier([("a", lightgbm.LGBMClassifier(**quiet)), ("b", xgboost.XGBClassifier(**few))], LogisticRegression(), cv=3).fit(d.x, d.names), d.t


def main():
    directory = sys.argv[1]
    os.makedirs(directory, exist_ok=True)
    expected = {}
    for index, (name, model, x) in enumerate(models(make.Data(3, 12))):
        file = os.path.join(directory, name + ".joblib")
        joblib.dump(model, file, compress=3)
        outputs = make.answers(model, x)
        if name.startswith("lgb-") and name != "lgb-stacking":
            outputs.pop("decision_function", None)  # a raw score that isn't served
        expected[name] = {"file": os.path.basename(file), "x": np.asarray(x, dtype=float), "outputs": outputs}
    joblib.dump({"version": "xgboost %s, lightgbm %s, scikit-learn %s" % (xgboost.__version__, lightgbm.__version__, sklearn.__version__), "cases": expected},
                os.path.join(directory, "expected.joblib"), compress=("gzip", 9))


if __name__ == "__main__":
    main()
