"""Turns what the dialogue says into audio in the leg's playout."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from voicebot.audio import SAMPLE_RATE, Samples, seconds
from voicebot.calls.prompt_maker import PromptAudio, PromptMaker, sentences
from voicebot.calls.turn_times import AudioSource, PromptTimes, TurnTimes
from voicebot.clock import Clock, SystemClock
from voicebot.dialogue.actions import Say, SpokenOver
from voicebot.errors import SpeechWorkerError
from voicebot.media.playout import Playout
from voicebot.media.speech_tail import n_silent
from voicebot.speech.speech_service import SpeechService

HARDLY_MISSED_SAMPLES = SAMPLE_RATE // 2
"""Who stops the bot within its last words has heard what it wanted."""

_NOTHING: Samples = np.zeros(0, dtype=np.int16)
_NOTHING.setflags(write=False)


@dataclass(slots=True)
class SpokenPrompt:
    """One prompt on its way out. Times are monotonic seconds; None: not yet.

    answers: the turn it answers, on the first prompt of an answer only.
    sent_at: when its first packet was sent, where that is before it is heard. audio_at: when its
    first samples were there. n_silent: samples before its first sound, as far as it is made.
    """

    say: Say
    state: str
    utterance_id: int
    answers: TurnTimes | None = None
    started_at: float | None = None
    ended_at: float | None = None
    was_interrupted: bool = False
    is_made: bool = False
    made: list[str] = field(default_factory=list)
    has_gaps: bool = False
    has_audio: bool = False
    source: AudioSource = "synthesised"
    audio_at: float | None = None
    sent_at: float | None = None
    n_silent: int = 0
    has_sound: bool = False
    held: list[Samples] = field(default_factory=list)
    on_heard: list[Callable[[], None]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What could be said of it: a sentence that no worker could make is left out."""
        return " ".join(self.made) or self.say.text if self.has_gaps else self.say.text

    @property
    def times(self) -> PromptTimes | None:
        """None: it has not begun."""
        first_packet_at = self.started_at if self.sent_at is None else self.sent_at
        if first_packet_at is None:
            return None
        return PromptTimes(first_packet_at, seconds(self.n_silent), self.audio_at)


class Prompter:
    """Speaks prompts in order; knows which one is heard now and what was cut off.

    `say` never waits: what is not in the prompt cache is synthesised in a task, ahead of the
    playout. Interrupted prompts are kept (their audio goes on being made) until it is known
    whether the caller meant it: then `resume` or `forget_interrupted`.
    """

    def __init__(
        self,
        playout: Playout,
        prompt_audio: PromptAudio,
        speech: SpeechService,
        clock: Clock | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self._playout = playout
        self._maker = PromptMaker(prompt_audio, speech)
        self._next_id = 1
        self._prompts: dict[int, SpokenPrompt] = {}
        self._cut: dict[int, SpokenPrompt] = {}
        self._to_make: deque[SpokenPrompt] = deque()
        self._making: asyncio.Task[None] | None = None
        self._last_said: SpokenPrompt | None = None
        self._has_failed = False
        self._has_changed = asyncio.Event()

    @property
    def is_idle(self) -> bool:
        return not self._prompts

    @property
    def is_interrupted(self) -> bool:
        """Something was cut off, and may yet be resumed."""
        return bool(self._cut)

    @property
    def has_put_question(self) -> bool:
        """Of what was cut off, no more than the last half second has not been heard."""
        unheard = sum(len(samples) for prompt in self._cut.values() for samples in prompt.held)
        return unheard <= HARDLY_MISSED_SAMPLES and all(p.is_made for p in self._cut.values())

    @property
    def speaking(self) -> SpokenOver:
        """What the caller hears at this moment."""
        current = self._current
        if current is None or current.started_at is None:
            return ""
        return "prompt" if current.say.allow_barge_in else "disclosure"

    @property
    def speaking_since(self) -> float | None:
        """When the prompt began that the caller hears; None: the bot is silent."""
        return self._current.started_at if self._current is not None else None

    @property
    def _current(self) -> SpokenPrompt | None:
        return next(iter(self._prompts.values()), None)

    def take_failure(self) -> bool:
        """Whether a prompt could not be made at all; told once."""
        has_failed, self._has_failed = self._has_failed, False
        return has_failed

    def say(self, say: Say, state: str, answers: TurnTimes | None = None) -> None:
        """Say it after everything said before. answers: the turn whose first answer it is."""
        prompt = SpokenPrompt(say, state, self._next_id, answers)
        self._next_id += 1
        self._last_said = prompt
        # Nobody knows yet whether the caller who interrupts means it.
        (self._cut if self._cut and say.allow_barge_in else self._prompts)[prompt.utterance_id] = (
            prompt
        )
        whole = self._maker.ready(say) if self._making is None else None
        if whole is not None:
            self._deliver_whole(prompt, whole)
            return
        self._to_make.append(prompt)
        if self._making is None:
            self._making = asyncio.create_task(self._make_all(), name="synthesis")

    def prepare(self, says: Iterable[Say]) -> None:
        """Prompts that may be said soon, the likeliest first: their audio is made ahead."""
        self._maker.prepare(says)

    def when_heard(self, do: Callable[[], None]) -> None:
        """Run `do` when the caller has heard the prompt said last to its end; else never."""
        if self._last_said is not None:
            self._last_said.on_heard.append(do)

    def playout_started(
        self, utterance_id: int, at: float, sent_at: float | None = None
    ) -> SpokenPrompt | None:
        """at: when the caller hears it begin; sent_at: where that is later than it was sent."""
        prompt = self._prompts.get(utterance_id)
        if prompt is not None and prompt.started_at is None:
            prompt.started_at = at
            prompt.sent_at = sent_at
        return prompt

    def playout_ended(self, utterance_id: int, at: float) -> SpokenPrompt | None:
        """The prompt that has now been heard to its end; None for one that was cut off."""
        # The end of one that is cut off now may have been on its way already.
        prompt = self._prompts.pop(utterance_id, None) or self._cut.pop(utterance_id, None)
        if prompt is not None:
            prompt.ended_at = at
            prompt.was_interrupted = False
            if not prompt.has_gaps:
                for do in prompt.on_heard:
                    do()
            self._has_changed.set()
        return prompt

    def interrupt(self, now: float) -> None:
        """Fall silent at once, but for prompts that must be heard whole."""
        self._cut_off([p for p in self._prompts.values() if p.say.allow_barge_in], now)

    def fall_silent(self, now: float) -> None:
        """Say nothing more, whatever it is: the call is over."""
        self._cut_off(list(self._prompts.values()), now)
        self._to_make.clear()

    def resume(self) -> None:
        """Go on with what `interrupt` cut off: nobody had spoken after all."""
        cut, self._cut = self._cut, {}
        for prompt in cut.values():
            prompt.was_interrupted = False
            prompt.ended_at = None
            self._prompts[prompt.utterance_id] = prompt
            held, prompt.held = prompt.held, []
            for samples in held:
                self._deliver(prompt, samples)
            if prompt.is_made:
                self._complete(prompt)

    def forget_interrupted(self) -> list[SpokenPrompt]:
        """The interruption was meant: what was cut off is not said again. Returns what of it
        the caller heard the beginning of."""
        cut, self._cut = self._cut, {}
        return [prompt for prompt in cut.values() if prompt.started_at is not None]

    async def wait_silent(self) -> None:
        """Returns when everything has been said, or cut off."""
        while self._prompts:
            self._has_changed.clear()
            await self._has_changed.wait()

    async def close(self) -> None:
        """The call is over; nothing is made any more."""
        self._to_make.clear()
        if self._making is not None:
            self._making.cancel()
            await asyncio.gather(self._making, return_exceptions=True)
        await self._maker.close()

    def _cut_off(self, prompts: list[SpokenPrompt], now: float) -> None:
        if not prompts:
            return
        interrupted = self._playout.interrupt()
        unsaid = dict(interrupted.rest) if interrupted is not None else {}
        for prompt in prompts:
            self._cut[prompt.utterance_id] = self._prompts.pop(prompt.utterance_id)
            prompt.was_interrupted = True
            prompt.ended_at = now
            if prompt.utterance_id in unsaid:
                prompt.held.append(unsaid[prompt.utterance_id])
        for prompt in self._prompts.values():
            if prompt.utterance_id in unsaid:
                self._deliver(prompt, unsaid[prompt.utterance_id])
            if prompt.is_made:
                self._complete(prompt)
        self._has_changed.set()

    # ---- making --------------------------------------------------------------------------------

    async def _make_all(self) -> None:
        try:
            while self._to_make:
                await self._make(self._to_make.popleft())
        finally:
            self._making = None

    async def _make(self, prompt: SpokenPrompt) -> None:
        whole = self._maker.ready(prompt.say)
        if whole is not None:
            self._deliver_whole(prompt, whole)
            return
        for sentence in sentences(prompt.say.text):
            try:
                async for samples in self._maker.make(sentence, prompt.say.rate):
                    self._measure(prompt, samples)
                    if not self._deliver(prompt, samples):
                        return
            except SpeechWorkerError:
                prompt.has_gaps = True
            else:
                prompt.made.append(sentence)
        if prompt.has_gaps and not prompt.made:
            self._give_up(prompt)
        else:
            self._complete(prompt)

    def _deliver_whole(self, prompt: SpokenPrompt, samples: Samples) -> None:
        prompt.source = "ready"
        self._measure(prompt, samples)
        self._deliver(prompt, samples)
        self._complete(prompt)

    def _measure(self, prompt: SpokenPrompt, samples: Samples) -> None:
        """Of samples that have just been made, before they are delivered."""
        if prompt.audio_at is None:
            prompt.audio_at = self._clock.monotonic()
        if not prompt.has_sound:
            n = n_silent(samples)
            prompt.n_silent += n
            prompt.has_sound = n < len(samples)

    def _deliver(self, prompt: SpokenPrompt, samples: Samples) -> bool:
        """False: nobody wants it any more."""
        prompt.has_audio = True
        if prompt.utterance_id in self._prompts:
            self._playout.say(prompt.utterance_id, samples, is_last=False)
        elif prompt.utterance_id in self._cut:
            prompt.held.append(samples)
        else:
            return False
        return True

    def _complete(self, prompt: SpokenPrompt) -> None:
        prompt.is_made = True
        if prompt.utterance_id in self._prompts:
            # Also where it has no audio at all: then it ends as soon as it begins.
            self._playout.say(prompt.utterance_id, _NOTHING, is_last=True)

    def _give_up(self, prompt: SpokenPrompt) -> None:
        """Not one sentence of it could be made; what came of half a sentence is played out."""
        self._has_failed = True
        if prompt.has_audio:
            self._complete(prompt)
            return
        self._prompts.pop(prompt.utterance_id, None)
        self._cut.pop(prompt.utterance_id, None)
        self._playout.finish(prompt.utterance_id)
        self._has_changed.set()
