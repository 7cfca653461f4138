"""A SIP server that talks back without any model: `python -m tests.integration.echo_server DIR`.

Who calls `probe` hears the probe signal, anybody else himself; for who calls `infolinia` it
rings for a while first. Both directions of each call are recorded in DIR. One JSON object a
line on stdout tells what happens.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from tests.integration.phones.probe_signal import probe_signal
from voicebot.audio import SILENCE, AudioFrame
from voicebot.clock import SystemClock
from voicebot.gateway.sip.agent.transaction import Timers
from voicebot.gateway.sip.endpoint import SipEndpoint
from voicebot.gateway.sip.incoming_call import IncomingCall
from voicebot.media.events import DigitPressed, LegEnded
from voicebot.media.pacer import Pacer
from voicebot.media.recorder import Recorder
from voicebot.settings import load_settings

PROBE_S = 6.0
RINGING_S = 0.5
TIMERS = Timers(t1_s=0.1, t2_s=0.8, t4_s=1.0)
"""A fifth of the real ones: a lost ACK is noticed after 6.4 s."""

ECHO_DELAY_FRAMES = 10
"""So that a tick that comes late on a busy machine makes no hole in what goes back."""


def tell(event: str, **fields: object) -> None:
    print(json.dumps({"event": event, **fields}), flush=True)


class EchoServer:
    """Answers every call and keeps both directions of it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def take(self, incoming: IncomingCall) -> None:
        called = incoming.request_uri.user
        if called == "infolinia":
            incoming.ring()
            await asyncio.sleep(RINGING_S)
        leg = await incoming.answer()
        recorder = leg.recorder = Recorder(self._directory / f"{leg.leg_id}.wav")
        tell(
            "answered",
            leg=leg.leg_id,
            called=called,
            caller=incoming.caller,
            rtp_port=leg.rtp_port,
        )
        if called == "probe":
            leg.playout.say(1, probe_signal(PROBE_S))
        else:
            for _ in range(ECHO_DELAY_FRAMES):
                leg.playout.say(1, SILENCE, is_last=False)
        while not isinstance(event := await leg.events.get(), LegEnded):
            if isinstance(event, AudioFrame) and called != "probe":
                leg.playout.say(1, event.samples, is_last=False)
            elif isinstance(event, DigitPressed):
                tell("digit", leg=leg.leg_id, digit=event.digit)
        stats = leg.media_stats()
        leg.recorder = None
        recorder.close()
        await recorder.wait_closed()
        tell(
            "ended",
            leg=leg.leg_id,
            reason=event.reason,
            recording=str(recorder.path),
            stats=stats,
        )


async def main(directory: Path) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    clock = SystemClock()
    settings = load_settings(None, os.environ).sip
    endpoint = SipEndpoint(settings, Pacer(clock), clock, EchoServer(directory).take, TIMERS)
    await endpoint.start()
    tell("listening", port=endpoint.port, tls_port=endpoint.tls_port)
    await stop.wait()
    await endpoint.stop()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
