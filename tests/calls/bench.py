"""Plays whole calls in memory: the hotline's script, a database, and a caller made of levels."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

from tests.fakes import AnyVoice, FakeLeg, FakePromptAudio, FakeSpeech, LevelVad, VoiceBook
from tests.simulated_time import SimulatedClock
from tests.storage_fakes import FakeDatabase
from tests.unit.dialogue.dialogue_driver import WARSAW, infolinia
from voicebot.calls.live_calls import LiveCalls
from voicebot.calls.reception import CallParts, Conversation, Reception
from voicebot.records import Callback, CallRecord, Promise, Speaker, Turn
from voicebot.settings import TurnSettings
from voicebot.storage.samples import sample_debtors

COMPANY = "Windykacja Przykładowa"
CASE_NUMBER = "24681357"
BALANCE_GR = 129490
FRIDAY = date(2026, 3, 13)
PATIENCE_S = 120.0


class Bench:
    """A node without sockets or models. Jan Kowalski of the samples is in its database."""

    def __init__(
        self,
        turns: TurnSettings | None = None,
        recordings_path: Path | None = None,
    ) -> None:
        self.clock = SimulatedClock()
        self.book = VoiceBook()
        self.speech = FakeSpeech(self.book)
        self.database = FakeDatabase()
        self.live_calls = LiveCalls()
        self._n_calls = 0
        script, classifier = infolinia()
        variables: dict[str, object] = {"company": COMPANY}
        self.prompt_audio = FakePromptAudio(
            self.book, set(script.static_prompts(variables).values())
        )
        self.parts = CallParts(
            conversation=Conversation(script, classifier, variables, WARSAW),
            prompt_audio=self.prompt_audio,
            open_speech=lambda: self.speech,
            make_vad=LevelVad,
            make_voicing=AnyVoice,
            store=self.database,
            turns=turns or TurnSettings(),
            recordings_path=recordings_path,
            clock=self.clock,
            node="bench",
        )

    async def add_debtor(self) -> None:
        debtor = sample_debtors(date(2026, 3, 11))[0]
        await self.database.cases.add(debtor.contact, debtor.case)

    @asynccontextmanager
    async def call(
        self, remote_party: str = "+48000000101", is_caller: bool = True
    ) -> AsyncIterator[BenchCall]:
        """A call that is being answered; at the end of the block it has to end by itself."""
        if not self.database.cases.rows:
            await self.add_debtor()
        self._n_calls += 1
        call = BenchCall(self, FakeLeg(remote_party, f"leg-{self._n_calls}"), is_caller)
        call.start()
        try:
            yield call
            await call.wait_ended()
        finally:
            await call.stop()


class BenchCall:
    """One call seen from the caller's phone, and its record."""

    def __init__(self, bench: Bench, leg: FakeLeg, is_caller: bool = True) -> None:
        self.bench = bench
        self.leg = leg
        self._is_caller = is_caller
        self._answered_s = 0.0
        self._tasks: list[asyncio.Task[object]] = []

    def start(self) -> None:
        reception = Reception(self.bench.parts, self.bench.live_calls)
        self._tasks = [
            asyncio.create_task(reception.take(self.leg, self._is_caller)),
            asyncio.create_task(self._tick()),
        ]

    @property
    def is_running(self) -> bool:
        return not self._tasks[0].done()

    @property
    def now_s(self) -> float:
        return self.leg.position / 8000

    # ---- the caller -------------------------------------------------------------------------

    async def hears(self, pattern: str) -> str:
        """Wait until the bot has said this, since the caller spoke last, and is silent."""
        await self.until(
            lambda: (
                re.search(pattern, self.heard_lately, re.IGNORECASE) is not None
                and not self.leg.playout.is_speaking
            ),
            f"the caller never heard {pattern!r}",
        )
        return self.heard_lately

    async def begins_to_hear(self, pattern: str) -> None:
        await self.until(
            lambda: re.search(pattern, self.heard_lately, re.IGNORECASE) is not None,
            f"the caller never began to hear {pattern!r}",
        )

    @property
    def heard_lately(self) -> str:
        return " ".join(self.leg.heard(self.bench.book, self._answered_s))

    @property
    def heard(self) -> str:
        return " ".join(self.leg.heard(self.bench.book))

    def says(self, text: str, seconds: float | None = None, pause_s: float = 0.3) -> None:
        self._answered_s = self.now_s
        self.leg.says(self.bench.book.sound(text, seconds), pause_s)

    def presses(self, digits: str) -> None:
        self._answered_s = self.now_s
        self.leg.press(digits)

    async def answers(self, pattern: str, text: str) -> None:
        await self.hears(pattern)
        self.says(text)

    async def proves_identity(self) -> None:
        await self.answers("numer sprawy", "dwa cztery sześć osiem jeden trzy pięć siedem")
        await self.answers("datę urodzenia", "ósmego maja tysiąc dziewięćset osiemdziesiątego roku")
        await self.answers("kod pocztowy", "zero zero dziewięćset pięćdziesiąt")
        await self.hears("możliwa będzie wpłata")

    async def until(self, holds, reason: str, patience_s: float = PATIENCE_S) -> None:
        ends_at = self.bench.clock.monotonic() + patience_s
        while not holds():
            assert self.bench.clock.monotonic() < ends_at, f"{reason}; heard: {self.heard_lately!r}"
            assert self.is_running, f"the call ended: {reason}; heard: {self.heard_lately!r}"
            await asyncio.sleep(0.02)

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def wait_ended(self, patience_s: float = 300.0) -> None:
        async with asyncio.timeout(patience_s):
            await asyncio.shield(self._tasks[0])

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # ---- the record -------------------------------------------------------------------------

    @property
    def record(self) -> CallRecord:
        return self.bench.database.calls.rows[self.leg.leg_id]

    @property
    def turns(self) -> list[Turn]:
        rows = self.bench.database.calls.turn_rows[self.leg.leg_id]
        return [turn for _, turn in sorted(rows.items())]

    @property
    def caller_turns(self) -> list[Turn]:
        return [turn for turn in self.turns if turn.speaker is Speaker.CALLER]

    @property
    def bot_turns(self) -> list[Turn]:
        return [turn for turn in self.turns if turn.speaker is Speaker.BOT]

    def bot_turn(self, pattern: str) -> Turn:
        return next(t for t in self.bot_turns if re.search(pattern, t.text, re.IGNORECASE))

    @property
    def promises(self) -> list[Promise]:
        return list(self.bench.database.promises.rows.values())

    @property
    def callbacks(self) -> list[Callback]:
        return list(self.bench.database.callbacks.rows.values())

    @property
    def events(self) -> list[str]:
        return [link.entry.name for link in self.bench.database.audit.rows]

    async def _tick(self) -> None:
        while not self.leg.is_over:
            self.leg.tick(self.bench.clock.monotonic())
            await asyncio.sleep(0.02)
