"""Makes the emotion encoder from Whisper's weights: its first three layers, pooled over time.

Layer 3 of Whisper base still holds how something is said; the layers above keep more and more
only what is said. The file is int8 (weights per output column, activations as they come), about
a tenth of Whisper's, and the same on every machine, so its digest is pinned.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from voicebot.errors import ModelError
from voicebot.speech.backends.whisper_features import mel_filters
from voicebot.speech.emotion.ctranslate2_file import Floats, read_weights
from voicebot.speech.emotion.features import N_BINS
from voicebot.speech.emotion.onnx_writer import CONTRIB, Graph

ENCODER_FILE = "encoder.onnx"
N_LAYERS = 3
N_HEADS = 8
WIDTH = 512
EMBEDDING_SIZE = 2 * WIDTH

WEIGHT_STEPS = 63
"""Seven bits a weight: with eight, the 16-bit sums of processors without VNNI overflow."""

_POWER_OF_TWO_RATES = 4.0
"""At Whisper's 16 kHz twice as many samples would have been summed: four times the power."""

_EPSILON = 1e-5


def build_encoder(
    whisper_model: Path, n_layers: int = N_LAYERS, is_quantized: bool = True
) -> bytes:
    """The ONNX file made from a CTranslate2 `model.bin` of Whisper base. Blocking (a second).

    It takes `power`, shape (frames, 101), as features.py makes it, at most 3000 frames, and gives
    `embedding`, shape (1024,): mean, then deviation, over time of the last
    layer. Raises ModelError.
    """
    weights = read_weights(whisper_model, "encoder/")
    try:
        return _Recipe(weights, is_quantized).build(n_layers)
    except KeyError as error:
        raise ModelError(f"{whisper_model} is not Whisper base: it lacks {error}") from None


class _Recipe:
    def __init__(self, weights: dict[str, Floats], is_quantized: bool) -> None:
        self._weights = weights
        self._is_quantized = is_quantized
        self._graph = Graph("voicebot emotion encoder")

    def build(self, n_layers: int) -> bytes:
        g = self._graph
        x = self._gelu(self._convolve(self._log_mel("power"), "conv1", stride=1))
        x = self._gelu(self._convolve(x, "conv2", stride=2))
        x = self._add_positions(x)
        for layer in range(n_layers):
            x = g.add("Add", x, self._attention(x, f"layer_{layer}/self_attention"))
            x = g.add("Add", x, self._feed_forward(x, f"layer_{layer}/ffn"))
        mean = g.add("ReduceMean", x, g.ints(0), keepdims=1)
        off = g.add("Sub", x, mean)
        variance = g.add("ReduceMean", g.add("Mul", off, off), g.ints(0), keepdims=1)
        both = g.add("Concat", mean, g.add("Sqrt", variance), axis=1)
        g.add("Reshape", both, g.ints(-1), output="embedding")
        return g.serialize(
            {"power": ("frames", N_BINS)},
            {"embedding": (EMBEDDING_SIZE,)},
            {"source": "OpenAI Whisper base (MIT)", "layers": str(n_layers)},
        )

    def _log_mel(self, power: str) -> str:
        """Whisper's features, as whisper_features.py makes them from 16 kHz."""
        g = self._graph
        filters = mel_filters()[:, :N_BINS].T * np.float32(_POWER_OF_TWO_RATES)
        bands = g.add("MatMul", power, g.constant(np.ascontiguousarray(filters)))
        bands = g.add("Log", g.add("Max", bands, g.floats(1e-10)))
        bands = g.add("Mul", bands, g.floats(1 / np.log(10)))
        floor = g.add("Sub", g.add("ReduceMax", bands, keepdims=0), g.floats(8.0))
        bands = g.add("Max", bands, floor)
        return g.add("Div", g.add("Add", bands, g.floats(4.0)), g.floats(4.0))

    def _convolve(self, x: str, name: str, stride: int) -> str:
        """Convolution of width 3 as one product: int8 products are quicker than int8 convolutions.

        x: (time, channels). Each row is joined with its neighbours, edges padded with zeros.
        """
        g = self._graph
        weight = self._weights[f"encoder/{name}/weight"]
        padded = g.add("Pad", x, g.ints(1, 0, 1, 0))
        # A slice ends before the end, so that all three have as many rows.
        n_back = -2
        taps = [
            g.add(
                "Slice",
                padded,
                g.ints(tap),
                g.ints(n_back + tap if tap < 2 else np.iinfo(np.int64).max),
                g.ints(0),
                g.ints(stride),
            )
            for tap in range(3)
        ]
        joined = g.add("Concat", *taps, axis=1)
        # (out, in, tap) -> rows tap-major, as the slices are joined.
        matrix = weight.transpose(2, 1, 0).reshape(-1, weight.shape[0])
        return self._product(joined, matrix, self._weights[f"encoder/{name}/bias"])

    def _add_positions(self, x: str) -> str:
        g = self._graph
        positions = g.constant(self._weights["encoder/position_encodings/encodings"])
        length = g.add("Slice", g.add("Shape", x), g.ints(0), g.ints(1))
        return g.add("Add", x, g.add("Slice", positions, g.ints(0), length, g.ints(0)))

    def _attention(self, x: str, name: str) -> str:
        g = self._graph
        head = WIDTH // N_HEADS
        projected = self._linear(self._normalize(x, name), f"{name}/linear_0")
        split = g.ints(WIDTH, WIDTH, WIDTH)
        parts = g.add_many("Split", projected, split, outputs=("", "", ""), axis=1)
        shape = g.ints(-1, N_HEADS, head)
        query, key, value = (g.add("Reshape", part, shape) for part in parts)
        query = g.add("Transpose", query, perm=(1, 0, 2))
        query = g.add("Mul", query, g.floats(head**-0.5))
        key = g.add("Transpose", key, perm=(1, 2, 0))
        value = g.add("Transpose", value, perm=(1, 0, 2))
        shares = g.add("Softmax", g.add("MatMul", query, key), axis=-1)
        mixed = g.add("Transpose", g.add("MatMul", shares, value), perm=(1, 0, 2))
        return self._linear(g.add("Reshape", mixed, g.ints(-1, WIDTH)), f"{name}/linear_1")

    def _feed_forward(self, x: str, name: str) -> str:
        hidden = self._linear(self._normalize(x, name), f"{name}/linear_0")
        return self._linear(self._gelu(hidden), f"{name}/linear_1")

    def _normalize(self, x: str, name: str) -> str:
        gamma = self._graph.constant(self._weights[f"encoder/{name}/layer_norm/gamma"])
        beta = self._graph.constant(self._weights[f"encoder/{name}/layer_norm/beta"])
        return self._graph.add("LayerNormalization", x, gamma, beta, axis=-1, epsilon=_EPSILON)

    def _gelu(self, x: str) -> str:
        return self._graph.add("Gelu", x)

    def _linear(self, x: str, name: str) -> str:
        return self._product(
            x, self._weights[f"encoder/{name}/weight"].T, self._weights[f"encoder/{name}/bias"]
        )

    def _product(self, x: str, matrix: npt.NDArray[np.float32], bias: Floats) -> str:
        g = self._graph
        if not self._is_quantized:
            product = g.add("MatMul", x, g.constant(np.ascontiguousarray(matrix)))
            return g.add("Add", product, g.constant(bias))
        scale = np.maximum(np.abs(matrix).max(axis=0), np.float32(1e-8)) / np.float32(WEIGHT_STEPS)
        steps = np.rint(matrix / scale).astype(np.int8)
        return g.add(
            "DynamicQuantizeMatMul",
            x,
            g.constant(np.ascontiguousarray(steps)),
            g.constant(scale),
            g.constant(np.zeros(len(scale), dtype=np.int8)),
            g.constant(bias),
            domain=CONTRIB,
        )
