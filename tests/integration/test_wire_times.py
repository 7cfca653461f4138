"""When a frame says that it came, and when its packet really was sent over the loopback."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from statistics import median

import pytest

from voicebot.audio import FRAME_SAMPLES, AudioFrame
from voicebot.clock import SystemClock
from voicebot.gateway.rtp.packet import RtpPacket, build_packet
from voicebot.gateway.rtp.transport import RtpLine, open_rtp_line
from voicebot.media.codecs.g711 import decode_alaw
from voicebot.media.pacer import Pacer

N_PACKETS = 120
LIMIT_S = 0.02
"""A packet lies up to 20 ms in the socket, of which half is taken for granted."""


async def send_numbered(
    line: RtpLine, sender: socket.socket, on_sent: Callable[[int], None], jitter_s: float
) -> None:
    """Each packet is a level of its own; every third one is late by `jitter_s`."""
    loop = asyncio.get_running_loop()
    began_at = loop.time()
    for number in range(N_PACKETS):
        late_s = jitter_s if number % 3 == 2 else 0.0
        await asyncio.sleep(max(began_at + number * 0.02 + late_s - loop.time(), 0))
        payload = bytes([0x80 + number]) * FRAME_SAMPLES
        packet = RtpPacket(8, number, number * FRAME_SAMPLES, 7, payload, is_marked=number == 0)
        on_sent(number)
        sender.sendto(build_packet(packet), ("127.0.0.1", line.local_port))


@pytest.mark.parametrize("jitter_s", [0.0, 0.015])
async def test_frames_tell_when_their_packet_was_on_the_wire(jitter_s: float) -> None:
    clock = SystemClock()
    pacer = Pacer(clock)
    line = await open_rtp_line("127.0.0.1", 30000, 39999, pacer, clock)
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.bind(("127.0.0.1", 0))
    line.configure(sender.getsockname(), "PCMA", 8, 101, "sendrecv")
    sent_at: dict[int, float] = {}
    try:
        line.start()
        await send_numbered(
            line, sender, lambda number: sent_at.update({number: clock.monotonic()}), jitter_s
        )
        await asyncio.sleep(0.5)
    finally:
        line.close()
        sender.close()
    number_of = {int(decode_alaw(bytes([0x80 + number]))[0]): number for number in range(N_PACKETS)}
    errors_s = []
    while not line.events.empty():
        frame = line.events.get_nowait()
        if isinstance(frame, AudioFrame) and not frame.is_concealed:
            number = number_of.get(int(frame.samples[FRAME_SAMPLES // 2]))
            if number is not None:
                assert frame.arrived_at is not None
                errors_s.append(frame.arrived_at - sent_at[number])
    assert len(errors_s) > N_PACKETS // 2
    assert abs(median(errors_s)) <= LIMIT_S
