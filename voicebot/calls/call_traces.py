"""Calls as OpenTelemetry traces: one a call, a span for each turn and for each of its stages.

Needs the extra `otel`. No word of anybody, no number and no name is in a span.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from typing import TYPE_CHECKING

from voicebot.calls.live_calls import LiveCall, LiveCalls
from voicebot.calls.turn_stages import stages
from voicebot.calls.turn_times import AnsweredTurn
from voicebot.clock import Clock
from voicebot.errors import SettingsError

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Tracer

log = logging.getLogger(__name__)

MISSING = (
    "telemetry.otlp_endpoint is set, but OpenTelemetry is not installed: install voicebot[otel]"
)
FLUSH_S = 3.0
"""So long the last traces are tried to be sent; the exporter then takes as long to give up."""


class CallTraces:
    """Writes a call's trace when the call is over. `stop` at the end.

    What the exporter does (queueing, sending, retrying) it does in threads of its own: a
    collector that is away costs calls nothing, and traces are lost then.
    """

    def __init__(self, provider: TracerProvider, live_calls: LiveCalls, clock: Clock) -> None:
        self._provider = provider
        self._tracer: Tracer = provider.get_tracer("voicebot.calls")
        self._live_calls = live_calls
        self._clock = clock
        self._running: set[str] = set()
        self._stop_watching = live_calls.watch(self._note)

    async def stop(self) -> None:
        """Returns when what waits is sent, or given up: seconds, where the collector is away."""
        self._stop_watching()
        await asyncio.to_thread(self._flush)

    def _flush(self) -> None:
        if not self._provider.force_flush(int(FLUSH_S * 1000)):
            log.warning("the last traces were not taken")
        self._provider.shutdown()

    def _note(self, call: LiveCall) -> None:
        call_id = call.record.call_id
        if self._live_calls.get(call_id) is not None:
            self._running.add(call_id)
        elif call_id in self._running:
            self._running.discard(call_id)
            self._write(call)

    def _write(self, call: LiveCall) -> None:
        from opentelemetry import trace  # an optional extra

        record = call.record
        began_ns = _ns(record.answered_at or record.started_at)
        span = self._tracer.start_span(
            "call",
            start_time=began_ns,
            attributes={
                "voicebot.call_id": record.call_id,
                "voicebot.leg_kind": record.leg_kind,
                "voicebot.direction": str(record.direction),
                "voicebot.script": record.script,
                "voicebot.node": record.node,
                "voicebot.turns": len(call.turns),
            },
        )
        inside = trace.set_span_in_context(span)
        for answer in call.answers:
            self._write_turn(answer, began_ns, inside)
        span.end(end_time=_ns(self._clock.now()))

    def _write_turn(self, answer: AnsweredTurn, began_ns: int, call: Context) -> None:
        from opentelemetry import trace

        def at(seconds: float) -> int:
            return began_ns + round(seconds * 1e9)

        parts = stages(answer.timings_ms)
        ended_s = answer.speech_ended_s
        span = self._tracer.start_span(
            "turn",
            context=call,
            start_time=at(answer.started_s),
            attributes={
                "voicebot.question": answer.kind,
                "voicebot.state": answer.state,
                "voicebot.audio": answer.source,
                **{
                    f"voicebot.{name}_ms": round(value, 1)
                    for name, value in answer.timings_ms.items()
                },
            },
        )
        inside = trace.set_span_in_context(span)
        speech = self._tracer.start_span(
            "caller_speech", context=inside, start_time=at(answer.started_s)
        )
        speech.end(end_time=at(ended_s))
        for part in parts:
            stage = self._tracer.start_span(
                part.name, context=inside, start_time=at(ended_s + part.from_ms / 1000)
            )
            stage.end(end_time=at(ended_s + part.to_ms / 1000))
        last_ms = max((part.to_ms for part in parts), default=0.0)
        span.end(end_time=at(ended_s + last_ms / 1000))


def traces_to(endpoint: str, node: str, live_calls: LiveCalls, clock: Clock) -> CallTraces:
    """Traces sent by OTLP over HTTP. endpoint: the collector, like http://127.0.0.1:4318.

    Raises SettingsError where the extra is not installed.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError as error:
        raise SettingsError(MISSING) from error
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    return CallTraces(make_provider(exporter, node), live_calls, clock)


def make_provider(exporter: SpanExporter, node: str) -> TracerProvider:
    """Batches spans in a thread of its own. node: this server among others."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    import voicebot

    resource = Resource.create(
        {
            "service.name": "voicebot",
            "service.version": voicebot.__version__,
            "service.instance.id": node,
        }
    )
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def _ns(instant: datetime) -> int:
    return round(instant.timestamp() * 1e9)
