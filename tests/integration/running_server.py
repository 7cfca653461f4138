"""`voicebot serve --demo` as users run it: a process with ports and data of its own."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

from tests.models import model_store, need_model
from voicebot.clock import SystemClock
from voicebot.records import CallRecord, Promise, Turn
from voicebot.storage.database import Database

_CHECKOUT = Path(__file__).resolve().parents[2]
START_PATIENCE_S = 240
STOP_PATIENCE_S = 30
POLL_S = 0.2
"""Each look at the database costs the machine on which everybody talks."""

KILL_PATIENCE_S = 10


class RunningServer:
    """Start one for many tests: it speaks eighty prompts first."""

    def __init__(self, directory: Path, **settings: object) -> None:
        """settings: by name as in the environment, such as `SIP__MAX_CALLS`."""
        need_model("whisper-base")
        need_model("rhvoice-pl")
        self.data_directory = directory / "data"
        self.log_path = directory / "server.log"
        self._stdout_path = directory / "server.out"
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("VOICEBOT_")
        }
        values = {
            "DATA_DIRECTORY": self.data_directory,
            "MODELS_DIRECTORY": model_store().models_dir,
            "SIP__PORT": 0,
            "WEB__PORT": 0,
            "SPEECH__WORKERS": 1,
            # Six scripts more to read and to speak, beside what is tested.
            "DIALOGUE__PREPARE_ALL_SCRIPTS": "false",
            **settings,
        }
        environment |= {f"VOICEBOT_{name}": str(value) for name, value in values.items()}
        environment |= {"PYTHONPATH": str(_CHECKOUT), "COLUMNS": "200"}
        self.environment = environment
        with self.log_path.open("wb") as log, self._stdout_path.open("wb") as stdout:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "voicebot", "serve", "--demo"],
                cwd=directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=log,
                start_new_session=True,
            )
        # A run that is interrupted in a second attempt ends no fixtures.
        atexit.register(self.kill)
        try:
            self.sip_uri = self._wait_for(r"^SIP\s+(sip:\S+)")
            self.web_url = self._wait_for(r"^Console\s+(http://\S+)").rstrip("/")
        except BaseException:
            self.kill()
            raise

    @property
    def sip_port(self) -> int:
        return int(self.sip_uri.rpartition(":")[2])

    @property
    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> int:
        """As an operator stops it who does not wait for running calls; the exit code."""
        self.signal(signal.SIGINT)
        return self.wait()

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self) -> int:
        """Its exit code; it has been told to stop."""
        try:
            code = self._process.wait(STOP_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        atexit.unregister(self.kill)
        return code

    def kill(self) -> None:
        """With its speech workers. Harmless where it has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(KILL_PATIENCE_S)
        atexit.unregister(self.kill)

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    @contextlib.asynccontextmanager
    async def database(self) -> AsyncIterator[Database]:
        """To look into, as the commands do."""
        database = await Database.open_existing(
            f"sqlite:///{self.data_directory / 'voicebot.sqlite3'}"
        )
        try:
            yield database
        finally:
            await database.close()

    @contextlib.asynccontextmanager
    async def watch(self, remote_party: str) -> AsyncIterator[CallWatch]:
        """Of the next call with them: enter it before the call begins."""
        async with self.database() as database:
            yield CallWatch(database, remote_party)

    def _wait_for(self, pattern: str) -> str:
        ends_at = time.monotonic() + START_PATIENCE_S
        while time.monotonic() < ends_at:
            found = re.search(pattern, self._stdout_path.read_text(encoding="utf-8"), re.MULTILINE)
            if found:
                return found[1]
            assert self._process.poll() is None, f"the server did not start:\n{self.log}"
            time.sleep(0.1)
        raise AssertionError(f"the server was not ready in time:\n{self.log}")


class CallWatch:
    """One call as the server's database tells of it, while it goes on and afterwards."""

    def __init__(self, database: Database, remote_party: str) -> None:
        """Make it before the call begins: those that began earlier are others."""
        self._database = database
        self._since = SystemClock().now()
        self._remote_party = remote_party
        self._call_id = ""

    async def record(self) -> CallRecord | None:
        """The call of this number since the watch began."""
        if self._call_id:
            return await self._database.calls.get(self._call_id)
        for record in await self._database.calls.list(limit=20):
            if record.remote_party == self._remote_party and record.started_at >= self._since:
                self._call_id = record.call_id
                return record
        return None

    async def turns(self) -> list[Turn]:
        if not self._call_id and await self.record() is None:
            return []
        return await self._database.calls.turns(self._call_id)

    async def promises(self) -> list[Promise]:
        if not self._call_id and await self.record() is None:
            return []
        return await self._database.promises.list(call_id=self._call_id)

    async def is_over(self) -> bool:
        record = await self.record()
        return record is not None and record.ended_at is not None

    async def heard(self, prompt_id: str, timeout_s: float = 60) -> None:
        """Returns when the bot has said the prompt."""
        ends_at = time.monotonic() + timeout_s
        while time.monotonic() < ends_at:
            if any(turn.prompt_id == prompt_id for turn in await self.turns()):
                return
            await asyncio.sleep(POLL_S)
        raise AssertionError(f"the bot did not say {prompt_id} within {timeout_s:g} s")

    async def ended(self, timeout_s: float = 10) -> CallRecord:
        """Its record, once that has been closed."""
        ends_at = time.monotonic() + timeout_s
        while time.monotonic() < ends_at:
            record = await self.record()
            if record is not None and record.ended_at is not None:
                return record
            await asyncio.sleep(POLL_S)
        raise AssertionError("the call's record was not closed")
