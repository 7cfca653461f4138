"""The running calls, and who is told of their changes."""

from __future__ import annotations

from datetime import timedelta

from tests.unit.calls.test_ledger import NOW, RECORD
from voicebot.calls.live_calls import LiveCall, LiveCalls


def live(started_s: float = 0) -> LiveCall:
    return LiveCall(RECORD, NOW + timedelta(seconds=started_s), lambda: None)


def test_watchers_are_told_when_a_call_comes_changes_and_goes():
    calls = LiveCalls()
    told: list[int] = []
    stop = calls.watch(lambda call: told.append(len(calls)))
    call = live()
    calls.add(call)
    calls.changed(call)
    calls.remove("call-1")
    calls.remove("call-1")
    stop()
    calls.add(call)
    assert told == [1, 1, 0]
    assert calls.get("call-1") is call
    assert calls.get("other") is None
    assert calls.all() == [call]


def test_watcher_may_stop_watching_while_it_is_told():
    calls = LiveCalls()
    told: list[str] = []
    stops = []

    def once(call: LiveCall) -> None:
        told.append("once")
        stops[0]()

    stops.append(calls.watch(once))
    calls.watch(lambda call: told.append("always"))
    calls.add(live())
    calls.remove("call-1")
    assert told == ["once", "always", "always"]
