"""What the caller hears of the bot, and when: a provider's playout, without I/O."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from voicebot.audio import SAMPLE_RATE, Samples

_CHUNK = 60 * SAMPLE_RATE
AUDIBLE = 80
"""Peak above which a sample counts as heard (-52 dBFS); both bots are silent far below it."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Nothing was there to play for so long, between two pieces of the bot's audio."""

    at_s: float
    length_s: float


class Playout:
    """Plays the bot's media in the order it came, each sample as early as it can.

    Media that comes faster than real time queues up, `clear` empties the queue, a mark is
    reached when all before it was played, as in Twilio's document of its WebSocket messages
    (www.twilio.com/docs/voice/media-streams/websocket-messages).
    There is no jitter buffer: it would make both sides later by the same.
    Times are monotonic seconds; the tracks begin with the call.
    """

    def __init__(self, began_at: float) -> None:
        self._began_at = began_at
        self._track: Samples = np.zeros(_CHUNK, dtype=np.int16)
        self._was_sent = np.zeros(_CHUNK, dtype=np.bool_)
        self._ends_at = began_at
        self._marks: deque[tuple[float, str]] = deque()
        self.gaps: list[Gap] = []
        self.n_clears = 0

    @property
    def track(self) -> Samples:
        """The bot as heard from the call's beginning; what is queued stands where it would be."""
        return self._track[: max(self._index(self._ends_at), 0)]

    def receive_audio(self, samples: Samples, now: float) -> None:
        if now > self._ends_at:
            if self._ends_at > self._began_at:
                self.gaps.append(Gap(self._ends_at - self._began_at, now - self._ends_at))
            self._ends_at = now
        start = self._index(self._ends_at)
        self._make_room(start + len(samples))
        self._track[start : start + len(samples)] = samples
        self._was_sent[start : start + len(samples)] = True
        self._ends_at += len(samples) / SAMPLE_RATE

    def receive_mark(self, name: str) -> None:
        self._marks.append((self._ends_at, name))

    def clear(self, now: float) -> list[str]:
        """What has not been played is dropped; the names of the marks that waited."""
        self.n_clears += 1
        if now < self._ends_at:
            self._track[max(self._index(now), 0) :] = 0
            self._was_sent[max(self._index(now), 0) :] = False
            self._ends_at = now
        names = [name for _, name in self._marks]
        self._marks.clear()
        return names

    def reached_marks(self, now: float) -> list[str]:
        names = []
        while self._marks and self._marks[0][0] <= now:
            names.append(self._marks.popleft()[1])
        return names

    def heard(self, since: float, until: float) -> Samples:
        """What was heard between two times; silence where nothing was sent."""
        first, last = max(self._index(since), 0), max(self._index(until), 0)
        self._make_room(last)
        return self._track[first:last].copy()

    def heard_without_gaps(self, since: float, until: float) -> Samples:
        """The same, less the holes where late media left nothing to play."""
        first, last = max(self._index(since), 0), max(self._index(until), 0)
        self._make_room(last)
        return self._track[first:last][self._was_sent[first:last]]

    def first_audible_at(self, since: float, until: float) -> float | None:
        """When the bot was first heard in this span."""
        loud = np.flatnonzero(np.abs(self.heard(since, until).astype(np.int32)) > AUDIBLE)
        return None if not len(loud) else self._time(max(self._index(since), 0) + int(loud[0]))

    def last_audible_at(self, since: float, until: float) -> float | None:
        loud = np.flatnonzero(np.abs(self.heard(since, until).astype(np.int32)) > AUDIBLE)
        return None if not len(loud) else self._time(max(self._index(since), 0) + int(loud[-1]) + 1)

    def _index(self, at: float) -> int:
        return round((at - self._began_at) * SAMPLE_RATE)

    def _time(self, index: int) -> float:
        return self._began_at + index / SAMPLE_RATE

    def _make_room(self, n_samples: int) -> None:
        while len(self._track) < n_samples:
            self._track = np.concatenate((self._track, np.zeros(_CHUNK, dtype=np.int16)))
            self._was_sent = np.concatenate((self._was_sent, np.zeros(_CHUNK, dtype=np.bool_)))
