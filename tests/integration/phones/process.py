"""Programs that tests start: each ends with all that it started itself, and in bounded time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

KILL_PATIENCE_S = 10.0
"""So long may the system take to bury what was killed."""


@contextlib.asynccontextmanager
async def running(
    *command: str | Path, patience_s: float = 0.0, **options: Any
) -> AsyncIterator[Process]:
    """A process with a process group of its own, until the block ends.

    patience_s: how long it may take to end by itself when told to (SIGTERM); 0: it is killed.
    options: of `asyncio.create_subprocess_exec`.
    """
    process = await start(*command, **options)
    try:
        yield process
    finally:
        await end(process, patience_s)


async def start(*command: str | Path, **options: Any) -> Process:
    """Whoever starts it ends it with `end`."""
    options.setdefault("stdin", asyncio.subprocess.DEVNULL)
    return await asyncio.create_subprocess_exec(*command, start_new_session=True, **options)


async def end(process: Process, patience_s: float = 0.0) -> int:
    """Its exit code, negative after a signal. Harmless where it has ended."""
    if patience_s:
        signal_all(process, signal.SIGTERM)
        await has_ended(process, patience_s)
    # Also what it left behind: that would hold its pipes and ports for ever.
    signal_all(process, signal.SIGKILL)
    async with asyncio.timeout(KILL_PATIENCE_S):
        return await process.wait()


async def has_ended(process: Process, patience_s: float) -> bool:
    """Whether it ends by itself in time."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(patience_s):
            await process.wait()
    return process.returncode is not None


async def output(process: Process, timeout_s: float) -> tuple[bytes, bytes]:
    """What it writes until it ends; raises TimeoutError where it does not."""
    async with asyncio.timeout(timeout_s):
        return await process.communicate()


def signal_all(process: Process, number: signal.Signals) -> None:
    """It and what it started; its process ID is its group's, too."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
