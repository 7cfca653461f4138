"""Ends calls that have gone silent or are held for too long."""

from __future__ import annotations

import asyncio
import logging

from voicebot.clock import Clock
from voicebot.gateway.sip.agent.sip_call import CallState
from voicebot.gateway.sip.leg_table import LegTable
from voicebot.settings import SipSettings

log = logging.getLogger(__name__)

_INTERVAL_S = 1.0


class MediaWatch:
    """Looks at every leg once a second, for as long as `run` runs."""

    def __init__(self, settings: SipSettings, clock: Clock, legs: LegTable) -> None:
        self._settings = settings
        self._clock = clock
        self._legs = legs

    async def run(self) -> None:
        while True:
            await asyncio.sleep(_INTERVAL_S)
            self.check(self._clock.monotonic())

    def check(self, now: float) -> None:
        for leg in self._legs:
            if leg.is_over or leg.call.state is not CallState.UP:
                continue  # early audio may stay silent: ringing has its own limit
            if leg.seconds_without_media(now) > self._settings.no_media_timeout_s:
                log.info("call without media ended", extra={"call_ref": leg.leg_id})
                leg.end("no_media")
                self._legs.hang_up(leg)
            elif leg.seconds_held(now) > self._settings.max_hold_s:
                log.info("call held for too long ended", extra={"call_ref": leg.leg_id})
                leg.end("held_too_long")
                self._legs.hang_up(leg)
