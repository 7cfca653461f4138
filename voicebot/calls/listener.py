"""Cuts the caller's audio into turns and has them transcribed, ahead of time where it can."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, replace

from voicebot.audio import FRAME_SAMPLES, SAMPLE_RATE, AudioFrame, Samples, seconds
from voicebot.calls.mood_reader import HeardVoice, MoodReader
from voicebot.calls.turn_times import TurnTimes
from voicebot.dialogue.actions import Listen, QuestionKind, SpokenOver
from voicebot.dialogue.answer_completeness import Completeness
from voicebot.dialogue.decisions import HeardSpan
from voicebot.media.speech_tail import SpeechTail
from voicebot.media.turn_detector import (
    PauseHeard,
    SpeechResumed,
    SpeechStarted,
    TurnDetector,
    TurnEnded,
)
from voicebot.media.vad import VoiceActivityDetector
from voicebot.settings import TurnSettings
from voicebot.speech.recognizer import RecognitionHints, Transcript
from voicebot.speech.speech_service import SpeechService, Utterance

RECENT_FRAMES = 20
"""400 ms kept from before the detector was sure, so that no first syllable is lost."""


LONGEST_WAIT_MS = 2500
"""A turn does not end before its words are known, unless they take longer than that."""


@dataclass(slots=True)
class HeardTurn:
    """A finished turn of the caller. Seconds since the answer.

    times: how long the steps to its answer take; whoever takes a step notes it there.
    over: what the bot went on saying for the whole of it. span: what its words are taken from.
    """

    started_s: float
    ended_s: float
    times: TurnTimes
    over: SpokenOver
    voice: HeardVoice | None
    span: HeardSpan
    _utterance: Utterance
    _early: asyncio.Task[Transcript] | None

    async def transcribe(self) -> Transcript:
        """The transcript; it was started in the pause, so mostly it is there already.

        Raises SpeechWorkerError.
        """
        try:
            if self._early is not None and not _has_failed(self._early):
                return await self._early
            # The early one found its worker dead; by now there may be another.
            return await self._utterance.transcribe()
        finally:
            self._utterance.close()

    def drop(self) -> None:
        """Nobody will ask for its transcript."""
        if self._early is not None:
            self._early.cancel()
        self._utterance.close()


class Listener:
    """Told each frame; holds at most one finished turn until `take_turn`.

    Recognition starts as soon as the caller pauses (`recognise_after_ms`), before it is sure
    that he has finished; if he goes on, that transcript is dropped and asked for again.
    """

    def __init__(
        self,
        vad: VoiceActivityDetector,
        detector: TurnDetector,
        speech: SpeechService,
        settings: TurnSettings,
        phrases: tuple[str, ...] = (),
        moods: MoodReader | None = None,
    ) -> None:
        self.moods = moods or MoodReader(speech, None)
        self._vad = vad
        self._detector = detector
        self._speech = speech
        self._settings = settings
        self._phrases = phrases
        self._hints = RecognitionHints(phrases=phrases)
        self._span = HeardSpan(0, 0)
        self._fed_to = 0
        self._recent: deque[Samples] = deque(maxlen=RECENT_FRAMES)
        self._utterance: Utterance | None = None
        self._early: asyncio.Task[Transcript] | None = None
        self._is_guess = False
        self._asked_in_pause: list[asyncio.Task[Transcript]] = []
        self._early_tasks: set[asyncio.Task[Transcript]] = set()
        self._over: set[SpokenOver] = set()
        self._turn: HeardTurn | None = None
        self._guess: Transcript | None = None
        self._kind: QuestionKind = "open"
        self._speech_samples = 0
        self._is_ignoring = False
        self._tail = SpeechTail()
        self._pause_noticed_at: float | None = None

    def take_guess(self) -> Transcript | None:
        """In a pause: what has been said so far, once it is recognised; told once."""
        guess, self._guess = self._guess, None
        return guess

    def settle(self, completeness: Completeness, is_understood: bool = False) -> None:
        """In a pause: whether it is the turn's end, by what was said, and by whether the dialogue
        has an answer to it."""
        turns = self._settings
        match completeness:
            case Completeness.COMPLETE:
                silence_ms = turns.silence_complete_ms
            case Completeness.UNFINISHED:
                silence_ms = turns.silence_unfinished_ms
            case Completeness.DOUBTFUL:
                silence_ms = turns.silence_unclear_ms
            case Completeness.OPEN:
                silence_ms = (
                    turns.silence_understood_ms if is_understood else turns.silence_unclear_ms
                )
        self._detector.be_patient(silence_ms)

    @property
    def over(self) -> SpokenOver:
        """What the bot went on saying for the whole of the turn so far."""
        return _spoken_over(self._over)

    @property
    def is_hearing(self) -> bool:
        """The caller is in the middle of a turn."""
        return self._utterance is not None

    @property
    def speech_s(self) -> float:
        """Speech in the present turn, or in the one that has just ended; pauses not counted."""
        return self._speech_samples / SAMPLE_RATE

    def expect(self, listen: Listen) -> None:
        """What kind of answer comes next: sets the hints for recognising it."""
        self._kind = listen.kind
        self._hints = RecognitionHints(kind=listen.kind, phrases=listen.phrases + self._phrases)
        self._detector.listen(
            silence_ms=self._settings.silence_unclear_ms,
            recognise_after_ms=self._settings.recognise_after_ms,
        )

    def receive_frame(self, frame: AudioFrame, now: float, bot_says: SpokenOver) -> bool:
        """Take in 20 ms that arrived at `now`, while the bot says that; whether they are speech."""
        self._tail.receive_frame(frame, now)
        is_speech = not frame.is_concealed and self._vad.is_speech(frame.samples)
        if is_speech:
            self._over.add(bot_says)
        if self._utterance is not None:
            self._utterance.feed(frame.samples)
            self._fed_to = frame.rtp_time + FRAME_SAMPLES
            self.moods.receive_frame(frame.samples, is_speech, seconds(frame.rtp_time))
        else:
            self._recent.append(frame.samples)
        if self._is_ignoring:
            return is_speech
        self._speech_samples = self._detector.speech_samples or self._speech_samples
        match self._detector.receive_frame(is_speech, frame.rtp_time):
            case SpeechStarted(at_samples=start):
                n_frames = (frame.rtp_time - start) // FRAME_SAMPLES + 1
                self._start_utterance(n_frames, frame.rtp_time)
                self._over = {bot_says}
            case PauseHeard():
                self._pause_noticed_at = now
                self._recognise_pause(now)
                self.moods.pause()
            case SpeechResumed():
                self._pause_noticed_at = None
                self._drop_early()
            case TurnEnded() as event:
                self._end_turn(event, now)
            case None:
                self._recognise_pause(now)
        return is_speech

    def ignore(self) -> None:
        """What is heard is nobody: drop the turn in progress, and begin none until `attend`."""
        self._is_ignoring = True
        self._detector.reset()
        self._drop_early()
        if self._utterance is not None:
            self._utterance.close()
            self._utterance = None

    def attend(self) -> None:
        """Somebody may speak again."""
        self._is_ignoring = False

    def take_turn(self) -> HeardTurn | None:
        """The turn that has just ended, once."""
        turn, self._turn = self._turn, None
        return turn

    async def close(self) -> None:
        """The call is over; turns already taken are their taker's to drop."""
        self._drop_early()
        if self._utterance is not None:
            self._utterance.close()
            self._utterance = None
        if self._turn is not None:
            self._turn.drop()
        for task in self._early_tasks:
            task.cancel()
        await asyncio.gather(*self._early_tasks, return_exceptions=True)
        await self.moods.close()
        self._speech.close()

    def _start_utterance(self, n_frames: int, position: int) -> None:
        """Open the utterance with the last `n_frames` frames, pre-roll included.

        position: of the last of them.
        """
        self._utterance = self._speech.open_utterance(self._hints)
        frames = list(self._recent)[-n_frames:]
        first = position - (len(frames) - 1) * FRAME_SAMPLES
        self._fed_to = position + FRAME_SAMPLES
        self._span = HeardSpan(first, self._fed_to, self._hints.kind, self._hints.phrases)
        for samples in frames:
            self._utterance.feed(samples)
        self.moods.start(frames)
        self._recent.clear()

    def _recognise_pause(self, now: float) -> None:
        """In a pause: ask an idle worker for the words at once, a busy one a little later. Once
        the usual silence has passed, they are no guess any more and go before others' guesses."""
        if self._pause_noticed_at is None or self._utterance is None:
            return
        paused_ms = (now - self._pause_noticed_at) * 1000 + self._settings.recognise_after_ms
        is_guess = paused_ms < self._settings.silence_understood_ms
        if self._early is None:
            if self._speech.n_waiting and paused_ms < self._settings.recognise_busy_after_ms:
                return
        elif is_guess or not self._is_guess or self._early.done() or self._speech.n_waiting <= 1:
            return  # nobody is before us
        self._transcribe_early(self._utterance, is_guess)

    def _transcribe_early(self, utterance: Utterance, is_guess: bool) -> None:
        self._is_guess = is_guess
        self._span = replace(self._span, last_sample=self._fed_to)
        self._early = asyncio.create_task(utterance.transcribe(is_guess), name="early transcript")
        self._asked_in_pause.append(self._early)
        self._early_tasks.add(self._early)
        self._early.add_done_callback(self._early_tasks.discard)
        self._early.add_done_callback(self._take_in)
        # Only its words tell whether this pause is the turn's end.
        self._detector.be_patient(LONGEST_WAIT_MS)

    def _take_in(self, task: asyncio.Task[Transcript]) -> None:
        has_failed = _has_failed(task)
        if task is not self._early or task.cancelled():
            return
        if has_failed or not task.result().text:
            self.settle(Completeness.OPEN)
        else:
            self._guess = task.result()

    def _drop_early(self) -> None:
        self._guess = None
        self._early = None
        # Not those of a turn that is over: somebody waits for its words.
        for task in self._asked_in_pause:
            task.cancel()
        self._asked_in_pause.clear()

    def _end_turn(self, event: TurnEnded, now: float) -> None:
        if self._utterance is None:
            return
        self._turn = HeardTurn(
            started_s=event.start_samples / SAMPLE_RATE,
            ended_s=event.end_samples / SAMPLE_RATE,
            times=self._times(event, now),
            over=_spoken_over(self._over),
            voice=self.moods.end(),
            span=self._span if self._early else replace(self._span, last_sample=self._fed_to),
            _utterance=self._utterance,
            _early=self._early,
        )
        self._utterance = None
        self._early = None
        self._guess = None
        self._asked_in_pause.clear()

    def _times(self, event: TurnEnded, now: float) -> TurnTimes:
        speech_end = self._tail.last_sample(event.end_samples)
        ended_at = self._tail.wire_time(speech_end)
        noticed_at, self._pause_noticed_at = self._pause_noticed_at, None
        return TurnTimes(
            kind=self._kind,
            speech_started_at=ended_at - seconds(speech_end - event.start_samples),
            speech_ended_at=ended_at,
            vad_ended_at=now if noticed_at is None else noticed_at,
            decided_at=now,
        )


def _has_failed(task: asyncio.Task[Transcript]) -> bool:
    """Also marks the error as seen: a dropped early transcript may fail, the final one tells."""
    return task.done() and not task.cancelled() and task.exception() is not None


def _spoken_over(heard: set[SpokenOver]) -> SpokenOver:
    if "" in heard:
        return ""
    return "disclosure" if heard == {"disclosure"} else "prompt"
