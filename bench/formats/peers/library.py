"""Trains models of XGBoost or LightGBM, then times the library over them on demand.

    python library.py xgboost|lightgbm FOLDER TREES…

Writes N.model, N.rows (float32 for XGBoost, float64 for LightGBM) and N.predict (float64) for each number of trees, then prints a
line. For each line "N THREADS SECONDS" of its input it predicts all rows again and again for that long, and prints the median time of
a call in nanoseconds. XGBoost is called in two ways, inplace_predict over the array and predict over a DMatrix that is made outside the
timing, anew for each call since a DMatrix remembers what was predicted for it; the faster median counts.
"""

import os
import statistics
import sys
import time

import numpy as np

TRAINED_WITH, ROWS, FEATURES = 20_000, 10_000, 28


def data(rng, rows):
    return rng.normal(size=(rows, FEATURES)).astype(np.float32).astype(np.float64)


def labels(rng, x):
    s = x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + x[:, 8] % 3 + x[:, 3:].sum(axis=1) / 4 + rng.normal(size=len(x))
    return (s > np.median(s)).astype(int)


class XGBoost:
    datatype = np.float32

    def train(self, x, y, trees, file):
        import xgboost

        # Depth and learning rate are the library's own.
        booster = xgboost.train({"objective": "binary:logistic"}, xgboost.DMatrix(x, y), trees)
        booster.save_model(file + ".ubj")
        os.rename(file + ".ubj", file)

    def load(self, file):
        import xgboost

        booster = xgboost.Booster(model_file=file)

        def array(x, threads):
            booster.set_param("nthread", threads)
            return timed(lambda: booster.inplace_predict(x))

        def matrix(x, threads):
            booster.set_param("nthread", threads)
            made = xgboost.DMatrix(x, nthread=threads)
            return timed(lambda: booster.predict(made))

        return [array, matrix]


class LightGBM:
    datatype = np.float64

    def train(self, x, y, trees, file):
        import lightgbm

        lightgbm.train({"objective": "binary", "verbose": -1}, lightgbm.Dataset(x, y), trees).save_model(file)

    def load(self, file):
        import lightgbm

        booster = lightgbm.Booster(model_file=file)
        return [lambda x, threads: timed(lambda: booster.predict(x, num_threads=threads))]


def timed(call):
    start = time.perf_counter_ns()
    result = call()
    return time.perf_counter_ns() - start, result


def median(way, rows, threads, seconds):
    way(rows, threads)  # threads start at the first call
    end, times = time.monotonic() + seconds, []
    while not times or time.monotonic() < end:
        times.append(way(rows, threads)[0])
    return round(statistics.median(times))


def main():
    library, folder, sizes = sys.argv[1], sys.argv[2], [int(n) for n in sys.argv[3:]]
    own = {"xgboost": XGBoost, "lightgbm": LightGBM}[library]()
    models = []
    for n, trees in enumerate(sizes):
        rng = np.random.default_rng(n)
        x = data(rng, TRAINED_WITH)
        own.train(x, labels(rng, x), trees, os.path.join(folder, f"{n}.model"))
        ways = own.load(os.path.join(folder, f"{n}.model"))
        rows = np.ascontiguousarray(data(rng, ROWS).astype(own.datatype))
        rows.tofile(os.path.join(folder, f"{n}.rows"))
        np.asarray(ways[0](rows, 1)[1], np.float64).tofile(os.path.join(folder, f"{n}.predict"))
        models.append((ways, rows))
    print("ready", flush=True)
    for line in sys.stdin:
        n, threads, seconds = line.split()
        ways, rows = models[int(n)]
        print(min(median(way, rows, int(threads), float(seconds) / len(ways)) for way in ways), flush=True)


if __name__ == "__main__":
    main()
