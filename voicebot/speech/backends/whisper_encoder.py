"""Whisper's encoder for short audio: the silence behind the voice is computed once, ever.

Whisper wants seconds of silence behind what it hears: with less it says the same again and again
("Tak. Tak. Tak."). That silence is most of what the encoder works on, and is always the same. So
its keys and values in every layer, and its output, are computed once, behind a sound like a voice,
and kept. The steps of the voice then see the same silence as if it had been encoded with them.

Runs in onnxruntime, on a graph made here from the weights in CTranslate2's file: CTranslate2 can't
be given keys and values.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from voicebot.speech.backends.whisper_features import MODEL_RATE, log_mel
from voicebot.speech.emotion.ctranslate2_file import Floats, read_weights
from voicebot.speech.emotion.onnx_writer import CONTRIB, Graph

STEPS_PER_S = 50
"""What the encoder makes of a second."""

SILENCE_UNTIL_S = 12.0
"""So far the silence is kept, from the start of the utterance; it takes 1.3 MB a second."""

_WEIGHT_STEPS = 63
"""Seven bits a weight: with eight, the 16-bit sums of processors without VNNI overflow."""

_BLOCK = 128
_EPSILON = 1e-5
_HEAD = 64  # of every size of Whisper
_VOWEL_STARTS_S, _VOWEL_S = 0.15, 0.5
_TELEPHONE_HZ = 3600.0
_SPEECH_RMS = 0.1


class WhisperEncoder:
    """Encodes a voice alone and sets the kept silence behind it. Blocking; not thread-safe.

    model: `model.bin` of a Whisper model in CTranslate2's form. n_threads: for one encoding.
    Takes two seconds to make. Raises ModelError.
    """

    def __init__(self, model: Path, n_threads: int = 1) -> None:
        recipe = _Recipe(read_weights(model, "encoder/"))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = n_threads
        # A thread that waits for the next product by spinning takes the core from the calls.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session: Any = onnxruntime.InferenceSession(
            recipe.build(), options, providers=["CPUExecutionProvider"]
        )
        self._n_layers = recipe.n_layers
        self._n_mels = recipe.n_mels
        self._silence = self._measure_silence(recipe.width)

    def encode(self, mel: Floats, padded_s: float) -> Floats:
        """mel: (bands, frames) of the voice and at least 0.3 s of silence, a step every 2 frames.

        Returns shape (steps, width): the voice, then silence until `padded_s`, at most
        `SILENCE_UNTIL_S`.
        """
        n_steps = int(padded_s * STEPS_PER_S)
        n_voice = mel.shape[1] // 2
        encoded, *rest = (values[n_voice:n_steps] for values in self._silence)
        [voice] = self._run(mel, rest, ["encoded"])
        return np.concatenate([voice, encoded])

    def _measure_silence(self, width: int) -> list[Floats]:
        """Output, then keys and values of each layer, behind sounds like voices."""
        names = ["encoded", *_names("keys", self._n_layers), *_names("values", self._n_layers)]
        nothing = [np.zeros((0, width), dtype=np.float32)] * 2 * self._n_layers
        total: list[Floats] = []
        sounds = voice_like_sounds(SILENCE_UNTIL_S)
        for sound in sounds:
            made = self._run(log_mel(sound, self._n_mels), nothing, names)
            total = [a + b for a, b in zip(total, made, strict=True)] if total else made
        return [values / np.float32(len(sounds)) for values in total]

    def _run(self, mel: Floats, silence: Sequence[Floats], names: list[str]) -> list[Floats]:
        n = self._n_layers
        inputs = dict(
            zip((*_names("silent_keys", n), *_names("silent_values", n)), silence, strict=True)
        )
        inputs["mel"] = np.ascontiguousarray(mel.T)
        outputs: list[Floats] = self._session.run(names, inputs)
        return outputs


def voice_like_sounds(audio_s: float) -> list[Floats]:
    """Half a second of three vowels each, then silence: 16 kHz, at the level of a caller's voice.

    Whisper encodes silence behind a voice otherwise than silence alone, and hardly cares whose
    voice it was: with these, as many words are right as with recorded ones.
    """
    voices = (
        (110.0, ((600, 80), (1200, 100), (2500, 150))),
        (150.0, ((350, 60), (1900, 120), (2600, 150))),
        (210.0, ((450, 70), (900, 90), (2400, 150))),
    )
    return [_vowel(pitch_hz, formants, audio_s) for pitch_hz, formants in voices]


def _vowel(pitch_hz: float, formants: Sequence[tuple[int, int]], audio_s: float) -> Floats:
    times = np.arange(int(_VOWEL_S * MODEL_RATE)) / MODEL_RATE
    cycles = np.cumsum(pitch_hz * (1 + 0.1 * np.sin(2 * np.pi * 1.5 * times))) / MODEL_RATE
    wave = np.zeros(len(times))
    for harmonic in range(1, int(_TELEPHONE_HZ / pitch_hz)):
        hz = harmonic * pitch_hz
        gain = sum(1 / (1 + ((hz - centre) / width) ** 2) for centre, width in formants)
        wave += gain / np.sqrt(harmonic) * np.sin(2 * np.pi * harmonic * cycles)
    wave *= np.sqrt(np.sin(np.pi * times / _VOWEL_S)) * (0.6 + 0.4 * np.sin(8 * np.pi * times))
    sound = np.zeros(int(audio_s * MODEL_RATE), dtype=np.float32)
    start = int(_VOWEL_STARTS_S * MODEL_RATE)
    sound[start : start + len(wave)] = wave * (_SPEECH_RMS / np.sqrt((wave**2).mean()))
    return sound


def _names(kind: str, n: int) -> list[str]:
    return [f"{kind}_{layer}" for layer in range(n)]


class _Recipe:
    """The graph of the encoder, for one recording at a time: matrices are (time, channels)."""

    def __init__(self, weights: dict[str, Floats]) -> None:
        self._weights = weights
        self._graph = Graph("voicebot whisper encoder")
        self.n_layers = sum(name.endswith("/ffn/linear_0/bias") for name in weights)
        self.width = len(weights["encoder/conv2/bias"])
        self.n_mels = weights["encoder/conv1/weight"].shape[1]

    def build(self) -> bytes:
        g = self._graph
        x = self._gelu(self._convolve("mel", "conv1", stride=1))
        x = self._gelu(self._convolve(x, "conv2", stride=2))
        x = self._add_positions(x)
        for layer in range(self.n_layers):
            x = g.add("Add", x, self._attention(x, layer))
            x = g.add("Add", x, self._feed_forward(x, f"layer_{layer}/ffn"))
        self._normalize(x, "layer_norm", output="encoded")
        n = self.n_layers
        silent = (*_names("silent_keys", n), *_names("silent_values", n))
        made = (*_names("keys", n), *_names("values", n))
        inputs: dict[str, Sequence[int | str]] = {"mel": ("frames", self.n_mels)}
        inputs |= dict.fromkeys(silent, ("silence", self.width))
        outputs: dict[str, Sequence[int | str]] = {"encoded": ("steps", self.width)}
        outputs |= dict.fromkeys(made, ("steps", self.width))
        return g.serialize(inputs, outputs, {})

    def _convolve(self, x: str, name: str, stride: int) -> str:
        """Convolution of width 3 as one product, in full precision: both are little work, and
        their int8 errors would go through all layers."""
        g = self._graph
        weight = self._weights[f"encoder/{name}/weight"]
        padded = g.add("Pad", x, g.ints(1, 0, 1, 0))
        far = np.iinfo(np.int64).max
        taps = [
            g.add(
                "Slice", padded, g.ints(tap), g.ints((-2, -1, far)[tap]), g.ints(0), g.ints(stride)
            )
            for tap in range(3)
        ]
        # (out, in, tap) to rows tap-major, as the slices are joined.
        matrix = weight.transpose(2, 1, 0).reshape(-1, weight.shape[0])
        product = g.add(
            "MatMul", g.add("Concat", *taps, axis=1), g.constant(np.ascontiguousarray(matrix))
        )
        return g.add("Add", product, g.constant(self._weights[f"encoder/{name}/bias"]))

    def _add_positions(self, x: str) -> str:
        g = self._graph
        positions = g.constant(self._weights["encoder/position_encodings/encodings"])
        length = g.add("Slice", g.add("Shape", x), g.ints(0), g.ints(1))
        return g.add("Add", x, g.add("Slice", positions, g.ints(0), length, g.ints(0)))

    def _attention(self, x: str, layer: int) -> str:
        g = self._graph
        name = f"layer_{layer}/self_attention"
        projected = self._linear(self._normalize(x, f"{name}/layer_norm"), f"{name}/linear_0")
        outputs = ("", f"keys_{layer}", f"values_{layer}")
        query, key, value = g.add_many(
            "Split", projected, g.ints(*[self.width] * 3), outputs=outputs, axis=1
        )
        key = g.add("Concat", key, f"silent_keys_{layer}", axis=0)
        value = g.add("Concat", value, f"silent_values_{layer}", axis=0)
        shape = g.ints(-1, self.width // _HEAD, _HEAD)
        query = g.add("Transpose", g.add("Reshape", query, shape), perm=(1, 0, 2))
        query = g.add("Mul", query, g.floats(_HEAD**-0.5))
        key = g.add("Transpose", g.add("Reshape", key, shape), perm=(1, 2, 0))
        value = g.add("Transpose", g.add("Reshape", value, shape), perm=(1, 0, 2))
        shares = g.add("Softmax", g.add("MatMul", query, key), axis=-1)
        mixed = g.add("Transpose", g.add("MatMul", shares, value), perm=(1, 0, 2))
        return self._linear(g.add("Reshape", mixed, g.ints(-1, self.width)), f"{name}/linear_1")

    def _feed_forward(self, x: str, name: str) -> str:
        hidden = self._linear(self._normalize(x, f"{name}/layer_norm"), f"{name}/linear_0")
        return self._linear_in_blocks(self._gelu(hidden), f"{name}/linear_1")

    def _normalize(self, x: str, name: str, output: str = "") -> str:
        gamma = self._graph.constant(self._weights[f"encoder/{name}/gamma"])
        beta = self._graph.constant(self._weights[f"encoder/{name}/beta"])
        return self._graph.add(
            "LayerNormalization", x, gamma, beta, output=output, axis=-1, epsilon=_EPSILON
        )

    def _gelu(self, x: str) -> str:
        return self._graph.add("Gelu", x)

    def _linear(self, x: str, name: str) -> str:
        """In int8: one scale for each column of the weights, one for all that comes in."""
        g = self._graph
        matrix = self._weights[f"encoder/{name}/weight"].T
        scale = np.maximum(np.abs(matrix).max(axis=0), np.float32(1e-8)) / np.float32(_WEIGHT_STEPS)
        return g.add(
            "DynamicQuantizeMatMul",
            x,
            g.constant(np.ascontiguousarray(np.rint(matrix / scale).astype(np.int8))),
            g.constant(scale),
            g.constant(np.zeros(len(scale), dtype=np.int8)),
            g.constant(self._weights[f"encoder/{name}/bias"]),
            domain=CONTRIB,
        )

    def _linear_in_blocks(self, x: str, name: str) -> str:
        """In int8 with a scale for every 128 numbers of weights and input: what comes out of GELU
        has a few numbers so large that one scale for all leaves the others no precision."""
        g = self._graph
        weight = self._weights[f"encoder/{name}/weight"]
        n_out, n_in = weight.shape
        blocks = weight.reshape(n_out, n_in // _BLOCK, _BLOCK)
        scale = np.maximum(np.abs(blocks).max(axis=2), np.float32(1e-8)) / np.float32(127)
        steps = (np.rint(blocks / scale[..., None]) + 128).astype(np.uint8)
        product = g.add(
            "MatMulNBits",
            x,
            g.constant(steps),
            g.constant(scale.reshape(-1)),
            domain=CONTRIB,
            K=n_in,
            N=n_out,
            bits=8,
            block_size=_BLOCK,
            accuracy_level=4,  # the input in int8, too
        )
        return g.add("Add", product, g.constant(self._weights[f"encoder/{name}/bias"]))
