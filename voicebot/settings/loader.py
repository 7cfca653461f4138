"""One settings object, read once: voicebot.toml, then VOICEBOT_* from the environment.

`VOICEBOT_SIP__PORT=5080` sets `port` of section `[sip]`. A bad setting is refused with the
file (or variable), the key and the reason. `docs/reference/settings.md` is written from here.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from voicebot.errors import SettingsError
from voicebot.settings.gateway import (
    DialSettings,
    MediaStreamSettings,
    SipSettings,
    TrunkSettings,
)
from voicebot.settings.language_model import LanguageModelSettings
from voicebot.settings.section import Section
from voicebot.settings.sections import (
    ChatSettings,
    DialogueSettings,
    EmotionSettings,
    RecordingSettings,
    SpeechSettings,
    StorageSettings,
    TelemetrySettings,
    TurnSettings,
    WebSettings,
)

ENVIRONMENT_PREFIX = "VOICEBOT_"
DEFAULT_FILE = "voicebot.toml"

_LISTS = {"codecs", "sources", "allowed_prefixes", "blocked_prefixes", "audiosocket_sources"}
"""Keys that a variable gives with commas between the values."""

Keys = tuple[str, ...]
"""A setting's place: its section's name and its own, or its own alone."""


class Settings(Section):
    """Everything that can be set. Sections are tables of voicebot.toml."""

    use: Literal["commercial", "demo"] = Field(
        "commercial", description="demo may take voices whose licence forbids commercial use."
    )
    data_directory: str = Field("data", description="Database, recordings, prompt cache.")
    models_directory: str = Field("models", description="Downloaded model files.")
    models_mirror: str = Field(
        "", description="Folder or URL with one folder a model, asked before every other source."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Log level."
    )
    sip: SipSettings = SipSettings()
    trunks: dict[str, TrunkSettings] = Field(
        {}, description="Carriers and PBXs by name: `[trunks.NAME]`."
    )
    dial: DialSettings = DialSettings()
    media_streams: MediaStreamSettings = MediaStreamSettings()
    speech: SpeechSettings = SpeechSettings()
    turns: TurnSettings = TurnSettings()
    dialogue: DialogueSettings = DialogueSettings()
    emotion: EmotionSettings = EmotionSettings()
    recording: RecordingSettings = RecordingSettings()
    storage: StorageSettings = StorageSettings()
    web: WebSettings = WebSettings()
    chat: ChatSettings = ChatSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    language_model: LanguageModelSettings = LanguageModelSettings()

    @property
    def data_path(self) -> Path:
        return Path(self.data_directory)

    @property
    def recordings_path(self) -> Path:
        return (
            Path(self.recording.directory)
            if self.recording.directory
            else self.data_path / "recordings"
        )

    @property
    def database_url(self) -> str:
        return self.storage.url or f"sqlite+aiosqlite:///{self.data_path / 'voicebot.sqlite3'}"


def load_settings(path: Path | None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read the file, then lay the environment over it.

    path: None takes ./voicebot.toml where there is one. Raises SettingsError.
    """
    environment = os.environ if environment is None else environment
    if path is None and Path(DEFAULT_FILE).is_file():
        path = Path(DEFAULT_FILE)
    origins = _Origins(str(path or DEFAULT_FILE))
    values = _read_toml(path) if path is not None else {}
    try:
        # As JSON and strict: TOML has types of its own, so "5060" or true is no port there.
        Settings.model_validate_json(json.dumps(values, default=str), strict=True)
        _lay_environment_over(values, environment, origins)
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(_explain(error, origins)) from None
    _check_together(settings, origins)
    return settings


class _Origins:
    """Where each setting came from, for error messages."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._variables: dict[Keys, str] = {}

    def add_variable(self, keys: Keys, name: str) -> None:
        self._variables[keys] = name

    def of(self, *settings: Keys) -> str:
        """The variable that set one of `settings` (or a part of it), else the file."""
        for wanted in settings:
            for keys, name in self._variables.items():
                shorter = min(len(keys), len(wanted))
                if keys[:shorter] == wanted[:shorter]:
                    return name
        return self._file


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"{path}: no such file") from None
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: the text is not in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: no TOML: {error}") from None


def _lay_environment_over(
    values: dict[str, Any], environment: Mapping[str, str], origins: _Origins
) -> None:
    """Change `values` in place."""
    for name, text in sorted(environment.items()):
        if not name.startswith(ENVIRONMENT_PREFIX):
            continue
        keys = tuple(name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__"))
        table = values
        for key in keys[:-1]:
            child = table.setdefault(key, {})
            if not isinstance(child, dict):
                raise SettingsError(f"{name}: {key} is no section")
            table = child
        table[keys[-1]] = [part.strip() for part in text.split(",")] if keys[-1] in _LISTS else text
        origins.add_variable(keys, name)


def _explain(error: ValidationError, origins: _Origins) -> str:
    """One line for each problem. Values are not repeated: one may be a password."""
    lines = []
    problems = error.errors()
    lists_with_bad_items = {problem["loc"][:-1] for problem in problems}
    for problem in problems:
        if problem["loc"] in lists_with_bad_items:
            continue  # pydantic finds a list too short when every item of it is refused
        keys = tuple(str(part) for part in problem["loc"])
        reason = _reason(problem["type"], problem["msg"])
        lines.append(f"{origins.of(keys)}: {'.'.join(keys)}: {reason}")
    return "\n".join(lines)


def _reason(kind: str, message: str) -> str:
    """What pydantic says, in the words of somebody who writes a settings file."""
    match kind:
        case "extra_forbidden":
            return "no such setting"
        case "model_type" | "model_attributes_type" | "dict_type":
            return "is a section, not a value"
        case "tuple_type":
            return 'must be a list, such as ["PCMA"]'
        case "too_short":
            return "must not be empty"
    message = message.removeprefix("Value error, ").replace("Input should", "must")
    return message[:1].lower() + message[1:]


def _check_together(settings: Settings, origins: _Origins) -> None:
    """Rules over more than one key."""
    if settings.sip.rtp_port_min >= settings.sip.rtp_port_max:
        origin = origins.of(("sip", "rtp_port_max"), ("sip", "rtp_port_min"))
        raise SettingsError(f"{origin}: sip.rtp_port_max: must be above sip.rtp_port_min")
    if (
        settings.web.host not in {"127.0.0.1", "::1", "localhost"}
        and not settings.web.password_hash
    ):
        raise SettingsError(
            f"{origins.of(('web', 'host'))}: web.host: {settings.web.host} is reachable from "
            "other machines, so web.password_hash must be set (make one with: "
            "voicebot hash-password)"
        )
    if settings.turns.recognise_after_ms >= settings.turns.silence_complete_ms:
        origin = origins.of(("turns", "recognise_after_ms"), ("turns", "silence_complete_ms"))
        raise SettingsError(
            f"{origin}: turns.recognise_after_ms: must be below turns.silence_complete_ms"
        )
