"""Writes an ONNX file by itself, so that building a model needs neither `onnx` nor torch.

Only what our one graph needs of onnx.proto (IR version 9): the field numbers below are those of
that file. The same nodes and weights always give the same bytes, so a digest can be pinned.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

IR_VERSION = 9
OPSET = 20
CONTRIB = "com.microsoft"
"""onnxruntime's own operators."""

_ELEMENT_TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7}
_FLOAT, _INT, _INTS = 1, 2, 7

Attribute = int | float | Sequence[int]


class Graph:
    """Nodes and weights in the order in which they are added."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[bytes] = []
        self._weights: list[bytes] = []
        self._n_values = 0

    def constant(self, value: npt.NDArray[np.generic]) -> str:
        """Keep an array in the file; return its name."""
        name = self._new_name("w")
        little = value.astype(value.dtype.newbyteorder("<"))
        self._weights.append(
            b"".join(_integer(1, size) for size in value.shape)
            + _integer(2, _ELEMENT_TYPES[value.dtype.name])
            + _text(8, name)
            + _bytes(9, little.tobytes())
        )
        return name

    def ints(self, *values: int) -> str:
        return self.constant(np.array(values, dtype=np.int64))

    def floats(self, *values: float) -> str:
        return self.constant(np.array(values, dtype=np.float32))

    def add(
        self,
        operator: str,
        *inputs: str,
        output: str = "",
        domain: str = "",
        **attributes: Attribute,
    ) -> str:
        """Add one node with one output; return the name of that. Empty input: left out."""
        return self.add_many(operator, *inputs, outputs=(output,), domain=domain, **attributes)[0]

    def add_many(
        self,
        operator: str,
        *inputs: str,
        outputs: Sequence[str],
        domain: str = "",
        **attributes: Attribute,
    ) -> list[str]:
        """Like `add`, with several outputs; an empty name is replaced by a new one."""
        names = [name or self._new_name("v") for name in outputs]
        self._nodes.append(
            b"".join(_text(1, name) for name in inputs)
            + b"".join(_text(2, name) for name in names)
            + _text(4, operator)
            + b"".join(_bytes(5, _attribute(key, attributes[key])) for key in sorted(attributes))
            + (_text(7, domain) if domain else b"")
        )
        return names

    def serialize(
        self,
        inputs: dict[str, Sequence[int | str]],
        outputs: dict[str, Sequence[int | str]],
        metadata: dict[str, str],
    ) -> bytes:
        """The whole file. inputs, outputs: float32 tensors and their shapes; a name in a shape
        stands for a size that is not fixed."""
        graph = (
            b"".join(_bytes(1, node) for node in self._nodes)
            + _text(2, self._name)
            + b"".join(_bytes(5, weight) for weight in self._weights)
            + b"".join(_bytes(11, _value(name, inputs[name])) for name in inputs)
            + b"".join(_bytes(12, _value(name, outputs[name])) for name in outputs)
        )
        return (
            _integer(1, IR_VERSION)
            + _text(2, "voicebot")
            + _bytes(7, graph)
            + _bytes(8, _text(1, "") + _integer(2, OPSET))
            + _bytes(8, _text(1, CONTRIB) + _integer(2, 1))
            + b"".join(_bytes(14, _text(1, k) + _text(2, v)) for k, v in metadata.items())
        )

    def _new_name(self, kind: str) -> str:
        self._n_values += 1
        return f"{kind}{self._n_values}"


def _attribute(name: str, value: Attribute) -> bytes:
    head = _text(1, name)
    if isinstance(value, float):
        return head + _tag(2, 5) + struct.pack("<f", value) + _integer(20, _FLOAT)
    if isinstance(value, int):
        return head + _integer(3, value) + _integer(20, _INT)
    return head + b"".join(_integer(8, item) for item in value) + _integer(20, _INTS)


def _value(name: str, shape: Sequence[int | str]) -> bytes:
    sizes = b"".join(
        _bytes(1, _text(2, size) if isinstance(size, str) else _integer(1, size)) for size in shape
    )
    tensor = _integer(1, _ELEMENT_TYPES["float32"]) + _bytes(2, sizes)
    return _text(1, name) + _bytes(2, _bytes(1, tensor))


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1  # a negative int64 takes ten bytes, as protobuf wants
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _tag(field: int, wire_type: int) -> bytes:
    return _varint(field << 3 | wire_type)


def _integer(field: int, value: int) -> bytes:
    return _tag(field, 0) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _tag(field, 2) + _varint(len(value)) + value


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())
