"""A web server on a real port with a real database; only speech and SIP are small fakes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from tests.storage_fakes import SECRET
from voicebot.audio import AudioFrame, Samples
from voicebot.calls.chat_sessions import ChatSessions
from voicebot.calls.leg import CallLeg
from voicebot.calls.live_calls import LiveCall, LiveCalls
from voicebot.clock import SystemClock
from voicebot.gateway.sip.overload import OverloadControl
from voicebot.gateway.sip.trunk_service import TrunkStatus
from voicebot.gateway.websocket.call_dialler import DialCheck
from voicebot.media.audio_file import write_wav
from voicebot.media.events import DigitPressed, LegEnded
from voicebot.media.pacer import Pacer
from voicebot.records import (
    Block,
    BlockReason,
    Callback,
    CallRecord,
    Direction,
    Disposition,
    Dispute,
    Notification,
    Plan,
    Promise,
    Speaker,
    Turn,
)
from voicebot.settings import Settings, SipSettings
from voicebot.speech.worker_pool import WorkerStats
from voicebot.storage.database import Database
from voicebot.storage.samples import add_samples
from voicebot.web.server import WebServer

MakeChats = Callable[[Settings, Database, LiveCalls], ChatSessions]

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TODAY = date(2026, 3, 2)


class FakePool:
    """Speech workers as the console sees them."""

    def __init__(self) -> None:
        self.is_alive = True

    def stats(self) -> list[WorkerStats]:
        return [WorkerStats(100, self.is_alive, 1, 0, 2, 3, 0.25, 4, 0.5, 400.0)]


class FakeSip:
    """The SIP endpoint as the console sees it."""

    def __init__(self) -> None:
        self.is_taking_calls = True
        self.n_calls = 0
        self.local_uri = "sip:infolinia@127.0.0.1:5060"
        self.overload = OverloadControl(SipSettings())
        self.n_dropped_requests = 0
        self.trunk_status = [TrunkStatus("carrier", True, False, 2)]

    @property
    def reasons_to_refuse(self) -> list[str]:
        return [] if self.is_taking_calls else ["the node is stopping"]


@dataclass
class EchoedCall:
    """What one call of the fake reception has heard."""

    leg: CallLeg
    frames: list[Samples] = field(default_factory=list)
    digits: str = ""
    ended: str = ""
    is_over: asyncio.Event = field(default_factory=asyncio.Event)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def has_heard(self, duration_s: float) -> None:
        """Return when this much audio has arrived."""
        while len(self.frames) * 0.02 < duration_s:
            self.news.clear()
            await self.news.wait()

    @property
    def heard(self) -> Samples:
        return np.concatenate(self.frames) if self.frames else np.zeros(0, dtype=np.int16)


class EchoReception:
    """Takes calls and says back what it hears; keeps a record as the real one does."""

    def __init__(self, database: Database, live_calls: LiveCalls) -> None:
        self._database = database
        self._live_calls = live_calls
        self.calls: list[EchoedCall] = []
        self.has_call = asyncio.Event()

    async def take(self, leg: CallLeg) -> str:
        call = EchoedCall(leg)
        record = CallRecord(
            call_id=leg.leg_id,
            direction=leg.direction,
            leg_kind=leg.kind,
            remote_party=leg.remote_party,
            local_party=leg.local_party,
            script="echo",
            started_at=SystemClock().now(),
            answered_at=SystemClock().now(),
        )
        await self._database.calls.start(record)
        live = LiveCall(record, record.started_at, lambda: leg_end(leg), state="echo")
        self._live_calls.add(live)
        self.calls.append(call)
        self.has_call.set()
        while not isinstance(event := await leg.events.get(), LegEnded):
            match event:
                case AudioFrame():
                    if not event.is_concealed:
                        call.frames.append(event.samples)
                        call.news.set()
                        leg.playout.say(1, event.samples)
                case DigitPressed():
                    call.digits += event.digit
                    turn = Turn(Speaker.CALLER, f"klawisz {event.digit}", 0.5, 0.6, state="echo")
                    live.turns.append(turn)
                    self._live_calls.changed(live)
        call.ended = event.reason
        self._live_calls.remove(leg.leg_id)
        await self._database.calls.finish(
            leg.leg_id,
            SystemClock().now(),
            Disposition.INFORMED,
            event.reason,
            leg.media_stats(),
        )
        call.is_over.set()
        return leg.leg_id


def leg_end(leg: CallLeg) -> None:
    leg.playout.interrupt()
    task = asyncio.ensure_future(leg.hang_up("ended from the console"))
    _ending.add(task)
    task.add_done_callback(_ending.discard)


_ending: set[asyncio.Task[None]] = set()


@dataclass
class Console:
    """A running server and what is behind it."""

    server: WebServer
    database: Database
    live_calls: LiveCalls
    pool: FakePool
    sip: FakeSip
    reception: EchoReception
    settings: Settings

    @property
    def url(self) -> str:
        return self.server.url


@asynccontextmanager
async def running_console(
    tmp_path: Path,
    check_dial: DialCheck | None = None,
    make_chats: MakeChats | None = None,
    **sections: Any,
) -> AsyncIterator[Console]:
    """sections: of the settings, such as web={...}."""
    web = {"port": 0, **sections.pop("web", {})}
    settings = Settings.model_validate({"data_directory": str(tmp_path), "web": web, **sections})
    database = await Database.open(settings.database_url, SECRET)
    live_calls = LiveCalls()
    reception = EchoReception(database, live_calls)
    pool, sip, clock = FakePool(), FakeSip(), SystemClock()
    server = WebServer(
        settings,
        database,
        live_calls,
        pool,
        sip,
        Pacer(clock),
        clock,
        reception.take,
        check_dial,
        make_chats(settings, database, live_calls) if make_chats is not None else None,
    )
    await server.start()
    try:
        yield Console(server, database, live_calls, pool, sip, reception, settings)
    finally:
        await server.stop()
        await database.close()


async def add_example_call(console: Console, call_id: str = "a1b2c3d4") -> CallRecord:
    """A finished call with everything: turns, recording, and all that may come of one."""
    database = console.database
    await add_samples(database, TODAY)
    case = await database.cases.find("24681357")
    assert case is not None
    recording = console.settings.recordings_path / "2026-03-02" / f"{call_id}.wav"
    write_wav(recording, two_tones(20.0))
    record = CallRecord(
        call_id=call_id,
        direction=Direction.INBOUND,
        leg_kind="sip",
        remote_party="+48000000101",
        local_party="infolinia",
        script="infolinia",
        started_at=START,
        answered_at=START,
        case_id=case.case_id,
        is_verified=True,
        ai_disclosed_at=START + timedelta(seconds=4),
        recording_path=str(recording),
        node="test:5060",
    )
    await database.calls.start(record)
    for index, turn in enumerate(example_turns()):
        await database.calls.add_turn(call_id, index, turn)
    due = TODAY + timedelta(days=4)
    await database.promises.add(Promise(case.case_id, call_id, 129490, due, START))
    await database.callbacks.add(
        Callback(call_id, case.case_id, "+48000000101", "raty", None, START, wanted="po południu")
    )
    await database.plans.add(Plan(case.case_id, call_id, 6, 20000, 129490, due, START))
    await database.disputes.add(Dispute(call_id, case.case_id, "amount", "odsetki", START))
    await database.blocks.add(
        Block(call_id, case.case_id, "+48000000101", BlockReason.DISPUTE, START)
    )
    await database.notifications.add(
        Notification(call_id, case.case_id, "email", "raty", "", {"n": 6}, START)
    )
    await database.calls.finish(
        call_id,
        START + timedelta(seconds=95),
        Disposition.PTP_FULL,
        "caller said goodbye",
        {"packets_received": 4700.0, "packets_lost": 12.0, "jitter_ms": 1.5},
    )
    return record


def example_turns() -> list[Turn]:
    """The second is what somebody says who wants to break the page."""
    return [
        Turn(
            Speaker.BOT,
            "Dzień dobry. Jestem automatem, rozmowa jest nagrywana. Proszę podać numer sprawy.",
            0.1,
            5.0,
            prompt_id="greeting",
            state="greeting",
            was_interrupted=True,
        ),
        Turn(
            Speaker.CALLER,
            "<script>document.title='zepsute'</script> & zażółć",
            5.2,
            8.0,
            confidence=0.42,
            intent="provide_case_number",
            slots={"case_number": "24681357", "amount_gr": 129490},
            timings_ms={"speech_end_to_transcript": 512.0},
        ),
        Turn(
            Speaker.BOT,
            "Dziękuję. Kiedy może Pan zapłacić całość?",
            8.6,
            11.0,
            prompt_id="ask_when",
            state="ask_promise",
            timings_ms={"voice_to_voice": 830.0, "transcript_to_first_audio": 40.0},
        ),
        Turn(
            Speaker.CALLER,
            "zapłacę całość w piątek",
            12.0,
            14.5,
            confidence=0.93,
            intent="promise_to_pay",
            slots={"date": "2026-03-06"},
        ),
    ]


def recorded_bytes(record: CallRecord) -> bytes:
    return Path(record.recording_path).read_bytes()


def two_tones(duration_s: float) -> Samples:
    """Caller loud in the first half, bot in the second."""
    n = int(duration_s * 8000)
    time = np.arange(n) / 8000
    left = np.where(time < duration_s / 2, 12000 * np.sin(2 * np.pi * 300 * time), 0)
    right = np.where(time >= duration_s / 2, 24000 * np.sin(2 * np.pi * 500 * time), 0)
    return np.stack([left, right], axis=1).astype(np.int16)
