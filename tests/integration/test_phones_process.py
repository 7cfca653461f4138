"""What tests start ends with all that it started, however stubborn it is."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from tests.integration.phones.process import end, output, running

_STUBBORN = """
import os, signal, sys, time
if "deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(os.getpid(), flush=True)
if not os.fork():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print(os.getpid(), flush=True)
time.sleep(600)
"""


def runs(pid: int) -> bool:
    """A zombie is one no more: somebody has yet to look after it."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def is_gone(pid: int) -> bool:
    for _ in range(200):
        if not runs(pid):
            return True
        await asyncio.sleep(0.05)
    return False


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks into /proc")
@pytest.mark.parametrize("manner", ["polite", "deaf"])
async def test_process_ends_with_the_child_that_holds_its_pipe(manner: str):
    async with running(
        sys.executable, "-c", _STUBBORN, manner, patience_s=0.5, stdout=asyncio.subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        pids = [int(await process.stdout.readline()) for _ in range(2)]
        with pytest.raises(TimeoutError):
            await output(process, 0.2)
    assert process.returncode == (-15 if manner == "polite" else -9)
    assert [await is_gone(pid) for pid in pids] == [True, True]


async def test_process_that_has_ended_keeps_its_exit_code():
    async with running(sys.executable, "-c", "raise SystemExit(7)") as process:
        assert await process.wait() == 7
        assert await end(process) == 7
