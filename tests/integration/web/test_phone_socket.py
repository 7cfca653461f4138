"""The web phone's WebSocket against a real server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import numpy as np
import pytest

from tests.integration.web.console import Console, running_console
from voicebot.records import Disposition


async def next_control(phone: aiohttp.ClientWebSocketResponse, kind: str) -> dict[str, str]:
    """The next control message of this type; audio and others are passed over."""
    async with asyncio.timeout(5):
        while True:
            message = await phone.receive()
            assert message.type in {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY}
            if message.type is aiohttp.WSMsgType.TEXT and message.json()["type"] == kind:
                control: dict[str, str] = message.json()
                return control


async def test_audio_comes_back_and_the_call_is_recorded(
    console: Console, client: aiohttp.ClientSession
) -> None:
    samples = (8000 * np.sin(np.arange(8000) / 5)).astype("<i2")
    async with client.ws_connect("/phone/ws", headers={"Origin": console.url}) as phone:
        call_id = (await next_control(phone, "answered"))["call_id"]
        heard = bytearray()
        async with asyncio.timeout(10):
            for start in range(0, 8000, 800):  # 100 ms at a time
                await phone.send_bytes(samples[start : start + 800].tobytes())
                for _ in range(5):
                    heard += await phone.receive_bytes()
            while len(heard) < 2 * 12000:
                heard += await phone.receive_bytes()
        await phone.send_json({"type": "hangup"})
        assert (await next_control(phone, "ended"))["reason"] == "hangup"
    call = console.reception.calls[0]
    await asyncio.wait_for(call.is_over.wait(), 5)
    assert np.array_equal(call.heard, samples)
    back = np.frombuffer(bytes(heard), "<i2")
    back = back[np.flatnonzero(back)[0] :]
    assert np.array_equal(back[:6000], samples[np.flatnonzero(samples)[0] :][:6000])
    record = await console.database.calls.get(call_id)
    assert (record.leg_kind, record.disposition) == ("web", Disposition.INFORMED)


@pytest.mark.parametrize("message", [b"\x00", b"\x00" * 40_000, "{", "[]", '{"type": "boo"}'])
async def test_a_malformed_message_ends_this_call_only(
    console: Console, client: aiohttp.ClientSession, message: bytes | str
) -> None:
    headers = {"Origin": console.url}
    async with (
        client.ws_connect("/phone/ws", headers=headers) as bad,
        client.ws_connect("/phone/ws", headers=headers) as good,
    ):
        await next_control(good, "answered")
        await (bad.send_bytes(message) if isinstance(message, bytes) else bad.send_str(message))
        assert (await next_control(bad, "ended"))["reason"] == "error"
        await good.send_json({"type": "hangup"})
        assert (await next_control(good, "ended"))["reason"] == "hangup"


async def test_when_all_lines_are_taken_the_phone_is_told(tmp_path: Path) -> None:
    async with (
        running_console(tmp_path, sip={"max_calls": 2}) as console,
        aiohttp.ClientSession(console.url, headers={"Origin": console.url}) as client,
    ):
        console.sip.n_calls = 1
        async with client.ws_connect("/phone/ws"):
            await console.reception.has_call.wait()
            async with client.ws_connect("/phone/ws") as second:
                assert await second.receive_json() == {"type": "ended", "reason": "busy"}
                assert (await second.receive()).type is aiohttp.WSMsgType.CLOSE
                assert second.close_code == 1013
        assert len(console.reception.calls) == 1


async def test_stopping_the_server_ends_calls_politely_and_soon(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    async with running_console(tmp_path) as console:
        headers = {"Origin": console.url}
        async with (
            aiohttp.ClientSession(console.url, headers=headers) as client,
            client.get("/api/v1/live") as stream,
            client.ws_connect("/phone/ws") as phone,
        ):
            call_id = (await next_control(phone, "answered"))["call_id"]
            await console.reception.has_call.wait()
            before = loop.time()
            stopping = asyncio.create_task(console.server.stop())
            assert (await next_control(phone, "ended"))["reason"] == "shutdown"
            await phone.receive()
            await stream.read()
            await stopping
            assert loop.time() - before < 3
        assert (await console.database.calls.get(call_id)).end_reason == "shutdown"


async def test_a_browser_that_vanishes_ends_the_call(
    console: Console, client: aiohttp.ClientSession
) -> None:
    phone = await client.ws_connect("/phone/ws", headers={"Origin": console.url})
    await console.reception.has_call.wait()
    transport = phone._response.connection.transport
    transport.abort()
    await asyncio.wait_for(console.reception.calls[0].is_over.wait(), 5)
