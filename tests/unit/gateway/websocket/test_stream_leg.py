"""A stream as a leg, and the life of its connection: nothing of one call touches another."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from tests.fakes import FakeClock
from tests.unit.gateway.websocket.test_twilio import CONNECTED, DTMF, MEDIA, START, STOP
from voicebot.audio import FRAME_SAMPLES, AudioFrame
from voicebot.clock import SystemClock
from voicebot.errors import CallFailed
from voicebot.gateway.websocket.media_stream import Message, StreamAudio, StreamMark, StreamStarted
from voicebot.gateway.websocket.stream_calls import StreamCalls
from voicebot.gateway.websocket.stream_leg import MAX_UNSENT, StreamLeg
from voicebot.gateway.websocket.twilio import TwilioStream
from voicebot.media.events import DigitPressed, LegEnded, LegEvent, PlayoutEnded, PlayoutStarted
from voicebot.media.pacer import Pacer
from voicebot.records import Direction


def twilio_leg(parameters: dict[str, str] | None = None, **options: float) -> StreamLeg:
    protocol = TwilioStream()
    protocol.receive(START)
    started = StreamStarted("MZ1", "+48600100200", "+48221234567", parameters or {})
    return StreamLeg(protocol, started, "twilio", Pacer(FakeClock()), now=100.0, **options)


def sent(leg: StreamLeg) -> list[str]:
    """The kinds of the messages in the outbox; `end` for the end."""
    kinds = []
    while not leg.outbox.empty():
        message = leg.outbox.get_nowait()
        kinds.append("end" if message is None else json.loads(message)["event"])
    return kinds


def told(leg: StreamLeg) -> list[LegEvent]:
    """Events but for the frames."""
    events = [leg.events.get_nowait() for _ in range(leg.events.qsize())]
    return [event for event in events if not isinstance(event, AudioFrame)]


async def test_who_calls_whom() -> None:
    leg = twilio_leg()
    assert (leg.kind, leg.direction) == ("twilio", Direction.INBOUND)
    assert (leg.remote_party, leg.local_party) == ("+48600100200", "+48221234567")
    ours = twilio_leg({"direction": "outbound", "call_ref": "CA1"})
    assert ours.direction is Direction.OUTBOUND
    assert (ours.remote_party, ours.local_party) == ("+48221234567", "+48600100200")
    assert ours.call_ref == "CA1"
    assert leg.leg_id != ours.leg_id


async def test_sound_goes_out_only_while_something_is_said() -> None:
    leg = twilio_leg()
    leg.tick(100.02)
    assert sent(leg) == []
    leg.playout.say(1, np.full(2 * FRAME_SAMPLES, 500, dtype=np.int16))
    leg.tick(100.04)
    leg.tick(100.06)
    leg.tick(100.08)
    assert sent(leg) == ["media", "mark", "media", "mark"]
    leg.receive(StreamMark("0-2"), 100.3)
    leg.tick(100.1)
    assert [type(event) for event in told(leg)] == [PlayoutStarted, PlayoutEnded]


async def test_an_interruption_clears_at_once_and_ahead_of_what_follows() -> None:
    leg = twilio_leg()
    leg.playout.say(1, np.full(20 * FRAME_SAMPLES, 500, dtype=np.int16))
    for tick in range(5):
        leg.tick(100.02 + tick * 0.02)
    sent(leg)
    interrupted = leg.playout.interrupt()
    assert interrupted is not None
    leg.playout.say(2, np.full(FRAME_SAMPLES, 500, dtype=np.int16))
    leg.tick(100.2)
    assert sent(leg) == ["clear", "media", "mark"]
    rest = sum(len(samples) for _, samples in interrupted.rest)
    assert rest == 20 * FRAME_SAMPLES, "no mark has come back: nothing was surely heard"


async def test_frames_come_in_and_silence_where_they_lack() -> None:
    leg = twilio_leg()
    leg.receive(StreamAudio(np.full(3 * FRAME_SAMPLES, 7, dtype=np.int16)), 100.0)
    for tick in range(4):
        leg.tick(100.02 + tick * 0.02)
    frames = [leg.events.get_nowait() for _ in range(4)]
    assert [(frame.rtp_time, frame.is_concealed) for frame in frames] == [
        (0, False),
        (160, False),
        (320, False),
        (480, True),
    ]


async def test_no_sound_from_the_caller_ends_the_call() -> None:
    leg = twilio_leg(no_media_timeout_s=30.0)
    leg.tick(130.0)
    assert not leg.is_over
    leg.tick(130.1)
    assert told(leg) == [LegEnded("no_media")]
    assert leg.is_ended_by_us


async def test_whoever_takes_nothing_loses_the_call() -> None:
    leg = twilio_leg()
    leg.playout.say(1, np.full(2 * MAX_UNSENT * FRAME_SAMPLES, 500, dtype=np.int16))
    for tick in range(2 * MAX_UNSENT):
        leg.receive(StreamAudio(np.zeros(FRAME_SAMPLES, dtype=np.int16)), 100 + tick * 0.02)
        if not leg.is_over:
            leg.tick(100 + tick * 0.02)
    assert leg.is_over
    assert LegEnded("error") in told(leg)


@dataclass
class FakeConnection:
    """Gives out messages; `None` when they are over and `hangs_up`, else nothing more."""

    messages: list[Message]
    hangs_up: bool = False
    is_stuck: bool = False
    sent: list[str] = field(default_factory=list)
    is_closed: asyncio.Event = field(default_factory=asyncio.Event)
    is_aborted: bool = False

    async def receive(self) -> Message | None:
        await asyncio.sleep(0)
        if self.messages:
            return self.messages.pop(0)
        if not self.hangs_up:
            await self.is_closed.wait()
        return None

    async def send(self, message: Message) -> None:
        if self.is_stuck:
            await asyncio.Event().wait()
        if self.is_closed.is_set():
            raise ConnectionError("closed")
        self.sent.append(json.loads(message)["event"])

    async def close(self) -> None:
        self.is_closed.set()

    def abort(self) -> None:
        self.is_aborted = True
        self.is_closed.set()


class Reception:
    """Keeps what each call has told; hangs up on a `9`, and says something on a `1`."""

    def __init__(self) -> None:
        self.legs: list[StreamLeg] = []
        self.events: list[list[LegEvent]] = []
        self.has_call = asyncio.Event()

    async def take(self, leg: StreamLeg) -> None:
        told: list[LegEvent] = []
        self.legs.append(leg)
        self.events.append(told)
        self.has_call.set()
        while not isinstance(event := await leg.events.get(), LegEnded):
            if isinstance(event, AudioFrame):
                continue
            told.append(event)
            if event == DigitPressed("9"):
                await leg.hang_up("finished")
            if event == DigitPressed("0"):
                raise RuntimeError("the call breaks")
            if event == DigitPressed("1"):
                leg.playout.say(1, np.full(FRAME_SAMPLES, 500, dtype=np.int16))
        told.append(event)


@pytest.fixture
def reception() -> Reception:
    return Reception()


@pytest.fixture
async def calls(reception: Reception) -> AsyncIterator[StreamCalls]:
    clock = SystemClock()
    running = StreamCalls(Pacer(clock), reception.take, clock, 2, no_media_timeout_s=30)
    yield running
    running.stop()
    await running.wait_ended()
    assert running.n_calls == 0


async def run(calls: StreamCalls, connection: FakeConnection, **options: object) -> None:
    async with asyncio.timeout(10):
        await calls.run(connection, TwilioStream(), "twilio", **options)


async def test_the_caller_hangs_up(calls: StreamCalls, reception: Reception) -> None:
    released: list[StreamLeg] = []

    async def release(leg: StreamLeg) -> None:
        released.append(leg)

    connection = FakeConnection([CONNECTED, START, MEDIA, DTMF, STOP])
    await run(calls, connection, release=release)
    assert reception.events == [[DigitPressed("1"), LegEnded("hangup")]]
    assert connection.is_aborted
    assert released == [], "the provider knows already"


async def test_the_connection_breaks(calls: StreamCalls, reception: Reception) -> None:
    await run(calls, FakeConnection([CONNECTED, START], hangs_up=True))
    assert reception.events == [[LegEnded("hangup")]]


async def test_we_hang_up_and_have_the_call_ended(calls: StreamCalls, reception: Reception) -> None:
    released: list[str] = []

    async def release(leg: StreamLeg) -> None:
        released.append(leg.call_ref)
        raise CallFailed("the provider can't be reached")

    connection = FakeConnection([CONNECTED, START, DTMF.replace('"1"', '"9"')])
    await run(calls, connection, release=release)
    assert reception.events == [[DigitPressed("9"), LegEnded("finished")]]
    assert released == ["CAXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"]


async def test_a_bad_message_ends_this_call_only(calls: StreamCalls, reception: Reception) -> None:
    good = FakeConnection([CONNECTED, START])
    other = asyncio.create_task(run(calls, good))
    await asyncio.wait_for(reception.has_call.wait(), 5)
    await run(calls, FakeConnection([CONNECTED, START, "nonsense"]))
    assert reception.events[1] == [LegEnded("error")]
    assert not other.done()
    good.is_closed.set()
    await other
    assert reception.events[0] == [LegEnded("hangup")]


async def test_a_call_that_breaks_leaves_no_leg_behind(
    calls: StreamCalls, reception: Reception
) -> None:
    await run(calls, FakeConnection([CONNECTED, START, DTMF.replace('"1"', '"0"')]))
    assert reception.legs[0].is_over


@pytest.mark.parametrize(
    "messages", [[], [CONNECTED], [MEDIA], [CONNECTED, "nonsense"], [START.replace("8000", "1")]]
)
async def test_a_connection_that_begins_no_call(
    calls: StreamCalls, reception: Reception, messages: list[Message]
) -> None:
    connection = FakeConnection(list(messages), hangs_up=True)
    await run(calls, connection)
    assert reception.legs == []
    assert connection.is_closed.is_set()


async def test_there_is_room_for_so_many_and_none_when_draining(calls: StreamCalls) -> None:
    connections = [FakeConnection([CONNECTED, START]) for _ in range(2)]
    assert calls.has_room
    tasks = [asyncio.create_task(run(calls, connection)) for connection in connections]
    await asyncio.sleep(0.05)
    assert calls.n_calls == 2
    assert not calls.has_room
    connections[0].is_closed.set()
    await tasks[0]
    assert calls.has_room
    calls.drain()
    assert not calls.has_room
    assert calls.n_calls == 1, "the running call goes on"
    connections[1].is_closed.set()
    await tasks[1]


async def test_stopping_ends_calls_even_of_those_who_take_nothing(
    calls: StreamCalls, reception: Reception
) -> None:
    stuck = FakeConnection([CONNECTED, START, DTMF], is_stuck=True)
    task = asyncio.create_task(run(calls, stuck))
    await asyncio.wait_for(reception.has_call.wait(), 5)
    await asyncio.sleep(0.1)
    calls.stop()
    await task
    assert reception.events[0][-1] == LegEnded("shutdown")
    assert stuck.is_aborted


async def test_frames_tell_when_they_were_on_the_wire() -> None:
    """Chunks of 20 ms come 5 ms before ticks; after a gap the buffer holds one more."""
    leg = twilio_leg()
    for number in range(8):
        at = 100.0 + number * 0.02
        if number != 3:
            leg.receive(StreamAudio(np.full(FRAME_SAMPLES, 7, dtype=np.int16)), at - 0.005)
        leg.tick(at)
    frames = [event for event in _all_events(leg) if not event.is_concealed]
    assert [round(frame.arrived_at, 6) for frame in frames] == [
        round(99.995 + number * 0.02, 6) for number in (0, 1, 2, 4, 5, 6)
    ]


def _all_events(leg: StreamLeg) -> list[AudioFrame]:
    events = [leg.events.get_nowait() for _ in range(leg.events.qsize())]
    return [event for event in events if isinstance(event, AudioFrame)]
