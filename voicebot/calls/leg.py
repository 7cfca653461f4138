"""One party's connection, whatever brought it: SIP and the web phone look the same here."""

from __future__ import annotations

import asyncio
from typing import Protocol

from voicebot.media.events import LegEvent
from voicebot.media.playout import Playout
from voicebot.media.recorder import Recorder
from voicebot.records import Direction


class CallLeg(Protocol):
    """A leg that has been answered; frames flow through `events` every 20 ms.

    `playout` is drained by the pacer: say something by putting samples into it.
    `recorder`, once set, receives both directions each tick; None: nothing is kept.
    """

    @property
    def leg_id(self) -> str:
        """Unique; safe for file names and logs (no number in it)."""

    @property
    def kind(self) -> str:
        """`sip`, `web`, or the provider that streams it: `twilio`, `telnyx`, `asterisk` …"""

    @property
    def direction(self) -> Direction: ...

    @property
    def remote_party(self) -> str:
        """Caller's or callee's number or SIP user: personal, never in log text."""

    @property
    def local_party(self) -> str:
        """The number or user that was called."""

    @property
    def events(self) -> asyncio.Queue[LegEvent]: ...

    @property
    def playout(self) -> Playout: ...

    recorder: Recorder | None

    def send_digits(self, digits: str) -> None:
        """Press keys towards the other party (RFC 4733); ignored where the leg has no such way."""

    async def hang_up(self, reason: str) -> None:
        """End the leg from our side; returns when the other side knows or can't be told."""

    def media_stats(self) -> dict[str, float]:
        """Packets, loss, jitter and round trip so far; keys end in their unit."""
