from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.unit.speech.emotion.whisper_file import write_ctranslate2
from voicebot.errors import ModelError
from voicebot.speech.emotion.ctranslate2_file import read_weights


def test_weights_of_each_type_come_out_as_floats(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    halves = np.arange(6, dtype=np.float16).reshape(2, 3) / 4
    whole = np.array([1.5, -2.5], dtype=np.float32)
    write_ctranslate2(path, {"encoder/a": halves, "decoder/b": whole, "encoder/c": whole})
    found = read_weights(path, "encoder/")
    assert set(found) == {"encoder/a", "encoder/c"}
    assert found["encoder/a"].dtype == np.float32
    np.testing.assert_array_equal(found["encoder/a"], halves.astype(np.float32))
    np.testing.assert_array_equal(found["encoder/c"], whole)


def test_int8_rows_are_divided_by_their_scales(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    steps = np.array([[127, -64], [10, 127]], dtype=np.int8)
    scale = np.array([127.0, 254.0], dtype=np.float32)
    write_ctranslate2(path, {"encoder/a": steps, "encoder/a_scale": scale})
    found = read_weights(path, "encoder/")
    assert set(found) == {"encoder/a"}
    np.testing.assert_allclose(found["encoder/a"], [[1.0, -64 / 127], [10 / 254, 0.5]])


@pytest.mark.parametrize("n_bytes", [0, 3, 20, 60])
def test_a_file_that_ends_early_is_refused_by_name(tmp_path: Path, n_bytes: int) -> None:
    whole, part = tmp_path / "whole.bin", tmp_path / "part.bin"
    write_ctranslate2(whole, {"encoder/a": np.zeros((4, 4), np.float32)})
    part.write_bytes(whole.read_bytes()[:n_bytes])
    with pytest.raises(ModelError, match=r"part\.bin"):
        read_weights(part, "encoder/")


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(b"RIFF" * 50)
    with pytest.raises(ModelError, match="binary version"):
        read_weights(path, "encoder/")
