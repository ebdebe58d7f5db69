"""Makes the small ONNX models of this folder's tests.

    pip install -r requirements.txt
    python make.py
"""
import pathlib

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper as h
from skl2onnx import to_onnx
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

HERE = pathlib.Path(__file__).parent
IR, OPSET = 8, 17


def tensor(name, kind, shape):
    return h.make_tensor_value_info(name, kind, shape)


def save(name, nodes, inputs, outputs, initializers=(), opset=OPSET):
    graph = h.make_graph(nodes, name, inputs, outputs, list(initializers))
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", opset)], ir_version=IR, producer_name="sluice-testdata")
    if all(v.type.tensor_type.HasField("shape") or v.type.HasField("sequence_type") for v in [*inputs, *outputs]):
        onnx.checker.check_model(model)  # it wants a shape, which onnxruntime does not
    onnx.save(model, HERE / f"{name}.onnx")


def identity(name, kind, shape):
    save(name, [h.make_node("Identity", ["x"], ["y"])], [tensor("x", kind, shape)], [tensor("y", kind, shape)])


# Two inputs of one fixed shape.
save("add", [h.make_node("Add", ["a", "b"], ["sum"])],
     [tensor("a", T.FLOAT, [2, 2]), tensor("b", T.FLOAT, [2, 2])], [tensor("sum", T.FLOAT, [2, 2])])

# A free first dimension: what batching needs.
save("matmul", [h.make_node("MatMul", ["x", "w"], ["y"])],
     [tensor("x", T.FLOAT, ["batch", 3])], [tensor("y", T.FLOAT, ["batch", 2])],
     [h.make_tensor("w", T.FLOAT, [3, 2], [1, 2, 3, 4, 5, 6])])

# Every datatype of the protocol, in and out.
KINDS = {
    "BOOL": T.BOOL, "UINT8": T.UINT8, "UINT16": T.UINT16, "UINT32": T.UINT32, "UINT64": T.UINT64,
    "INT8": T.INT8, "INT16": T.INT16, "INT32": T.INT32, "INT64": T.INT64,
    "FP16": T.FLOAT16, "BF16": T.BFLOAT16, "FP32": T.FLOAT, "FP64": T.DOUBLE, "BYTES": T.STRING,
}
save("datatypes", [h.make_node("Identity", [f"x_{n}"], [f"y_{n}"]) for n in KINDS],
     [tensor(f"x_{n}", k, ["n"]) for n, k in KINDS.items()], [tensor(f"y_{n}", k, ["n"]) for n, k in KINDS.items()])

identity("strings", T.STRING, ["rows", "columns"])
identity("half", T.FLOAT16, ["n", "m"])

# A scalar in, a scalar out.
save("scalar", [h.make_node("Add", ["x", "one"], ["y"])], [tensor("x", T.FLOAT, [])], [tensor("y", T.FLOAT, [])],
     [h.make_tensor("one", T.FLOAT, [], [1])])

# An output whose rank follows the input's: neither is known beforehand.
identity("anyrank", T.FLOAT, None)

# Inputs and outputs of several types and shapes: a sum over rows, a comparison, and a string passed on.
save("multi",
     [h.make_node("ReduceSum", ["values", "axis"], ["total"], keepdims=0), h.make_node("Greater", ["total", "limit"], ["over"]),
      h.make_node("Identity", ["name"], ["echo"])],
     [tensor("values", T.FLOAT, ["n", 3]), tensor("limit", T.FLOAT, ["n"]), tensor("name", T.STRING, ["n"])],
     [tensor("total", T.FLOAT, ["n"]), tensor("over", T.BOOL, ["n"]), tensor("echo", T.STRING, ["n"])],
     [h.make_tensor("axis", T.INT64, [1], [1])])

# A sequence of tensors: pieces of one size.
save("sequence", [h.make_node("SplitToSequence", ["x", "size"], ["pieces"], axis=0)],
     [tensor("x", T.FLOAT, ["n"])], [h.make_tensor_sequence_value_info("pieces", T.FLOAT, [2])],
     [h.make_tensor("size", T.INT64, [], [2])])

# Refused when it is loaded: the protocols have no 8-bit floats.
save("float8", [h.make_node("Cast", ["x"], ["y"], to=T.FLOAT8E4M3FN)], [tensor("x", T.FLOAT, ["n"])], [tensor("y", T.FLOAT8E4M3FN, ["n"])], opset=19)

# Takes long enough to be cancelled: a loop with its length as input.
body = h.make_graph(
    [h.make_node("MatMul", ["state", "state"], ["next"]), h.make_node("Identity", ["go"], ["again"])], "body",
    [tensor("i", T.INT64, []), tensor("go", T.BOOL, []), tensor("state", T.FLOAT, [64, 64])],
    [tensor("again", T.BOOL, []), tensor("next", T.FLOAT, [64, 64])])
save("slow",
     [h.make_node("Constant", [], ["yes"], value=h.make_tensor("t", T.BOOL, [], [True])),
      h.make_node("ConstantOfShape", ["size"], ["start"]),
      h.make_node("Loop", ["turns", "yes", "start"], ["end"], body=body),
      h.make_node("ReduceSum", ["end"], ["y"], keepdims=0)],
     [tensor("turns", T.INT64, [])], [tensor("y", T.FLOAT, [])],
     [h.make_tensor("size", T.INT64, [2], [64, 64])])

# A scikit-learn classifier in both of skl2onnx's forms: with ZipMap (a sequence of maps) and without.
X, y = load_iris(return_X_y=True)
X = X.astype(np.float32)
classifier = LogisticRegression(max_iter=500, random_state=0).fit(X, y)
for name, zipmap in (("iris-zipmap", True), ("iris", False)):
    model = to_onnx(classifier, X[:1], target_opset=OPSET, options={"zipmap": zipmap})
    (HERE / f"{name}.onnx").write_bytes(model.SerializeToString())
