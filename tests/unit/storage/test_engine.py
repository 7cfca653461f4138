from __future__ import annotations

import pytest

from voicebot.errors import StorageError
from voicebot.storage.engine import database_url, is_sqlite, sqlite_path


@pytest.mark.parametrize(
    ("text", "driver"),
    [
        ("sqlite:///data/v.sqlite3", "sqlite+aiosqlite"),
        ("sqlite+aiosqlite:////var/v.sqlite3", "sqlite+aiosqlite"),
        ("postgresql://u:p@db/voicebot", "postgresql+asyncpg"),
        ("postgres://u:p@db/voicebot", "postgresql+asyncpg"),
        ("postgresql+asyncpg://u:p@db/voicebot", "postgresql+asyncpg"),
    ],
)
def test_urls_get_our_driver(text: str, driver: str):
    url = database_url(text)
    assert url.drivername == driver
    assert is_sqlite(url) == driver.startswith("sqlite")


def test_path_of_a_sqlite_url():
    assert str(sqlite_path(database_url("sqlite:////var/lib/v.sqlite3"))) == "/var/lib/v.sqlite3"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no SQLAlchemy URL"),
        ("data/v.sqlite3", "no SQLAlchemy URL"),
        ("mysql://u:hunter2@db/voicebot", "mysql is not supported"),
        ("postgresql+psycopg://u:hunter2@db/voicebot", "not supported"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("://u:hunter2@db", "no SQLAlchemy URL"),
    ],
)
def test_unusable_urls_are_refused_without_their_password(text: str, reason: str):
    with pytest.raises(StorageError, match=reason) as caught:
        database_url(text)
    assert "hunter2" not in str(caught.value)
