"""A CTranslate2 file with random weights, of Whisper base's widths but one layer deep."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voicebot.speech.emotion.ctranslate2_file import Floats
from voicebot.speech.emotion.encoder_recipe import WIDTH

TYPES = {"float32": 0, "int8": 1, "int16": 2, "float16": 4}


def write_ctranslate2(path: Path, variables: dict[str, npt.NDArray[np.generic]]) -> None:
    def text(value: str) -> bytes:
        return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"

    parts = [struct.pack("<I", 6), text("WhisperSpec"), struct.pack("<I", 3)]
    parts.append(struct.pack("<I", len(variables)))
    for name, value in variables.items():
        parts += [text(name), struct.pack("<B", value.ndim)]
        parts += [struct.pack("<I", size) for size in value.shape]
        parts += [struct.pack("<BI", TYPES[value.dtype.name], value.nbytes), value.tobytes()]
    parts.append(struct.pack("<I", 0))
    path.write_bytes(b"".join(parts))


def random_whisper(seed: int = 3) -> dict[str, Floats]:
    """One layer whose outputs stay of a size that int8 can hold."""
    rng = np.random.default_rng(seed)

    def matrix(*shape: int) -> Floats:
        n_inputs = int(np.prod(shape[1:]))
        return (rng.standard_normal(shape) / np.sqrt(n_inputs)).astype(np.float32)

    def vector(size: int) -> Floats:
        return (0.1 * rng.standard_normal(size)).astype(np.float32)

    weights = {
        "conv1/weight": matrix(WIDTH, 80, 3),
        "conv1/bias": vector(WIDTH),
        "conv2/weight": matrix(WIDTH, WIDTH, 3),
        "conv2/bias": vector(WIDTH),
        "position_encodings/encodings": 0.1 * matrix(1500, WIDTH),
    }
    for block, wide in (("self_attention", 3 * WIDTH), ("ffn", 4 * WIDTH)):
        name = f"layer_0/{block}"
        out_inputs = WIDTH if block == "self_attention" else wide
        weights |= {
            f"{name}/layer_norm/gamma": 1 + vector(WIDTH),
            f"{name}/layer_norm/beta": vector(WIDTH),
            f"{name}/linear_0/weight": matrix(wide, WIDTH),
            f"{name}/linear_0/bias": vector(wide),
            f"{name}/linear_1/weight": matrix(WIDTH, out_inputs),
            f"{name}/linear_1/bias": vector(WIDTH),
        }
    return {f"encoder/{name}": value for name, value in weights.items()}
