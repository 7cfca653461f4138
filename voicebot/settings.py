"""One settings object, read once: voicebot.toml, then VOICEBOT_* from the environment.

`VOICEBOT_SIP__PORT=5080` sets `port` of section `[sip]`. A bad setting is refused with the
file (or variable), the key and the reason. `docs/reference/settings.md` is written from here.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from voicebot.errors import SettingsError

ENVIRONMENT_PREFIX = "VOICEBOT_"
DEFAULT_FILE = "voicebot.toml"

_LISTS = {("sip", "codecs")}
"""Settings that a variable gives with commas between the values."""

_HOST = re.compile(r"[A-Za-z0-9._:-]+")

Keys = tuple[str, ...]
"""A setting's place: its section's name and its own, or its own alone."""


class Section(BaseModel):
    """A table of voicebot.toml: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SipSettings(Section):
    """How callers reach us over SIP."""

    host: str = Field("127.0.0.1", description="Address to listen on; an IPv6 one or :: works too.")
    port: int = Field(5060, ge=0, le=65535, description="UDP and TCP port; 0 takes a free one.")
    public_host: str = Field(
        "", description="Address told to the other side when it differs from `host` (NAT)."
    )
    rtp_port_min: int = Field(10000, ge=1024, le=65534, description="First RTP port.")
    rtp_port_max: int = Field(19999, ge=1025, le=65535, description="Last RTP port.")
    user: str = Field("infolinia", description="User part of our own SIP address.")
    codecs: tuple[Literal["PCMA", "PCMU"], ...] = Field(
        ("PCMA", "PCMU"), min_length=1, description="Codecs offered, the preferred one first."
    )
    no_media_timeout_s: float = Field(
        30.0, ge=1, description="A call that receives no RTP for this long is ended."
    )
    max_calls: int = Field(100, ge=1, description="Above this many calls a new one gets 503.")

    @field_validator("host")
    @classmethod
    def _is_an_address(cls, host: str) -> str:
        # RTP is bound for each call: a name would have to be looked up while others talk.
        try:
            ipaddress.ip_address(host)
        except ValueError:
            raise ValueError("must be an IP address, such as 0.0.0.0, not a name") from None
        return host

    @field_validator("public_host")
    @classmethod
    def _is_a_host(cls, host: str) -> str:
        if host and not _HOST.fullmatch(host):
            raise ValueError("must be an address or a host name, without sip: and without a port")
        return host


class SpeechSettings(Section):
    """Recognition and synthesis."""

    workers: int = Field(2, ge=1, le=64, description="Speech worker processes.")
    recognizer: Literal["auto", "whisper", "vosk"] = Field(
        "auto", description="auto: the best that is installed and allowed for `use`."
    )
    synthesizer: Literal["auto", "piper", "rhvoice", "espeak-ng"] = Field(
        "auto", description="auto: the best that is installed and allowed for `use`."
    )
    vad: Literal["webrtc", "silero"] = Field("webrtc", description="Voice activity detector.")
    transcribe_timeout_s: float = Field(
        8.0, gt=0, description="A transcript that takes longer counts as not understood."
    )


class TurnSettings(Section):
    """When the caller is taken to have finished, in milliseconds of silence."""

    silence_yes_no_ms: int = Field(500, ge=100, description="After a yes/no question.")
    silence_open_ms: int = Field(700, ge=100, description="After an open question.")
    silence_digits_ms: int = Field(1200, ge=100, description="While numbers are dictated.")
    recognise_after_ms: int = Field(
        240, ge=40, description="Silence after which recognition starts, before the turn's end."
    )
    barge_in_ms: int = Field(300, ge=60, description="Speech over the bot that stops it.")
    max_turn_s: float = Field(25.0, gt=1, description="A longer turn is cut and answered.")
    max_call_minutes: float = Field(
        20.0, gt=0, description="A longer call is politely ended; a human will call back."
    )


class DialogueSettings(Section):
    """Which conversation is held."""

    script: str = Field("infolinia", description="Name in `call_scripts/`, or a path to a script.")
    company: str = Field("Windykacja Przykładowa", description="Who the bot speaks for.")
    timezone: str = Field("Europe/Warsaw", description="Dates and times are meant in this zone.")

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("no such time zone; write it as Europe/Warsaw") from None
        return name


class RecordingSettings(Section):
    """Two-channel recordings (caller left, bot right)."""

    enabled: bool = Field(True, description="Keep recordings of calls.")
    directory: str = Field("", description="Where; empty: `recordings` in the data directory.")


class StorageSettings(Section):
    """The system of record."""

    url: str = Field("", description="SQLAlchemy URL; empty: SQLite in the data directory.")


class WebSettings(Section):
    """Console, API and the web phone."""

    host: str = Field("127.0.0.1", description="Other than loopback needs `password_hash`.")
    port: int = Field(8080, ge=0, le=65535, description="HTTP port; 0 takes a free one.")
    username: str = Field("admin", description="Login name.")
    password_hash: str = Field("", description="argon2 hash, from `voicebot hash-password`.")

    @field_validator("password_hash")
    @classmethod
    def _is_a_hash(cls, text: str) -> str:
        if text and not text.startswith("$argon2"):
            raise ValueError(
                "must be an argon2 hash, not the password; make one with: voicebot hash-password"
            )
        return text


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
    speech: SpeechSettings = SpeechSettings()
    turns: TurnSettings = TurnSettings()
    dialogue: DialogueSettings = DialogueSettings()
    recording: RecordingSettings = RecordingSettings()
    storage: StorageSettings = StorageSettings()
    web: WebSettings = WebSettings()

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
        table[keys[-1]] = [part.strip() for part in text.split(",")] if keys in _LISTS else text
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
    if settings.turns.recognise_after_ms >= settings.turns.silence_yes_no_ms:
        origin = origins.of(("turns", "recognise_after_ms"), ("turns", "silence_yes_no_ms"))
        raise SettingsError(
            f"{origin}: turns.recognise_after_ms: must be below turns.silence_yes_no_ms"
        )
