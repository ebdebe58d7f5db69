"""Trains the quickstart's models and writes them as ONNX files.

    make models            trains them and puts them into config/samples/quickstart/models

Every model is checked before it is written: the ONNX file, run by onnxruntime on examples held out from training,
must reach the accuracy that is written beside it below. Seeds are fixed, so that a second run gives the same models
on the same machine and libraries (requirements.txt pins these).
"""

import argparse
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_digits, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import convnet

SEED = 7
OPSET = 17  # old enough for every onnxruntime that still gets fixes
IR_VERSION = 10
INPUT = "input-0"  # the name that KServe's own iris requests give their tensor, so that they work here unmodified
DIGITS_EPOCHS = 30


def main():
    parser = argparse.ArgumentParser(description="Train the quickstart's models.")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder to write the models to")
    out = parser.parse_args().out
    iris = split(*iris_data())
    digits = split(*digits_data())
    write(out / "iris/v1", iris_model(iris, make_pipeline(StandardScaler(), LogisticRegression())), iris, 0.92)
    forest = RandomForestClassifier(n_estimators=50, max_depth=4, random_state=SEED)
    write(out / "iris/v2", iris_model(iris, forest), iris, 0.92)
    write(out / "digits", digits_model(digits), digits, 0.985)


def iris_data():
    """150 flowers: sepal length and width, petal length and width in cm; 0 setosa, 1 versicolor, 2 virginica."""
    data = load_iris()
    return data.data.astype(np.float32), data.target.astype(np.int64)


def digits_data():
    """1,797 handwritten digits, [N, 1, 8, 8], grey values scaled from 0..16 to 0..1."""
    data = load_digits()
    return (data.images[:, None] / 16).astype(np.float32), data.target.astype(np.int64)


def split(x, y):
    """Training inputs, held-out inputs, training labels, held-out labels: a quarter is held out."""
    return train_test_split(x, y, test_size=0.25, random_state=SEED, stratify=y)


def iris_model(data, estimator):
    train_x, _, train_y, _ = data
    estimator.fit(train_x, train_y)
    model = to_onnx(
        estimator,
        initial_types=[("features", FloatTensorType([None, train_x.shape[1]]))],
        options={"zipmap": False},  # probabilities as one tensor; a sequence of maps has no form in V2
        target_opset={"": OPSET, "ai.onnx.ml": 3},
    )
    return with_input_renamed(model, "features", INPUT)


def with_input_renamed(model, old, new):
    """The model with its one input called new: skl2onnx itself turns what is no identifier in Python into one."""
    model.graph.input[0].name = new
    for node in model.graph.node:
        node.input[:] = [new if name == old else name for name in node.input]
    return model


def digits_model(data):
    train_x, _, train_y, _ = data
    parameters = convnet.train(train_x, train_y, np.random.default_rng(SEED), DIGITS_EPOCHS)
    nodes = [
        conv("conv1", INPUT, "c1"),
        helper.make_node("Relu", ["c1"], ["r1"]),
        conv("conv2", "r1", "c2"),
        helper.make_node("Relu", ["c2"], ["r2"]),
        helper.make_node("MaxPool", ["r2"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        conv("conv3", "p", "c3"),
        helper.make_node("Relu", ["c3"], ["r3"]),
        helper.make_node("Flatten", ["r3"], ["f"]),
        helper.make_node("Gemm", ["f", "dense1.w", "dense1.b"], ["d1"]),
        helper.make_node("Relu", ["d1"], ["r4"]),
        helper.make_node("Gemm", ["r4", "dense2.w", "dense2.b"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
        helper.make_node("ArgMax", ["probabilities"], ["label"], axis=1, keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["N", 1, 8, 8])],
        [
            helper.make_tensor_value_info("label", TensorProto.INT64, ["N"]),
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 10]),
        ],
        [numpy_helper.from_array(value, name) for name, value in parameters.items()],
    )
    return helper.make_model(graph, producer_name="sluice-samples", opset_imports=[helper.make_opsetid("", OPSET)])


def conv(layer, source, target):
    pads = [convnet.KERNEL // 2] * 4
    return helper.make_node("Conv", [source, layer + ".w", layer + ".b"], [target], pads=pads)


def write(folder, model, data, floor):
    """Writes folder/model.onnx, unless its accuracy on the held-out examples is below floor: then it ends the run."""
    _, held_out, _, labels = data
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    content = model.SerializeToString(deterministic=True)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    predicted, probabilities = session.run(["label", "probabilities"], {INPUT: held_out})
    if not np.array_equal(predicted, probabilities.argmax(axis=1)):
        sys.exit(f"{folder}: label and probabilities disagree")
    accuracy = (predicted == labels).mean()
    if accuracy < floor:
        sys.exit(f"{folder}: accuracy {accuracy:.3f} on {len(labels)} held-out examples, expected at least {floor}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(content)
    print(f"{folder}/model.onnx: {len(content):,} bytes, accuracy {accuracy:.3f} on {len(labels)} held-out examples")


if __name__ == "__main__":
    main()
