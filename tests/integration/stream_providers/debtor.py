"""The debtor who keys in his facts, speaks over the bot, and promises to pay on Friday."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from tests.integration.phones.debtor_voice import speak
from tests.integration.running_server import POLL_S, CallWatch
from tests.integration.test_conversation import BALANCE_GR, QUESTIONS, Outcome, next_friday
from voicebot.audio import Samples
from voicebot.records import Disposition, Speaker


class Caller(Protocol):
    """What a debtor needs of a telephone, whatever it is."""

    is_over: asyncio.Event

    async def say(self, samples: Samples) -> None: ...
    async def press(self, keys: str, /) -> None: ...
    async def hears(self, duration_s: float, timeout_s: float, /) -> None: ...


@dataclass(frozen=True)
class Person:
    """One of the samples: who he is, as he keys it in, and what he owes."""

    case_number: str
    birth_date: str
    postcode: str
    balance_gr: int

    @property
    def keys(self) -> dict[str, str]:
        """By the names of the answers."""
        return {
            "number": self.case_number,
            "birth": self.birth_date,
            "birth_by_digits": self.birth_date,
            "postcode": self.postcode,
        }


JAN = Person("24681357", "08051980", "00950", BALANCE_GR)
ANNA = Person("31524679", "21031975", "30002", 49925)

SPOKEN = {
    "yes": "tak, dokładnie",
    "friday": "zapłacę całość w piątek",
    "all": "zapłacę całość",
    "on_friday": "zapłacę w piątek",
    "no": "nie, dziękuję, do widzenia",
}
PATIENCE_S = 240
"""Several talk at once, and a busy machine speaks and understands slowly."""
THINKING_S = 0.3
OVERHEARD_S = 1.2
"""So much of the details of his debt he listens to, before he speaks over them."""

INTERRUPTED = {"debt_what", "debt_overdue", "debt_due", "ask_when"}


def voice() -> dict[str, Samples]:
    """Speak all answers once; needs the voice's model. Blocking."""
    return speak(SPOKEN)


@dataclass
class Debtor:
    """Talks through one telephone, as the server's database tells what the bot has asked."""

    phone: Caller
    watch: CallWatch
    answers: Mapping[str, Samples]
    person: Person = JAN
    has_interrupted: bool = False

    async def talk(self) -> Outcome:
        """The whole conversation; what the server's records say of it."""
        n_seen = 0
        n_asked: Counter[str] = Counter()
        async with asyncio.timeout(PATIENCE_S):
            while not await self.watch.is_over():
                turns = await self.watch.turns()
                prompt_id = turns[-1].prompt_id if turns else ""
                if len(turns) > n_seen and prompt_id in QUESTIONS:
                    names = QUESTIONS[prompt_id]
                    name = names[min(n_asked[prompt_id], len(names) - 1)]
                    n_asked[prompt_id] += 1
                    await asyncio.sleep(THINKING_S)
                    await self._answer(name)
                n_seen = len(turns)
                await asyncio.sleep(POLL_S)
            await asyncio.wait_for(self.phone.is_over.wait(), 10)
        record = await self.watch.ended()
        return Outcome(record, await self.watch.turns(), await self.watch.promises())

    async def _answer(self, name: str) -> None:
        keys = self.person.keys
        if name not in keys:
            await self.phone.say(self.answers[name])
            return
        await self.phone.press(keys[name])
        if name == "postcode" and not self.has_interrupted:
            self.has_interrupted = True
            await self.phone.hears(OVERHEARD_S, PATIENCE_S)
            await self.phone.say(self.answers["friday"])


def check_promise(result: Outcome, kind: str, person: Person = JAN) -> None:
    """The promise, and the interruption."""
    record = result.record
    assert record.leg_kind == kind
    assert record.disposition is Disposition.PTP_FULL, result.conversation
    assert record.is_verified
    assert [(promise.amount_gr, promise.due_date) for promise in result.promises] == [
        (person.balance_gr, next_friday(record.started_at))
    ]
    interrupted = [turn for turn in result.turns if turn.was_interrupted]
    assert interrupted, result.conversation
    assert interrupted[0].prompt_id in INTERRUPTED, result.conversation


def check_conversation(result: Outcome, kind: str) -> None:
    """The promise, the interruption, and what was really heard."""
    check_promise(result, kind)
    record = result.record
    assert record.media_stats["frames_received"] > 500
    # None but those of a machine that stood still for seconds.
    assert record.media_stats["marks_lost"] < 5
    spoken = [
        turn
        for turn in result.turns
        if turn.speaker is Speaker.CALLER and "speech_end_to_transcript" in turn.timings_ms
    ]
    assert len(spoken) >= 3, result.conversation
