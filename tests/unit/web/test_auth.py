"""Passwords, how often they may be tried, and logins; all told the time."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from voicebot.web.auth import (
    IDLE_S,
    MAX_AGE_S,
    MAX_LOGINS,
    KnownCredentials,
    Logins,
    LoginThrottle,
    PasswordCheck,
)


@pytest.fixture(scope="module")
def check() -> PasswordCheck:
    return PasswordCheck("admin", PasswordHasher(time_cost=1, memory_cost=64).hash("żółw"))


@pytest.mark.parametrize(
    ("username", "password", "is_right"),
    [
        ("admin", "żółw", True),
        ("admin", "żółwie", False),
        ("Admin", "żółw", False),
        ("admin\udcff", "żółw", False),
        ("", "", False),
    ],
)
def test_only_the_right_name_with_the_right_password(
    check: PasswordCheck, username: str, password: str, is_right: bool
) -> None:
    assert check.is_right(username, password) is is_right


def test_without_a_hash_nothing_is_right() -> None:
    assert not PasswordCheck("admin", "").is_right("admin", "nobody's password")
    assert not PasswordCheck("admin", "no argon2 hash").is_right("admin", "")


def test_five_failures_then_one_more_each_half_minute() -> None:
    throttle = LoginThrottle()
    for _ in range(5):
        assert throttle.wait_s("10.0.0.1", now=100) == 0
        throttle.failed("10.0.0.1", now=100)
    assert throttle.wait_s("10.0.0.1", now=100) == 30
    assert throttle.wait_s("10.0.0.2", now=100) == 0
    assert throttle.wait_s("10.0.0.1", now=130) == 0
    throttle.failed("10.0.0.1", now=130)
    assert throttle.wait_s("10.0.0.1", now=130) == 30
    throttle.succeeded("10.0.0.1")
    assert throttle.wait_s("10.0.0.1", now=130) == 0


def test_an_ipv6_host_can_not_change_its_address_to_try_again() -> None:
    throttle = LoginThrottle(burst=1)
    throttle.failed("2001:db8::1", now=0)
    assert throttle.wait_s("2001:db8::dead:beef", now=0) > 0
    assert throttle.wait_s("2001:db8:0:1::1", now=0) == 0


def test_the_throttle_remembers_a_bounded_number_of_addresses() -> None:
    throttle = LoginThrottle(burst=1)
    for number in range(LoginThrottle.MAX_ADDRESSES + 1):
        throttle.failed(f"host{number}", now=0)
    assert throttle.wait_s("host0", now=0) == 0
    assert throttle.wait_s("host1", now=0) > 0


def test_a_login_lasts_while_it_is_used_but_not_for_ever() -> None:
    logins = Logins()
    cookie = logins.begin("admin", now=0)
    used_at = 0.0
    while used_at + IDLE_S - 1 < MAX_AGE_S:
        used_at += IDLE_S - 1
        assert logins.username(cookie, used_at) == "admin"
    assert logins.username(cookie, MAX_AGE_S + 1) is None
    idle = logins.begin("admin", now=0)
    assert logins.username(idle, IDLE_S + 1) is None


def test_forged_and_foreign_cookies_are_nobodys() -> None:
    logins = Logins()
    cookie = logins.begin("admin", now=0)
    login_id, _, signature = cookie.partition(".")
    other = Logins().begin("admin", now=0)
    for wrong in (None, "", ".", login_id, f"{login_id}.x", f"x.{signature}", other, "\udcff.é"):
        assert logins.username(wrong, now=1) is None
    logins.end(other)
    assert logins.username(cookie, now=1) == "admin"
    logins.end(cookie)
    assert logins.username(cookie, now=1) is None


def test_logins_are_bounded() -> None:
    logins = Logins()
    first = logins.begin("admin", now=0)
    for _ in range(MAX_LOGINS):
        last = logins.begin("admin", now=0)
    assert logins.username(first, now=0) is None
    assert logins.username(last, now=0) == "admin"


def test_known_credentials_are_exactly_those_that_were_right() -> None:
    known = KnownCredentials()
    assert not known.is_known("")
    known.remember("admin\0żółw")
    assert known.is_known("admin\0żółw")
    assert not known.is_known("admin\0żółwie")
