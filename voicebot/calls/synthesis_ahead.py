"""Makes sentences before it is sure that they will be said, so that they need not be waited for."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Iterable

from voicebot.audio import Samples
from voicebot.errors import SpeechWorkerError
from voicebot.speech.speech_service import SpeechService

MAX_KEPT = 24
"""Sentences kept for a call, about 2 MB of audio; the oldest one goes first."""

MAX_WAITING = 6
"""Sentences that wait to be made: what is further off is made when its time comes."""

Sentence = tuple[str, float]
"""Text and rate."""


class SentenceAhead:
    """One sentence, being made or made. Whoever wants it reads it while it is being made."""

    def __init__(self) -> None:
        self._chunks: list[Samples] = []
        self._is_whole = False
        self._has_failed = False
        self._has_changed = asyncio.Event()

    @property
    def has_failed(self) -> bool:
        return self._has_failed

    @property
    def whole(self) -> list[Samples] | None:
        """All of it; None: not yet."""
        return self._chunks if self._is_whole else None

    def add(self, samples: Samples) -> None:
        self._chunks.append(samples)
        self._has_changed.set()

    def end(self, has_failed: bool = False) -> None:
        self._is_whole = not has_failed
        self._has_failed = has_failed
        self._has_changed.set()

    async def chunks(self) -> AsyncIterator[Samples]:
        """Raises SpeechWorkerError where the rest could not be made."""
        n_read = 0
        while True:
            while n_read < len(self._chunks):
                n_read += 1
                yield self._chunks[n_read - 1]
            if self._is_whole:
                return
            if self._has_failed:
                raise SpeechWorkerError("a sentence made ahead broke off")
            self._has_changed.clear()
            await self._has_changed.wait()


class SynthesisAhead:
    """One sentence after the other, the latest wishes first.

    A wish that has not been begun when newer ones come goes behind them, and out where there are
    too many. What was made is kept for the call: a repeated question finds it again.
    """

    def __init__(self, speech: SpeechService) -> None:
        self._speech = speech
        self._waiting: deque[Sentence] = deque()
        self._made: OrderedDict[Sentence, SentenceAhead] = OrderedDict()
        self._task: asyncio.Task[None] | None = None

    def want(self, sentences: Iterable[Sentence]) -> None:
        """These may be said soon, the likeliest first."""
        new = [sentence for sentence in dict.fromkeys(sentences) if sentence not in self._made]
        if not new:
            return
        rest = [sentence for sentence in self._waiting if sentence not in new]
        self._waiting = deque([*new, *rest][:MAX_WAITING])
        if self._task is None:
            self._task = asyncio.create_task(self._make_all(), name="synthesis ahead")

    def get(self, sentence: str, rate: float) -> SentenceAhead | None:
        """The sentence, where its making has begun; one that failed is not there."""
        found = self._made.get((sentence, rate))
        return None if found is None or found.has_failed else found

    async def close(self) -> None:
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _make_all(self) -> None:
        try:
            while self._waiting:
                await self._make(self._waiting.popleft())
        finally:
            self._task = None

    async def _make(self, sentence: Sentence) -> None:
        if sentence in self._made and not self._made[sentence].has_failed:
            return
        ahead = self._made[sentence] = SentenceAhead()
        while len(self._made) > MAX_KEPT:
            self._made.popitem(last=False)
        try:
            async for samples in self._speech.synthesize(*sentence):
                ahead.add(samples)
        except SpeechWorkerError:
            # It was a favour: who needs the sentence has it made anew.
            ahead.end(has_failed=True)
        except asyncio.CancelledError:
            ahead.end(has_failed=True)
            raise
        else:
            ahead.end()
