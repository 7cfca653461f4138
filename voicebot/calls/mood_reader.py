"""Has the caller's voice read while he speaks, once he was told of it and unless he refused."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from voicebot.audio import FRAME_SAMPLES, SAMPLE_RATE, Samples
from voicebot.calls.mood import MIN_SPEECH_S, PROVISIONAL_SPEECH_S, CallerMood
from voicebot.dialogue.mood import UNKNOWN_MOOD, Mood
from voicebot.errors import SpeechWorkerError
from voicebot.records import TurnMood
from voicebot.speech.emotion.emotion import EmotionHead
from voicebot.speech.speech_service import SpeechService

log = logging.getLogger(__name__)

MAX_AUDIO_S = 8.0
"""Of a longer utterance the last seconds are read: moods change, and work must stay bounded."""

NEW_SPEECH_S = 0.3
"""With less new speech than this the last reading stands."""

_FRAME_S = FRAME_SAMPLES / SAMPLE_RATE
_MAX_FRAMES = round(MAX_AUDIO_S / _FRAME_S)


@dataclass(slots=True)
class HeardVoice:
    """The voice of one utterance. `mood`: None until it is read, which may never be.

    when_read: called with a reading that comes after it was set.
    """

    number: int
    mood: TurnMood | None = None
    when_read: Callable[[TurnMood], None] | None = None


class MoodReader:
    """Collects the utterance that is being said, and asks a worker for its embedding.

    Nothing is collected, sent or kept before `allow`, and after `refuse` for the rest of the
    call. Work doubles with the speech (2 s, 4 s, 8 s …), and once more in the pause in which it
    is transcribed, behind the transcript. No answer is ever waited for: one that comes late
    serves the next turn, and the record.

    head: None never reads anything (switched off, or the leg is not a caller's).
    """

    def __init__(self, speech: SpeechService, head: EmotionHead | None) -> None:
        self._speech = speech
        self._mood = CallerMood(head) if head is not None else None
        self._is_allowed = False
        self._has_refused = False
        self._frames: list[Samples] = []
        self._n_speech_frames = 0
        self._n_to_last_speech = 0
        self._asked_s = 0.0
        self._voice: HeardVoice | None = None
        self._number = 0
        self._at_s = 0.0
        self._asking: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_possible(self) -> bool:
        """Whether it would be read, were the caller told of it."""
        return self._mood is not None and not self._has_refused

    @property
    def is_on(self) -> bool:
        return self.is_possible and self._is_allowed

    def allow(self) -> None:
        """The caller has heard the notice to its end."""
        self._is_allowed = True

    def refuse(self) -> None:
        """The caller does not want it: it is off for good, and what was read is dropped."""
        self._has_refused = True
        self._stop_utterance()
        self._cancel()
        if self._mood is not None:
            self._mood.forget()

    def now(self) -> Mood:
        """How the caller sounds by now, as a script may act on it."""
        return self._mood.now(self._at_s) if self._mood is not None and self.is_on else UNKNOWN_MOOD

    # ---- told by the listener ---------------------------------------------------------------

    def start(self, frames: list[Samples]) -> None:
        """An utterance begins with these frames. One that began before `allow` is not read."""
        self._stop_utterance()
        if not self.is_on:
            return
        self._number += 1
        self._voice = HeardVoice(self._number)
        self._frames = list(frames)
        self._n_to_last_speech = len(frames)

    def receive_frame(self, samples: Samples, is_speech: bool, at_s: float) -> None:
        """20 ms of the utterance, at that second of the call."""
        self._at_s = at_s
        if self._voice is None:
            return
        self._frames.append(samples)
        if not is_speech:
            return
        self._n_speech_frames += 1
        self._n_to_last_speech = len(self._frames)
        if self._speech_s >= max(PROVISIONAL_SPEECH_S, 2 * self._asked_s):
            self._ask()

    def pause(self) -> None:
        """The caller may have finished: read what there is."""
        if self._voice is not None and self._speech_s >= self._asked_s + NEW_SPEECH_S:
            self._ask()

    def end(self) -> HeardVoice | None:
        """The turn is over. None: it was not listened to."""
        self.pause()
        voice = self._voice
        self._asking = None  # it may go on: for the record and the next turn
        self._stop_utterance()
        return voice

    # ---- told by the call -------------------------------------------------------------------

    def keep(self, voice: HeardVoice) -> None:
        """It was words."""
        if self._mood is not None and self.is_on:
            self._mood.keep(voice.number)

    def drop(self, voice: HeardVoice) -> None:
        """It was no words: noise, or nothing."""
        voice.when_read = None
        if self._mood is not None:
            self._mood.drop(voice.number)

    async def close(self) -> None:
        """The call is over."""
        tasks = list(self._tasks)
        self._cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # ---- asking -----------------------------------------------------------------------------

    @property
    def _speech_s(self) -> float:
        return self._n_speech_frames * _FRAME_S

    def _stop_utterance(self) -> None:
        self._voice = None
        self._frames = []
        self._n_speech_frames = self._n_to_last_speech = 0
        self._asked_s = 0.0

    def _ask(self) -> None:
        """Ask for the embedding of the utterance so far, up to its last speech."""
        if self._voice is None or self._speech_s < MIN_SPEECH_S:
            return
        if self._asking is not None:
            self._asking.cancel()  # it had less to go by
        self._asked_s = self._speech_s
        first = max(0, self._n_to_last_speech - _MAX_FRAMES)
        samples = np.concatenate(self._frames[first : self._n_to_last_speech])
        task = asyncio.create_task(self._read(self._voice, samples, self._speech_s), name="mood")
        self._asking = task
        self._tasks.add(task)
        task.add_done_callback(self._note_done)

    async def _read(self, voice: HeardVoice, samples: Samples, speech_s: float) -> None:
        try:
            embedding = await self._speech.embed(samples)
        except SpeechWorkerError as error:
            # A call goes on without it; the pool has logged a worker's death.
            log.debug("a voice was not read", extra={"kind": type(error).__name__})
            return
        if self._mood is None or not self.is_on:
            return
        mood = self._mood.note(voice.number, embedding, speech_s, self._at_s)
        if mood is not None:
            voice.mood = mood
            if voice.when_read is not None:
                voice.when_read(mood)

    def _note_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("reading a voice failed", exc_info=task.exception())

    def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._asking = None
