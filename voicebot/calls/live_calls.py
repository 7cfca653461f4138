"""Calls that are going on, as the console shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from voicebot.calls.turn_times import AnsweredTurn
from voicebot.records import CallRecord, Turn


@dataclass(slots=True)
class LiveCall:
    """What is known of a running call. `hang_up` ends it from the console.

    answers: how long each of the caller's turns took to be answered.
    """

    record: CallRecord
    started_at: datetime
    hang_up: Callable[[], None]
    state: str = ""
    is_bot_speaking: bool = False
    turns: list[Turn] = field(default_factory=list)
    answers: list[AnsweredTurn] = field(default_factory=list)


class LiveCalls:
    """The running calls of this node, by call id; watchers are told after each change."""

    def __init__(self) -> None:
        self._calls: dict[str, LiveCall] = {}
        self._watchers: list[Callable[[LiveCall], None]] = []

    def __len__(self) -> int:
        return len(self._calls)

    def all(self) -> list[LiveCall]:
        """The running calls, oldest first."""
        return sorted(self._calls.values(), key=lambda call: call.started_at)

    def get(self, call_id: str) -> LiveCall | None:
        return self._calls.get(call_id)

    def add(self, call: LiveCall) -> None:
        self._calls[call.record.call_id] = call
        self.changed(call)

    def remove(self, call_id: str) -> None:
        call = self._calls.pop(call_id, None)
        if call is not None:
            self.changed(call)

    def watch(self, watcher: Callable[[LiveCall], None]) -> Callable[[], None]:
        """Call `watcher` at each change; returns how to stop it."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def changed(self, call: LiveCall) -> None:
        for watcher in list(self._watchers):
            watcher(call)
