"""Serves one model as KServe's sklearnserver, xgbserver and lgbserver do, which are not on PyPI.

    python kserve_server.py sklearn|xgboost|lightgbm FILE --model_name NAME --http_port PORT …

Each of them is a kserve.Model whose predict hands the library's answer from kserve's get_predict_input to its get_predict_response,
and that is what stands here; further arguments are those of kserve's ModelServer.
"""

import argparse

from kserve import Model, ModelServer, model_server
from kserve.errors import InferenceError
from kserve.utils.utils import get_predict_input, get_predict_response


class Served(Model):
    def __init__(self, name, library, file):
        super().__init__(name)
        self.library, self.file, self.columns = library, file, None

    def load(self):
        self.compute = getattr(self, self.library)()
        self.ready = True
        return self.ready

    def sklearn(self):
        import joblib

        return joblib.load(self.file).predict

    def xgboost(self):
        import xgboost

        booster = xgboost.Booster(params={"nthread": 1}, model_file=bytearray(open(self.file, "rb").read()))
        return lambda rows: booster.predict(xgboost.DMatrix(rows, nthread=1))

    def lightgbm(self):
        import lightgbm

        booster = lightgbm.Booster(params={"nthread": 1}, model_file=self.file)
        self.columns = booster.feature_name()
        return booster.predict

    def predict(self, payload, headers=None):
        try:
            return get_predict_response(payload, self.compute(get_predict_input(payload, columns=self.columns)), self.name)
        except Exception as e:
            raise InferenceError(str(e))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(parents=[model_server.parser])
    parser.add_argument("library")
    parser.add_argument("file")
    args, _ = parser.parse_known_args()
    model = Served(args.model_name, args.library, args.file)
    model.load()
    ModelServer().start([model])
