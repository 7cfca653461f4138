"""The parts of a node as the console sees them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from voicebot.calls.live_calls import LiveCalls
from voicebot.calls.reception import Conversation
from voicebot.clock import Clock
from voicebot.errors import StorageError
from voicebot.gateway.sip.overload import OverloadControl
from voicebot.gateway.sip.trunk_service import TrunkStatus
from voicebot.media.pacer import Pacer
from voicebot.settings import Settings
from voicebot.speech.worker_pool import WorkerStats
from voicebot.storage.database import Database


class SpeechStatus(Protocol):
    def stats(self) -> Sequence[WorkerStats]: ...


class SipStatus(Protocol):
    @property
    def is_taking_calls(self) -> bool: ...
    @property
    def reasons_to_refuse(self) -> list[str]: ...
    @property
    def overload(self) -> OverloadControl: ...
    @property
    def n_dropped_requests(self) -> int: ...
    @property
    def trunk_status(self) -> Sequence[TrunkStatus]: ...
    @property
    def n_calls(self) -> int: ...
    @property
    def local_uri(self) -> str: ...


class ScriptChoice(Protocol):
    """The call scripts that a web call may follow."""

    @property
    def names(self) -> Sequence[str]: ...
    async def choose(self, called: str = "", name: str = "") -> Conversation: ...


@dataclass(frozen=True, slots=True)
class NodeParts:
    """What the web server shows and uses of its node. take_call: a leg, and its conversation."""

    settings: Settings
    database: Database
    live_calls: LiveCalls
    pool: SpeechStatus
    sip: SipStatus
    pacer: Pacer
    clock: Clock
    take_call: Callable[..., Awaitable[object]]
    scripts: ScriptChoice | None = None


async def reasons_not_ready(parts: NodeParts) -> list[str]:
    """Why this node should get no calls now; empty: it should."""
    reasons = []
    try:
        await parts.database.ping()
    except StorageError:
        reasons.append("the database does not answer")
    if not any(worker.is_alive for worker in parts.pool.stats()):
        reasons.append("no speech worker is running")
    return reasons + parts.sip.reasons_to_refuse
