"""Amounts, instants and lengths as people read them."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from voicebot.records import CallRecord
from voicebot.web.texts import Language

NBSP = "\u00a0"


def amount(grosze: int, language: Language) -> str:
    """1 234,50 zł, or PLN 1,234.50."""
    sign, grosze = ("-" if grosze < 0 else ""), abs(grosze)
    zlote, rest = divmod(grosze, 100)
    if language == "pl":
        return f"{sign}{zlote:,}".replace(",", NBSP) + f",{rest:02}{NBSP}zł"
    return f"PLN{NBSP}{sign}{zlote:,}.{rest:02}"


def decimal(value: float, language: Language) -> str:
    """One decimal place."""
    text = f"{value:.1f}"
    return text.replace(".", ",") if language == "pl" else text


def day(value: date, language: Language) -> str:
    return value.strftime("%d.%m.%Y" if language == "pl" else "%Y-%m-%d")


def instant(value: datetime, zone: ZoneInfo, language: Language) -> str:
    local = value.astimezone(zone)
    return f"{day(local.date(), language)} {local:%H:%M:%S}"


def length(seconds: float) -> str:
    """1:05, or 1:02:05 for calls of an hour."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def call_length_s(record: CallRecord, now: datetime) -> float:
    """From the answer to the end, or to `now` for a call that goes on."""
    if record.answered_at is None:
        return 0.0
    return max(((record.ended_at or now) - record.answered_at).total_seconds(), 0.0)
