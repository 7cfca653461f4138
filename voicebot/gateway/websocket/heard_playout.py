"""What the bot says to somebody who buffers it: an utterance ends when it has been heard."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from voicebot.audio import FRAME_MS, SILENCE, Samples
from voicebot.media.events import PlayoutEnded, PlayoutStarted
from voicebot.media.playout import Interrupted, Playout

MARK_EVERY_FRAMES = 10
"""200 ms: so often is learned what of an utterance has been heard."""

MARK_PATIENCE_S = 3.0
"""Frames are sent as they are played, so the other side's buffer is short: a mark that is this
late does not come any more, and the sound before it counts as heard."""

_FRAME_S = FRAME_MS / 1000


@dataclass(frozen=True, slots=True)
class _Sent:
    """One frame on its way. `said_before`: samples of its utterance before it."""

    utterance_id: int
    said_before: int
    samples: Samples


@dataclass(frozen=True, slots=True)
class _Held:
    """An event that is true once `n_frames` have been heard."""

    n_frames: int
    deadline: float
    event: PlayoutStarted | PlayoutEnded


class HeardPlayout(Playout):
    """A Playout whose events tell what the caller heard, not what was sent.

    After each `pull` send the frame (unless `is_idle`), then a mark for each of `take_marks`;
    tell `heard` when one comes back, or `heard_all` where the other side knows no marks.
    `interrupt` gives back what was sent and not yet heard, too.
    """

    def __init__(self, on_clear: Callable[[], None]) -> None:
        """on_clear: the other side has to throw away what it has buffered, now."""
        super().__init__()
        self._on_clear = on_clear
        self._now = 0.0
        self._epoch = 0
        self._n_sent = 0
        self._n_heard = 0
        self._heard_at = 0.0
        self._delay_s: float | None = None
        self._marked_at: dict[int, float] = {}
        self._n_marked = 0
        self._on_the_way: deque[_Sent] = deque()
        self._held: deque[_Held] = deque()
        self._true: deque[PlayoutStarted | PlayoutEnded] = deque()
        self._marks: list[str] = []
        self.is_idle = True
        self.n_lost_marks = 0

    @property
    def is_speaking(self) -> bool:
        return super().is_speaking or bool(self._held)

    @property
    def delay_ms(self) -> float:
        """How far the caller's ear is behind us, as far as marks tell."""
        return (self._n_sent - self._estimate_heard()) * FRAME_MS

    def pull(self, now: float) -> Samples:
        """The next frame; `is_idle` afterwards: it says nothing and need not be sent."""
        self._now = now
        current = self._utterances[0] if self._utterances else None
        utterance_id = current.utterance_id if current is not None else None
        said_before = current.played_samples if current is not None else 0
        frame = super().pull(now)
        self.is_idle = utterance_id is None and frame is SILENCE
        if utterance_id is not None:
            self._send(_Sent(utterance_id, said_before, frame))
        while (event := super().next_event()) is not None:
            is_end = isinstance(event, PlayoutEnded)
            # An utterance begins to be heard when everything before its first frame has been.
            n_frames = self._n_sent if is_end else self._n_sent - 1
            self._held.append(_Held(n_frames, now + MARK_PATIENCE_S, event))
            if is_end:
                self._mark()
        if self._n_sent - self._n_marked >= MARK_EVERY_FRAMES:
            self._mark()
        if self._held:
            self._release(now)
        return frame

    def next_event(self) -> PlayoutStarted | PlayoutEnded | None:
        return self._true.popleft() if self._true else None

    def take_marks(self) -> list[str]:
        """Names of the marks to send behind the frame just pulled."""
        marks, self._marks = self._marks, []
        return marks

    def heard(self, mark: str, now: float) -> None:
        """This mark has come back. One of before an interruption, or an unknown one, is nothing."""
        epoch, _, count = mark.partition("-")
        if epoch != str(self._epoch) or not count.isdecimal() or len(count) > 9:
            return
        n_frames = int(count)
        if not self._n_heard < n_frames <= self._n_sent or n_frames not in self._marked_at:
            return
        self._delay_s = max(now - self._marked_at[n_frames], 0.0)
        self._set_heard(n_frames, now)
        self._release(now)

    def heard_all(self, now: float) -> None:
        """The other side knows no marks: what has been sent counts as heard."""
        self._delay_s = 0.0
        self._set_heard(self._n_sent, now)
        self._release(now)

    def interrupt(self) -> Interrupted | None:
        """As Playout's, and what has been sent but not been heard is unsaid as well."""
        interrupted = super().interrupt()
        self._set_heard(self._estimate_heard(), self._now)
        self._release(self._now)
        unheard = list(self._on_the_way)
        if interrupted is None and not unheard:
            return None
        self._start_epoch()
        self._on_clear()
        if not unheard:
            return interrupted
        # The fade would begin where the other side has not arrived yet.
        self._fade_out = None
        rest = _joined(unheard, interrupted.rest if interrupted is not None else [])
        return Interrupted(unheard[0].utterance_id, unheard[0].said_before, rest)

    def _send(self, frame: _Sent) -> None:
        is_first = self._n_heard == self._n_sent
        self._n_sent += 1
        self._on_the_way.append(frame)
        if is_first:
            # When it will have been heard, by what marks took before.
            self._heard_at = self._now + (self._delay_s or 0.0) - _FRAME_S
            self._mark()

    def _mark(self) -> None:
        if self._n_marked < self._n_sent:
            self._n_marked = self._n_sent
            self._marked_at[self._n_sent] = self._now
            self._marks.append(f"{self._epoch}-{self._n_sent}")

    def _set_heard(self, n_frames: int, now: float) -> None:
        for _ in range(n_frames - self._n_heard):
            self._on_the_way.popleft()
        self._marked_at = {n: at for n, at in self._marked_at.items() if n > n_frames}
        self._n_heard, self._heard_at = n_frames, now

    def _estimate_heard(self) -> int:
        """Frames heard by now: those marked, and what was played in the time since.

        Before the first mark has come back nothing is known, and what was sent counts as unheard.
        """
        if self._delay_s is None:
            return self._n_heard
        n_since = int((self._now - self._heard_at) / _FRAME_S + 0.5)
        return min(self._n_sent, self._n_heard + max(n_since, 0))

    def _release(self, now: float) -> None:
        """Let out, in order, what is true by now."""
        while self._held:
            held = self._held[0]
            if held.n_frames > self._n_heard:
                if now < held.deadline:
                    return
                self.n_lost_marks += 1
                self._delay_s = self._delay_s or 0.0
                self._set_heard(held.n_frames, now)
            self._held.popleft()
            event = held.event
            if isinstance(event, PlayoutStarted):
                self._true.append(PlayoutStarted(event.utterance_id, now, sent_at=event.at))
            else:
                self._true.append(replace(event, at=now))

    def _start_epoch(self) -> None:
        """Marks and events of what was cut off mean nothing any more."""
        self._epoch += 1
        self._n_sent = self._n_heard = self._n_marked = 0
        self._on_the_way.clear()
        self._held.clear()
        self._marks.clear()
        self._marked_at.clear()


def _joined(unheard: list[_Sent], rest: list[tuple[int, Samples]]) -> list[tuple[int, Samples]]:
    pieces: dict[int, list[Samples]] = {}
    for sent in unheard:
        pieces.setdefault(sent.utterance_id, []).append(sent.samples)
    for utterance_id, samples in rest:
        pieces.setdefault(utterance_id, []).append(samples)
    return [(utterance_id, np.concatenate(parts)) for utterance_id, parts in pieces.items()]
