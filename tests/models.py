"""Models that tests load: found where the product finds them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from voicebot.settings import Settings
from voicebot.speech.model_catalogue import load_catalogue
from voicebot.speech.model_store import ModelStore

_CHECKOUT = Path(__file__).resolve().parents[1]


def model_store() -> ModelStore:
    """The store of VOICEBOT_MODELS_DIRECTORY, else of the checkout's models folder."""
    directory = os.environ.get("VOICEBOT_MODELS_DIRECTORY") or Settings().models_directory
    return ModelStore(_CHECKOUT / directory, load_catalogue())


def need_model(model_id: str) -> Path:
    """Folder of an installed model. Skips on a user's machine where it is missing; in CI, which
    fetches the default models first, a default model that is missing fails the test."""
    store = model_store()
    if store.is_installed(model_id):
        return store.path(model_id)
    reason = f"{model_id} is not installed (voicebot models pull {model_id})"
    if os.environ.get("CI") and store.catalogue.get(model_id).is_default:
        pytest.fail(reason)
    pytest.skip(reason)
