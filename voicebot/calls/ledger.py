"""Keeps the record of one call while it runs: writes in order, behind the audio's back."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from voicebot.errors import StorageError
from voicebot.records import (
    Block,
    Callback,
    CallRecord,
    Disposition,
    Dispute,
    Notification,
    Plan,
    Promise,
    Turn,
    TurnMood,
)

log = logging.getLogger(__name__)

OPEN_PATIENCE_S = 2.0
"""So long the first prompt waits for the call's row to be committed."""

PROMISE_PATIENCE_S = 3.0
"""So long the caller waits to hear that his promise is recorded; then he is told otherwise."""

CLOSE_PATIENCE_S = 60.0
"""So long the end of a call waits for a database that can't be reached."""

FIRST_RETRY_S = 0.1
LONGEST_RETRY_S = 5.0

MAX_WAITING_WRITES = 2000
"""Several times what the longest call writes."""

_NEEDS = {
    Disposition.PTP_FULL: "promise",
    Disposition.PTP_PARTIAL: "promise",
    Disposition.PLAN_PROPOSED: "plan",
}
"""What must have been written for a call to have ended so."""


class CallStore(Protocol):
    async def start(self, record: CallRecord) -> None: ...
    async def update(self, call_id: str, **fields: object) -> None: ...
    async def add_turn(self, call_id: str, index: int, turn: Turn) -> None: ...
    async def set_mood(self, call_id: str, index: int, mood: TurnMood) -> None: ...
    async def drop_moods(self, call_id: str) -> None: ...
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


class PlanStore(Protocol):
    async def add(self, plan: Plan) -> int: ...


class DisputeStore(Protocol):
    async def add(self, dispute: Dispute) -> int: ...


class BlockStore(Protocol):
    async def add(self, block: Block) -> int: ...


class NotificationStore(Protocol):
    async def add(self, notification: Notification) -> int: ...


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
    def plans(self) -> PlanStore: ...
    @property
    def disputes(self) -> DisputeStore: ...
    @property
    def blocks(self) -> BlockStore: ...
    @property
    def notifications(self) -> NotificationStore: ...
    @property
    def audit(self) -> AuditStore: ...


@dataclass(slots=True)
class _Write:
    """One write that waits. `done`: its outcome; cancelled when it was withdrawn."""

    kind: str
    do: Callable[[], Awaitable[object]]
    done: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class CallLedger:
    """Writes one call's record in the order things happened.

    Everything is queued, so that a slow disk can't delay the next prompt; a promise and a plan
    are awaited, because the caller is then told that they are recorded. While the database can't
    be reached the writes wait, all through the call and for a minute after it; what the database
    refuses for good is logged and left out.
    """

    def __init__(self, store: SystemOfRecord, record: CallRecord) -> None:
        self.record = record
        self._store = store
        self._n_turns = 0
        self._writes: deque[_Write] = deque()
        self._has_work = asyncio.Event()
        self._is_closing = False
        self._lost_kinds: set[str] = set()
        self._writer: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Commit the call's row: nothing is said before this, unless the database is away."""
        self._writer = asyncio.create_task(self._write_in_order(), name="call ledger")
        started = self._later("call", lambda: self._store.calls.start(self.record))
        await asyncio.wait({started}, timeout=OPEN_PATIENCE_S)

    def add_turn(self, turn: Turn) -> int:
        """The turn's number in the call."""
        index = self._n_turns
        self._n_turns += 1
        self._later("turn", lambda: self._store.calls.add_turn(self.record.call_id, index, turn))
        return index

    def set_mood(self, index: int, mood: TurnMood) -> None:
        """Of a turn that was added before its voice was read."""
        self._later("mood", lambda: self._store.calls.set_mood(self.record.call_id, index, mood))

    def drop_moods(self) -> None:
        self._later("mood", lambda: self._store.calls.drop_moods(self.record.call_id))

    def update(self, **fields: object) -> None:
        self._later("call", lambda: self._store.calls.update(self.record.call_id, **fields))

    def add_event(self, name: str, data: dict[str, object], at: datetime) -> None:
        self._later("event", lambda: self._store.audit.append(self.record.call_id, name, data, at))

    def add_callback(self, callback: Callback) -> None:
        self._later("callback", lambda: self._store.callbacks.add(callback))

    def add_dispute(self, dispute: Dispute) -> None:
        self._later("dispute", lambda: self._store.disputes.add(dispute))

    def add_block(self, block: Block) -> None:
        self._later("block", lambda: self._store.blocks.add(block))

    def add_notification(self, notification: Notification) -> None:
        self._later("notification", lambda: self._store.notifications.add(notification))

    async def add_promise(self, promise: Promise) -> None:
        """Returns when the promise is committed, after everything queued before it.

        Raises StorageError where that takes too long or is refused: it is then withdrawn, since
        the caller is told that it is not recorded. Where he hangs up meanwhile it stays queued:
        he agreed to it.
        """
        await self._committed(self._later("promise", lambda: self._store.promises.add(promise)))

    async def add_plan(self, plan: Plan) -> None:
        """As `add_promise`."""
        await self._committed(self._later("plan", lambda: self._store.plans.add(plan)))

    async def _committed(self, written: asyncio.Future[None]) -> None:
        await asyncio.wait({written}, timeout=PROMISE_PATIENCE_S)
        if not written.done():
            written.cancel()
            raise StorageError("the database did not take a promise in time")
        written.result()

    async def close(
        self,
        ended_at: datetime,
        disposition: Disposition,
        end_reason: str,
        media_stats: dict[str, float],
    ) -> None:
        """Write how the call ended, after everything else; returns when all is committed, or
        the database has been away for too long."""

        async def finish() -> None:
            # A promise that was refused after the caller had gone is none.
            is_lost = _NEEDS.get(disposition) in self._lost_kinds
            outcome = Disposition.ERROR if is_lost else disposition
            await self._store.calls.finish(
                self.record.call_id, ended_at, outcome, end_reason, media_stats
            )

        self._later("end", finish, is_needed=True)
        self._is_closing = True
        self._has_work.set()
        if self._writer is None:
            return
        await asyncio.wait({self._writer}, timeout=CLOSE_PATIENCE_S)
        if not self._writer.done():
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)
            log.error(
                "a call's record is incomplete: the database was away for too long",
                extra={"call_id": self.record.call_id, "n_lost": len(self._writes)},
            )

    def _later(
        self, kind: str, do: Callable[[], Awaitable[object]], is_needed: bool = False
    ) -> asyncio.Future[None]:
        write = _Write(kind, do)
        if len(self._writes) < MAX_WAITING_WRITES or is_needed:
            self._writes.append(write)
            self._has_work.set()
        else:
            self._give_up(write, StorageError("too many writes are waiting"))
        return write.done

    async def _write_in_order(self) -> None:
        while self._writes or not self._is_closing:
            if not self._writes:
                self._has_work.clear()
                await self._has_work.wait()
                continue
            await self._write(self._writes[0])
            self._writes.popleft()

    async def _write(self, write: _Write) -> None:
        """Returns when it is committed, refused for good, or withdrawn."""
        delay_s = FIRST_RETRY_S
        while not write.done.done():
            try:
                await write.do()
            except StorageError as error:
                if not error.retryable:
                    self._give_up(write, error)
                    return
            except Exception as error:
                # The top of a worker: one bad write must not keep the others from being made.
                log.exception("a write failed", extra={"call_id": self.record.call_id})
                self._give_up(write, error)
                return
            else:
                if not write.done.done():
                    write.done.set_result(None)
                return
            await asyncio.wait({write.done}, timeout=delay_s)
            delay_s = min(delay_s * 2, LONGEST_RETRY_S)

    def _give_up(self, write: _Write, error: Exception) -> None:
        log.error(
            "part of a call record could not be written",
            extra={
                "call_id": self.record.call_id,
                "part": write.kind,
                "kind": type(error).__name__,
            },
        )
        self._lost_kinds.add(write.kind)
        if not write.done.done():
            refusal = error if isinstance(error, StorageError) else StorageError(str(error))
            write.done.set_exception(refusal)
            write.done.exception()  # marks it as seen: most are not awaited
