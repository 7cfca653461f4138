"""Reads the weights in a CTranslate2 `model.bin`, so that one download serves two engines.

The layout is that of CTranslate2's `ModelSpec._serialize` (specs/model_spec.py of its package):
binary version, name and revision of the specification, then each variable as name, shape, type
and bytes, then aliases. Little endian.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voicebot.errors import ModelError

_KNOWN_VERSIONS = (5, 6)
_TYPES: dict[int, np.dtype[Any]] = {
    0: np.dtype("<f4"),
    1: np.dtype("i1"),
    2: np.dtype("<i2"),
    3: np.dtype("<i4"),
    4: np.dtype("<f2"),
}
_INT8 = 1

Floats = npt.NDArray[np.float32]


def read_weights(path: Path, prefix: str) -> dict[str, Floats]:
    """Every variable whose name begins with `prefix`, as float32, by name. Blocking.

    int8 weights are multiplied out with their scales. Raises ModelError.
    """
    try:
        found = _Reader(np.memmap(path, dtype=np.uint8, mode="r")).variables(prefix)
    except (OSError, ValueError, KeyError, struct.error, UnicodeDecodeError) as error:
        raise ModelError(f"{path} is no CTranslate2 model that we can read: {error}") from None
    return {
        name: _as_float(name, found)
        for name, value in found.items()
        if value.ndim and not name.endswith("_scale")
    }


def _as_float(name: str, found: dict[str, npt.NDArray[np.generic]]) -> Floats:
    value = found[name]
    floats = value.astype(np.float32)
    if value.dtype == _TYPES[_INT8]:
        # One scale a row: quantised = round(weight * scale).
        scale = found[f"{name}_scale"].astype(np.float32)
        return floats / scale.reshape(-1, *[1] * (floats.ndim - 1))
    return floats


class _Reader:
    """Walks over the file once. `data`: its bytes, mapped rather than read."""

    def __init__(self, data: npt.NDArray[np.uint8]) -> None:
        self._data = data
        self._at = 0

    def variables(self, prefix: str) -> dict[str, npt.NDArray[np.generic]]:
        version = self._number("<I")
        if version not in _KNOWN_VERSIONS:
            raise ValueError(f"binary version {version} is unknown")
        self._string()
        self._number("<I")
        found = {}
        for _ in range(self._number("<I")):
            name = self._string()
            shape = [self._number("<I") for _ in range(self._number("<B"))]
            dtype = _TYPES[self._number("<B")]
            n_bytes = self._number("<I")
            data = self._take(n_bytes)
            if name.startswith(prefix):
                found[name] = np.frombuffer(data.tobytes(), dtype).reshape(shape)
        return found

    def _take(self, n_bytes: int) -> npt.NDArray[np.uint8]:
        end = self._at + n_bytes
        if end > len(self._data):
            raise ValueError("it ends too early")
        data = self._data[self._at : end]
        self._at = end
        return data

    def _number(self, kind: str) -> int:
        (value,) = struct.unpack(kind, self._take(struct.calcsize(kind)).tobytes())
        return int(value)

    def _string(self) -> str:
        return self._take(self._number("<H")).tobytes()[:-1].decode()
