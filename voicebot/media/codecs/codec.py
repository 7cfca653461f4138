"""What a line asks of a codec, whichever it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, Self, TypeVar

from voicebot.audio import Samples


class Payload(Protocol):
    """The audio of a packet, or a part of it, not yet decoded.

    Its length and its slices count RTP ticks of the codec.
    """

    def __len__(self) -> int: ...

    def __getitem__(self, ticks: slice, /) -> Self: ...


P = TypeVar("P", bound=Payload)


class Codec(Protocol[P]):
    """Turns our 8 kHz samples into payloads and back, for one leg.

    Its memory, where it has one, is that of one conversation: each leg has its own, and
    decodes frame by frame in the order of playing.
    """

    @property
    def name(self) -> str:
        """As SDP and the settings write it."""

    @property
    def payload_type(self) -> int:
        """The static one, or the one that our offers give it."""

    @property
    def ticks_per_frame(self) -> int:
        """RTP clock ticks of 20 ms."""

    @property
    def silence(self) -> bytes | None:
        """20 ms of zeros, encoded; None: they must go through `encode` like everything else."""

    def packet_ms(self, wanted_ms: int) -> int:
        """The length of packet nearest to the wanted one that `encode` can make."""

    def encode(self, samples: Samples) -> bytes:
        """samples: int16, contiguous, `packet_ms` long."""

    def payload(self, data: bytes) -> P:
        """What came in one packet, as `JitterBuffer` takes it. Anything may come."""

    def join(self, pieces: Sequence[tuple[int, P]]) -> P:
        """One frame of parts of several packets: (tick within the frame, part), in order."""

    def is_quiet(self, frame: P) -> bool:
        """Whether losing or doubling this frame would go unnoticed."""

    def decode(self, frame: P) -> Samples:
        """160 samples, perhaps read-only."""

    def conceal(self, following: P | None) -> Samples | None:
        """A frame in place of one that is missing; None: the codec knows no way of its own.

        following: the frame after the missing one, where it has come already.
        """


AnyCodec = Codec[Any]
"""One whose payloads are nobody's business but its own and its jitter buffer's."""
