"""Asks a running quickstart as its README shows, with the clients that users have.

Usage: ask.py PORT SAMPLES, where SAMPLES is the quickstart's folder with the sample requests. It ends with an
error if any answer is not what the sample models give.
"""

import json
import pathlib
import sys

import numpy as np
import requests
import tritonclient.grpc
import tritonclient.http


def ask_triton(triton, client):
    """Asks iris for two flowers over V2 and gives their labels."""
    flowers = np.array([[6.8, 2.8, 4.8, 1.4], [6.0, 3.4, 4.5, 1.6]], np.float32)
    features = triton.InferInput("input-0", list(flowers.shape), "FP32")
    features.set_data_from_numpy(flowers)
    return client.infer("iris", [features]).as_numpy("label")


def main(port, samples):
    v1 = requests.post(
        f"http://localhost:{port}/v1/models/iris:predict",
        json=json.loads((samples / "iris-input.json").read_text()),
        timeout=30,
    )
    v1.raise_for_status()
    labels = v1.json()["predictions"]
    assert labels == [1, 1], labels
    print("requests, V1:", labels)

    http = tritonclient.http.InferenceServerClient(f"localhost:{port}")
    assert http.is_server_live() and http.is_model_ready("iris")
    assert http.get_model_metadata("iris")["inputs"][0]["name"] == "input-0"
    over_http = ask_triton(tritonclient.http, http)
    assert over_http.tolist() == [1, 1], over_http
    print("tritonclient over HTTP, V2:", over_http)

    # A gRPC path does not name the model, so the host must: it is sent as the authority.
    grpc = tritonclient.grpc.InferenceServerClient(
        f"localhost:{port}", channel_args=[("grpc.default_authority", "iris-default.localhost")]
    )
    assert grpc.is_server_live() and grpc.is_model_ready("iris")
    over_grpc = ask_triton(tritonclient.grpc, grpc)
    assert over_grpc.tolist() == [1, 1], over_grpc
    print("tritonclient over gRPC, V2:", over_grpc)


if __name__ == "__main__":
    main(int(sys.argv[1]), pathlib.Path(sys.argv[2]))
