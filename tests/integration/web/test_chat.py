"""POST /api/v1/chat over a real socket, with the shipped script and a real database."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from argon2 import PasswordHasher

from tests.integration.web.chat_console import (
    BIRTH_DATE,
    PROMISE,
    PROOFS,
    Writer,
    prompts,
    running_chat,
    today,
)
from tests.integration.web.console import Console
from voicebot.records import Disposition, Speaker

GENEROUS = {"messages_per_minute": 6000}


@pytest.fixture
async def chat(tmp_path: Path) -> AsyncIterator[Console]:
    async with running_chat(tmp_path, use="demo", chat=GENEROUS) as console:
        yield console


@pytest.fixture
async def http(chat: Console) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(chat.url) as session:
        yield session


async def test_debtor_promises_in_writing_and_the_record_is_that_of_a_call(
    chat: Console, http: aiohttp.ClientSession
) -> None:
    days = {today() + timedelta(days=1)}
    writer = Writer(http)
    first = await writer.writes()
    # That a machine answers, and that the text is kept, comes before any question.
    assert prompts(first)[:2] == ["greeting", "text_kept"]
    assert "nie człowiekiem" in first["says"][0]["text"]
    assert first["listen"]["kind"] == "digits"
    for text in PROMISE:
        answer = await writer.writes(text)
    assert "promise_saved" in prompts(answer)
    assert answer["disposition"] == "PTP_FULL"
    (live,) = chat.live_calls.all()
    assert live.record.leg_kind == "chat"
    last = await writer.writes("nie, dziękuję")
    assert (last["ended"], last["listen"]) == (True, None)
    days.add(today() + timedelta(days=1))

    assert len(chat.live_calls) == 0
    (record,) = await chat.database.calls.list()
    assert (record.disposition, record.leg_kind) == (Disposition.PTP_FULL, "chat")
    assert record.is_verified
    assert record.ai_disclosed_at is not None
    assert record.ended_at is not None
    assert record.call_id not in (writer.session or "")
    (promise,) = await chat.database.promises.list(call_id=record.call_id)
    assert promise.due_date in days
    turns = await chat.database.calls.turns(record.call_id)
    written = [turn.text for turn in turns if turn.speaker is Speaker.CALLER]
    # What proves who he is stays out of the record.
    assert written == [PROOFS[0], "••.••.••••", "•••••", *PROMISE[3:], "nie, dziękuję"]
    assert "Treść tej rozmowy jest zapisywana." in [turn.text for turn in turns]
    names = [entry.name for entry in await chat.database.audit.list(record.call_id)]
    assert names[:2] == ["ai_disclosed", "text_kept_disclosed"]
    assert "verified" in names
    await writer.writes("halo?", status=404)


async def test_nothing_is_told_before_two_facts_match(http: aiohttp.ClientSession) -> None:
    writer = Writer(http)
    said = await writer.writes(PROOFS[0])
    for text in ("ile jestem winien?", "01.01.1970", "02.02.1971"):
        answer = await writer.writes(text)
        said["says"] += answer["says"]
        if answer["ended"]:
            break
    text = " ".join(item["text"] for item in said["says"])
    assert "Do zapłaty" not in text
    assert "Wierzyciel" not in text


async def test_many_write_at_once_and_none_sees_the_other(
    chat: Console, http: aiohttp.ClientSession
) -> None:
    async def promise() -> str:
        writer = Writer(http)
        await writer.writes()
        for text in PROMISE:
            answer = await writer.writes(text)
        assert "promise_saved" in prompts(answer)
        return writer.session or ""

    async def stranger() -> str:
        writer = Writer(http)
        for text in ("", PROOFS[0], "nie wiem"):
            answer = await writer.writes(text)
        assert answer["disposition"] == "ABANDONED"
        return writer.session or ""

    sessions = await asyncio.gather(*(promise() for _ in range(3)), *(stranger() for _ in range(5)))
    assert len(set(sessions)) == 8
    assert min(len(session) for session in sessions) >= 32
    assert len(chat.live_calls) == 8
    assert len(await chat.database.promises.list()) == 3


async def test_two_messages_at_once_are_answered_one_after_the_other_or_refused(
    chat: Console, http: aiohttp.ClientSession
) -> None:
    writer = Writer(http)
    await writer.writes()

    async def status() -> int:
        body = {"session": writer.session, "text": "proszę powtórzyć"}
        async with http.post("/api/v1/chat", json=body) as answer:
            return answer.status

    statuses = await asyncio.gather(*(status() for _ in range(6)))
    assert set(statuses) <= {200, 409}
    assert 200 in statuses
    (record,) = await chat.database.calls.open_calls()
    (live,) = chat.live_calls.all()
    n_written = sum(turn.speaker is Speaker.CALLER for turn in live.turns)
    assert n_written == statuses.count(200)
    assert record.call_id == live.record.call_id


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("{", "body"),
        ("[]", "body"),
        ('{"text": 7}', "text"),
        ('{"text": "x", "sesion": null}', "sesion"),
        (json.dumps({"text": "x" * 1001}), "text"),
        (json.dumps({"session": "y" * 65, "text": "x"}), "session"),
        ('{"text": "\\ud800"}', ""),
    ],
)
async def test_wrong_bodies_are_named_and_begin_nothing(
    chat: Console, http: aiohttp.ClientSession, body: str, named: str
) -> None:
    headers = {"Content-Type": "application/json"}
    async with http.post("/api/v1/chat", data=body, headers=headers) as answer:
        assert answer.status == 400
        assert answer.content_type == "application/problem+json"
        assert named in (await answer.json())["detail"]
    assert await chat.database.calls.list() == []


async def test_other_refusals(chat: Console, http: aiohttp.ClientSession) -> None:
    writer = Writer(http)
    await writer.writes("x", status=404, session="bez-takiej-rozmowy")
    await writer.writes(status=404, script="nie-ma")
    await writer.writes(script="infolinia")
    await writer.writes("   ", status=400)
    async with http.post("/api/v1/chat", data={"text": "x"}) as answer:
        assert answer.status == 415
    for path in ("/api/v1/chat", "/chat"):
        foreign = {"Origin": "https://zlo.example"}
        async with http.post(path, json={"text": "x"}, headers=foreign) as answer:
            assert answer.status == 403
    async with http.get("/api/v1/chat") as answer:
        assert answer.status == 405
    assert len(await chat.database.calls.list()) == 1


async def test_odd_words_neither_break_nor_end_the_conversation(
    http: aiohttp.ClientSession,
) -> None:
    writer = Writer(http)
    await writer.writes()
    for text in (
        "\0",
        "<script>alert(1)</script>",
        "💸" * 500,
        "٣٤٥",
        "' OR 1=1 --",
        "\u202e\u200b a",
    ):
        answer = await writer.writes(text)
        assert answer["says"]
        if answer["ended"]:
            writer.session = None
            await writer.writes()


async def test_human_can_be_asked_for_at_once(chat: Console, http: aiohttp.ClientSession) -> None:
    writer = Writer(http)
    answer = await writer.writes("konsultant")
    assert prompts(answer)[:2] == ["greeting", "text_kept"]
    assert answer["listen"] is not None
    assert "human" in " ".join(prompts(answer)) or "callback" in " ".join(prompts(answer))


async def test_console_ends_a_chat_and_the_writer_is_told(
    chat: Console, http: aiohttp.ClientSession
) -> None:
    writer = Writer(http)
    await writer.writes()
    (live,) = chat.live_calls.all()
    url = f"/api/v1/live-calls/{live.record.call_id}/hang-up"
    async with http.post(url, headers={"Origin": chat.url}) as answer:
        assert answer.status == 202
    await writer.writes("halo", status=404)
    for _ in range(100):
        record = await chat.database.calls.get(live.record.call_id)
        if record.ended_at is not None:
            break
        await asyncio.sleep(0.05)
    assert record.end_reason == "ended from the console"


async def test_stopping_server_begins_no_chat_but_finishes_those_that_go_on(
    chat: Console, http: aiohttp.ClientSession
) -> None:
    writer = Writer(http)
    await writer.writes()
    chat.server.drain()
    answer = await Writer(http).writes(status=503)
    assert "stopping" in answer["detail"]
    for text in PROOFS:
        await writer.writes(text)
    await chat.server.stop()
    (record,) = await chat.database.calls.list()
    assert (record.end_reason, record.is_verified) == ("shutdown", True)
    assert record.ended_at is not None


async def test_limits_hold(tmp_path: Path) -> None:
    limits = {"messages_per_minute": 6, "max_sessions": 2}
    async with (
        running_chat(tmp_path, chat=limits) as console,
        aiohttp.ClientSession(console.url) as http,
    ):
        await Writer(http).writes()
        await Writer(http).writes()
        await Writer(http).writes(status=503)
        writer = Writer(http)
        for _ in range(3):
            await writer.writes(status=503)
        async with http.post("/api/v1/chat", json={"text": ""}) as answer:
            assert answer.status == 429
            assert 1 <= int(answer.headers["Retry-After"]) <= 10
        # Another address, as a proxy on this machine tells it.
        others = {"X-Forwarded-For": "198.51.100.1, 203.0.113.9"}
        async with http.post("/api/v1/chat", json={"text": ""}, headers=others) as answer:
            assert answer.status == 503


async def test_only_a_public_chat_needs_no_login(tmp_path: Path) -> None:
    password = {"password_hash": PasswordHasher(time_cost=1, memory_cost=64).hash("tajne")}
    for is_public, page, api in ((False, 303, 401), (True, 200, 200)):
        chat = {"public": is_public, **GENEROUS}
        folder = tmp_path / str(is_public)
        async with (
            running_chat(folder, use="demo", web=password, chat=chat) as console,
            aiohttp.ClientSession(console.url) as http,
        ):
            async with http.get("/chat", allow_redirects=False) as answer:
                assert answer.status == page
                assert BIRTH_DATE not in await answer.text()
            async with http.post("/api/v1/chat", json={"text": ""}) as answer:
                assert answer.status == api
            async with http.get("/api/v1/calls") as answer:
                assert answer.status == 401
            # Nobody learns from a public chat whose case it is.
            about = {"text": "", "case": PROOFS[0]}
            async with http.post("/api/v1/chat", json=about) as answer:
                assert answer.status == (403 if is_public else 401)
            login = {"Authorization": f"Basic {base64.b64encode(b'admin:tajne').decode()}"}
            async with http.post("/api/v1/chat", json=about, headers=login) as answer:
                assert answer.status == 200


async def test_page_may_be_framed_by_named_sites_only(tmp_path: Path) -> None:
    site = "https://www.example.pl"
    async with (
        running_chat(tmp_path, chat={"embed_origins": [site]}) as console,
        aiohttp.ClientSession(console.url) as http,
    ):
        async with http.get("/chat?embed=1") as answer:
            assert f"frame-ancestors 'self' {site}" in answer.headers["Content-Security-Policy"]
            assert "X-Frame-Options" not in answer.headers
            assert "<nav" not in await answer.text()
        async with http.get("/chat") as answer:
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Frame-Options"] == "DENY"


async def test_there_is_no_chat_where_it_is_turned_off(
    console: Console, client: aiohttp.ClientSession
) -> None:
    for path in ("/chat", "/api/v1/chat"):
        async with client.get(path) as answer:
            assert answer.status == 404
    async with client.get("/api/v1/openapi.json") as answer:
        assert "/api/v1/chat" not in (await answer.json())["paths"]


async def test_openapi_describes_the_body(http: aiohttp.ClientSession) -> None:
    async with http.get("/api/v1/openapi.json") as answer:
        document = await answer.json()
    operation = document["paths"]["/api/v1/chat"]["post"]
    reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    schema = document["components"]["schemas"][reference.rsplit("/", 1)[1]]
    assert schema["properties"].keys() == {"session", "script", "text", "case"}
