"""A call's record survives kill -9 at any moment."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.integration.storage.examples import ANNA, LOAN, NOW
from tests.storage_fakes import SECRET
from voicebot.records import Disposition
from voicebot.storage.database import Database

N_KILLS = 10
_ROOT = Path(__file__).resolve().parents[3]


class WriterProcesses:
    """Starts one writer after another, and kills each."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self._folder = folder

    def run_and_kill(self, url: str, call_id: str, after_s: float) -> list[str]:
        """Kill it `after_s` after its call row was acknowledged; returns what it noted."""
        notes = self._folder / f"{call_id}.txt"
        assert self._process.stdin is not None
        self._process.stdin.write(f"{notes} {call_id} {url}\n")
        self._process.stdin.flush()
        while "call\n" not in (notes.read_text() if notes.exists() else ""):
            assert self._process.poll() is None
            time.sleep(0.002)
        pid = int(notes.read_text().split()[1])
        time.sleep(after_s)
        os.kill(pid, signal.SIGKILL)
        while Path(f"/proc/{pid}").exists():
            time.sleep(0.001)
        return notes.read_text().splitlines()[2:]


@pytest.fixture
def writers(tmp_path: Path) -> Iterator[WriterProcesses]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.integration.storage.killed_writer"],
        stdin=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
    ) as process:
        yield WriterProcesses(process, tmp_path)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="watches /proc for a process's end")
async def test_whatever_was_acknowledged_is_there_after_kill_9(url: str, writers: WriterProcesses):
    database = await Database.open(url, SECRET)
    await database.cases.add(ANNA, LOAN)
    await database.close()
    chance = random.Random(20260302)
    n_turns = 0
    for number in range(N_KILLS):
        call_id = f"killed-{number}"
        told = writers.run_and_kill(url, call_id, chance.uniform(0.0, 0.25))

        database = await Database.open(url, SECRET)
        assert await database.calls.close_orphans(NOW + timedelta(hours=1), "node-a") == 1
        record = await database.calls.get(call_id)
        assert (record.disposition, record.end_reason) == (
            Disposition.UNKNOWN,
            "process ended",
        )
        turns = await database.calls.turns(call_id)
        acknowledged = [line for line in told if line.startswith("turn")]
        # One more may have been committed and not told.
        assert len(turns) - len(acknowledged) in {0, 1}
        assert [turn.started_s for turn in turns] == [float(n) for n in range(len(turns))]
        n_turns += len(turns)
        amounts = [p.amount_gr for p in await database.promises.list(call_id=call_id)]
        told_amounts = [int(line.split()[1]) for line in told if line.startswith("promise")]
        assert amounts[: len(told_amounts)] == told_amounts
        assert len(amounts) - len(told_amounts) in {0, 1}
        entries = await database.audit.list(call_id)
        n_told_entries = sum(line.startswith("audit") for line in told)
        assert len(entries) - n_told_entries in {0, 1}
        assert await database.audit.verify_chain() is None
        assert await database.calls.open_calls() == []
        await database.close()
    # Otherwise nothing was tried.
    assert n_turns > 3 * N_KILLS
