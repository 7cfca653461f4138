"""A call as a trace: what spans there are, when, and that nothing personal is in them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

pytest.importorskip("opentelemetry.sdk", reason="the extra otel is not installed")

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.fakes import FakeClock
from voicebot.calls.call_traces import CallTraces
from voicebot.calls.live_calls import LiveCall, LiveCalls
from voicebot.calls.turn_times import AnsweredTurn
from voicebot.records import CallRecord, Direction, Speaker, Turn

START = datetime(2026, 3, 11, 9, 15, tzinfo=UTC)
TIMINGS = {
    "speech_end_to_vad_end": 150.0,
    "speech_end_to_decided": 400.0,
    "speech_end_to_transcript": 450.0,
    "speech_end_to_decision": 460.0,
    "speech_end_to_audio": 600.0,
    "speech_end_to_first_packet": 620.0,
    "voice_to_voice": 640.0,
}
SECRETS = ("+48600100200", "Kowalski", "infolinia@", "24681357")


class Collector:
    """A node's calls and what a collector gets of them."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.clock = FakeClock(START)
        self.live_calls = LiveCalls()
        self.traces = CallTraces(provider, self.live_calls, self.clock)

    def call(self, call_id: str = "c1") -> LiveCall:
        record = CallRecord(
            *(call_id, Direction.INBOUND, "sip", SECRETS[0], SECRETS[2], "infolinia"),
            *(START, START),
        )
        live = LiveCall(record, START, lambda: None)
        self.live_calls.add(live)
        live.turns.append(Turn(Speaker.CALLER, SECRETS[1], 1, 2, slots={"case": SECRETS[3]}))
        live.answers.append(AnsweredTurn("digits", "synthesised", "greeting", 1.0, 3.0, TIMINGS))
        self.live_calls.changed(live)
        return live

    @property
    def spans(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self.exporter.get_finished_spans()}


def seconds(span: ReadableSpan) -> tuple[float, float]:
    assert span.start_time is not None
    assert span.end_time is not None
    zero = START.timestamp()
    return round(span.start_time / 1e9 - zero, 3), round(span.end_time / 1e9 - zero, 3)


def test_a_call_is_one_trace_with_a_span_for_each_stage_of_a_turn() -> None:
    collector = Collector()
    collector.call()
    assert collector.spans == {}, "it goes on"
    collector.clock.move(30)
    collector.live_calls.remove("c1")
    spans = collector.spans
    assert {name: seconds(span) for name, span in spans.items()} == {
        "call": (0.0, 30.0),
        "turn": (1.0, 3.64),
        "caller_speech": (1.0, 3.0),
        "pause": (3.0, 3.15),
        "endpointing": (3.15, 3.4),
        "recognition": (3.15, 3.45),
        "decision": (3.45, 3.46),
        "synthesis": (3.46, 3.6),
        "playout": (3.6, 3.62),
        "leading_silence": (3.62, 3.64),
    }
    assert len({span.context.trace_id for span in spans.values()}) == 1
    assert spans["turn"].parent.span_id == spans["call"].context.span_id
    assert spans["pause"].parent.span_id == spans["turn"].context.span_id
    assert spans["turn"].attributes["voicebot.question"] == "digits"
    assert spans["turn"].attributes["voicebot.voice_to_voice_ms"] == 640
    assert spans["call"].attributes["voicebot.turns"] == 1


def test_nothing_personal_is_in_a_span() -> None:
    collector = Collector()
    collector.call()
    collector.live_calls.remove("c1")
    everything = " ".join(span.to_json() for span in collector.spans.values())
    assert "voicebot.leg_kind" in everything
    assert not any(secret in everything for secret in SECRETS)


def test_each_call_has_its_own_trace_and_is_written_once() -> None:
    collector = Collector()
    first = collector.call("c1")
    collector.call("c2")
    collector.live_calls.remove("c1")
    collector.live_calls.changed(first)
    collector.live_calls.remove("c2")
    calls = [s for s in collector.exporter.get_finished_spans() if s.name == "call"]
    assert [span.attributes["voicebot.call_id"] for span in calls] == ["c1", "c2"]
    assert calls[0].context.trace_id != calls[1].context.trace_id


async def test_after_the_stop_no_call_is_written() -> None:
    collector = Collector()
    collector.call()
    await collector.traces.stop()
    collector.live_calls.remove("c1")
    assert collector.spans == {}
