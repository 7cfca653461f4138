"""What the bot has yet to say on one leg, cut into 20 ms frames."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from voicebot.audio import FRAME_SAMPLES, SILENCE, Samples
from voicebot.media.events import PlayoutEnded, PlayoutStarted

FADE_SAMPLES = 80
"""10 ms: long enough that stopping in mid-word makes no click, too short to be heard as sound."""

KEPT_FRAMES = 30
"""600 ms of what was said, for whoever has to know the bot's own echo."""

_FADE = np.linspace(1.0, 0.0, FADE_SAMPLES, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Interrupted:
    """What was cut off. `played_samples` of `utterance_id` had been said; `rest` had not.

    rest: (utterance_id, samples) in order, so that saying them again goes on where it stopped.
    """

    utterance_id: int
    played_samples: int
    rest: list[tuple[int, Samples]]


@dataclass(slots=True)
class _Utterance:
    utterance_id: int
    chunks: deque[Samples] = field(default_factory=deque)
    offset: int = 0
    played_samples: int = 0
    is_complete: bool = False
    has_started: bool = False


class Playout:
    """Queues utterances and hands them out frame by frame; empties at once on barge-in.

    The line calls `pull` every 20 ms and drains `next_event` after it. Utterances follow
    each other without a gap. After `interrupt` a late chunk of a streamed utterance would
    start it anew: stop the stream first.
    """

    __slots__ = (
        "_events",
        "_fade_out",
        "_sent",
        "_underrun_frames",
        "_utterances",
        "n_sent_frames",
    )

    def __init__(self) -> None:
        self._utterances: deque[_Utterance] = deque()
        self._events: deque[PlayoutStarted | PlayoutEnded] = deque()
        self._fade_out: Samples | None = None
        self._underrun_frames = 0
        self._sent: deque[Samples] = deque(maxlen=KEPT_FRAMES)
        self.n_sent_frames = 0

    @property
    def is_speaking(self) -> bool:
        """Something is being said or waits to be said (an unfinished stream counts)."""
        return bool(self._utterances)

    @property
    def waiting_samples(self) -> int:
        """Samples not yet handed out."""
        return sum(
            sum(map(len, utterance.chunks)) - utterance.offset for utterance in self._utterances
        )

    @property
    def underrun_frames(self) -> int:
        """Frames in which a streamed utterance had too few samples: synthesis was too slow."""
        return self._underrun_frames

    def say(self, utterance_id: int, samples: Samples, is_last: bool = True) -> None:
        """Append samples to an utterance, behind everything that already waits.

        samples: int16, mono, 8 kHz, any length; not to be changed afterwards.
        is_last: nothing more will come for this utterance; else call `say` again or `finish`.
        """
        if samples.dtype != np.int16:
            # Floats in -1..1 would become silence without anybody noticing.
            raise TypeError(f"samples must be int16, not {samples.dtype}")
        utterance = self._find(utterance_id)
        if utterance is None:
            utterance = _Utterance(utterance_id)
            self._utterances.append(utterance)
        if len(samples):
            utterance.chunks.append(np.ascontiguousarray(samples))
        utterance.is_complete = is_last

    def finish(self, utterance_id: int) -> None:
        """No more samples will come for a streamed utterance. Unknown ones are ignored."""
        utterance = self._find(utterance_id)
        if utterance is not None:
            utterance.is_complete = True

    def interrupt(self) -> Interrupted | None:
        """Fall silent at once; None where nothing was being said.

        Utterances that are cut off send no PlayoutEnded. The 10 ms that fade out count as
        not said, so they come again when `rest` is said later.
        """
        if not self._utterances:
            return None
        current = self._utterances[0]
        rest = [
            (utterance.utterance_id, samples)
            for utterance in self._utterances
            if len(samples := _unsaid(utterance))
        ]
        if current.has_started and rest and rest[0][0] == current.utterance_id:
            self._fade_out = _faded(rest[0][1])
        self._utterances.clear()
        return Interrupted(current.utterance_id, current.played_samples, rest)

    def pull(self, now: float) -> Samples:
        """The next 160 samples; zeros (the shared read-only SILENCE) when there is nothing.

        now: monotonic time at which they are handed to the network.
        """
        frame = self._next_frame(now)
        self._sent.append(frame)
        self.n_sent_frames += 1
        return frame

    def sent_since(self, n_frames: int) -> list[Samples]:
        """The frames handed out after the first `n_frames`; the last 600 ms are kept."""
        n_new = min(self.n_sent_frames - n_frames, len(self._sent))
        if n_new == 1:
            return [self._sent[-1]]
        return list(self._sent)[len(self._sent) - n_new :] if n_new > 0 else []

    def _next_frame(self, now: float) -> Samples:
        utterances = self._utterances
        if not utterances:
            if self._fade_out is not None:
                return self._take_fade_out()
            return SILENCE
        current = utterances[0]
        if current.chunks and current.has_started and self._fade_out is None:
            # Nearly every frame: it lies whole within one chunk.
            chunk = current.chunks[0]
            end = current.offset + FRAME_SAMPLES
            if end < len(chunk):
                frame = chunk[current.offset : end]
                current.offset = end
                current.played_samples += FRAME_SAMPLES
                return frame
        return self._assemble(now)

    @property
    def has_events(self) -> bool:
        return bool(self._events)

    def next_event(self) -> PlayoutStarted | PlayoutEnded | None:
        """The oldest event not yet fetched."""
        return self._events.popleft() if self._events else None

    def _assemble(self, now: float) -> Samples:
        """A frame that begins or ends something."""
        frame = np.zeros(FRAME_SAMPLES, dtype=np.int16)
        filled = 0
        while filled < FRAME_SAMPLES and self._utterances:
            current = self._utterances[0]
            if not current.has_started and (current.chunks or current.is_complete):
                current.has_started = True
                self._events.append(PlayoutStarted(current.utterance_id, now))
            if current.chunks:
                filled += self._move_samples(current, frame[filled:])
            elif not current.is_complete:
                self._underrun_frames += current.has_started
                break
            if current.is_complete and not current.chunks:
                self._utterances.popleft()
                self._events.append(PlayoutEnded(current.utterance_id, now))
        if self._fade_out is not None:
            tail = self._take_fade_out().astype(np.int32)
            frame = np.clip(frame + tail, -32768, 32767).astype(np.int16)
        return frame

    @staticmethod
    def _move_samples(utterance: _Utterance, room: Samples) -> int:
        """Fill `room` from the utterance's first chunk; how many samples that was."""
        chunk = utterance.chunks[0]
        count = min(len(room), len(chunk) - utterance.offset)
        room[:count] = chunk[utterance.offset : utterance.offset + count]
        utterance.offset += count
        utterance.played_samples += count
        if utterance.offset == len(chunk):
            utterance.chunks.popleft()
            utterance.offset = 0
        return count

    def _take_fade_out(self) -> Samples:
        frame = np.zeros(FRAME_SAMPLES, dtype=np.int16)
        if self._fade_out is not None:
            frame[: len(self._fade_out)] = self._fade_out
            self._fade_out = None
        return frame

    def _find(self, utterance_id: int) -> _Utterance | None:
        for utterance in reversed(self._utterances):
            if utterance.utterance_id == utterance_id:
                return utterance
        return None


def _unsaid(utterance: _Utterance) -> Samples:
    if not utterance.chunks:
        return np.zeros(0, dtype=np.int16)
    return np.concatenate(utterance.chunks)[utterance.offset :]


def _faded(samples: Samples) -> Samples:
    head = samples[:FADE_SAMPLES].astype(np.float32)
    # The ramp ends at zero even where fewer samples than a whole ramp are left.
    ramp = _FADE if len(head) == FADE_SAMPLES else np.linspace(1, 0, len(head), dtype=np.float32)
    return (head * ramp).astype(np.int16)
