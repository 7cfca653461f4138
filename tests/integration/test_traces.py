"""Traces over HTTP: a collector gets what OTLP says; one that is away harms nobody."""

from __future__ import annotations

import asyncio
import gzip
from datetime import UTC, datetime

import pytest
from aiohttp import web

pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason="the extra otel is missing")

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from voicebot.calls.call_traces import traces_to
from voicebot.calls.live_calls import LiveCall, LiveCalls
from voicebot.calls.turn_times import AnsweredTurn
from voicebot.clock import SystemClock
from voicebot.records import CallRecord, Direction

START = datetime(2026, 3, 11, 9, 15, tzinfo=UTC)
TIMINGS = {"speech_end_to_vad_end": 150.0, "speech_end_to_decided": 400.0, "voice_to_voice": 700.0}


def one_call(live_calls: LiveCalls) -> None:
    record = CallRecord(
        *("c1", Direction.INBOUND, "sip", "+48600100200", "infolinia", "infolinia", START, START)
    )
    live = LiveCall(record, START, lambda: None)
    live_calls.add(live)
    live.answers.append(AnsweredTurn("yes_no", "ready", "read_back", 1.0, 2.0, TIMINGS))
    live_calls.remove("c1")


async def test_a_collector_gets_the_spans_of_a_call() -> None:
    bodies: list[bytes] = []

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        is_packed = request.headers.get("Content-Encoding") == "gzip" and body[:2] == b"\x1f\x8b"
        bodies.append(gzip.decompress(body) if is_packed else body)
        return web.Response(content_type="application/x-protobuf")

    application = web.Application()
    application.router.add_post("/v1/traces", take)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    live_calls = LiveCalls()
    traces = traces_to(f"http://127.0.0.1:{port}/", "node-1", live_calls, SystemClock())
    try:
        one_call(live_calls)
        await traces.stop()
    finally:
        await runner.cleanup()
    [message] = [ExportTraceServiceRequest.FromString(body) for body in bodies]
    [resource] = message.resource_spans
    named = {item.key: item.value.string_value for item in resource.resource.attributes}
    assert (named["service.name"], named["service.instance.id"]) == ("voicebot", "node-1")
    spans = {span.name: span for span in resource.scope_spans[0].spans}
    assert set(spans) == {"call", "turn", "caller_speech", "pause", "endpointing"}
    assert spans["turn"].parent_span_id == spans["call"].span_id
    pause = spans["pause"]
    assert pause.start_time_unix_nano == round((START.timestamp() + 2) * 1e9)
    assert pause.end_time_unix_nano - pause.start_time_unix_nano == 150_000_000
    assert b"48600100200" not in bodies[0]


async def test_a_collector_that_is_away_holds_up_no_end() -> None:
    live_calls = LiveCalls()
    traces = traces_to("http://127.0.0.1:9", "node-1", live_calls, SystemClock())
    one_call(live_calls)
    async with asyncio.timeout(60):
        await traces.stop()
