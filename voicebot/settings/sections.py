"""The tables of voicebot.toml that do not concern the network of calls."""

from __future__ import annotations

import re
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from voicebot.settings.section import Section


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

    silence_complete_ms: int = Field(
        180, ge=100, description="After an answer that is whole, as far as its words tell."
    )
    silence_understood_ms: int = Field(
        340, ge=100, description="After words that are understood, though more may come."
    )
    silence_unclear_ms: int = Field(
        640, ge=100, description="After words that answer nothing yet, or are not known."
    )
    silence_unfinished_ms: int = Field(
        1500, ge=300, description="After words that ask for more: a date half said, „ale”, „yyy”."
    )
    recognise_after_ms: int = Field(
        60, ge=40, description="Silence after which recognition starts, before the turn's end."
    )
    recognise_busy_after_ms: int = Field(
        240, ge=40, description="The same while the call's worker has other calls to listen to."
    )
    barge_in_ms: int = Field(
        120, ge=60, description="Speech over the bot that stops it; half of it must be voiced."
    )
    max_turn_s: float = Field(25.0, gt=1, description="A longer turn is cut and answered.")
    max_call_minutes: float = Field(
        20.0, gt=0, description="A longer call is politely ended; a human will call back."
    )


class DialogueSettings(Section):
    """Which conversation is held."""

    script: str = Field(
        "infolinia",
        description="Of calls that ask for no other: a name in `scripts_directory` or "
        "`call_scripts/`, or a path.",
    )
    scripts_directory: str = Field(
        "", description="Folder with scripts of your own; they win over shipped ones of that name."
    )
    prepare_all_scripts: bool = Field(
        True,
        description="After start, read the other scripts and have their prompts spoken in the "
        "background; else when a call first asks for one.",
    )
    numbers: dict[str, str] = Field(
        {}, description="Called numbers or users and the names of their scripts."
    )
    company: str = Field("Windykacja Przykładowa", description="Who the bot speaks for.")
    company_neutral: str = Field(
        "",
        description="What calls out and messages name before identity is proven, where `company` "
        "tells what it does; empty: `company`.",
    )
    hotline: str = Field(
        "", description="Number that messages ask to call, such as `+48221234567`; empty: none."
    )
    timezone: str = Field("Europe/Warsaw", description="Dates and times are meant in this zone.")

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("no such time zone; write it as Europe/Warsaw") from None
        return name


class EmotionSettings(Section):
    """Reading the caller's mood from his voice; off, and what the law asks is in
    docs/explanation/emotion.md. Needs a script that tells the caller of it.
    """

    enabled: bool = Field(
        False, description="Read it, in calls whose caller has heard the notice and not refused."
    )
    model: Literal["auto", "whisper", "prosody"] = Field(
        "auto",
        description="whisper: six emotions; the head that comes along is for `use = demo` only. "
        "prosody: only how aroused he is. auto: the best that is installed and allowed for `use`.",
    )
    head: str = Field(
        "", description="A head from `voicebot emotion train`; empty: the one that comes along."
    )


class RecordingSettings(Section):
    """Two-channel recordings (caller left, bot right)."""

    enabled: bool = Field(True, description="Keep recordings of calls.")
    directory: str = Field("", description="Where; empty: `recordings` in the data directory.")


class StorageSettings(Section):
    """The system of record."""

    url: str = Field("", description="SQLAlchemy URL; empty: SQLite in the data directory.")


class TelemetrySettings(Section):
    """OpenTelemetry traces of calls; needs the extra `otel`."""

    otlp_endpoint: str = Field(
        "", description="Collector for OTLP over HTTP, `http://127.0.0.1:4318`; empty: no traces."
    )

    @field_validator("otlp_endpoint")
    @classmethod
    def _is_http(cls, url: str) -> str:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return url


class ChatSettings(Section):
    """The same conversation in writing: the page /chat and `POST /api/v1/chat`."""

    enabled: bool = Field(True, description="Answer in writing.")
    public: bool = Field(
        False, description="Nobody needs to log in for it; else whoever may use the console."
    )
    scripts: tuple[str, ...] = Field(
        (), description="What may be chosen where it is public; empty: `dialogue.script` only."
    )
    embed_origins: tuple[str, ...] = Field(
        (), description="Sites that may show /chat?embed=1 in a frame: `https://www.example.pl`."
    )
    idle_minutes: float = Field(
        15.0, gt=0, le=25, description="A conversation without a word for so long is over."
    )
    max_sessions: int = Field(50, ge=1, le=10_000, description="Conversations at a time.")
    messages_per_minute: int = Field(30, ge=1, le=6000, description="From one address.")

    @field_validator("embed_origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            # They are put into a header: nothing that would end a directive there.
            if not re.fullmatch(r"https?://[A-Za-z0-9.\-]+(:\d{1,5})?", origin):
                raise ValueError(f"{origin} is no origin; write it as https://www.example.pl")
        return origins


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
