"""The table of voicebot.toml about the language model that may help to choose an intent."""

from __future__ import annotations

from pydantic import Field

from voicebot.settings.section import Section


class LanguageModelSettings(Section):
    """A helper for answers the classifier is not sure of; off unless `url` is set."""

    url: str = Field(
        "",
        description="OpenAI-compatible API, such as `http://127.0.0.1:11434/v1`; empty: none is "
        "asked. What a caller said in a doubtful answer is sent there.",
    )
    model: str = Field("", description="The model's name there.")
    api_key: str = Field(
        "", repr=False, description="Sent as a bearer token; best set by a variable."
    )
    timeout_ms: int = Field(
        700, ge=50, le=3000, description="Longest wait for its choice; then it is done without."
    )
