"""Two legs joined, so that their parties talk to each other and the bot stands aside."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from voicebot.audio import FRAME_SAMPLES, AudioFrame, Samples
from voicebot.media.events import DigitPressed, LegEnded, LegEvent
from voicebot.media.playout import Playout

BRIDGE_UTTERANCE_ID = -1
"""What one party says to the other, among the utterances of a playout."""

CUSHION_SAMPLES = 2 * FRAME_SAMPLES
"""40 ms of silence go first, so that two ticks at once make no hole in what follows."""

MAX_WAITING_SAMPLES = 10 * FRAME_SAMPLES
"""200 ms, as far as the pacer catches up. What comes while more waits (the other party is on
hold, say) is dropped, as it would delay every word after it."""

QUIET_LEVEL = 300
"""Peak (of 32768) below which a frame is dropped unheard to get back to the cushion."""


_CUSHION: Samples = np.zeros(CUSHION_SAMPLES, dtype=np.int16)


class BridgedLeg(Protocol):
    """As much of a `CallLeg` as a bridge needs."""

    @property
    def events(self) -> asyncio.Queue[LegEvent]: ...

    @property
    def playout(self) -> Playout: ...

    def send_digits(self, digits: str) -> None: ...


@dataclass(frozen=True, slots=True)
class BridgeEnded:
    """leg: who hung up, and why; None: `stop` was called and both are still there."""

    leg: BridgedLeg | None = None
    reason: str = "stopped"


class Bridge:
    """Passes what each of two parties says, and the keys they press, to the other one.

    While `run` runs it alone reads both legs' events, and what else waits in their playouts is
    cut off. Recorders stay with their legs: each keeps both directions of its own. Afterwards
    the remaining leg is as before: its playout empty, its events unread from there on.
    """

    def __init__(self, first: BridgedLeg, second: BridgedLeg) -> None:
        self._legs = [first, second]
        self._ended: asyncio.Future[BridgeEnded] | None = None
        self._readers: dict[int, asyncio.Task[None]] = {}
        self.n_dropped_frames = 0

    @property
    def legs(self) -> tuple[BridgedLeg, BridgedLeg]:
        return self._legs[0], self._legs[1]

    async def run(self) -> BridgeEnded:
        """Returns when one party has hung up or `stop` was called. Hangs up nobody."""
        self._ended = asyncio.get_running_loop().create_future()
        try:
            for side in (0, 1):
                self._open(side)
            return await self._ended
        finally:
            self._ended.cancel()
            for task in self._readers.values():
                task.cancel()
            await asyncio.gather(*self._readers.values(), return_exceptions=True)
            self._readers.clear()
            for leg in self._legs:
                leg.playout.interrupt()

    def stop(self) -> None:
        """Part the two; `run` returns."""
        self._end(BridgeEnded())

    def replace(self, old: BridgedLeg, new: BridgedLeg) -> bool:
        """Put `new` in the place of `old`, whose party was transferred; False: `old` is not
        here, or the bridge has ended.

        Call it before anybody else awaits after `new` was answered: `old` may have ended
        already, and that ends the bridge once it is noticed.
        """
        if self._ended is not None and self._ended.done():
            return False
        for side in (0, 1):
            if self._legs[side] is old:
                old.playout.interrupt()
                self._legs[side] = new
                if self._ended is not None:
                    self._open(side)
                return True
        return False

    def _open(self, side: int) -> None:
        """Read the leg on this side from now on, and let it hear nothing but the other one."""
        leg = self._legs[side]
        leg.playout.interrupt()
        leg.playout.say(BRIDGE_UTTERANCE_ID, _CUSHION, is_last=False)
        if side in self._readers:
            self._readers[side].cancel()
        self._readers[side] = asyncio.get_running_loop().create_task(self._pass_on(side, leg))

    async def _pass_on(self, side: int, leg: BridgedLeg) -> None:
        # What was said and pressed before was not meant for the other party.
        n_before = leg.events.qsize()
        while True:
            event = await leg.events.get()
            n_before -= 1
            if n_before >= 0 and not isinstance(event, LegEnded):
                continue
            other = self._legs[1 - side]
            if isinstance(event, AudioFrame):
                self._pass_frame(event, other.playout)
            elif isinstance(event, DigitPressed):
                other.send_digits(event.digit)
            elif isinstance(event, LegEnded):
                self._end(BridgeEnded(leg, event.reason))
                return

    def _pass_frame(self, frame: AudioFrame, playout: Playout) -> None:
        waiting = playout.waiting_samples
        is_quiet = int(np.abs(frame.samples.astype(np.int32)).max()) < QUIET_LEVEL
        if waiting >= (CUSHION_SAMPLES + FRAME_SAMPLES if is_quiet else MAX_WAITING_SAMPLES):
            self.n_dropped_frames += 1
        else:
            playout.say(BRIDGE_UTTERANCE_ID, frame.samples, is_last=False)

    def _end(self, ended: BridgeEnded) -> None:
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(ended)
