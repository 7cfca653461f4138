"""What a leg tells the call it belongs to, in order, through one queue."""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.audio import AudioFrame


@dataclass(frozen=True, slots=True)
class DigitPressed:
    """A key of the caller's phone (RFC 4733 or the web phone): one of 0-9 * # A-D."""

    digit: str


@dataclass(frozen=True, slots=True)
class PlayoutStarted:
    """The first frame of utterance `utterance_id` went to the network at `at` (monotonic s).

    sent_at: where a leg knows better when it is heard, `at` is that, and this when it was sent.
    """

    utterance_id: int
    at: float
    sent_at: float | None = None

    @property
    def on_wire_at(self) -> float:
        """When the first packet was handed to the network."""
        return self.at if self.sent_at is None else self.sent_at


@dataclass(frozen=True, slots=True)
class PlayoutEnded:
    """The last frame of utterance `utterance_id` went to the network at `at` (monotonic s)."""

    utterance_id: int
    at: float


@dataclass(frozen=True, slots=True)
class LegEnded:
    """The leg is gone. `reason`: hangup (by the party), no_media, held_too_long, lost_ack,
    lost_prack, session_expired (the party is gone), replaced, error, shutdown."""

    reason: str


LegEvent = AudioFrame | DigitPressed | PlayoutStarted | PlayoutEnded | LegEnded
