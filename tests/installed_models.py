"""Models that tests use where they are installed: `models` in the checkout, or where
VOICEBOT_MODELS_DIRECTORY says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_CHECKOUT = Path(__file__).resolve().parents[1]


def models_directory() -> Path:
    return Path(os.environ.get("VOICEBOT_MODELS_DIRECTORY", _CHECKOUT / "models"))


def installed_model(model_id: str) -> Path:
    """The model's folder; skips the test where it is absent."""
    path = models_directory() / model_id
    if not path.is_dir():
        pytest.skip(f"{path} is absent; fetch it with: voicebot models pull {model_id}")
    return path
