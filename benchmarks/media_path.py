"""Measures what moving audio costs: calls of two-way G.711 over loopback, one process.

The far side is one extra process that answers every packet with the same bytes, so that its
CPU time is not counted. Prints CPU per call-second and the gaps between the packets of a call.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import socket
import struct
import sys
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from voicebot.clock import SystemClock
from voicebot.gateway.rtp.srtp_keys import SUITES, SrtpKeys
from voicebot.gateway.rtp.transport import RtpLine, open_rtp_line
from voicebot.media.pacer import Pacer
from voicebot.media.recorder import Recorder

SO_TIMESTAMPNS = 35
"""Linux: the kernel notes when each datagram came."""

ECHO_INTERVAL_S = 0.005


def echo(n_calls: int, pipe: Connection) -> None:
    """Answer each packet; at the end send the gaps (ms) seen between packets of each call.

    It looks every few milliseconds rather than being woken by each packet: on loopback the
    sender would pay for the waking, which on a real network it does not. The kernel's own
    time stamps keep the gaps exact.
    """
    sockets = []
    for _ in range(n_calls):
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.bind(("127.0.0.1", 0))
        opened.setblocking(False)
        opened.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        sockets.append(opened)
    pipe.send([opened.getsockname()[1] for opened in sockets])
    last: dict[socket.socket, float] = {}
    gaps: list[float] = []
    while not pipe.poll():
        time.sleep(ECHO_INTERVAL_S)
        for opened in sockets:
            with suppress(BlockingIOError):
                while True:
                    data, ancillary, _, source = opened.recvmsg(2048, 64)
                    whole, nanoseconds = struct.unpack("qq", ancillary[0][2])
                    arrived = whole + nanoseconds / 1e9
                    if opened in last:
                        gaps.append((arrived - last[opened]) * 1000)
                    last[opened] = arrived
                    opened.sendto(data, source)
    pipe.send(gaps)


async def drain(line: RtpLine) -> None:
    """Stand in for a call: take every frame."""
    while True:
        await line.events.get()


async def run_calls(
    ports: list[int], seconds: float, with_recording: bool, directory: Path, suite: str
) -> dict[str, float]:
    # One key both ways, for the far side sends our own packets back; in a call that is refused.
    secret = bytes(SUITES[suite].secret_bytes) if suite else b""
    keys = SrtpKeys(suite, secret, secret) if suite else None
    clock = SystemClock()
    pacer = Pacer(clock)
    rng = np.random.default_rng(1)
    speech = (rng.standard_normal(int((seconds + 2) * 8000)) * 2000).astype(np.int16)
    lines, recorders = [], []
    for number, port in enumerate(ports):
        line = await open_rtp_line("127.0.0.1", 30000, 49999, pacer, clock)
        line.configure(("127.0.0.1", port), "PCMA", 8, 101, "sendrecv", srtp=keys)
        line.playout.say(1, speech)
        if with_recording:
            line.recorder = Recorder(directory / f"{number}.wav")
            recorders.append(line.recorder)
        lines.append(line)
    tasks = [asyncio.create_task(drain(line)) for line in lines]
    for line in lines:
        line.start()
    await asyncio.sleep(1)  # the first second sets everything up
    cpu, wall = time.process_time(), time.monotonic()
    await asyncio.sleep(seconds)
    cpu, wall = time.process_time() - cpu, time.monotonic() - wall
    received = sum(line.stats()["packets_received"] for line in lines)
    lost = sum(line.stats()["packets_lost"] for line in lines)
    concealed = sum(line.stats()["concealed_ms"] for line in lines)
    for task in tasks:
        task.cancel()
    for line in lines:
        line.close()
    for recorder in recorders:
        recorder.close()
        await recorder.wait_closed()
    return {
        "cpu_ms_per_call_second": cpu * 1000 / wall / len(lines),
        "packets_received": received,
        "packets_lost": lost,
        "concealed_ms": concealed,
        **{f"tick_{name}": value for name, value in pacer.metrics().items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100, help="calls at once (default 100)")
    parser.add_argument("--seconds", type=float, default=10, help="how long to measure")
    parser.add_argument("--record", action="store_true", help="write recordings, too")
    parser.add_argument(
        "--srtp",
        nargs="?",
        default="",
        const="AES_CM_128_HMAC_SHA1_80",
        choices=["", *SUITES],
        help="encrypt, by AES_CM_128_HMAC_SHA1_80 or the suite named",
    )
    parser.add_argument(
        "--loop", choices=["asyncio", "uvloop"], default="uvloop", help="event loop"
    )
    arguments = parser.parse_args()
    ours, theirs = multiprocessing.Pipe()
    peer = multiprocessing.Process(target=echo, args=(arguments.calls, theirs), daemon=True)
    peer.start()
    ports = ours.recv()
    with TemporaryDirectory() as directory:
        main_task = run_calls(
            ports, arguments.seconds, arguments.record, Path(directory), arguments.srtp
        )
        if arguments.loop == "uvloop":
            import uvloop

            figures = uvloop.run(main_task)
        else:
            figures = asyncio.run(main_task)
    ours.send("stop")
    gaps = np.array(ours.recv())
    peer.join()
    figures |= {
        "gap_p50_ms": float(np.percentile(gaps, 50)),
        "gap_p99_ms": float(np.percentile(gaps, 99)),
        "gap_max_ms": float(gaps.max()),
    }
    json.dump({name: round(value, 3) for name, value in figures.items()}, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
