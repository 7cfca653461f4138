"""Whole conversations on the wire: response time, gaps between packets, CPU and memory.

Starts a server of its own and calls it as synthetic debtors over SIP and RTP on the loopback,
while tcpdump captures. Needs root (for the capture) and the demo models.

    python -m benchmarks.conversations --calls 4 --minutes 5                # response time
    python -m benchmarks.conversations --calls 20 --minutes 3 --in-order \
        --debtor call_scripts/debtors/zna_klawisze.yaml                     # twenty at once

Results are printed and written to benchmarks/results/conversations-N.md.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sqlite3
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.wire import RtpStream, capture, read_streams, response_times_ms

SIP_PORT = 15060
RTP_PORTS = (41000, 43999)
CALLER_PORTS = (30000, 39999)
RESULTS = Path(__file__).parent / "results"
DEBTOR = Path(__file__).parent.parent / "call_scripts" / "debtors" / "placi_w_piatek.yaml"


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process tree has used: seconds of CPU since its start, bytes resident now."""

    node_cpu_s: float
    worker_cpu_s: float
    node_rss: int
    worker_rss: int


def usage(node_pid: int) -> Usage:
    """Read /proc for the node and its children."""
    ticks = os.sysconf("SC_CLK_TCK")
    page = os.sysconf("SC_PAGE_SIZE")
    cpu = {True: 0.0, False: 0.0}
    rss = {True: 0, False: 0}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        is_node = int(folder.name) == node_pid
        if is_node or int(fields[1]) == node_pid:
            cpu[is_node] += (int(fields[11]) + int(fields[12])) / ticks
            rss[is_node] += int(fields[21]) * page
    return Usage(cpu[True], cpu[False], rss[True], rss[False])


async def start_server(folder: Path, models: Path) -> asyncio.subprocess.Process:
    """Start `voicebot serve --demo` and wait until it has said where it listens."""
    environment = {
        **os.environ,
        "VOICEBOT_SIP__PORT": str(SIP_PORT),
        "VOICEBOT_SIP__RTP_PORT_MIN": str(RTP_PORTS[0]),
        "VOICEBOT_SIP__RTP_PORT_MAX": str(RTP_PORTS[1]),
        # What is encrypted can't be told from speech in the capture.
        "VOICEBOT_SIP__SRTP": "off",
        "VOICEBOT_WEB__PORT": "0",
        "VOICEBOT_DATA_DIRECTORY": str(folder / "data"),
        "VOICEBOT_MODELS_DIRECTORY": str(models),
        "VOICEBOT_LOG_LEVEL": "WARNING",
    }
    with (folder / "serve.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "voicebot", "serve", "--demo"),
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    assert process.stdout is not None
    while line := await process.stdout.readline():
        if line.startswith(b"Console"):
            return process
    raise SystemExit((folder / "serve.log").read_text())


async def run_callers(folder: Path, models: Path, options: argparse.Namespace) -> str:
    """Run the simulated debtors; what they print."""
    command = [
        *(sys.executable, "-m", "voicebot", "simulate-caller"),
        f"sip:infolinia@127.0.0.1:{SIP_PORT}",
        *("--debtor", str(options.debtor), "--calls", str(options.calls)),
        *("--minutes", str(options.minutes), "--codec", options.codec),
    ]
    if options.in_order:
        command.append("--in-order")
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, "VOICEBOT_MODELS_DIRECTORY": str(models)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return output.decode()


def summary(
    streams: dict[tuple[str, int, str, int], RtpStream],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], int, int]:
    """Response times, gaps of the bot's packets, lost packets, number of calls."""
    times: list[float] = []
    gaps: list[npt.NDArray[np.float64]] = []
    n_missing = n_calls = 0
    for (source, source_port, destination, port), bot in streams.items():
        if not RTP_PORTS[0] <= source_port <= RTP_PORTS[1]:
            continue
        caller = streams.get((destination, port, source, source_port))
        if caller is None:
            continue
        n_calls += 1
        gaps.append(bot.gaps_ms())
        n_missing += bot.n_missing()
        times += response_times_ms(caller, bot)
    return np.array(times), np.concatenate(gaps), n_missing, n_calls


async def measure(options: argparse.Namespace) -> str:
    models: Path = options.models
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = await start_server(folder, models)
        before, began = usage(server.pid), time.monotonic()
        async with capture(folder / "wire.pcap", RTP_PORTS[0], RTP_PORTS[1]):
            output = await run_callers(folder, models, options)
        after, took_s = usage(server.pid), time.monotonic() - began
        server.send_signal(signal.SIGTERM)
        exit_code = await asyncio.wait_for(server.wait(), 60)
        times, gaps, n_missing, n_calls = summary(read_streams(folder / "wire.pcap"))
        errors = (folder / "serve.log").read_text()
        dispositions = count_dispositions(folder / "data" / "voicebot.sqlite3")
    call_s = gaps.sum() / 1000
    lines = [
        f"# Conversations, {options.calls} at once for {options.minutes:g} minutes",
        "",
        f"Command: `python -m benchmarks.conversations {' '.join(sys.argv[1:])}`. Callers and",
        f"server on one machine with {os.cpu_count()} cores; load average at the end "
        f"{os.getloadavg()[0]:.1f}.",
        "",
        "| what | value |",
        "| --- | --- |",
        f"| calls | {n_calls} ({call_s:.0f} call-seconds) |",
        f"| turns with a response time | {len(times)} |",
        *quantile_rows("response on the wire, ms (last speech → first speech)", times),
        *quantile_rows("gap between packets of the bot, ms", gaps),
        f"| packets never sent | {n_missing} |",
        f"| what the calls came to | {dispositions} |",
        f"| node CPU | {(after.node_cpu_s - before.node_cpu_s) / took_s:.2f} cores, "
        f"{(after.node_cpu_s - before.node_cpu_s) / call_s * 1000:.2f} ms a call-second |",
        f"| workers' CPU | {(after.worker_cpu_s - before.worker_cpu_s) / took_s:.2f} cores |",
        f"| node's RSS | {after.node_rss / 2**20:.0f} MiB |",
        f"| workers' RSS | {after.worker_rss / 2**20:.0f} MiB |",
        f"| server's exit status after SIGTERM | {exit_code} |",
        "",
        "What the callers said of it:",
        "",
        "```",
        *output.strip().splitlines()[-4:],
        "```",
    ]
    if '"ERROR"' in errors:
        lines += ["", "Errors in the server's log:", "", errors[-2000:]]
    return "\n".join(lines) + "\n"


def count_dispositions(database: Path) -> str:
    """How the calls ended and how many promises are in the database."""
    with sqlite3.connect(database) as connection:
        rows = connection.execute(
            "select disposition, count(*) from calls group by 1 order by 2 desc"
        ).fetchall()
        (n_promises,) = connection.execute("select count(*) from promises").fetchone()
    return ", ".join(f"{count} {name}" for name, count in rows) + f"; {n_promises} promises"


def quantile_rows(name: str, values: npt.NDArray[np.float64]) -> list[str]:
    if not len(values):
        return [f"| {name} | none |"]
    median, p95, p99 = np.percentile(values, [50, 95, 99])
    return [
        f"| {name} | median {median:.1f}, p95 {p95:.1f}, p99 {p99:.1f}, max {values.max():.1f} |"
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=1, help="debtors at once")
    parser.add_argument("--minutes", type=float, default=3.0, help="how long they go on calling")
    parser.add_argument(
        "--in-order", action="store_true", help="debtors recognise nothing: no CPU of theirs"
    )
    parser.add_argument("--codec", default="PCMA", choices=["PCMA", "PCMU"])
    parser.add_argument("--debtor", type=Path, default=DEBTOR, help="what a debtor says")
    parser.add_argument("--models", type=Path, default=Path("models"), help="folder of the models")
    options = parser.parse_args()
    report = asyncio.run(measure(options))
    print(report)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"conversations-{options.calls}.md").write_text(report, encoding="utf-8")


if __name__ == "__main__":
    main()
