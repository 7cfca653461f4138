"""Puts the packets of one direction back in order and declares the late ones lost."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic

from voicebot.audio import FRAME_MS
from voicebot.media.codecs.codec import P

_TIMESTAMP_MASK = 0xFFFFFFFF

WINDOW_PACKETS = 200
"""4 s of arrivals decide the delay: long enough to have seen a burst, short enough to recover."""

REVIEW_PACKETS = 25
"""The target is worked out anew this often."""

COVERED_SHARE = 0.99
"""The delay lets this share of the packets arrive in time. By benchmarks/jitter_buffer.py: 0.98
saves 10 ms of delay and loses half a percent of the audio for it, 0.995 costs 15 ms more and
saves next to nothing."""

MAX_JUMP_FRAMES = 250
"""5 s: a timestamp further off than this belongs to a new stream."""

MAX_LATE_IN_A_ROW = 10
"""After 200 ms in which every packet came late, the sender's clock is taken to have moved."""

SPEECH_SURPLUS_FRAMES = 3
"""With this much more delay than needed a frame is dropped even within speech."""

PATIENCE_TICKS = 25
"""In speech the delay changes by at most one frame in half a second."""


@dataclass(slots=True)
class JitterBufferStats:
    """Counts since the start, in frames of 20 ms (late: in packets)."""

    played: int = 0
    lost: int = 0
    late: int = 0
    duplicated: int = 0
    concealed: int = 0
    inserted: int = 0
    dropped: int = 0
    resets: int = 0


class JitterBuffer(Generic[P]):
    """Holds back as much audio as the network's jitter demands, and no more.

    `put` packets as they arrive, `get` one frame every tick (20 ms). Its clock is the count
    of `get` calls: an hour of call replays in a moment. Payloads are not decoded here, only
    measured: their length is in RTP ticks. Packets that are no whole frame (ptime 10, 30, 60
    ...) are cut and joined.

    The delay follows the arrivals: a packet's *offset* is its arrival tick less its frame
    number, and a frame can be played in time where the delay is no less than its offset.
    That covers jitter and a drifting sender's clock alike. The delay grows where a frame is
    missing anyway or quiet, and shrinks likewise, so that corrections are hardly heard.

    is_quiet: whether losing or doubling this frame would go unnoticed. join: makes one frame
    of parts, (tick within the frame, part) each. Both are the codec's.
    """

    __slots__ = (
        "_delay",
        "_first_timestamp",
        "_frame_ticks",
        "_frames",
        "_is_quiet",
        "_join",
        "_late_in_a_row",
        "_max_frames",
        "_min_frames",
        "_missing",
        "_newest",
        "_next_timestamp",
        "_offsets",
        "_packets_to_review",
        "_partial",
        "_patience",
        "_ssrc",
        "_target",
        "_ticks",
        "_usual_offset",
        "held_s",
        "stats",
    )

    def __init__(
        self,
        is_quiet: Callable[[P], bool],
        join: Callable[[Sequence[tuple[int, P]]], P],
        frame_ticks: int,
        min_delay_ms: int = 20,
        max_delay_ms: int = 200,
    ) -> None:
        self._is_quiet = is_quiet
        self._join = join
        self._frame_ticks = frame_ticks
        self._min_frames = max(min_delay_ms // FRAME_MS, 1)
        self._max_frames = max(max_delay_ms // FRAME_MS, self._min_frames)
        self._frames: dict[int, P] = {}
        self._partial: dict[int, dict[int, P]] = {}
        self._offsets: deque[int] = deque(maxlen=WINDOW_PACKETS)
        self._ticks = 0
        self._first_timestamp: int | None = None
        self._ssrc = 0
        self._newest = 0
        self._next_timestamp = -1
        self._missing: int | None = None
        self._delay = self._min_frames
        self._target = self._min_frames
        self._packets_to_review = REVIEW_PACKETS
        self._usual_offset = 0
        self._patience = 0
        self._late_in_a_row = 0
        self.stats = JitterBufferStats()
        self.held_s = 0.0
        """How long after it came a usual packet is given out, as of the last review: a number at
        hand, since it is asked for each frame."""
        self._note_held()

    @property
    def delay_ms(self) -> int:
        """How long the quickest packets of late are held back."""
        if not self._offsets:
            return self._delay * FRAME_MS
        return (self._delay - min(self._offsets)) * FRAME_MS

    @property
    def is_receiving(self) -> bool:
        """A stream has begun."""
        return self._first_timestamp is not None

    @property
    def following(self) -> P | None:
        """After `get` gave None: the frame after the lost one, where it is here already."""
        return None if self._missing is None else self._frames.get(self._missing + 1)

    def put(self, timestamp: int, payload: P, ssrc: int = 0) -> None:
        """Take in one packet. timestamp: RTP ticks, 32 bits."""
        n_ticks = len(payload)
        if n_ticks == 0:
            return
        rest = 0
        index = self._newest + 1
        # Nearly every packet follows on the newest one; the other test is for clocks gone wrong.
        if (
            timestamp != self._next_timestamp
            or ssrc != self._ssrc
            or not -MAX_JUMP_FRAMES < self._ticks - index <= self._delay
        ):
            index, rest = divmod(self._position(timestamp, ssrc), self._frame_ticks)
        offset = self._ticks - index
        self._offsets.append(offset)
        self._packets_to_review -= 1
        if not self._packets_to_review:
            self._review()
        if offset > self._delay:
            self.stats.late += 1
            self._late_in_a_row += 1
            if self._late_in_a_row < MAX_LATE_IN_A_ROW:
                return
            self._start(timestamp, ssrc)
            self.stats.resets += 1
            index = rest = 0
        self._late_in_a_row = 0
        if rest == 0 and n_ticks == self._frame_ticks:
            if index in self._frames:
                self.stats.duplicated += 1
            self._frames[index] = payload
            if index >= self._newest:
                self._newest = index
                self._next_timestamp = (timestamp + n_ticks) & _TIMESTAMP_MASK
        else:
            self._put_pieces(index * self._frame_ticks + rest, payload)

    def get(self) -> P | None:
        """The frame for this tick; None where it is missing or nothing is being received."""
        if self._first_timestamp is None:
            return None
        self._ticks += 1
        index = self._ticks - 1 - self._delay
        payload = self._frames.pop(index, None)
        if payload is None and self._partial:
            payload = self._pop_partial(index)
        if self._delay != self._target:
            return self._adjust(index, payload)
        if payload is None:
            self._count_missing(index)
        else:
            self.stats.played += 1
        return payload

    def _adjust(self, index: int, payload: P | None) -> P | None:
        """Move the delay by one frame towards the target where that does little harm."""
        self._patience -= 1
        if self._delay < self._target:
            if payload is None:
                # Waiting costs what concealing would.
                self._delay += 1
                self._note_held()
                self.stats.inserted += 1
                self.stats.concealed += 1
                self._missing = None
                return None
            if self._patience <= 0 or self._is_quiet(payload):
                self._frames[index] = payload
                self._delay += 1
                self._note_held()
                self._patience = PATIENCE_TICKS
                self.stats.inserted += 1
                self.stats.concealed += 1
                self._missing = None
                return None
        else:
            surplus = self._delay - self._target
            can_drop = payload is None or (
                self._patience <= 0
                and (surplus >= SPEECH_SURPLUS_FRAMES or self._is_quiet(payload))
            )
            following = self._frames.get(index + 1)
            if can_drop and following is not None:
                del self._frames[index + 1]
                self._delay -= 1
                self._note_held()
                self._patience = PATIENCE_TICKS if surplus < SPEECH_SURPLUS_FRAMES else 5
                if payload is None:
                    self.stats.lost += self._newest > index >= 0
                else:
                    self.stats.dropped += 1
                self.stats.played += 1
                return following
        if payload is None:
            self._count_missing(index)
        else:
            self.stats.played += 1
        return payload

    def _count_missing(self, index: int) -> None:
        self._missing = index if 0 <= index < self._newest else None
        if index < 0:
            return  # the first packets are still held back
        self.stats.concealed += 1
        # What comes after the newest may still be on its way or was never sent.
        self.stats.lost += index < self._newest

    def _position(self, timestamp: int, ssrc: int) -> int:
        """Ticks since the stream's first packet; starts a new stream where it must."""
        if self._first_timestamp is None:
            self._start(timestamp, ssrc)
            return 0
        newest_timestamp = self._first_timestamp + self._newest * self._frame_ticks
        step = (timestamp - newest_timestamp) & _TIMESTAMP_MASK
        if step > _TIMESTAMP_MASK >> 1:
            step -= _TIMESTAMP_MASK + 1
        position = self._newest * self._frame_ticks + step
        expected = self._ticks - self._delay
        if ssrc != self._ssrc or not (
            -MAX_JUMP_FRAMES < position // self._frame_ticks - expected < MAX_JUMP_FRAMES
        ):
            self._start(timestamp, ssrc)
            self.stats.resets += 1
            return 0
        if (
            position % self._frame_ticks
            and step > 0
            and position > (self._newest + 2) * self._frame_ticks
            and not self._frames
            and not self._partial
        ):
            # A new burst of talk off the old grid: move the grid rather than cut each packet.
            shift = position % self._frame_ticks
            self._first_timestamp = (self._first_timestamp + shift) & _TIMESTAMP_MASK
            position -= shift
        return position

    def _start(self, timestamp: int, ssrc: int) -> None:
        """Begin anew with this packet as frame 0, to be played after the wanted delay."""
        self._first_timestamp = timestamp
        self._ssrc = ssrc
        self._frames.clear()
        self._partial.clear()
        self._offsets.clear()
        self._ticks = 0
        self._newest = 0
        self._next_timestamp = -1
        self._missing = None
        self._delay = self._target = self._min_frames
        self._packets_to_review = REVIEW_PACKETS
        self._usual_offset = 0
        self._patience = 0
        self._late_in_a_row = 0
        self._note_held()

    def _note_held(self) -> None:
        # Half a frame is what a packet waits on average for the tick that reads it.
        self.held_s = (self._delay - self._usual_offset + 0.5) * FRAME_MS / 1000

    def _review(self) -> None:
        """Work out the delay that would have served the last seconds."""
        self._packets_to_review = REVIEW_PACKETS
        offsets = sorted(self._offsets)
        lowest = offsets[0]
        self._usual_offset = offsets[len(offsets) // 2]
        covering = offsets[min(int(len(offsets) * COVERED_SHARE), len(offsets) - 1)]
        spread = min(max(covering - lowest, self._min_frames), self._max_frames)
        self._target = lowest + spread
        self._note_held()

    def _put_pieces(self, position: int, payload: P) -> None:
        """Cut a packet at the frame grid and join its pieces with their neighbours."""
        self._next_timestamp = -1
        start = 0
        while start < len(payload):
            index, rest = divmod(position + start, self._frame_ticks)
            piece = payload[start : start + self._frame_ticks - rest]
            start += len(piece)
            if index < self._ticks - self._delay:
                continue
            self._newest = max(self._newest, index)
            if len(piece) == self._frame_ticks:
                self._frames[index] = piece
                continue
            pieces = self._partial.setdefault(index, {})
            pieces[rest] = piece
            if sum(map(len, pieces.values())) >= self._frame_ticks:
                self._frames[index] = self._join(sorted(self._partial.pop(index).items(), key=_at))

    def _pop_partial(self, index: int) -> P | None:
        pieces = self._partial.pop(index, None)
        return None if pieces is None else self._join(sorted(pieces.items(), key=_at))


def _at(piece: tuple[int, object]) -> int:
    return piece[0]
