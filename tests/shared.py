"""The folder `../shared` beside the checkout: speech, torture messages, expected values."""

from __future__ import annotations

from pathlib import Path

import pytest

_SHARED = Path(__file__).resolve().parents[2] / "shared"


def shared_path(relative: str) -> Path:
    """The file or folder; skips the test where shared/ is absent."""
    path = _SHARED / relative
    if not path.exists():
        pytest.skip(f"{path} is absent (shared/ lies beside the checkout only on our machines)")
    return path
