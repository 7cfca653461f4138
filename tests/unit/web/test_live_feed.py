"""What a watcher of live calls is told: each turn once, whatever was missed between."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from voicebot.calls.live_calls import LiveCall, LiveCalls
from voicebot.records import CallRecord, Direction, Speaker, Turn
from voicebot.web.api_models import LiveEnd, LiveUpdate
from voicebot.web.live_feed import Watch, as_event

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def live_call(call_id: str) -> LiveCall:
    record = CallRecord(call_id, Direction.INBOUND, "sip", "x", "y", "z", NOW)
    return LiveCall(record, NOW, lambda: None)


def test_a_slow_watcher_gets_each_turn_once() -> None:
    live_calls = LiveCalls()
    call = live_call("c1")
    live_calls.add(call)
    watch = Watch(live_calls)
    call.turns.append(Turn(Speaker.BOT, "a", 0, 1))
    watch.note("c1")
    call.turns.append(Turn(Speaker.CALLER, "b", 1, 2))
    watch.note("c1")
    (update,) = watch.take_events()
    assert isinstance(update, LiveUpdate)
    assert [turn.text for turn in update.turns] == ["a", "b"]
    call.turns.append(Turn(Speaker.BOT, "c", 2, 3))
    watch.note("c1")
    (update,) = watch.take_events()
    assert isinstance(update, LiveUpdate)
    assert (update.first_turn, [turn.text for turn in update.turns]) == (2, ["c"])
    assert watch.take_events() == []
    live_calls.remove("c1")
    watch.note("c1")
    assert watch.take_events() == [LiveEnd(call_id="c1")]


def test_who_watches_one_call_hears_of_no_other() -> None:
    live_calls = LiveCalls()
    live_calls.add(live_call("c1"))
    live_calls.add(live_call("c2"))
    watch = Watch(live_calls, only="c2")
    assert [event.call_id for event in watch.take_events()] == ["c2"]
    watch.note("c1")
    assert not watch.news.is_set()


def test_an_event_is_one_line_of_json() -> None:
    text = as_event(LiveEnd(call_id="a\n\nevent: x")).decode()
    name, data, end = text.split("\n", 2)
    assert (name, end) == ("event: ended", "\n")
    assert json.loads(data.removeprefix("data: ")) == {"call_id": "a\n\nevent: x"}
