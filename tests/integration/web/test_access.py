"""Who gets in, and what other sites can make a browser do: nothing."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from argon2 import PasswordHasher

from tests.integration.web.console import Console, add_example_call, running_console

PASSWORD = "bardzo tajne hasło"
GUARDED = (
    *("/", "/calls/a1b2c3d4", "/agreements", "/disputes", "/cases", "/phone", "/api"),
    *("/ready", "/metrics"),
    *("/api/v1/calls", "/api/v1/calls/a1b2c3d4/recording", "/api/v1/live", "/api/v1/openapi.json"),
    *("/phone/ws", "/nothing"),
)


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[Console]:
    web = {"password_hash": PasswordHasher(time_cost=1, memory_cost=1024).hash(PASSWORD)}
    async with running_console(tmp_path, web=web) as running:
        yield running


@pytest.fixture
async def visitor(guarded: Console) -> AsyncIterator[aiohttp.ClientSession]:
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address without a name
    async with aiohttp.ClientSession(guarded.url, cookie_jar=jar) as session:
        yield session


async def log_in(
    session: aiohttp.ClientSession, username: str = "admin", password: str = PASSWORD, **more: str
) -> aiohttp.ClientResponse:
    form = {"username": username, "password": password, **more}
    return await session.post("/login", data=form, allow_redirects=False)


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


async def test_without_a_login_only_health_and_login_answer(
    visitor: aiohttp.ClientSession,
) -> None:
    for path in GUARDED:
        async with visitor.get(path, allow_redirects=False) as answer:
            assert answer.status in {303, 401}, path
            assert (await answer.read()).find(b"a1b2c3d4") == -1
            if answer.status == 303:
                assert answer.headers["Location"].startswith("/login?next=")
    for path in ("/health", "/login", "/static/console.css"):
        async with visitor.get(path) as answer:
            assert answer.status == 200, path
    async with visitor.post("/api/v1/live-calls/x/hang-up") as answer:
        assert answer.status == 401


async def test_login_gives_a_strict_cookie_that_logout_ends(
    guarded: Console, visitor: aiohttp.ClientSession
) -> None:
    answer = await log_in(visitor, next="/calls/a1b2c3d4")
    assert (answer.status, answer.headers["Location"]) == (303, "/calls/a1b2c3d4")
    cookie = answer.headers["Set-Cookie"]
    for attribute in ("HttpOnly", "SameSite=Strict", "Path=/"):
        assert attribute in cookie
    assert "Secure" not in cookie
    stolen = answer.cookies["voicebot_login"].value
    async with visitor.get("/metrics") as page:
        assert page.status == 200
    headers = {"Origin": guarded.url}
    async with visitor.post("/logout", headers=headers, allow_redirects=False) as page:
        assert page.status == 303
    async with (
        aiohttp.ClientSession(guarded.url, cookies={"voicebot_login": stolen}) as thief,
        thief.get("/metrics") as page,
    ):
        assert page.status == 401


async def test_behind_https_the_cookie_is_secure(visitor: aiohttp.ClientSession) -> None:
    headers = {"X-Forwarded-Proto": "https"}
    form = {"username": "admin", "password": PASSWORD}
    async with visitor.post("/login", data=form, headers=headers, allow_redirects=False) as answer:
        assert "Secure" in answer.headers["Set-Cookie"]


async def test_wrong_names_and_passwords_get_the_same_answer_and_are_slowed_down(
    visitor: aiohttp.ClientSession,
) -> None:
    for username, password in (("admin", "falsz"), ("nobody", PASSWORD), ("admin", "")):
        answer = await log_in(visitor, username, password)
        assert answer.status == 401
        assert "Nieprawidłowa nazwa" in await answer.text()
    await log_in(visitor, password="4")
    await log_in(visitor, password="5")
    answer = await log_in(visitor)
    assert answer.status == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 31


async def test_many_guesses_at_once_get_no_more_tries(visitor: aiohttp.ClientSession) -> None:
    answers = await asyncio.gather(*(log_in(visitor, password=str(n)) for n in range(20)))
    assert sum(answer.status == 401 for answer in answers) <= 5
    assert {answer.status for answer in answers} <= {401, 429}


async def test_programs_may_send_name_and_password(visitor: aiohttp.ClientSession) -> None:
    right = basic("admin", PASSWORD)
    wrong = basic("admin", "falsz")
    async with visitor.get("/metrics", headers={"Authorization": right}) as answer:
        assert answer.status == 200
    for header in (wrong, "Basic !!!", "Basic", "Bearer x"):
        async with visitor.get("/metrics", headers={"Authorization": header}) as answer:
            assert answer.status == 401
            assert "WWW-Authenticate" not in answer.headers


@pytest.mark.parametrize("next_path", ["//evil.example", "https://evil.example", "/\\evil", "x"])
async def test_login_leads_to_no_other_site(visitor: aiohttp.ClientSession, next_path: str) -> None:
    answer = await log_in(visitor, next=next_path)
    assert answer.headers["Location"] == "/"


async def test_other_sites_can_post_nothing(
    guarded: Console, visitor: aiohttp.ClientSession
) -> None:
    await log_in(visitor)
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {}):
        for path in ("/logout", "/api/v1/live-calls/x/hang-up"):
            async with visitor.post(path, headers=headers, allow_redirects=False) as answer:
                assert answer.status == 403
    async with visitor.get("/metrics") as answer:
        assert answer.status == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None, "http://127.0.0.1:1"])
async def test_other_sites_can_place_no_call(
    console: Console, client: aiohttp.ClientSession, origin: str | None
) -> None:
    headers = {} if origin is None else {"Origin": origin}
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await client.ws_connect("/phone/ws", headers=headers)
    assert caught.value.status == 403
    assert console.reception.calls == []


async def test_a_rebound_name_sees_nothing_on_loopback(
    console: Console, client: aiohttp.ClientSession
) -> None:
    await add_example_call(console)
    for host in ("evil.example", "evil.example:8080", "127.0.0.1.evil.example", ""):
        for path in ("/", "/api/v1/calls", "/phone"):
            async with client.get(path, headers={"Host": host}) as answer:
                assert answer.status == 421
    port = console.url.rsplit(":", 1)[1]
    async with client.get("/api/v1/calls", headers={"Host": f"localhost:{port}"}) as answer:
        assert answer.status == 200


async def test_every_answer_carries_the_security_headers(
    console: Console, client: aiohttp.ClientSession
) -> None:
    await add_example_call(console)
    recording = "/api/v1/calls/a1b2c3d4/recording"
    for path in ("/", "/phone", "/nothing", "/api/v1/nope", recording, "/static/phone.js"):
        async with client.get(path) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "same-origin"
            if path != "/static/phone.js":
                assert answer.headers["Cache-Control"] == "no-store"


async def test_static_serves_nothing_else(client: aiohttp.ClientSession) -> None:
    for path in ("/static/../server.py", "/static/%2e%2e/server.py", "/static/", "/static/x.css"):
        async with client.get(path) as answer:
            assert answer.status in {403, 404}
