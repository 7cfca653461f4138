"""The graph against the same arithmetic in numpy, with random weights."""

from __future__ import annotations

from math import erf, sqrt
from pathlib import Path

import numpy as np
import pytest

from tests.unit.speech.emotion.whisper_file import random_whisper, write_ctranslate2
from voicebot.errors import ModelError
from voicebot.speech.backends.whisper_features import mel_filters
from voicebot.speech.emotion.ctranslate2_file import Floats
from voicebot.speech.emotion.encoder_recipe import EMBEDDING_SIZE, N_HEADS, WIDTH, build_encoder
from voicebot.speech.emotion.features import N_BINS

onnxruntime = pytest.importorskip("onnxruntime")

WEIGHTS = random_whisper()


@pytest.fixture(scope="module")
def whisper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whisper") / "model.bin"
    write_ctranslate2(path, dict(WEIGHTS))
    return path


def power(n_frames: int = 61) -> Floats:
    rng = np.random.default_rng(7)
    return np.exp(3 * rng.standard_normal((n_frames, N_BINS)) - 4).astype(np.float32)


def run(model: bytes, spectra: Floats) -> Floats:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    (embedding,) = session.run(None, {"power": spectra})
    return np.asarray(embedding, dtype=np.float32)


def gelu(x: Floats) -> Floats:
    return (x * 0.5 * (1 + np.vectorize(erf)(x / sqrt(2)))).astype(np.float32)


def convolve(x: Floats, name: str, stride: int) -> Floats:
    weight = WEIGHTS[f"encoder/{name}/weight"]
    padded = np.pad(x, ((1, 1), (0, 0)))
    rows = [
        np.einsum("oit,ti->o", weight, padded[start : start + 3])
        for start in range(0, len(x), stride)
    ]
    return gelu(np.stack(rows) + WEIGHTS[f"encoder/{name}/bias"])


def linear(x: Floats, name: str) -> Floats:
    return x @ WEIGHTS[f"encoder/{name}/weight"].T + WEIGHTS[f"encoder/{name}/bias"]


def normalize(x: Floats, name: str) -> Floats:
    off = x - x.mean(axis=1, keepdims=True)
    scaled = off / np.sqrt((off**2).mean(axis=1, keepdims=True) + 1e-5)
    gamma = WEIGHTS[f"encoder/{name}/layer_norm/gamma"]
    return scaled * gamma + WEIGHTS[f"encoder/{name}/layer_norm/beta"]


def attention(x: Floats) -> Floats:
    name = "layer_0/self_attention"
    query, key, value = np.split(linear(normalize(x, name), f"{name}/linear_0"), 3, axis=1)
    width = WIDTH // N_HEADS
    heads = []
    for head in range(N_HEADS):
        part = slice(head * width, (head + 1) * width)
        fit = query[:, part] @ key[:, part].T / sqrt(width)
        shares = np.exp(fit - fit.max(axis=1, keepdims=True))
        heads.append(shares / shares.sum(axis=1, keepdims=True) @ value[:, part])
    return linear(np.concatenate(heads, axis=1), f"{name}/linear_1")


def reference(spectra: Floats) -> Floats:
    bands = np.log10(np.maximum(4 * spectra @ mel_filters()[:, :N_BINS].T, 1e-10))
    x = (np.maximum(bands, bands.max() - 8) + 4) / 4
    x = convolve(convolve(x, "conv1", 1), "conv2", 2)
    x = x + WEIGHTS["encoder/position_encodings/encodings"][: len(x)]
    x = x + attention(x)
    hidden = gelu(linear(normalize(x, "layer_0/ffn"), "layer_0/ffn/linear_0"))
    x = x + linear(hidden, "layer_0/ffn/linear_1")
    return np.concatenate([x.mean(axis=0), x.std(axis=0)]).astype(np.float32)


@pytest.mark.parametrize("n_frames", [50, 61])
def test_graph_computes_whispers_first_layer_and_pools_it(whisper: Path, n_frames: int) -> None:
    embedding = run(build_encoder(whisper, 1, is_quantized=False), power(n_frames))
    assert embedding.shape == (EMBEDDING_SIZE,)
    np.testing.assert_allclose(embedding, reference(power(n_frames)), atol=2e-4)


def test_int8_stays_close_and_is_a_quarter_of_the_size(whisper: Path) -> None:
    small, large = build_encoder(whisper, 1), build_encoder(whisper, 1, is_quantized=False)
    assert len(small) < 0.55 * len(large)  # the positions stay float
    near, exact = run(small, power()), reference(power())
    assert np.corrcoef(near, exact)[0, 1] > 0.99
    assert np.abs(near - exact).mean() < 0.05 * np.abs(exact).mean()


def test_same_weights_give_the_same_bytes(whisper: Path) -> None:
    assert build_encoder(whisper, 1) == build_encoder(whisper, 1)


def test_a_missing_layer_is_an_error_that_names_it(whisper: Path) -> None:
    with pytest.raises(ModelError, match="layer_1"):
        build_encoder(whisper, 2)
