"""Measures what moving audio costs: two-way calls over loopback, one process.

The far side is one extra process that answers every packet with the same bytes, so that its
CPU time is not counted. Prints CPU per call-second and the gaps between the packets of a call, and
how much of a core the host took away meanwhile (`stolen_percent`): with more than a few per cent
the gaps are the host's.
What the project asks of it, on a machine that does nothing else:

    python -m benchmarks.media_path --one-core --check
    python -m benchmarks.media_path --one-core --check --srtp
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import socket
import struct
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from voicebot.audio import FRAME_SAMPLES
from voicebot.clock import SystemClock
from voicebot.gateway.rtp.srtp_keys import SUITES, SrtpKeys
from voicebot.gateway.rtp.transport import RtpLine, open_rtp_line
from voicebot.media.pacer import Pacer
from voicebot.media.recorder import Recorder

SO_TIMESTAMPNS = 35
"""Linux: the kernel notes when each datagram came."""

ECHO_INTERVAL_S = 0.005

MAX_CPU_MS_PER_CALL_SECOND = 1.5
MAX_CPU_MS_PER_CALL_SECOND_SRTP = 2.0
MAX_GAP_P99_MS = 22.0

PAYLOAD_TYPES = {"PCMA": 8, "PCMU": 0, "G722": 9, "opus": 96}


def echo(n_calls: int, pipe: Connection, core: int | None) -> None:
    """Answer each packet; at the end send the gaps (ms) seen between packets of each call.

    It looks every few milliseconds rather than being woken by each packet: on loopback the
    sender would pay for the waking, which on a real network it does not. The kernel's own
    time stamps keep the gaps exact.
    """
    _stay_on(core)
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


def stolen_s() -> float:
    """Seconds in which this virtual machine was ready to run and its host ran others."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    return int(fields[8]) / os.sysconf("SC_CLK_TCK")


async def drain(line: RtpLine) -> None:
    """Stand in for a call: take every frame."""
    while True:
        await line.events.get()


async def run_calls(
    ports: list[int],
    seconds: float,
    with_recording: bool,
    directory: Path,
    suite: str,
    codec: str,
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
        line.configure(("127.0.0.1", port), codec, PAYLOAD_TYPES[codec], 101, "sendrecv", srtp=keys)
        line.playout.say(1, speech)
        if with_recording:
            line.recorder = Recorder(directory / f"{number}.wav")
            recorders.append(line.recorder)
        lines.append(line)
    tasks = [asyncio.create_task(drain(line)) for line in lines]
    for line in lines:
        line.start()
    await asyncio.sleep(1)  # the first second sets everything up
    cpu, wall, stolen = time.process_time(), time.monotonic(), stolen_s()
    await asyncio.sleep(seconds)
    cpu, wall = time.process_time() - cpu, time.monotonic() - wall
    stolen = stolen_s() - stolen
    stats = [line.stats() for line in lines]
    counted = ("packets_sent", "packets_unsent", "packets_received", "packets_lost", "concealed_ms")
    sums = {name: sum(of_line[name] for of_line in stats) for name in counted}
    for task in tasks:
        task.cancel()
    for line in lines:
        line.close()
    for recorder in recorders:
        recorder.close()
        await recorder.wait_closed()
    return {
        "cpu_ms_per_call_second": cpu * 1000 / wall / len(lines),
        "stolen_percent": stolen / wall * 100,
        "packets_due": float(sum(line.position_samples // FRAME_SAMPLES for line in lines)),
        **sums,
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
    parser.add_argument("--codec", choices=list(PAYLOAD_TYPES), default="PCMA")
    parser.add_argument(
        "--one-core", action="store_true", help="server on one core, far side on another"
    )
    parser.add_argument("--check", action="store_true", help="fail where the goals are missed")
    parser.add_argument(
        "--loop", choices=["asyncio", "uvloop"], default="uvloop", help="event loop"
    )
    arguments = parser.parse_args()
    ours, theirs = multiprocessing.Pipe()
    cores = sorted(os.sched_getaffinity(0))
    far_core = cores[-1] if arguments.one_core else None
    peer = multiprocessing.Process(
        target=echo, args=(arguments.calls, theirs, far_core), daemon=True
    )
    peer.start()
    ports = ours.recv()
    _stay_on(cores[0] if arguments.one_core else None)
    with TemporaryDirectory() as directory:
        main_task = run_calls(
            ports,
            arguments.seconds,
            arguments.record,
            Path(directory),
            arguments.srtp,
            arguments.codec,
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
    if arguments.check:
        problems = missed_goals(figures, bool(arguments.srtp))
        if problems:
            raise SystemExit("missed: " + "; ".join(problems))


def missed_goals(figures: Mapping[str, float], is_encrypted: bool) -> list[str]:
    limit = MAX_CPU_MS_PER_CALL_SECOND_SRTP if is_encrypted else MAX_CPU_MS_PER_CALL_SECOND
    problems = []
    if figures["cpu_ms_per_call_second"] > limit:
        problems.append(f"more than {limit} ms CPU per call-second")
    if figures["gap_p99_ms"] > MAX_GAP_P99_MS:
        problems.append(f"gap p99 above {MAX_GAP_P99_MS} ms")
    if figures["packets_unsent"] or figures["packets_sent"] < figures["packets_due"]:
        problems.append("packets were not sent")
    if figures["tick_skipped_ticks"]:
        problems.append("ticks were skipped")
    return problems


def _stay_on(core: int | None) -> None:
    if core is not None:
        os.sched_setaffinity(0, {core})


if __name__ == "__main__":
    main()
