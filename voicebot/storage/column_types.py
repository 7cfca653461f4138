"""Column types that behave alike on SQLite and PostgreSQL, and take what callers send."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from datetime import UTC, date, datetime
from enum import Enum
from numbers import Integral, Real
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import JSON

RowId = BigInteger().with_variant(Integer(), "sqlite")
"""Ids given by the database. SQLite numbers rows by itself only for INTEGER."""

Document = JSON().with_variant(JSONB(), "postgresql")

OptionalDocument = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""NULL where there is none, rather than a JSON null."""


_NOT_STORABLE = re.compile("[\0\ud800-\udfff]")


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. SQLite has no time zones, so UTC is stored there and put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a time zone can't be stored")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class SafeText(TypeDecorator[str]):
    """Text from outside: PostgreSQL refuses NUL and both refuse lone surrogates."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


def storable(text: str) -> str:
    """The text, with U+FFFD for what no database takes."""
    return _NOT_STORABLE.sub("\ufffd", text)


def to_json(value: object) -> str:
    """JSON with sorted keys. A slot or statistic of an odd kind must not lose a call's record:
    dates become ISO text, NaN and infinity null, anything unknown its `str`."""
    return json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, sort_keys=True)


def _plain(value: object) -> Any:
    match value:
        case None | bool():
            return value
        case Enum():
            return _plain(value.value)
        case str():
            return storable(value)
        case Integral():
            return int(value)
        case Real():
            number = float(value)
            return number if math.isfinite(number) else None
        case date():
            return value.isoformat()
        case dict():
            return {storable(str(key)): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case set() | frozenset():
            return sorted((_plain(item) for item in value), key=str)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain(dataclasses.asdict(value))
    return storable(str(value))
