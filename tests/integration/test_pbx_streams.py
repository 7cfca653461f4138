"""Calls that Asterisk and jambonz stream to us: sound, keys, interruption, and who is refused."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import aiohttp
import numpy as np
import pytest
from aiohttp import web

from tests.integration.stream_providers.asterisk_phone import ChanWebSocketPhone
from tests.integration.stream_providers.audiosocket_phone import AudioSocketPhone
from tests.integration.stream_providers.jambonz_phone import JambonzPhone
from tests.integration.stream_providers.phone import StreamPhone, basic_auth, is_loud, tone
from voicebot.audio import AudioFrame
from voicebot.clock import SystemClock
from voicebot.gateway.websocket.asterisk_routes import add_asterisk
from voicebot.gateway.websocket.audiosocket_server import AudioSocketServer
from voicebot.gateway.websocket.jambonz_webhooks import JambonzWebhooks
from voicebot.gateway.websocket.stream_calls import StreamCalls
from voicebot.gateway.websocket.stream_handler import StreamHandler
from voicebot.gateway.websocket.stream_leg import StreamLeg
from voicebot.media.events import DigitPressed, LegEnded, LegEvent, PlayoutEnded
from voicebot.media.pacer import Pacer
from voicebot.settings import MediaStreamSettings

TOKEN = "a-token-of-the-pbx"
CALL = uuid.UUID("40325ec2-5efd-4bd3-805f-53576e581d13")
KINDS = ["asterisk", "asterisk-json", "audiosocket", "jambonz"]

pytestmark = pytest.mark.timeout(120)


@dataclass
class Bot:
    """Takes the calls: what each leg told, and what to do with it."""

    script: Callable[[StreamLeg], Awaitable[None]]
    legs: list[StreamLeg] = field(default_factory=list)
    told: list[LegEvent] = field(default_factory=list)
    is_done: asyncio.Event = field(default_factory=asyncio.Event)

    async def take_call(self, leg: StreamLeg) -> None:
        self.legs.append(leg)
        try:
            await self.script(leg)
        finally:
            self.is_done.set()

    async def next(self, leg: StreamLeg, kind: type[LegEvent]) -> LegEvent:
        """The next event of this kind; those before it are kept in `told`."""
        while True:
            event = await leg.events.get()
            self.told.append(event)
            if isinstance(event, kind):
                return event
            assert not isinstance(event, LegEnded), event


@dataclass
class Site:
    url: str
    audiosocket_port: int
    calls: StreamCalls
    http: aiohttp.ClientSession

    def phone(self, kind: str, token: str = TOKEN) -> StreamPhone:
        query = "?caller=%2B48600100200&called=222"
        match kind:
            case "asterisk":
                return ChanWebSocketPhone(self.http, f"{self.url}/streams/asterisk/{token}{query}")
            case "asterisk-json":
                url = f"{self.url}/streams/asterisk{query}"
                return ChanWebSocketPhone(self.http, url, is_json=True, password=token)
            case "audiosocket":
                return AudioSocketPhone("127.0.0.1", self.audiosocket_port, CALL)
        return JambonzPhone(self.http, f"{self.url}/streams/jambonz/call", token)


@contextlib.asynccontextmanager
async def serving(bot: Bot, **settings: object) -> AsyncIterator[Site]:
    values = {
        "asterisk_token": TOKEN,
        "jambonz_token": TOKEN,
        "max_calls": 10,
        **settings,
    }
    streams = MediaStreamSettings.model_validate(values)
    clock = SystemClock()
    calls = StreamCalls(Pacer(clock), bot.take_call, clock, streams.max_calls, 30)
    application = web.Application()
    handler = StreamHandler(calls)
    add_asterisk(application.router, handler, streams)
    JambonzWebhooks(streams, calls).add_routes(application.router, handler)
    audiosocket = AudioSocketServer(streams, calls)
    await audiosocket.start()
    runner = web.AppRunner(application, handle_signals=False, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with aiohttp.ClientSession() as http:
            yield Site(f"http://127.0.0.1:{port}", audiosocket.port, calls, http)
    finally:
        calls.stop()
        await audiosocket.stop()
        await runner.cleanup()


@pytest.mark.parametrize("kind", KINDS)
async def test_the_caller_hears_the_bot_and_the_bot_hears_the_caller(kind: str) -> None:
    """Whole, in order, and at its own pitch."""

    async def script(leg: StreamLeg) -> None:
        leg.playout.say(1, tone(1.0, 440))
        await bot.next(leg, PlayoutEnded)
        heard = []
        while len(heard) < 25:
            frame = await bot.next(leg, AudioFrame)
            assert isinstance(frame, AudioFrame)
            if is_loud(frame.samples):
                heard.append(frame.samples)
        assert abs(pitch(np.concatenate(heard[5:20])) - 600) < 15
        await leg.hang_up("goodbye")

    bot = Bot(script)
    async with serving(bot) as site, site.phone(kind) as phone:
        await phone.hears(0.96)
        await phone.say(tone(1.0, 600))
        await asyncio.wait_for(phone.is_over.wait(), 20)
        await asyncio.wait_for(bot.is_done.wait(), 10)
        loud = np.concatenate([frame for frame in phone.heard if is_loud(frame)])
        assert 48 * 160 <= len(loud) <= 51 * 160
        assert abs(pitch(loud[1600:6400]) - 440) < 5
        (leg,) = bot.legs
        assert leg.kind == kind.removesuffix("-json")
        if kind == "audiosocket":
            assert leg.stream_ref == str(CALL)
            assert isinstance(phone, AudioSocketPhone)
            assert phone.has_been_hung_up
        else:
            assert leg.remote_party == "+48600100200"
        if isinstance(phone, ChanWebSocketPhone):
            assert phone.commands[-1] == "HANGUP"
        if isinstance(phone, JambonzPhone):
            assert phone.verbs == ["answer", "listen", "hangup", "hangup"]


@pytest.mark.parametrize("kind", KINDS)
async def test_keys_and_the_caller_hanging_up(kind: str) -> None:
    async def script(leg: StreamLeg) -> None:
        for _ in range(4):
            await bot.next(leg, DigitPressed)
        has_keys.set()
        await bot.next(leg, LegEnded)

    bot, has_keys = Bot(script), asyncio.Event()
    async with serving(bot) as site, site.phone(kind) as phone:
        await phone.press("15*#")
        await asyncio.wait_for(has_keys.wait(), 10)
        await phone.hang_up()
        await asyncio.wait_for(bot.is_done.wait(), 10)
        digits = [event.digit for event in bot.told if isinstance(event, DigitPressed)]
        assert digits == list("15*#")
        assert bot.told[-1] == LegEnded("hangup")
        assert site.calls.n_calls <= 1


@pytest.mark.parametrize("kind", KINDS)
async def test_the_caller_interrupts(kind: str) -> None:
    """He hears nothing more of 20 s, and the bot knows where it was."""

    async def script(leg: StreamLeg) -> None:
        leg.playout.say(1, tone(20.0, 440))
        while True:
            frame = await bot.next(leg, AudioFrame)
            assert isinstance(frame, AudioFrame)
            if is_loud(frame.samples):
                break
        interrupted = leg.playout.interrupt()
        assert interrupted is not None
        cut_at.append((interrupted.played_samples / 8000, phones[0].n_loud))
        assert interrupted.utterance_id == 1
        rest_s = sum(len(samples) for _, samples in interrupted.rest) / 8000
        assert interrupted.played_samples / 8000 + rest_s == pytest.approx(20.0, abs=0.001)
        leg.playout.say(2, tone(0.5, 880))
        await bot.next(leg, PlayoutEnded)
        await bot.next(leg, LegEnded)

    bot = Bot(script)
    cut_at: list[tuple[float, int]] = []
    phones: list[StreamPhone] = []
    async with serving(bot) as site, site.phone(kind) as phone:
        phones.append(phone)
        await phone.hears(1)
        await phone.say(tone(0.3, 600))
        await phone.hears_silence()
        ((said_s, n_before),) = cut_at
        # What came after the cut is the second utterance, 25 frames, and little else.
        assert phone.n_loud - n_before < 25 + 25
        assert abs(said_s - (phone.n_loud - 25) / 50) < 1.0
        tail = [frame for frame in phone.heard if is_loud(frame)][-20:-2]
        assert abs(pitch(np.concatenate(tail)) - 880) < 15
        assert phone.n_clears == (kind != "audiosocket")
        await phone.hang_up()
        await asyncio.wait_for(bot.is_done.wait(), 10)


async def test_an_asterisk_with_a_full_queue_loses_nothing() -> None:
    """It says MEDIA_XOFF, we wait, and after MEDIA_XON the rest comes."""

    async def script(leg: StreamLeg) -> None:
        leg.playout.say(1, tone(1.6, 440))
        await bot.next(leg, PlayoutEnded)
        await leg.hang_up("goodbye")

    bot = Bot(script)
    async with serving(bot) as site:
        url = f"{site.url}/streams/asterisk/{TOKEN}"
        phone = ChanWebSocketPhone(site.http, url, xoff_level=30, xon_level=20)
        async with phone:
            phone.pause()
            await asyncio.sleep(1.2)
            assert phone.n_queued == pytest.approx(30, abs=2)
            phone.go_on()
            await asyncio.wait_for(phone.is_over.wait(), 20)
            assert phone.n_dropped == 0
            assert phone.n_loud >= 78


@pytest.mark.parametrize("kind", ["asterisk", "asterisk-json", "jambonz"])
@pytest.mark.parametrize("token", ["", "wrong", TOKEN + "x", TOKEN[:-1], "żółć"])
async def test_a_wrong_token_is_refused(kind: str, token: str) -> None:
    bot = Bot(nobody)
    async with serving(bot) as site:
        with pytest.raises(aiohttp.ClientResponseError) as refusal:
            async with site.phone(kind, token):
                pass
        assert refusal.value.status in (401, 403, 404)
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await site.http.ws_connect(f"{site.url}/streams/jambonz/stream")
        assert site.calls.n_calls == 0
    assert not bot.legs


async def test_where_no_token_is_set_nobody_gets_in() -> None:
    bot = Bot(nobody)
    async with serving(bot, asterisk_token="", jambonz_token="") as site:
        for kind in ("asterisk", "asterisk-json", "jambonz"):
            with pytest.raises(aiohttp.ClientResponseError):
                async with site.phone(kind, ""):
                    pass
    assert not bot.legs


@pytest.mark.parametrize(
    "settings",
    [
        {"audiosocket_sources": ("192.0.2.0/24",)},
        {"audiosocket_sources": ()},
        {"audiosocket_uuids": ("40325ec2-5efd-4bd3-805f-53576e581d14",)},
    ],
)
async def test_audiosocket_from_elsewhere_or_of_an_unknown_call_is_cut(
    settings: dict[str, object],
) -> None:
    bot = Bot(nobody)
    async with serving(bot, **settings) as site, site.phone("audiosocket") as phone:
        await asyncio.wait_for(phone.is_over.wait(), 5)
        assert not phone.has_been_hung_up
    assert not bot.legs


async def test_known_call_by_ipv6_too() -> None:
    bot = Bot(until_the_end)
    settings = {
        "audiosocket_host": "::1",
        "audiosocket_sources": ("::1/128",),
        "audiosocket_uuids": (str(CALL),),
    }
    async with serving(bot, **settings) as site:
        async with AudioSocketPhone("::1", site.audiosocket_port, CALL) as phone:
            await phone.hears_silence()
        await asyncio.wait_for(bot.is_done.wait(), 10)
    assert [leg.stream_ref for leg in bot.legs] == [str(CALL)]


@pytest.mark.parametrize("kind", KINDS)
async def test_above_the_limit_a_call_is_refused(kind: str) -> None:
    bot = Bot(until_the_end)
    async with serving(bot, max_calls=1) as site, site.phone("asterisk") as first:
        await first.hears_silence()
        if kind == "audiosocket":
            async with site.phone(kind) as second:
                await asyncio.wait_for(second.is_over.wait(), 5)
        elif kind == "jambonz":
            hook = f"{site.url}/streams/jambonz/call"
            headers = basic_auth("jambonz", TOKEN)
            async with site.http.post(hook, json={}, headers=headers) as answer:
                assert [verb["verb"] for verb in await answer.json()] == ["sip:decline"]
        else:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
                async with site.phone(kind):
                    pass
            assert refusal.value.status == 503
        assert not first.is_over.is_set()
        assert len(bot.legs) == 1


async def test_slow_and_half_open_audiosockets_are_cut() -> None:
    """Says nothing; says a UUID by an octet a second; speaks but never reads."""
    bot = Bot(until_the_end)
    async with serving(bot, max_calls=3) as site:
        address = ("127.0.0.1", site.audiosocket_port)
        silent, dribbling, deaf = [], [], []
        async with asyncio.TaskGroup() as group:
            group.create_task(cut_after(address, silent, say_nothing))
            group.create_task(cut_after(address, dribbling, dribble))
            group.create_task(cut_after(address, deaf, speak_only))
            await asyncio.sleep(1)
            assert not site.calls.has_room
            # They fill all lines, but for some seconds only.
        assert silent
        assert dribbling
        assert deaf
        await site.calls.wait_ended(20)
        assert site.calls.n_calls == 0
        async with site.phone("audiosocket") as phone:
            await phone.hears_silence()
    assert len(bot.legs) == 2


Address = tuple[str, int]


async def cut_after(
    address: Address,
    cut: list[bool],
    behave: Callable[[socket.socket], Awaitable[None]],
) -> None:
    """Connects with a small window and behaves badly, until the other side has had enough."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, address)
        try:
            async with asyncio.timeout(60):
                await behave(client)
        except ConnectionError:
            """As it should be."""
        cut.append(True)


async def say_nothing(client: socket.socket) -> None:
    assert await asyncio.get_running_loop().sock_recv(client, 1) == b""


async def dribble(client: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    for octet in b"\x01\x00\x10" + CALL.bytes * 100:
        await loop.sock_sendall(client, bytes([octet]))
        await asyncio.sleep(1)


async def speak_only(client: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(client, b"\x01\x00\x10" + CALL.bytes)
    while True:
        await loop.sock_sendall(client, b"\x10\x01\x40" + bytes(320))
        await asyncio.sleep(0.02)


async def nobody(leg: StreamLeg) -> None:
    raise AssertionError("no call should come")


async def until_the_end(leg: StreamLeg) -> None:
    while not isinstance(await leg.events.get(), LegEnded):
        """Nothing to say."""


def pitch(samples: np.ndarray) -> float:
    """The loudest frequency, Hz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 1 << 16))
    return float(np.argmax(spectrum)) * 8000 / (1 << 16)
