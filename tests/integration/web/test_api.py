"""The JSON API over a real socket and a real database."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import aiohttp

from tests.integration.web.console import START, Console, add_example_call, recorded_bytes
from voicebot.records import Dispute, Speaker, Turn


async def test_a_call_comes_with_all_that_belongs_to_it(
    console: Console, client: aiohttp.ClientSession
) -> None:
    await add_example_call(console)
    async with client.get("/api/v1/calls/a1b2c3d4") as answer:
        call = await answer.json()
    assert call["case_number"] == "24681357"
    assert call["disposition"] == "PTP_FULL"
    assert [turn["speaker"] for turn in call["turns"]] == ["bot", "caller", "bot", "caller"]
    assert call["turns"][2]["timings_ms"] == {
        "voice_to_voice": 830.0,
        "transcript_to_first_audio": 40.0,
    }
    assert call["promises"][0]["amount_gr"] == 129490
    assert call["callbacks"][0]["wanted"] == "po południu"
    assert call["plans"][0]["first_date"] == "2026-03-06"
    assert call["disputes"][0]["kind"] == "amount"
    assert call["blocks"][0]["reason"] == "DISPUTE"
    (message,) = call["notifications"]
    assert (message["status"], message["data"]) == ("waiting", {"n": 6})
    assert message["recipient"].endswith("@example.invalid")
    assert call["recording_url"] == "/api/v1/calls/a1b2c3d4/recording"
    assert "recording_path" not in call


async def test_pages_of_calls_follow_each_other_without_gap_or_repetition(
    console: Console, client: aiohttp.ClientSession
) -> None:
    record = await add_example_call(console)
    for number in range(6):
        later = START + timedelta(minutes=number + 1)
        await console.database.calls.start(
            replace(record, call_id=f"c{number}", started_at=later, case_id=None)
        )
    seen: list[str] = []
    parameters = {"limit": "3"}
    while True:
        async with client.get("/api/v1/calls", params=parameters) as answer:
            page = await answer.json()
        seen += [call["call_id"] for call in page["calls"]]
        if page["next_before"] is None:
            break
        parameters["before"] = page["next_before"]
    assert seen == ["c5", "c4", "c3", "c2", "c1", "c0", "a1b2c3d4"]


async def test_what_came_of_calls_is_listed_the_latest_first(
    console: Console, client: aiohttp.ClientSession
) -> None:
    await add_example_call(console)
    await console.database.disputes.add(Dispute("a1b2c3d4", None, "paid", "", START))
    for path, query, expected in (
        ("plans", "", ["open"]),
        ("disputes", "", ["paid", "amount"]),
        ("disputes", "limit=1", ["paid"]),
        ("disputes", "call_id=other", []),
        ("blocks", "status=open", ["DISPUTE"]),
        ("blocks", "status=lifted", []),
        ("notifications", "status=waiting&call_id=a1b2c3d4", ["raty"]),
    ):
        async with client.get(f"/api/v1/{path}?{query}") as answer:
            (rows,) = (await answer.json()).values()
        keys = {"plans": "status", "disputes": "kind", "blocks": "reason"}
        assert [row[keys.get(path, "template")] for row in rows] == expected, (path, query)
        async with client.get(f"/api/v1/{path}?stauts=open") as answer:
            assert answer.status == 400


async def test_filters_and_wrong_filters(console: Console, client: aiohttp.ClientSession) -> None:
    await add_example_call(console)
    for query, expected in (
        ("disposition=PTP_FULL&case_number=2468-1357", ["a1b2c3d4"]),
        ("disposition=ERROR", []),
        ("case_number=99999999", []),
    ):
        async with client.get(f"/api/v1/calls?{query}") as answer:
            assert [call["call_id"] for call in (await answer.json())["calls"]] == expected
    for query in ("limit=0", "limit=abc", "before=yesterday", "disposition=NICE", "dispo=ERROR"):
        async with client.get(f"/api/v1/calls?{query}") as answer:
            assert answer.status == 400
            assert answer.content_type == "application/problem+json"
            assert query.split("=")[0] in (await answer.json())["detail"]


async def test_unknown_things_are_problems(client: aiohttp.ClientSession) -> None:
    for path in ("/calls/nope", "/calls/nope/recording", "/cases/77", "/cases/x", "/nothing"):
        async with client.get(f"/api/v1{path}") as answer:
            assert answer.status == 404
            assert (await answer.json())["status"] == 404
    async with client.post("/api/v1/calls") as answer:
        assert answer.status == 405
        assert answer.headers["Allow"] == "GET,HEAD"


async def test_recording_is_sent_in_ranges_and_leaves_a_trace(
    console: Console, client: aiohttp.ClientSession
) -> None:
    record = await add_example_call(console)
    whole = recorded_bytes(record)
    url = "/api/v1/calls/a1b2c3d4/recording"
    async with client.get(url) as answer:
        assert answer.content_type == "audio/wav"
        assert await answer.read() == whole
    async with client.get(url, headers={"Range": "bytes=1000-1999"}) as answer:
        assert answer.status == 206
        assert answer.headers["Content-Range"] == f"bytes 1000-1999/{len(whole)}"
        assert await answer.read() == whole[1000:2000]
    entries = await console.database.audit.list("a1b2c3d4")
    assert [entry.name for entry in entries] == ["recording_fetched"]


async def test_only_files_in_the_recordings_folder_are_sent(
    console: Console, client: aiohttp.ClientSession, tmp_path: Path
) -> None:
    record = await add_example_call(console)
    secret = tmp_path / "secret.wav"
    secret.write_bytes(recorded_bytes(record))
    outside = replace(record, call_id="outside", recording_path=str(secret))
    upwards = console.settings.recordings_path / ".." / "secret.wav"
    await console.database.calls.start(outside)
    await console.database.calls.start(
        replace(record, call_id="upwards", recording_path=str(upwards))
    )
    for call_id in ("outside", "upwards", "..%2f..%2fsecret.wav", "%2e%2e"):
        async with client.get(f"/api/v1/calls/{call_id}/recording") as answer:
            assert answer.status == 404


async def test_waveform_shows_who_speaks_when(
    console: Console, client: aiohttp.ClientSession
) -> None:
    await add_example_call(console)
    async with client.get("/api/v1/calls/a1b2c3d4/waveform?points=100") as answer:
        waveform = await answer.json()
    assert waveform["duration_s"] == 20.0
    assert len(waveform["caller"]) == len(waveform["bot"]) == 100
    assert min(waveform["caller"][:49]) > 85
    assert max(waveform["caller"][51:]) == 0
    assert min(waveform["bot"][51:]) > 170
    assert max(waveform["bot"][:49]) == 0


async def next_event(answer: aiohttp.ClientResponse) -> tuple[str, dict[str, object]]:
    name = ""
    async with asyncio.timeout(5):
        while True:
            line = (await answer.content.readline()).decode().rstrip("\n")
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            if line.startswith("data: "):
                return name, json.loads(line.removeprefix("data: "))


async def test_live_calls_are_streamed_and_can_be_hung_up(
    console: Console, client: aiohttp.ClientSession
) -> None:
    headers = {"Origin": console.url}
    async with (
        client.get("/api/v1/live") as stream,
        client.ws_connect("/phone/ws", headers=headers) as phone,
    ):
        answered = await phone.receive_json()
        name, update = await next_event(stream)
        assert (name, update["call_id"], update["turns"]) == ("call", answered["call_id"], [])
        await phone.send_json({"type": "digit", "digit": "5"})
        name, update = await next_event(stream)
        assert [turn["text"] for turn in update["turns"]] == ["klawisz 5"]
        live = console.live_calls.all()[0]
        live.turns.append(Turn(Speaker.BOT, "dobrze\nwięc", 1.0, 2.0))
        console.live_calls.changed(live)
        name, update = await next_event(stream)
        assert (update["first_turn"], update["turns"][0]["text"]) == (1, "dobrze\nwięc")
        async with client.get("/api/v1/live-calls") as answer:
            assert [call["leg_kind"] for call in (await answer.json())["calls"]] == ["web"]
        url = f"/api/v1/live-calls/{answered['call_id']}/hang-up"
        async with client.post(url, headers=headers) as answer:
            assert answer.status == 202
        assert (await next_event(stream))[0] == "ended"
    async with client.post(url, headers=headers) as answer:
        assert answer.status == 404


async def test_openapi_describes_every_route_of_the_api(client: aiohttp.ClientSession) -> None:
    async with client.get("/api/v1/openapi.json") as answer:
        document = await answer.json()
    assert document["openapi"] == "3.1.0"
    references = set(re.findall(r'"\$ref": "#/components/schemas/(\w+)"', json.dumps(document)))
    assert references <= document["components"]["schemas"].keys()
    names = [op["operationId"] for item in document["paths"].values() for op in item.values()]
    assert len(names) == len(set(names)) == 15
    calls = document["paths"]["/api/v1/calls"]["get"]
    assert {p["name"] for p in calls["parameters"]} == {
        "limit",
        "before",
        "disposition",
        "case_number",
    }
    for path, item in document["paths"].items():
        for parameter in re.findall(r"{(\w+)}", path):
            for operation in item.values():
                assert parameter in {p["name"] for p in operation["parameters"]}
