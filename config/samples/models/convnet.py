"""A small convolutional network in plain numpy, for images of 8 by 8 pixels.

conv 3x3 (32) - relu - conv 3x3 (64) - relu - max pool 2x2 - conv 3x3 (64) - relu - dense (128) - relu - dense (10)

Arrays are NCHW throughout, as ONNX has them. The deep learning frameworks that would train this in fewer lines weigh
a hundred times the rest of the pinned libraries together; a forward and a backward pass fit on this page.
"""

import numpy as np

# (layer, inputs, outputs); the order is the order of evaluation.
CONVOLUTIONS = (("conv1", 1, 32), ("conv2", 32, 64), ("conv3", 64, 64))
DENSE = (("dense1", 64 * 4 * 4, 128), ("dense2", 128, 10))
KERNEL = 3


def initial_parameters(rng):
    """He-initialised weights and zero biases, by name: {layer}.w and {layer}.b, float32."""
    parameters = {}
    for name, inputs, outputs in CONVOLUTIONS:
        fan_in = inputs * KERNEL * KERNEL
        parameters[name + ".w"] = rng.normal(0, np.sqrt(2 / fan_in), (outputs, inputs, KERNEL, KERNEL))
        parameters[name + ".b"] = np.zeros(outputs)
    for name, inputs, outputs in DENSE:
        parameters[name + ".w"] = rng.normal(0, np.sqrt(2 / inputs), (inputs, outputs))
        parameters[name + ".b"] = np.zeros(outputs)
    return {name: value.astype(np.float32) for name, value in parameters.items()}


def forward(parameters, images):
    """Class probabilities [N, 10] of images [N, 1, 8, 8], and what backward needs of the pass."""
    kept = {}
    x = _relu(_convolve(parameters, "conv1", images, kept), "conv1", kept)
    x = _relu(_convolve(parameters, "conv2", x, kept), "conv2", kept)
    x = _pool(x, kept)
    x = _relu(_convolve(parameters, "conv3", x, kept), "conv3", kept)
    x = x.reshape(len(x), -1)
    x = _relu(_dense(parameters, "dense1", x, kept), "dense1", kept)
    return _softmax(_dense(parameters, "dense2", x, kept)), kept


def backward(parameters, probabilities, labels, kept):
    """Gradients of the mean cross-entropy, by parameter name."""
    gradients = {}
    delta = probabilities.copy()
    delta[np.arange(len(labels)), labels] -= 1
    delta /= len(labels)
    delta = _dense_back(parameters, "dense2", delta, kept, gradients)
    delta = _dense_back(parameters, "dense1", delta * kept["dense1.on"], kept, gradients)
    delta = delta.reshape(kept["conv3.on"].shape)
    delta = _convolve_back(parameters, "conv3", delta * kept["conv3.on"], kept, gradients)
    delta = _pool_back(delta, kept)
    delta = _convolve_back(parameters, "conv2", delta * kept["conv2.on"], kept, gradients)
    _convolve_back(parameters, "conv1", delta * kept["conv1.on"], kept, gradients)
    return gradients


class Adam:
    """Adam (Kingma and Ba, 2015) with its usual constants; step changes the parameters in place."""

    def __init__(self, parameters, rate):
        self.rate, self.steps = rate, 0
        self.mean = {name: np.zeros_like(value) for name, value in parameters.items()}
        self.square = {name: np.zeros_like(value) for name, value in parameters.items()}

    def step(self, parameters, gradients):
        self.steps += 1
        rate = self.rate * np.sqrt(1 - 0.999**self.steps) / (1 - 0.9**self.steps)
        for name, gradient in gradients.items():
            self.mean[name] += 0.1 * (gradient - self.mean[name])
            self.square[name] += 0.001 * (gradient * gradient - self.square[name])
            parameters[name] -= (rate * self.mean[name] / (np.sqrt(self.square[name]) + 1e-8)).astype(np.float32)


def train(images, labels, rng, epochs, rate=1e-3, batch=32):
    """Parameters fitted to images [N, 1, 8, 8] with labels [N], each image shifted by up to a pixel in each epoch."""
    parameters = initial_parameters(rng)
    adam = Adam(parameters, rate)
    for epoch in range(epochs):
        adam.rate = rate * 0.5 * (1 + np.cos(np.pi * epoch / epochs))
        order, loss = rng.permutation(len(images)), 0.0
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            probabilities, kept = forward(parameters, _shifted(images[chosen], rng))
            adam.step(parameters, backward(parameters, probabilities, labels[chosen], kept))
            loss -= np.log(probabilities[np.arange(len(chosen)), labels[chosen]] + 1e-9).sum()
        print(f"  epoch {epoch + 1:2d} of {epochs}: loss {loss / len(order):.4f}", flush=True)
    return parameters


def _shifted(images, rng):
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    side = images.shape[-1]
    shifted = np.empty_like(images)
    for i, (dy, dx) in enumerate(rng.integers(0, 3, (len(images), 2))):
        shifted[i] = padded[i, :, dy : dy + side, dx : dx + side]
    return shifted


def _windows(x):
    """Every 3x3 neighbourhood of x, zero-padded at the edges, as rows: [N*H*W, C*9]."""
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (KERNEL, KERNEL), axis=(2, 3))
    return windows.transpose(0, 2, 3, 1, 4, 5).reshape(-1, x.shape[1] * KERNEL * KERNEL)


def _convolve(parameters, name, x, kept):
    w = parameters[name + ".w"]
    rows = _windows(x)
    kept[name + ".rows"], kept[name + ".shape"] = rows, x.shape
    n, _, height, width = x.shape
    y = rows @ w.reshape(len(w), -1).T + parameters[name + ".b"]
    return y.reshape(n, height, width, len(w)).transpose(0, 3, 1, 2)


def _convolve_back(parameters, name, delta, kept, gradients):
    w = parameters[name + ".w"]
    rows = delta.transpose(0, 2, 3, 1).reshape(-1, len(w))
    gradients[name + ".w"] = (rows.T @ kept[name + ".rows"]).reshape(w.shape)
    gradients[name + ".b"] = rows.sum(axis=0)
    # The gradient of a same-padded correlation is the correlation of delta with the kernel turned half around.
    turned = w[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)
    n, channels, height, width = kept[name + ".shape"]
    back = _windows(delta) @ turned.reshape(channels, -1).T
    return back.reshape(n, height, width, channels).transpose(0, 3, 1, 2)


def _dense(parameters, name, x, kept):
    kept[name + ".x"] = x
    return x @ parameters[name + ".w"] + parameters[name + ".b"]


def _dense_back(parameters, name, delta, kept, gradients):
    gradients[name + ".w"] = kept[name + ".x"].T @ delta
    gradients[name + ".b"] = delta.sum(axis=0)
    return delta @ parameters[name + ".w"].T


def _relu(x, name, kept):
    kept[name + ".on"] = x > 0
    return x * kept[name + ".on"]


def _pool(x, kept):
    n, channels, height, width = x.shape
    blocks = x.reshape(n, channels, height // 2, 2, width // 2, 2)
    y = blocks.max(axis=(3, 5))
    kept["pool.on"] = blocks == y[:, :, :, None, :, None]
    return y


def _pool_back(delta, kept):
    on = kept["pool.on"]
    n, channels, height, _, width, _ = on.shape
    return (on * delta[:, :, :, None, :, None]).reshape(n, channels, height * 2, width * 2)


def _softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
