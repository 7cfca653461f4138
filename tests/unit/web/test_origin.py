"""Host and Origin as browsers send them, and as attackers would like them read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.web.origin import is_loopback_host, is_same_origin
from voicebot.web.page_routes import own_path


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8080", "localhost:1", "LOCALHOST", "[::1]", "[::1]:8080"]
)
def test_loopback(host: str) -> None:
    assert is_loopback_host(host)


@pytest.mark.parametrize(
    "host",
    [
        *("", "evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evil@x"),
        *("[::1", "::1", "0.0.0.0", "127.0.0.1@evil.example", "evil.example#localhost"),
    ],
)
def test_not_loopback(host: str) -> None:
    assert not is_loopback_host(host)


@pytest.mark.parametrize(
    ("origin", "host", "is_same"),
    [
        ("http://127.0.0.1:8080", "127.0.0.1:8080", True),
        ("https://bot.example", "bot.example", True),
        ("https://BOT.example", "bot.example", True),
        ("http://127.0.0.1:8081", "127.0.0.1:8080", False),
        ("http://localhost:8080", "127.0.0.1:8080", False),
        ("https://bot.example.evil", "bot.example", False),
        ("https://bot.example@evil", "bot.example", False),
        ("file://bot.example", "bot.example", False),
        ("null", "bot.example", False),
        ("", "", False),
        (None, "bot.example", False),
        ("http://[", "[", False),
    ],
)
def test_same_origin(origin: str | None, host: str, is_same: bool) -> None:
    assert is_same_origin(origin, host) is is_same


@given(st.text(), st.text())
def test_nothing_that_is_sent_raises(origin: str, host: str) -> None:
    is_loopback_host(host)
    is_same_origin(origin, host)


@given(st.text())
def test_a_login_leads_only_to_our_own_paths(path: str) -> None:
    chosen = own_path(path)
    assert chosen.startswith("/")
    assert not chosen.startswith("//")
    assert "\\" not in chosen
    assert chosen.isprintable()
