"""A synthetic debtor on a real call: listens to the bot, answers by script, notes the times."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from voicebot.audio import FRAME_MS, SAMPLE_RATE, AudioFrame, Samples
from voicebot.calls.debtor_script import DebtorScript, DebtorTurn
from voicebot.calls.leg import CallLeg
from voicebot.clock import Clock
from voicebot.errors import SpeechWorkerError
from voicebot.media.events import DigitPressed, LegEnded, LegEvent, PlayoutEnded, PlayoutStarted
from voicebot.speech.recognizer import RecognitionHints
from voicebot.speech.speech_service import SpeechService, Utterance

AUDIBLE = 64
"""Peak of a frame that counts as sound; the bot's pauses are zeros, far below it."""

PROMPT_END_MS = 900
"""Quiet after which the bot is taken to have finished; sentences of one prompt pause less."""


@dataclass(frozen=True, slots=True)
class HeardPrompt:
    """One thing the bot said. Seconds since the answer; `text` empty where nobody transcribes.

    response_ms: from the debtor's last audible sample to the first audible one of the bot.
    """

    text: str
    started_s: float
    ended_s: float
    response_ms: float | None


@dataclass(slots=True)
class SimulatedCall:
    """What came of the call. left_over: turns that never fitted, in their order."""

    prompts: list[HeardPrompt] = field(default_factory=list)
    said: list[DebtorTurn] = field(default_factory=list)
    left_over: list[DebtorTurn] = field(default_factory=list)
    end_reason: str = ""
    duration_s: float = 0.0

    @property
    def response_times_ms(self) -> list[float]:
        return [p.response_ms for p in self.prompts if p.response_ms is not None]

    @property
    def median_response_ms(self) -> float | None:
        times = self.response_times_ms
        return statistics.median(times) if times else None


Progress = Callable[[str, float, str], None]
"""Told who spoke (`bot`, `debtor`), when (seconds since the answer), and what."""


class SimulatedDebtor:
    """Plays a DebtorScript on one leg.

    recordings: audio made before, by the name of a `play` or the text of a `say`. speech: makes
    what is not among them, and the bot's transcript when `is_transcribing`; without a transcript
    turns go in their order.
    """

    def __init__(
        self,
        leg: CallLeg,
        script: DebtorScript,
        speech: SpeechService,
        clock: Clock,
        progress: Progress,
        is_transcribing: bool = True,
        recordings: dict[str, Samples] | None = None,
    ) -> None:
        self._leg = leg
        self._script = script
        self._speech = speech
        self._clock = clock
        self._progress = progress
        self._is_transcribing = is_transcribing
        self._recordings = recordings or {}
        self._times_left = [turn.times for turn in script.turns]
        self._result = SimulatedCall()
        self._utterance: Utterance | None = None
        self._prompt_started: int | None = None
        self._last_audible = 0
        self._position = 0
        self._response_ms: float | None = None
        self._said_at: float | None = None
        self._is_speaking = False
        self._last_said = 0
        self._next_id = 1
        self._has_barged_in = False
        self._answers: set[asyncio.Task[None]] = set()

    async def run(self) -> SimulatedCall:
        """Returns when the call has ended, by either side."""
        while not isinstance(event := await self._leg.events.get(), LegEnded):
            self._handle(event)
            if self._has_waited_long_enough():
                await self._leg.hang_up("debtor has nothing more to say")
                event = LegEnded("hung up by the debtor")
                break
        for task in self._answers:
            task.cancel()
        await asyncio.gather(*self._answers, return_exceptions=True)
        if self._prompt_started is not None:
            # The last words were cut short by the end of the call.
            span = (self._prompt_started / SAMPLE_RATE, self._last_audible / SAMPLE_RATE)
            await self._note_prompt(self._utterance, span, self._response_ms)
        self._result.left_over = [
            turn
            for turn, times in zip(self._script.turns, self._times_left, strict=True)
            if times == turn.times
        ]
        self._result.end_reason = event.reason
        self._result.duration_s = self._position / SAMPLE_RATE
        return self._result

    def _handle(self, event: LegEvent) -> None:
        match event:
            case AudioFrame():
                self._handle_frame(event)
            case PlayoutEnded():
                self._is_speaking = False
                self._said_at = event.at
                self._last_said = self._position
            case PlayoutStarted() | DigitPressed() | LegEnded():
                pass

    def _handle_frame(self, frame: AudioFrame) -> None:
        self._position = frame.rtp_time
        samples = frame.samples
        is_audible = int(samples.max()) > AUDIBLE or int(samples.min()) < -AUDIBLE
        if is_audible:
            self._last_audible = self._position
            if self._prompt_started is None:
                self._start_prompt()
        if self._prompt_started is None:
            return
        if self._utterance is not None:
            self._utterance.feed(frame.samples)
        spoken_s = (self._position - self._prompt_started) / SAMPLE_RATE
        barge_in_s = self._script.barge_in_after_s
        if barge_in_s is not None and spoken_s >= barge_in_s and not self._has_barged_in:
            self._has_barged_in = True
            self._answer_later("")
        if self._position - self._last_audible >= PROMPT_END_MS * SAMPLE_RATE // 1000:
            self._end_prompt()

    def _start_prompt(self) -> None:
        self._prompt_started = self._position
        self._has_barged_in = False
        self._response_ms = None
        if self._said_at is not None and not self._is_speaking:
            self._response_ms = (self._clock.monotonic() - self._said_at) * 1000 - FRAME_MS
            self._said_at = None
        if self._is_transcribing:
            self._utterance = self._speech.open_utterance(RecognitionHints())

    def _end_prompt(self) -> None:
        started, self._prompt_started = self._prompt_started, None
        utterance, self._utterance = self._utterance, None
        if started is None:
            return
        span = (started / SAMPLE_RATE, self._last_audible / SAMPLE_RATE)
        task = asyncio.create_task(self._answer_prompt(utterance, span, self._response_ms))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _answer_prompt(
        self, utterance: Utterance | None, span: tuple[float, float], response_ms: float | None
    ) -> None:
        text = await self._note_prompt(utterance, span, response_ms)
        if self._prompt_started is None and not self._has_barged_in:
            await self._answer(text)

    async def _note_prompt(
        self, utterance: Utterance | None, span: tuple[float, float], response_ms: float | None
    ) -> str:
        text = ""
        if utterance is not None:
            try:
                text = (await utterance.transcribe()).text
            except SpeechWorkerError:
                text = ""
            finally:
                utterance.close()
        self._result.prompts.append(HeardPrompt(text, *span, response_ms))
        self._progress("bot", span[0], text)
        return text

    def _answer_later(self, heard: str) -> None:
        task = asyncio.create_task(self._answer(heard))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _answer(self, heard: str) -> None:
        turn = self._choose(heard)
        if turn is None or turn.silence:
            return
        self._result.said.append(turn)
        self._progress("debtor", self._position / SAMPLE_RATE, turn.say or turn.keys or turn.play)
        if turn.keys:
            self._leg.send_digits(turn.keys)
            self._said_at = None
            self._last_said = self._position
            return
        samples = self._recordings.get(turn.play or turn.say)
        if samples is None:
            try:
                parts = [part async for part in self._speech.synthesize(turn.say)]
            except SpeechWorkerError:
                parts = []
            if not parts:
                self._progress("debtor", self._position / SAMPLE_RATE, "(has no voice)")
                return
            samples = np.concatenate(parts)
        self._is_speaking = True
        self._leg.playout.say(self._next_id, without_silent_ends(samples))
        self._next_id += 1

    def _choose(self, heard: str) -> DebtorTurn | None:
        said = self._result.said
        is_asked_again = self._is_transcribing and self._script.asks_again(heard)
        for number, turn in enumerate(self._script.turns):
            # Asked again, a turn for any prompt would run ahead of the conversation.
            fits = not self._is_transcribing or (
                turn.fits(heard) and (bool(turn.hear) or not is_asked_again)
            )
            if fits and self._times_left[number] > 0:
                self._times_left[number] -= 1
                return turn
        return said[-1] if is_asked_again and said else None

    def _has_waited_long_enough(self) -> bool:
        quiet_s = (self._position - max(self._last_audible, self._last_said)) / SAMPLE_RATE
        return (
            not self._is_speaking
            and self._prompt_started is None
            and not self._answers
            and quiet_s >= self._script.hang_up_after
        )


def without_silent_ends(samples: Samples) -> Samples:
    """Cut what is inaudible from both ends, so that the last sample played is the last spoken."""
    audible = np.flatnonzero(np.abs(samples.astype(np.int32)) > AUDIBLE)
    if len(audible) == 0:
        return samples
    return samples[audible[0] : audible[-1] + 1]
