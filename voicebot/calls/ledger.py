"""Keeps the record of one call while it runs: writes in order, behind the audio's back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

from voicebot.errors import StorageError
from voicebot.records import Callback, CallRecord, Disposition, Promise, Turn

log = logging.getLogger(__name__)


class CallStore(Protocol):
    async def start(self, record: CallRecord) -> None: ...
    async def update(self, call_id: str, **fields: object) -> None: ...
    async def add_turn(self, call_id: str, index: int, turn: Turn) -> None: ...
    async def finish(
        self,
        call_id: str,
        ended_at: datetime,
        disposition: Disposition,
        end_reason: str,
        media_stats: dict[str, float],
    ) -> None: ...


class PromiseStore(Protocol):
    async def add(self, promise: Promise) -> int: ...


class CallbackStore(Protocol):
    async def add(self, callback: Callback) -> int: ...


class AuditStore(Protocol):
    async def append(
        self, call_id: str | None, name: str, data: dict[str, object], at: datetime
    ) -> None: ...


class SystemOfRecord(Protocol):
    """The part of the database that a running call writes to."""

    @property
    def calls(self) -> CallStore: ...
    @property
    def promises(self) -> PromiseStore: ...
    @property
    def callbacks(self) -> CallbackStore: ...
    @property
    def audit(self) -> AuditStore: ...


class CallLedger:
    """Writes one call's record in the order things happened.

    Turns and audit entries are queued, so that a slow disk can't delay the next prompt; a
    promise or callback is awaited, because the caller is then told that it is recorded.
    A write that fails is tried again a few times, then logged: the call goes on.
    """

    def __init__(self, store: SystemOfRecord, record: CallRecord) -> None:
        self.record = record
        self._store = store
        self._n_turns = 0
        self._writes: asyncio.Queue[Callable[[], Awaitable[object]] | None] = asyncio.Queue()
        self._writer: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Commit the call's row: nothing is said before this."""
        await self._store.calls.start(self.record)
        self._writer = asyncio.create_task(self._write_in_order(), name="call ledger")

    def add_turn(self, turn: Turn) -> None:
        index = self._n_turns
        self._n_turns += 1
        self._later(lambda: self._store.calls.add_turn(self.record.call_id, index, turn))

    def update(self, **fields: object) -> None:
        self._later(lambda: self._store.calls.update(self.record.call_id, **fields))

    def add_event(self, name: str, data: dict[str, object], at: datetime) -> None:
        self._later(lambda: self._store.audit.append(self.record.call_id, name, data, at))

    async def add_promise(self, promise: Promise) -> None:
        """Returns when the promise is committed, after everything queued before it."""
        await self._now(lambda: self._store.promises.add(promise))

    async def add_callback(self, callback: Callback) -> None:
        """Returns when the callback is committed, after everything queued before it."""
        await self._now(lambda: self._store.callbacks.add(callback))

    async def close(
        self,
        ended_at: datetime,
        disposition: Disposition,
        end_reason: str,
        media_stats: dict[str, float],
    ) -> None:
        """Write how the call ended, after everything else; returns when all is committed."""
        self._later(
            lambda: self._store.calls.finish(
                self.record.call_id, ended_at, disposition, end_reason, media_stats
            )
        )
        self._writes.put_nowait(None)
        if self._writer is not None:
            await self._writer

    def _later(self, write: Callable[[], Awaitable[object]]) -> None:
        self._writes.put_nowait(write)

    async def _now(self, write: Callable[[], Awaitable[object]]) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def write_and_tell() -> None:
            try:
                await write()
            except StorageError as error:
                if not done.done():
                    done.set_exception(error)
            else:
                if not done.done():
                    done.set_result(None)

        self._later(write_and_tell)
        await done

    async def _write_in_order(self) -> None:
        while (write := await self._writes.get()) is not None:
            await self._write_with_retries(write)

    async def _write_with_retries(self, write: Callable[[], Awaitable[object]]) -> None:
        for delay_s in (0.1, 0.5, 2.0, None):
            try:
                await write()
            except StorageError as error:
                if not error.retryable or delay_s is None:
                    log.error(
                        "part of a call record could not be written",
                        extra={"call_id": self.record.call_id, "kind": type(error).__name__},
                    )
                    return
                await asyncio.sleep(delay_s)
            else:
                return
