"""A table of voicebot.toml."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A table of voicebot.toml: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")
