"""Programs that tests talk to: real SIP phones, a real browser."""

from __future__ import annotations

import os
import shutil

import pytest


def need(program: str) -> str:
    """Path of the program. Skips on a user's machine, fails in CI, where it must be there."""
    path = shutil.which(program)
    if path is not None:
        return path
    reason = f"{program} is not installed (make test installs it where it may use apt)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
