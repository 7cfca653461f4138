"""The debtor who keys in his facts, speaks over the bot, and promises to pay on Friday."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from tests.integration.phones.debtor_voice import speak
from tests.integration.running_server import CallWatch
from tests.integration.stream_providers.fake_stream import FakeStream
from tests.integration.stream_providers.phone import StreamPhone
from tests.integration.test_conversation import BALANCE_GR, QUESTIONS, Outcome, next_friday
from voicebot.audio import Samples
from voicebot.records import Disposition, Speaker

KEYS = {
    "number": "24681357",
    "birth": "08051980",
    "birth_by_digits": "08051980",
    "postcode": "00950",
}
SPOKEN = {
    "yes": "tak, dokładnie",
    "friday": "zapłacę całość w piątek",
    "all": "zapłacę całość",
    "on_friday": "zapłacę w piątek",
    "no": "nie, dziękuję, do widzenia",
}
PATIENCE_S = 150
THINKING_S = 0.3
OVERHEARD_S = 1.2
"""So much of the details of his debt he listens to, before he speaks over them."""

INTERRUPTED = {"debt_what", "debt_overdue", "debt_due", "ask_when"}


def voice() -> dict[str, Samples]:
    """Speak all answers once; needs the voice's model. Blocking."""
    return speak(SPOKEN)


@dataclass
class Debtor:
    """Talks through one stream, as the server's database tells what the bot has asked."""

    stream: FakeStream | StreamPhone
    watch: CallWatch
    answers: Mapping[str, Samples]
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
                await asyncio.sleep(0.1)
            await asyncio.wait_for(self.stream.is_over.wait(), 10)
        record = await self.watch.ended()
        return Outcome(record, await self.watch.turns(), await self.watch.promises())

    async def _answer(self, name: str) -> None:
        if name not in KEYS:
            await self.stream.say(self.answers[name])
            return
        await self.stream.press(KEYS[name])
        if name == "postcode" and not self.has_interrupted:
            self.has_interrupted = True
            await self.stream.hears(OVERHEARD_S)
            await self.stream.say(self.answers["friday"])


def check_conversation(result: Outcome, kind: str) -> None:
    """The promise, the interruption, and what was really heard."""
    record = result.record
    assert record.leg_kind == kind
    assert record.disposition is Disposition.PTP_FULL, result.conversation
    assert record.is_verified
    assert [(promise.amount_gr, promise.due_date) for promise in result.promises] == [
        (BALANCE_GR, next_friday(record.started_at))
    ]
    interrupted = [turn for turn in result.turns if turn.was_interrupted]
    assert interrupted, result.conversation
    assert interrupted[0].prompt_id in INTERRUPTED, result.conversation
    assert record.media_stats["frames_received"] > 500
    # None but those of a machine that stood still for seconds.
    assert record.media_stats["marks_lost"] < 5
    spoken = [
        turn
        for turn in result.turns
        if turn.speaker is Speaker.CALLER and "speech_end_to_transcript" in turn.timings_ms
    ]
    assert len(spoken) >= 3, result.conversation
