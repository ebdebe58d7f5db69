"""Trains the models of KServe's first examples as KServe's documentation trains them, and the picture model as a small stand-in.

    config/deps/venv.sh first-examples requirements.txt
    ~/.cache/sluice/python/first-examples/bin/python train.py

Seeds are the libraries' own defaults, so that a second run gives the same models on the same machine and versions.
"""

import pathlib

import lightgbm
import numpy as np
import onnx
import xgboost
from joblib import dump
from onnx import TensorProto, helper, numpy_helper
from sklearn import datasets, svm

HERE = pathlib.Path(__file__).resolve().parent
OPSET, IR_VERSION = 17, 10


def main():
    iris = datasets.load_iris()
    x, y = iris.data, iris.target

    dump(svm.SVC(gamma="scale").fit(x, y), path("sklearn", "model.joblib"))

    parameters = {"max_depth": 6, "eta": 0.1, "nthread": 4, "num_class": 10, "objective": "multi:softmax"}
    xgboost.train(parameters, xgboost.DMatrix(x, label=y)).save_model(path("xgboost", "model.ubj"))
    path("xgboost", "model.ubj").rename(path("xgboost", "model.bst"))  # the library goes by the ending, KServe by this name

    train = lightgbm.Dataset(x, label=y, feature_name=iris.feature_names)
    lightgbm.train({"objective": "multiclass", "num_class": 3, "verbosity": -1}, train).save_model(path("lightgbm", "model.bst"))

    path("onnx", "model.onnx").write_bytes(mosaic().SerializeToString(deterministic=True))


def path(*parts):
    whole = HERE.joinpath(*parts)
    whole.parent.mkdir(exist_ok=True)
    return whole


def mosaic():
    """KServe's example restyles a picture by a network of 6 MB; this one has its signature, and makes a picture of edges."""
    edges = np.zeros((3, 3, 3, 3), np.float32)
    for channel in range(3):
        edges[channel, channel] = [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]
    picture = [1, 3, 224, 224]
    graph = helper.make_graph(
        [helper.make_node("Conv", ["input1", "edges"], ["output1"], pads=[1, 1, 1, 1])],
        "mosaic",
        [helper.make_tensor_value_info("input1", TensorProto.FLOAT, picture)],
        [helper.make_tensor_value_info("output1", TensorProto.FLOAT, picture)],
        [numpy_helper.from_array(edges, "edges")],
    )
    model = helper.make_model(graph, producer_name="sluice-samples", opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    return model


if __name__ == "__main__":
    main()
