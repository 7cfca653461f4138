"""docs/reference/settings.md says what voicebot/settings/ says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from voicebot.settings import Section, Settings

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "settings-reference"


def test_page_is_what_the_script_writes():
    run = subprocess.run(
        [sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


def test_every_setting_says_what_it_is_for():
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            assert kind.__doc__, name
            for key, inner in kind.model_fields.items():
                assert inner.description, f"{name}.{key}"
        else:
            assert field.description, name
