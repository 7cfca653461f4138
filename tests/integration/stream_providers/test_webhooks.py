"""Webhooks and streams of providers against a web server: who gets in, and what REST is told."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import numpy as np
import pytest

from tests.integration.stream_providers.fake_rest import FakeRest
from tests.integration.stream_providers.providers import (
    CALLED,
    PUBLIC_URL,
    TELNYX_API_KEY,
    TWILIO_ACCOUNT,
    TWILIO_TOKEN,
    Providers,
    stream_settings,
    telnyx_headers,
    twilio_signature,
    vonage_token,
)
from tests.integration.web.console import Console, running_console
from voicebot.audio import SAMPLE_RATE
from voicebot.errors import CallFailed, DialRefused
from voicebot.gateway.sip.trunks.dial_rules import DialRules
from voicebot.records import Direction
from voicebot.settings import DialSettings

KINDS = ["twilio", "telnyx", "vonage"]
CALLER = "+48600100200"
VOICE = {"CallSid": "CA1", "From": CALLER, "To": CALLED, "Direction": "inbound"}
TONE = (6000 * np.sin(np.arange(SAMPLE_RATE) / 5)).astype(np.int16)

pytestmark = pytest.mark.timeout(120)


@dataclass
class Site:
    console: Console
    providers: Providers
    rest: FakeRest

    def call(self, kind: str):  # type: ignore[no-untyped-def]
        return getattr(self.providers, f"{kind}_call")(CALLER)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with (
        FakeRest.running() as rest,
        running_console(
            tmp_path, media_streams={**stream_settings(rest.url), "max_calls": 2}
        ) as console,
        aiohttp.ClientSession() as session,
    ):
        yield Site(console, Providers(console.url, session, rest), rest)


@pytest.mark.parametrize("kind", KINDS)
async def test_the_caller_hears_himself_and_hangs_up(site: Site, kind: str) -> None:
    async with site.call(kind) as stream:
        await stream.say(TONE)
        await stream.press("5#")
        await stream.has_heard(0.5)
        assert site.console.server.n_stream_calls == 1
    call = site.console.reception.calls[0]
    await asyncio.wait_for(call.is_over.wait(), 10)
    assert (call.leg.kind, call.digits, call.ended) == (kind, "5#", "hangup")
    assert (call.leg.remote_party, call.leg.local_party) == (CALLER, CALLED)
    assert call.leg.direction is Direction.INBOUND
    heard = call.heard.astype(np.int32)
    assert np.abs(heard).max() > 5000
    record = await site.console.database.calls.get(call.leg.leg_id)
    assert record.leg_kind == kind


@pytest.mark.parametrize("kind", KINDS)
async def test_we_hang_up_and_the_provider_ends_the_call(site: Site, kind: str) -> None:
    async with site.call(kind) as stream:
        await stream.say(TONE[:4000])
        await asyncio.wait_for(site.console.reception.has_call.wait(), 10)
        call = site.console.reception.calls[0]
        await asyncio.wait_for(call.leg.hang_up("finished"), 10)
        await asyncio.wait_for(stream.is_over.wait(), 10)
    if kind == "twilio":
        command = await site.rest.command(f"/Calls/{call.leg.call_ref}.json")
        credentials = base64.b64encode(f"{TWILIO_ACCOUNT}:{TWILIO_TOKEN}".encode()).decode()
        assert command.authorization == f"Basic {credentials}"
        assert command.content == {"Status": "completed"}
    elif kind == "telnyx":
        command = await site.rest.command("/actions/hangup")
        assert command.authorization == f"Bearer {TELNYX_API_KEY}"
        assert command.path == f"/v2/calls/{call.leg.call_ref}/actions/hangup"


@pytest.mark.parametrize("kind", KINDS)
async def test_all_lines_taken_or_draining(site: Site, kind: str) -> None:
    async with site.call(kind), site.call(kind):
        await is_refused(site, kind)
    while site.console.server.n_stream_calls:  # noqa: ASYNC110 - the server tells nobody
        await asyncio.sleep(0.05)
    site.console.server.drain()
    await is_refused(site, kind)


async def is_refused(site: Site, kind: str) -> None:
    if kind == "twilio":
        response = await site.providers.post_twilio("/streams/twilio/voice", VOICE)
        assert "<Reject" in await response.text()
    elif kind == "telnyx":
        payload = {"call_control_id": "v3:x", "direction": "incoming"}
        response = await site.providers.post_telnyx("call.initiated", payload)
        assert response.status == 200
        command = await site.rest.command("/actions/reject")
        assert command.content["cause"] == "USER_BUSY"
    else:
        response = await site.providers.post_vonage("/streams/vonage/answer", {"from": CALLER})
        assert response.status == 503


async def status_of_upgrade(site: Site, url: str, headers: dict[str, str] | None = None) -> int:
    """101 where the WebSocket is accepted."""
    session = site.providers.session
    try:
        async with session.ws_connect(site.providers.local(url), headers=headers or {}):
            return 101
    except aiohttp.WSServerHandshakeError as error:
        return error.status


async def test_a_twilio_stream_needs_its_signature_and_its_ticket(site: Site) -> None:
    url, _ = await site.providers.twilio_stream_url(VOICE)
    assert await status_of_upgrade(site, url) == 403
    wrong = {"X-Twilio-Signature": twilio_signature(url, {}, token="12346")}
    assert await status_of_upgrade(site, url, wrong) == 403
    other = url[:-2] + "xx"
    forged = {"X-Twilio-Signature": twilio_signature(other, {})}
    assert await status_of_upgrade(site, other, forged) == 403
    right = {"X-Twilio-Signature": twilio_signature(url, {})}
    assert await status_of_upgrade(site, url, right) == 101
    assert await status_of_upgrade(site, url, right) == 403, "a replay"
    assert site.console.reception.calls == []


@pytest.mark.parametrize("kind", ["telnyx", "vonage"])
async def test_a_stream_needs_its_ticket(site: Site, kind: str) -> None:
    for ticket in ("x", "1.2.3", "9999999999.abc.def", "%00", "ż"):
        url = "wss" + PUBLIC_URL.removeprefix("https") + f"/streams/{kind}/stream/{ticket}"
        assert await status_of_upgrade(site, url) == 403


async def test_forged_webhooks(site: Site) -> None:
    providers = site.providers
    forged = twilio_signature(PUBLIC_URL + "/streams/twilio/voice", VOICE, token="wrong")
    for path in ("/streams/twilio/voice", "/streams/twilio/status"):
        for signature in ("", forged):
            assert (await providers.post_twilio(path, VOICE, signature)).status == 403
    changed = {**VOICE, "From": "+48700100200"}
    right = twilio_signature(PUBLIC_URL + "/streams/twilio/voice", VOICE)
    assert (await providers.post_twilio("/streams/twilio/voice", changed, right)).status == 403
    old = telnyx_headers(b"{}", at=time.time() - 400)
    for headers in ({}, old, {**old, "telnyx-timestamp": "x"}, telnyx_headers(b"other")):
        response = await providers.post_telnyx("call.initiated", {}, headers)
        assert response.status == 403
    for token in ("", "Bearer x.y.z", vonage_token(b"other"), vonage_token(b"{}", secret="x")):
        response = await providers.post_vonage("/streams/vonage/answer", {}, token)
        assert response.status == 403
    assert site.rest.commands == []


async def test_malformed_but_genuine_webhooks(site: Site) -> None:
    providers = site.providers
    session = providers.session
    for body in (b"[]", b"\xff", b'{"data": 7}', b'{"data": {"event_type": []}}', b"[" * 5000):
        async with session.post(
            providers.web_url + "/streams/telnyx/events", data=body, headers=telnyx_headers(body)
        ) as response:
            assert response.status == 400
    for body in (b"[]", b"\xff\xfe", b"[" * 5000, b'{"from": {}}'):
        headers = {"Authorization": vonage_token(body)}
        async with session.post(
            providers.web_url + "/streams/vonage/answer", data=body, headers=headers
        ) as response:
            assert response.status == 400
    async with session.post(
        providers.web_url + "/streams/twilio/voice", data=b"\xff\xfe=1"
    ) as response:
        assert response.status in (400, 403)


async def test_what_callers_are_named_does_no_harm_in_twiml(site: Site) -> None:
    form = {**VOICE, "From": '"><Dial>+48700</Dial>&\x00'}
    url, parameters = await site.providers.twilio_stream_url(form)
    assert url.startswith("wss://bot.example/streams/twilio/stream/")
    assert parameters["caller"] == '"><Dial>+48700</Dial>&?'


async def test_status_callbacks_are_taken_note_of(site: Site) -> None:
    providers = site.providers
    form = {**VOICE, "CallStatus": "no-answer"}
    assert (await providers.post_twilio("/streams/twilio/status", form)).status == 204
    response = await providers.post_vonage("/streams/vonage/event", {"status": "completed"})
    assert response.status == 204
    response = await providers.post_telnyx("call.hangup", {"call_control_id": "v3:x"})
    assert response.status == 200


async def test_a_bad_message_ends_this_stream_only(site: Site) -> None:
    async with site.call("telnyx") as good:
        await good.say(TONE[:1600])
        (settings_url,) = [await telnyx_stream_url(site)]
        async with site.providers.session.ws_connect(site.providers.local(settings_url)) as bad:
            await bad.send_str('{"event": "media"}')
            assert (await bad.receive(timeout=10)).type is aiohttp.WSMsgType.CLOSE
        assert not good.is_over.is_set()
        await good.say(TONE[:1600])
    assert len(site.console.reception.calls) == 1


async def telnyx_stream_url(site: Site) -> str:
    payload = {"call_control_id": "v3:y", "direction": "incoming"}
    await site.providers.post_telnyx("call.initiated", payload)
    url = (await site.rest.command("/actions/answer")).content["stream_url"]
    assert isinstance(url, str)
    return url


async def test_providers_without_their_secret_are_not_there(tmp_path: Path) -> None:
    async with running_console(tmp_path) as console, aiohttp.ClientSession(console.url) as session:
        for path in ("twilio/voice", "telnyx/events", "vonage/answer"):
            async with session.post(f"/streams/{path}") as response:
                assert response.status == 404
        for kind in KINDS:
            async with session.get(f"/streams/{kind}/stream/x") as response:
                assert response.status == 404


async def test_a_login_is_not_asked_of_providers(tmp_path: Path) -> None:
    """The console beside them keeps its own."""
    hashed = "$argon2id$v=19$m=8,t=1,p=1$YWJjZGVmZ2g$jDK8nCNQjoGkmKBDJvBEvA"
    async with (
        FakeRest.running() as rest,
        running_console(
            tmp_path,
            web={"password_hash": hashed},
            media_streams=stream_settings(rest.url),
        ) as console,
        aiohttp.ClientSession() as session,
    ):
        providers = Providers(console.url, session, rest)
        assert (await providers.post_twilio("/streams/twilio/voice", VOICE)).status == 200
        async with session.get(console.url + "/api/v1/calls") as response:
            assert response.status == 401


async def test_outgoing_calls_obey_the_dialling_rules(tmp_path: Path) -> None:
    rules = DialRules(DialSettings(max_calls_per_minute=2))

    def check(number: str, provider: str) -> str:
        return rules.check(number, provider, "", time.monotonic())

    async with (
        FakeRest.running() as rest,
        running_console(
            tmp_path, check_dial=check, media_streams=stream_settings(rest.url)
        ) as console,
    ):
        dialler = console.server.dialler
        for number in ("+491701234567", "+48700123456", "112", "+48 abc"):
            with pytest.raises(DialRefused):
                await dialler.dial(number, "twilio")
        assert rest.commands == []
        assert await dialler.dial("600 100 200", "twilio") == "CA0123456789abcdef"
        command = await rest.command("/Calls.json")
        assert command.content["To"] == "+48600100200"
        assert command.content["From"] == CALLED
        assert command.content["Url"] == PUBLIC_URL + "/streams/twilio/voice"
        assert await dialler.dial("+48600100201", "telnyx") == "v3:outgoing"
        command = await rest.command("/v2/calls")
        assert command.content["to"] == "+48600100201"
        assert command.content["stream_url"].startswith("wss://bot.example/streams/telnyx/stream/")
        with pytest.raises(DialRefused) as refused:
            await dialler.dial("+48600100202", "twilio")
        assert refused.value.rule == "minute"
        with pytest.raises(CallFailed):
            await dialler.dial("+48600100202", "vonage")
        assert rest.commands == []


async def test_a_provider_that_refuses_is_a_failed_call(tmp_path: Path) -> None:
    async with (
        FakeRest.running() as rest,
        running_console(
            tmp_path,
            check_dial=lambda number, provider: number,
            media_streams=stream_settings(rest.url),
        ) as console,
    ):
        rest.status = 401
        with pytest.raises(CallFailed) as failed:
            await console.server.dialler.dial("+48600100200", "twilio")
        assert failed.value.status == 401
        assert "600" not in str(failed.value)


async def test_an_outgoing_call_comes_back_as_a_stream(site: Site) -> None:
    async with site.providers.twilio_call(CALLER, direction="outbound-api") as stream:
        await stream.say(TONE[:1600])
    call = site.console.reception.calls[0]
    await asyncio.wait_for(call.is_over.wait(), 10)
    assert call.leg.direction is Direction.OUTBOUND
    assert call.leg.remote_party == CALLER


def test_tokens_are_what_the_document_says() -> None:
    header, content, _ = vonage_token(b"{}").removeprefix("Bearer ").split(".")
    assert json.loads(base64.urlsafe_b64decode(header + "==")) == {"alg": "HS256", "typ": "JWT"}
    assert json.loads(base64.urlsafe_b64decode(content + "=="))["iss"] == "Vonage"
