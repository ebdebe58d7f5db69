"""Trains small models, asks MLServer and KServe's Python servers about them and keeps what they answer.

Each server pins what the other can't live with, so that each has an environment of its own: bench/formats/peers/kserve.txt and mlserver.txt.
`make record` makes both and runs:

    record.py train     in KServe's
    record.py kserve    in KServe's
    record.py mlserver  in MLServer's

KServe's sklearnserver, xgbserver and lgbserver are not on PyPI. Each is a kserve.Model whose predict hands the library's answer from
kserve's get_predict_input to its get_predict_response, which is what stands here.
"""

import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
MODELS = os.path.join(HERE, "models")
FILES = {
    "svc": "model.joblib", "named": "model.joblib", "linear": "model.joblib", "mixed": "model.joblib", "words": "model.joblib",
    "scaler": "model.joblib", "truth": "model.joblib", "xgbclassifier": "model.json", "xgbregressor": "model.ubj", "xgbbooster": "model.json",
    "lgbclasses": "model.bst", "lgbregression": "model.bst",
}
NAMES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
ROWS = [[6.8, 2.8, 4.8, 1.4], [6.0, 3.4, 4.5, 1.6], [5.1, 3.5, 1.4, 0.2]]


def train():
    import joblib
    import lightgbm
    import pandas
    import xgboost
    from sklearn import datasets, linear_model, svm
    from sklearn.compose import ColumnTransformer
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    iris = datasets.load_iris()
    x, y = iris.data, iris.target

    def path(name):
        os.makedirs(os.path.join(MODELS, name), exist_ok=True)
        return os.path.join(MODELS, name, FILES[name])

    joblib.dump(svm.SVC(gamma="scale").fit(x, y), path("svc"))
    frame = pandas.DataFrame(x, columns=NAMES)
    joblib.dump(linear_model.LogisticRegression(max_iter=500).fit(frame, iris.target_names[y]), path("named"))
    joblib.dump(linear_model.LinearRegression().fit(x, x[:, 0] * 2 + x[:, 3]), path("linear"))
    people = pandas.DataFrame({"city": ["Oslo", "Rome", "Oslo", "Paris"] * 5, "age": list(range(20, 40))})
    prepare = ColumnTransformer([("city", OneHotEncoder(handle_unknown="ignore"), ["city"]), ("age", StandardScaler(), ["age"])])
    joblib.dump(make_pipeline(prepare, linear_model.LogisticRegression()).fit(people, [0, 1, 0, 1] * 5), path("mixed"))
    texts = ["good fine", "bad poor", "fine great", "poor awful"]
    joblib.dump(make_pipeline(CountVectorizer(), MultinomialNB()).fit(texts, [1, 0, 1, 0]), path("words"))
    joblib.dump(StandardScaler().fit(x), path("scaler"))
    joblib.dump(linear_model.LogisticRegression(max_iter=500).fit(x, y == 2), path("truth"))
    xgboost.XGBClassifier(n_estimators=5, max_depth=2).fit(x, y).save_model(path("xgbclassifier"))
    xgboost.XGBRegressor(n_estimators=5, max_depth=2).fit(x, x[:, 0]).save_model(path("xgbregressor"))
    xgboost.train({"objective": "multi:softprob", "num_class": 3, "max_depth": 2}, xgboost.DMatrix(x, label=y), 4).save_model(path("xgbbooster"))
    quiet = {"verbosity": -1, "num_leaves": 4}
    names = iris["feature_names"]
    lightgbm.train({"objective": "multiclass", "num_class": 3, **quiet}, lightgbm.Dataset(x, label=y, feature_name=names), 4).save_model(path("lgbclasses"))
    lightgbm.train({"objective": "regression", **quiet}, lightgbm.Dataset(x, label=x[:, 0]), 4).save_model(path("lgbregression"))


def tensor(data, datatype="FP32", name="input-0", shape=None, **more):
    return {"name": name, "datatype": datatype, "shape": shape or [len(data), len(data[0])], "data": data, **more}


def column(name, datatype, data, wide=False, **more):
    return tensor(data, datatype, name, [len(data), 1] if wide else [len(data)], **more)


def numeric():
    """Models that take the four numbers of an iris."""
    return [name for name in FILES if name not in ("mixed", "words")]


def cases(server):
    """(model, protocol, body, environment[, what is odd about the body])"""
    v1, v2 = [], []
    for model in numeric():
        v1.append((model, "v1", {"instances": ROWS}, {}))
        v1.append((model, "v1", {"inputs": ROWS[:1]}, {}))
        v2.append((model, "v2", {"inputs": [tensor(ROWS)]}, {}))
        v2.append((model, "v2", {"id": "one", "inputs": [tensor([v for row in ROWS for v in row], "FP64", "anything", [3, 4])]}, {}))
        v2.append((model, "v2", {"inputs": [tensor([[7, 3, 5, 1]], "INT64")]}, {}))
    v1.append(("words", "v1", {"instances": ["fine fine", "awful bad"]}, {}))
    v2.append(("words", "v2", {"inputs": [column("text", "BYTES", ["fine fine", "awful bad"], parameters={"content_type": "str"})]}, {}))
    for model in ("svc", "named", "linear"):
        v1.append((model, "v1", {"instances": ROWS}, {"PREDICT_PROBA": "true"}))
        v2.append((model, "v2", {"inputs": [tensor(ROWS)]}, {"PREDICT_PROBA": "true"}))
    v1.append(("named", "v1", {"instances": [dict(zip(NAMES, [[v] for v in row])) for row in ROWS]}, {}))
    lgb = ["sepal_length_(cm)", "sepal_width_(cm)", "petal_length_(cm)", "petal_width_(cm)"]
    v1.append(("lgbclasses", "v1", {"inputs": [dict(zip(lgb, [{"0": v} for v in ROWS[0]]))]}, {}))
    v1.append(("lgbclasses", "v1", {"inputs": [dict(zip(reversed(lgb), [[v] for v in reversed(ROWS[0])]))]}, {}))
    for wide in (False, True):
        columns = [column(name, "FP64", [row[i] for row in ROWS], wide) for i, name in enumerate(NAMES)]
        v2.append(("named", "v2", {"parameters": {"content_type": "pd"}, "inputs": columns}, {}))
    people = [column("city", "BYTES", ["Rome", "Oslo"], parameters={"content_type": "str"}), column("age", "INT64", [21, 33])]
    v2.append(("mixed", "v2", {"parameters": {"content_type": "pd"}, "inputs": people}, {}))
    v1.append(("mixed", "v1", {"instances": [{"city": ["Rome"], "age": [21]}, {"city": ["Oslo"], "age": [33]}]}, {}))
    for model in ("named", "truth"):
        v2.append((model, "v2", {"inputs": [tensor(ROWS * 20)]}, {}))
    v1.append(("named", "v1", {"instances": ROWS * 20}, {}))
    v1 += [(model, "v1", body, {}, about) for model, about, body in odd_v1()]
    v2 += [(model, "v2", body, {}, about) for model, about, body in [*odd_v2(), *typed()]]
    if server == "kserve":
        return v1 + v2
    v2 = [case for case in v2 if not case[3]]
    for model in ("named", "xgbclassifier"):
        v2.append((model, "v2", {"inputs": [tensor(ROWS)], "outputs": [{"name": "predict_proba"}]}, {}))
        v2.append((model, "v2", {"inputs": [tensor(ROWS)], "outputs": [{"name": "predict"}, {"name": "predict_proba"}]}, {}))
    # Of FP32 rows scikit-learn makes FP32 here, and of others FP64; answers here are FP64 always.
    v2.append(("scaler", "v2", {"inputs": [tensor(ROWS, "FP64")], "outputs": [{"name": "transform"}]}, {}))
    return v2


def odd_v1():
    """(model, what is odd, body) of V1 requests that a server may refuse. A body that is a text is sent as it stands."""
    flowers = [dict(zip(NAMES, row)) for row in ROWS]
    less = [{k: [v] for k, v in row.items() if k != "petal_width"} for row in flowers]
    more = [{**{k: [v] for k, v in row.items()}, "petal_colour": [1]} for row in flowers]
    yield "named", "plain values in objects", {"instances": flowers}
    yield "named", "a missing column", {"instances": less}
    yield "named", "an unknown column", {"instances": more}
    yield "mixed", "a text for a number", {"instances": [{"city": ["Rome"], "age": ["old"]}]}
    yield "mixed", "an unknown category", {"instances": [{"city": ["Lima"], "age": [21]}]}
    yield "mixed", "null", {"instances": [{"city": ["Rome"], "age": [None]}]}
    yield "mixed", "a null category", {"instances": [{"city": [None], "age": [21]}]}
    yield "absent", "an unknown model", {"instances": ROWS}
    for model in ("svc", "named", "xgbclassifier", "lgbclasses"):
        for about, body in {
            "too few features": {"instances": [row[:3] for row in ROWS]}, "too many features": {"instances": [[*row, 1.0] for row in ROWS]},
            "ragged rows": {"instances": [ROWS[0], ROWS[1][:2]]}, "null": {"instances": [[6.8, None, 4.8, 1.4]]},
            "a text for a number": {"instances": [["a", "b", "c", "d"]]}, "numbers as texts": {"instances": [["6.8", "2.8", "4.8", "1.4"]]},
            "no rows": {"instances": []}, "an empty row": {"instances": [[]]}, "one row without brackets": {"instances": ROWS[0]},
            "truth values": {"instances": [[True, False, True, False]]}, "no list": {"instances": 3}, "no instances": {"rows": ROWS}, "an empty object": {},
            "no object": [1], "cut off": '{"instances": [[6.8, 2.8', "no body": "", "NaN": '{"instances": [[NaN, 2.8, 4.8, 1.4]]}',
            "Infinity": '{"instances": [[Infinity, 2.8, 4.8, 1.4]]}',
        }.items():
            yield model, about, body


def odd_v2():
    """The same of V2."""
    pd = {"parameters": {"content_type": "pd"}}
    flowers = [column(name, "FP64", [row[i] for row in ROWS]) for i, name in enumerate(NAMES)]
    city, age = column("city", "BYTES", ["Rome", "Oslo"], parameters={"content_type": "str"}), column("age", "INT64", [21, 33])
    yield "named", "a missing column", {**pd, "inputs": flowers[:3]}
    yield "named", "an unknown column", {**pd, "inputs": [*flowers, column("petal_colour", "FP64", [1, 2, 3])]}
    yield "named", "columns in another order", {**pd, "inputs": flowers[::-1]}
    yield "named", "columns without content type", {"inputs": flowers}
    yield "named", "columns of different length", {**pd, "inputs": [*flowers[:3], column(NAMES[3], "FP64", [1, 2])]}
    yield "mixed", "a text for a number", {**pd, "inputs": [city, column("age", "BYTES", ["old", "new"], parameters={"content_type": "str"})]}
    yield "mixed", "a missing column", {**pd, "inputs": [city]}
    yield "mixed", "an unknown category", {**pd, "inputs": [column("city", "BYTES", ["Lima", "Rome"], parameters={"content_type": "str"}), age]}
    yield "mixed", "texts without content type", {**pd, "inputs": [column("city", "BYTES", ["Rome", "Oslo"]), age]}
    yield "mixed", "columns without content type", {"inputs": [city, age]}
    yield "mixed", "null", {**pd, "inputs": [city, column("age", "FP64", [None, 33])]}
    yield "words", "texts without content type", {"inputs": [column("text", "BYTES", ["fine fine", "awful bad"])]}
    yield "words", "numbers for a text", {"inputs": [tensor(ROWS)]}
    yield "absent", "an unknown model", {"inputs": [tensor(ROWS)]}
    for model in ("svc", "named", "xgbclassifier", "lgbclasses"):
        for about, body in {
            "too few features": {"inputs": [tensor([row[:3] for row in ROWS])]}, "too many features": {"inputs": [tensor([[*row, 1.0] for row in ROWS])]},
            "null": {"inputs": [tensor([[6.8, None, 4.8, 1.4]], "FP64")]}, "an unknown datatype": {"inputs": [tensor(ROWS, "FLOAT")]},
            "a shape that isn't the data's": {"inputs": [tensor(ROWS, shape=[3, 5])]}, "an open shape": {"inputs": [tensor(ROWS, shape=[-1, 4])]},
            "no rows": {"inputs": [tensor([], shape=[0, 4])]}, "a text for a number": {"inputs": [tensor([["a", "b", "c", "d"]], "BYTES")]},
            "texts in a tensor of numbers": {"inputs": [tensor(["a", "b", "c", "d"], shape=[1, 4])]},
            "one row without brackets": {"inputs": [tensor(ROWS[0], shape=[4])]}, "no tensors": {"inputs": []}, "an empty object": {},
            "no datatype": {"inputs": [{"name": "input-0", "shape": [3, 4], "data": ROWS}]},
            "no shape": {"inputs": [{"name": "input-0", "datatype": "FP32", "data": ROWS}]},
            "no data": {"inputs": [{"name": "input-0", "datatype": "FP32", "shape": [3, 4]}]},
            "no name": {"inputs": [{"datatype": "FP32", "shape": [3, 4], "data": ROWS}]},
            "an unknown output": {"inputs": [tensor(ROWS)], "outputs": [{"name": "absent"}]},
            "asked for predict": {"inputs": [tensor(ROWS)], "outputs": [{"name": "predict"}]},
            "asked for predict_proba": {"inputs": [tensor(ROWS)], "outputs": [{"name": "predict_proba"}]},
            "truth values": {"inputs": [tensor([[True, False, True, False]], "BOOL")]}, "cut off": '{"inputs": [{"name": "input-0"', "no body": "",
            "NaN": '{"inputs":[{"name":"input-0","datatype":"FP64","shape":[1,4],"data":[NaN,2.8,4.8,1.4]}]}',
        }.items():
            yield model, about, body


def typed():
    """Requests with MLServer's content types."""
    import base64

    def of(kind):
        return {"parameters": {"content_type": kind}}

    cities = {"base64": [base64.b64encode(c.encode()).decode() for c in ("Rome", "Oslo")], "pd_json": ['"Rome"', '"Oslo"'], "datetime": ["2024-01-02", "2024-01-03"]}
    age, texts = column("age", "INT64", [21, 33]), ["fine fine", "awful bad"]
    yield "named", "np for all", {**of("np"), "inputs": [tensor(ROWS)]}
    yield "named", "np for a tensor", {"inputs": [tensor(ROWS, **of("np"))]}
    yield "svc", "pd of one tensor", {**of("pd"), "inputs": [tensor(ROWS)]}
    yield "named", "str of numbers", {**of("str"), "inputs": [tensor(ROWS)]}
    yield "named", "an unknown content type", {**of("unknown"), "inputs": [tensor(ROWS)]}
    yield "words", "str for all", {**of("str"), "inputs": [column("text", "BYTES", texts)]}
    yield "words", "base64", {"inputs": [column("text", "BYTES", [base64.b64encode(t.encode()).decode() for t in texts], **of("base64"))]}
    yield "words", "pd of texts", {**of("pd"), "inputs": [column("text", "BYTES", texts, **of("str"))]}
    yield "words", "np of texts", {**of("np"), "inputs": [column("text", "BYTES", texts)]}
    yield "named", "pd_json", {**of("pd"), "inputs": [column(n, "BYTES", [str(row[i]) for row in ROWS], **of("pd_json")) for i, n in enumerate(NAMES)]}
    yield "named", "datetime", {**of("pd"), "inputs": [column(n, "BYTES", ["2024-01-02"] * 3, **of("datetime")) for n in NAMES]}
    yield "named", "np for columns", {**of("pd"), "inputs": [column(n, "FP64", [row[i] for row in ROWS], **of("np")) for i, n in enumerate(NAMES)]}
    for kind, values in cities.items():
        yield "mixed", kind, {**of("pd"), "inputs": [column("city", "BYTES", values, **of(kind)), age]}


def kserve_models():
    import joblib
    import lightgbm
    import xgboost
    from kserve import Model
    from kserve.errors import InferenceError
    from kserve.utils.utils import get_predict_input, get_predict_response

    class Served(Model):
        def __init__(self, name, compute, columns=None):
            super().__init__(name)
            self.compute, self.columns, self.ready = compute, columns, True

        def predict(self, payload, headers=None):
            try:
                return get_predict_response(payload, self.compute(get_predict_input(payload, columns=self.columns)), self.name)
            except Exception as e:
                raise InferenceError(str(e))

    def sklearn_compute(model):
        if os.environ.get("PREDICT_PROBA", "false").lower() == "true" and hasattr(model, "predict_proba"):
            return model.predict_proba
        return getattr(model, "predict", None)

    models = []
    for name, file in FILES.items():
        path = os.path.join(MODELS, name, file)
        if name.startswith("lgb"):
            booster = lightgbm.Booster(params={"nthread": 1}, model_file=path)
            models.append(Served(name, booster.predict, booster.feature_name()))
        elif name.startswith("xgb"):
            booster = xgboost.Booster(params={"nthread": 1}, model_file=bytearray(open(path, "rb").read()))
            models.append(Served(name, lambda rows, booster=booster: booster.predict(xgboost.DMatrix(rows, nthread=1))))
        else:
            models.append(Served(name, sklearn_compute(joblib.load(path))))
    return models


def serve_kserve(port):
    from kserve import ModelServer

    ModelServer(http_port=port, enable_grpc=False).start(kserve_models())


def settings(folder):
    """MLServer's folder of models."""
    classes = {"lgb": "mlserver_lightgbm.LightGBMModel", "xgb": "mlserver_xgboost.XGBoostModel"}
    for name, file in FILES.items():
        os.makedirs(os.path.join(folder, name))
        with open(os.path.join(folder, name, "model-settings.json"), "w") as out:
            json.dump({"name": name, "implementation": classes.get(name[:3], "mlserver_sklearn.SKLearnModel"),
                       "parameters": {"uri": os.path.join(MODELS, name, file)}}, out)


def post(port, model, protocol, body):
    path = f"/v2/models/{model}/infer" if protocol == "v2" else f"/v1/models/{model}:predict"
    content = body if isinstance(body, str) else json.dumps(body)
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", content.encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as e:
        said = e.read().decode()
        try:
            return e.code, cut(json.loads(said))
        except ValueError:
            return e.code, cut(said)


def cut(refusal):
    """A refusal with the beginning of its texts, which may hold pages of Python and the paths and times of the machine that recorded it."""
    if isinstance(refusal, dict):
        return {key: cut(value) for key, value in refusal.items() if key in ("error", "detail", "msg", "loc", "type")}
    if isinstance(refusal, list):
        return [cut(value) for value in refusal]
    if not isinstance(refusal, str):
        return refusal
    refusal = re.sub(r"^\[[\d:]+\] /\S+ ", "", refusal).split("\n")[0]
    return refusal if len(refusal) < 160 else refusal[:160] + "…"


def unidentified(answer):
    """An answer without the id that the server drew by chance."""
    if isinstance(answer, dict) and answer.get("id") not in (None, "one"):
        answer = {key: value for key, value in answer.items() if key != "id"}
    return answer


def started(command, environment, port, ready):
    process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{ready}", timeout=5)
            return process
        except OSError:
            if process.poll() is not None:
                raise SystemExit(f"{command} ended")
            time.sleep(0.5)
    raise SystemExit(f"{command} does not answer")


def record(server):
    from importlib.metadata import version
    import tempfile

    packages = {"kserve": ["kserve"], "mlserver": ["mlserver", "mlserver-sklearn", "mlserver-xgboost", "mlserver-lightgbm"]}[server]
    out = {"versions": {p: version(p) for p in packages + ["scikit-learn", "lightgbm", "numpy", "pandas"]}, "cases": []}
    out["versions"]["xgboost"] = __import__("xgboost").__version__
    all_cases = cases(server)
    for port, environment in enumerate([dict(e) for e in {tuple(c[3].items()) for c in all_cases}], 18600):
        with tempfile.TemporaryDirectory() as folder:
            if server == "kserve":
                command, ready = [sys.executable, os.path.abspath(__file__), "serve", str(port)], "/v2/health/ready"
            else:
                settings(folder)
                with open(os.path.join(folder, "settings.json"), "w") as f:
                    json.dump({"host": "127.0.0.1", "http_port": port, "grpc_port": port + 100, "metrics_port": port + 200, "parallel_workers": 0}, f)
                command, ready = [os.path.join(os.path.dirname(sys.executable), "mlserver"), "start", folder], "/v2/health/ready"
            process = started(command, environment, port, ready)
            try:
                for model, protocol, body, wanted, *about in all_cases:
                    if wanted == environment:
                        status, answer = post(port, model, protocol, body)
                        out["cases"].append({"about": "".join(about), "model": model, "protocol": protocol, "environment": environment, "request": body, "status": status, "answer": unidentified(answer)})
            finally:
                process.terminate()
                process.wait()
    with open(os.path.join(HERE, server + ".json"), "w") as f:
        lines = ",\n".join(json.dumps(case) for case in out["cases"])
        f.write('{"versions": %s, "cases": [\n%s\n]}\n' % (json.dumps(out["versions"]), lines))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["train"]:
            train()
        case ["serve", port]:
            serve_kserve(int(port))
        case [("kserve" | "mlserver") as server]:
            record(server)
        case _:
            raise SystemExit(__doc__)
