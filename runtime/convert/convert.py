"""Converts a pickled model to ONNX and holds it against the original: convert.py REQUEST.json, whose answer goes to the path it names.

It runs in a Python of the user's own, by their explicit command, since loading a pickle runs what it names.
"""

import json
import sys
import traceback

BOOSTERS = {
    "xgboost": ("XGBClassifier", "XGBRegressor", "XGBRFClassifier", "XGBRFRegressor"),
    "lightgbm": ("LGBMClassifier", "LGBMRegressor"),
}


class Fault(Exception):
    """Something the user can mend: kind says what."""

    def __init__(self, kind, text):
        super().__init__(text)
        self.kind = kind


def load(path):
    try:
        import joblib
        return joblib.load(path)
    except ModuleNotFoundError as e:
        raise Fault("module", e.name or str(e)) from e
    except AttributeError as e:
        raise Fault("load", "%s: the code that wrote the file isn't the code that is installed" % e) from e
    except Exception as e:
        raise Fault("load", "%s: %s" % (type(e).__name__, e)) from e


def sample_of(path):
    try:
        return rows_of(path)
    except Fault:
        raise
    except Exception as e:
        raise Fault("sample", "%s: %s" % (type(e).__name__, e)) from e


def rows_of(path):
    """A V1 or V2 request as a table: (names or None, columns), each column a list."""
    with open(path) as f:
        body = json.load(f)
    if "instances" in body:
        instances = body["instances"]
        if instances and isinstance(instances[0], dict):
            names = list(instances[0])
            return names, [[row[n] for row in instances] for n in names]
        return None, [list(c) for c in zip(*[r if isinstance(r, list) else [r] for r in instances])]
    if "inputs" not in body:
        raise Fault("sample", 'neither "instances" nor "inputs" is in it')
    inputs = body["inputs"]
    if isinstance(inputs, dict):
        return list(inputs), [list(c) for c in inputs.values()]
    if isinstance(inputs[0], list):
        return None, [list(c) for c in zip(*inputs)]
    if len(inputs) == 1 and len(inputs[0]["shape"]) == 2:
        rows, cols = inputs[0]["shape"]
        flat = flatten(inputs[0]["data"])
        return None, [flat[c::cols] for c in range(cols)]
    return [t["name"] for t in inputs], [flatten(t["data"]) for t in inputs]


def flatten(data):
    out = []
    for v in data:
        out.extend(flatten(v) if isinstance(v, list) else [v])
    return out


def is_text(column):
    return any(isinstance(v, str) for v in column)


def signature(model, sample):
    """What the ONNX model takes: one matrix of numbers, or an input for each column where some are texts or are chosen by name."""
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType
    names = [str(n) for n in getattr(model, "feature_names_in_", [])]
    columns = sample[1] if sample else []
    if sample and sample[0]:
        given = dict(zip(sample[0], columns))
        missing = [n for n in names if n not in given]
        if missing:
            raise Fault("sample", "it has no column %s, which the model takes" % missing[0])
        names = names or sample[0]
        columns = [given[n] for n in names]
    texts = [is_text(c) for c in columns]
    if any(texts) or (names and picks_by_name(model)):
        if not names:
            names = ["input-%d" % i for i in range(len(columns))]
        kinds = texts or [False] * len(names)
        return [(n, StringTensorType([None, 1]) if t else FloatTensorType([None, 1])) for n, t in zip(names, kinds)], names, columns
    width = getattr(model, "n_features_in_", None) or len(columns)
    if not width:
        raise Fault("columns", "the file doesn't say how many columns the model takes")
    return [("input-0", FloatTensorType([None, int(width)]))], names, columns


def picks_by_name(model):
    steps = [s for _, s in getattr(model, "steps", [])] + [model]
    return any(type(s).__name__ == "ColumnTransformer" for s in steps)


def register():
    """Tells skl2onnx how boosters are converted, as far as they are installed."""
    try:
        from skl2onnx import update_registered_converter
        from skl2onnx.common.shape_calculator import calculate_linear_classifier_output_shapes, calculate_linear_regressor_output_shapes
        import onnxmltools  # noqa: F401
    except ImportError:
        return
    for library, classes in BOOSTERS.items():
        try:
            module = __import__(library)
            if library == "xgboost":
                from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost as converter
            else:
                from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm as converter
        except ImportError:
            continue
        for name in classes:
            is_classifier = name.endswith("Classifier")
            shapes = calculate_linear_classifier_output_shapes if is_classifier else calculate_linear_regressor_output_shapes
            options = {"options": {"nocl": [True, False], "zipmap": [True, False, "columns"]}} if is_classifier else {}
            update_registered_converter(getattr(module, name), "%s%s" % (library.title(), name), shapes, converter, **options)


def convert(model, inputs):
    from skl2onnx import convert_sklearn, get_latest_tested_opset_version
    from skl2onnx.common.exceptions import MissingConverter, MissingShapeCalculator
    register()
    last = model.steps[-1][1] if hasattr(model, "steps") else model
    options = {id(last): {"zipmap": False}} if hasattr(last, "predict_proba") or hasattr(last, "decision_function") and hasattr(last, "classes_") else None
    plain, old = {}, {"target_opset": {"": get_latest_tested_opset_version(), "ai.onnx.ml": 3}}
    last_error = None
    # The converters of boosters don't know the newest operators, and some have no options.
    for chosen, operators in ((options, plain), (options, old), (None, plain), (None, old)):
        try:
            return convert_sklearn(model, initial_types=inputs, options=chosen, **operators)
        except (MissingConverter, MissingShapeCalculator) as e:
            raise Fault("unconvertible", str(e).strip().splitlines()[0]) from e
        except NotImplementedError as e:
            raise Fault("unconvertible", str(e).strip() or "its converter isn't complete") from e
        except NameError as e:  # an option that this converter doesn't have
            last_error = e
        except Exception as e:
            if operators is plain and "ai.onnx.ml" in str(e):
                last_error = e
                continue
            raise Fault("conversion", "%s: %s" % (type(e).__name__, (str(e).strip() or "no reason given").splitlines()[0])) from e
    raise Fault("conversion", str(last_error))


def opened(onnx):
    """The ONNX model as ONNX Runtime loads it: skl2onnx makes some that nothing can."""
    import onnxruntime
    onnxruntime.set_default_logger_severity(4)
    try:
        return onnxruntime.InferenceSession(onnx.SerializeToString(), providers=["CPUExecutionProvider"])
    except Exception as e:
        raise Fault("unconvertible", "ONNX Runtime can't load what it makes of it: %s" % str(e).strip().splitlines()[0]) from e


def compare(model, session, names, columns):
    """Asks both for the sample's rows; the differences are of each output."""
    import numpy as np
    if len(session.get_inputs()) > 1 or any(is_text(c) for c in columns):
        import pandas as pd
        named = names or [i.name for i in session.get_inputs()]
        original = pd.DataFrame(dict(zip(named, columns)))
        feed = {i.name: np.array(c, dtype=object if is_text(c) else np.float32).reshape(-1, 1) for i, c in zip(session.get_inputs(), columns)}
    else:
        original = np.array(columns, dtype=np.float64).T
        if names:
            import pandas as pd
            original = pd.DataFrame(original, columns=names)
        feed = {session.get_inputs()[0].name: np.array(columns, dtype=np.float32).T}
    got = session.run(None, feed)
    methods = [m for m in ("predict", "predict_proba") if hasattr(model, m)] or ["transform"]
    out = []
    for method, mine in zip(methods, got):
        theirs = getattr(model, method)(original)
        theirs = np.asarray(theirs.toarray() if hasattr(theirs, "toarray") else theirs)
        mine = np.asarray(mine).reshape(theirs.shape)
        if theirs.dtype.kind == "b":  # ONNX has 0 and 1 for classes that are truth values
            theirs, mine = theirs.astype(np.int64), mine.astype(np.int64)
        if theirs.dtype.kind in "fc":
            off = float(np.max(np.abs(mine - theirs))) if theirs.size else 0.0
            out.append({"output": method, "largest": off})
        else:
            out.append({"output": method, "unequal": int(np.sum(mine.astype(str) != theirs.astype(str)))})
    return {"rows": len(columns[0]) if columns else 0, "differences": out}


def run(request):
    model = load(request["model"])
    try:
        import skl2onnx
        import sklearn
    except ImportError as e:
        raise Fault("module", e.name or str(e)) from e
    sample = sample_of(request["sample"]) if request.get("sample") else None
    inputs, names, columns = signature(model, sample)
    onnx = convert(model, inputs)
    session = opened(onnx)
    answer = {"class": "%s.%s" % (type(model).__module__, type(model).__name__), "sklearn": sklearn.__version__, "skl2onnx": skl2onnx.__version__,
              "inputs": [n for n, _ in inputs], "outputs": [o.name for o in onnx.graph.output]}
    if sample:
        try:
            answer["check"] = compare(model, session, names, columns)
        except Exception as e:
            raise Fault("check", "%s: %s" % (type(e).__name__, e)) from e
    with open(request["output"], "wb") as f:
        f.write(onnx.SerializeToString())
    return answer


def main():
    with open(sys.argv[1]) as f:
        request = json.load(f)
    try:
        answer = run(request)
    except Fault as e:
        answer = {"fault": e.kind, "text": str(e)}
    except Exception as e:
        traceback.print_exc()
        answer = {"fault": "unexpected", "text": "%s: %s" % (type(e).__name__, e)}
    with open(request["answer"], "w") as f:
        json.dump(answer, f)


if __name__ == "__main__":
    main()
