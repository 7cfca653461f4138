"""Decides from voice activity when a caller's turn begins and when it is over."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from voicebot.audio import FRAME_SAMPLES, SAMPLE_RATE

ONSET_WINDOW_FRAMES = 5
ONSET_SPEECH_FRAMES = 3
"""So many of the last frames must be speech: a click or a cough's edge is no turn."""

PRE_ROLL_SAMPLES = SAMPLE_RATE // 5
"""200 ms before the first detected frame belong to the turn: soft consonants come undetected."""


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The caller has begun to speak; the turn's audio begins at `at_samples` (with pre-roll)."""

    at_samples: int


@dataclass(frozen=True, slots=True)
class PauseHeard:
    """Silent for a while: recognition of all up to `at_samples` may start on the chance that
    the turn is over. at_samples: where speech ended."""

    at_samples: int


@dataclass(frozen=True, slots=True)
class SpeechResumed:
    """The pause was none; what was recognised early is void."""

    at_samples: int


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The caller has finished. Audio from `start_samples` to `end_samples` (end of speech).

    decided_at_samples: when this was known, so the difference to the end is the silence waited.
    was_cut: the turn had the longest length allowed and was ended while he spoke.
    """

    start_samples: int
    end_samples: int
    decided_at_samples: int
    was_cut: bool = False


TurnEvent = SpeechStarted | PauseHeard | SpeechResumed | TurnEnded


class TurnDetector:
    """Turns yes/no per frame into turns. Counts samples, never a clock.

    `listen` sets how much silence ends a turn (it depends on what was asked), `be_patient` corrects
    it in a pause (by what was said); feed every
    frame to `receive_frame`, also while the bot speaks: for barge-in see `speech_samples`.
    """

    def __init__(
        self,
        max_turn_s: float = 25.0,
        silence_ms: int = 700,
        recognise_after_ms: int = 240,
    ) -> None:
        self._max_turn_samples = int(max_turn_s * SAMPLE_RATE)
        self._silence_samples = 0
        self._patience_samples = 0
        self._pause_samples = 0
        self._recent: deque[bool] = deque(maxlen=ONSET_WINDOW_FRAMES)
        self._earliest_start = 0
        self._start: int | None = None
        self._speech_end = 0
        self._speech_samples = 0
        self._is_pausing = False
        self.listen(silence_ms, recognise_after_ms)

    @property
    def is_in_turn(self) -> bool:
        return self._start is not None

    @property
    def speech_samples(self) -> int:
        """Speech heard in the present turn, pauses not counted; 0 outside a turn."""
        return self._speech_samples

    def listen(self, silence_ms: int, recognise_after_ms: int) -> None:
        """Set the silences for the answer that is awaited; a turn in progress goes on.

        silence_ms: ends the turn. recognise_after_ms: PauseHeard; where it is not the
        shorter one there is no PauseHeard.
        """
        self._silence_samples = silence_ms * SAMPLE_RATE // 1000
        self._patience_samples = self._silence_samples
        self._pause_samples = recognise_after_ms * SAMPLE_RATE // 1000

    def be_patient(self, silence_ms: int) -> None:
        """What is known of the turn so far asks for so much silence at its end, more or less than
        usual; holds until the caller speaks on. Where it has passed, the next frame ends the turn.
        """
        self._patience_samples = silence_ms * SAMPLE_RATE // 1000

    def reset(self) -> None:
        """Forget a turn in progress, as if the line had been silent."""
        self._recent.clear()
        self._start = None
        self._speech_samples = 0
        self._is_pausing = False

    def receive_frame(self, is_speech: bool, position_samples: int) -> TurnEvent | None:
        """Take in one frame that begins at `position_samples`; at most one event comes of it."""
        recent = self._recent
        recent.append(is_speech)
        is_voiced = is_speech and recent.count(True) >= ONSET_SPEECH_FRAMES
        if self._start is None:
            return self._begin(position_samples) if is_voiced else None
        return self._go_on(is_speech, is_voiced, position_samples)

    def _begin(self, position: int) -> SpeechStarted:
        n_back = len(self._recent) - 1 - self._recent.index(True)
        first = position - n_back * FRAME_SAMPLES
        # Never into the turn before: its audio has been answered.
        self._start = max(first - PRE_ROLL_SAMPLES, self._earliest_start, 0)
        self._speech_end = position + FRAME_SAMPLES
        self._speech_samples = self._recent.count(True) * FRAME_SAMPLES
        self._is_pausing = False
        self._patience_samples = self._silence_samples
        return SpeechStarted(self._start)

    def _go_on(self, is_speech: bool, is_voiced: bool, position: int) -> TurnEvent | None:
        start = self._start or 0
        now = position + FRAME_SAMPLES
        if is_speech:
            self._speech_samples += FRAME_SAMPLES
        if is_voiced:
            self._speech_end = now
        if now - start >= self._max_turn_samples:
            return self._end(start, now, was_cut=is_voiced)
        if is_voiced:
            if self._is_pausing:
                self._is_pausing = False
                self._patience_samples = self._silence_samples
                return SpeechResumed(position)
            return None
        silence = now - self._speech_end
        # A frame of speech, though not enough of them yet, may be the start of the next word.
        if silence >= self._patience_samples and not is_speech:
            return self._end(start, now, was_cut=False)
        if silence >= self._pause_samples and not self._is_pausing:
            self._is_pausing = True
            return PauseHeard(self._speech_end)
        return None

    def _end(self, start: int, now: int, was_cut: bool) -> TurnEnded:
        event = TurnEnded(start, self._speech_end, now, was_cut)
        self._earliest_start = self._speech_end
        self.reset()
        return event
