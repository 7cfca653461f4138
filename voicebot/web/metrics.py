"""Prometheus metrics of a node. Labels hold no personal data."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from voicebot.calls.live_calls import LiveCall
from voicebot.errors import NotFound, StorageError
from voicebot.records import CallRecord, Disposition, Turn
from voicebot.web.node_status import NodeParts
from voicebot.web.turn_metrics import TurnTally

log = logging.getLogger(__name__)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
RECOGNITION_BUCKETS_S = (0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0, 4.0, 8.0)

RECORD_ATTEMPTS = 40
RECORD_POLL_S = 0.25
"""A call's result is written just after it leaves the live calls."""

OPINION_SCORE_BUCKETS = (1.5, 2.0, 2.5, 3.0, 3.5, 3.8, 4.0, 4.2, 4.3, 4.4, 4.5)
_OPINION_SCORES = {"mos": "bot", "remote_mos": "caller"}

_RTP_COUNTERS = {
    "packets_received": "received",
    "packets_lost": "lost",
}


class CallTally:
    """Counts what happened in calls, from the live calls and from their finished records."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._calls = Counter(
            "voicebot_calls",
            "Calls that have ended, by result.",
            ["disposition", "leg_kind"],
            registry=registry,
        )
        self._turns = Counter("voicebot_turns", "Turns said.", ["speaker"], registry=registry)
        self._answers = TurnTally(registry)
        self._recognition = Histogram(
            "voicebot_recognition_seconds",
            "From the end of the caller's speech to its transcript.",
            buckets=RECOGNITION_BUCKETS_S,
            registry=registry,
        )
        self._packets = Counter(
            "voicebot_rtp_packets",
            "RTP packets of ended calls, by fate.",
            ["fate"],
            registry=registry,
        )
        self._opinion_score = Histogram(
            "voicebot_call_mos",
            "Opinion score of ended calls (E-model), by who listened; the caller's where its "
            "telephone reports by RTCP.",
            ["listener"],
            buckets=OPINION_SCORE_BUCKETS,
            registry=registry,
        )
        self._turns_seen: dict[str, int] = {}
        self._answers_seen: dict[str, int] = {}

    def note_turns(self, call: LiveCall) -> None:
        """Count the turns that have come since the last time."""
        call_id = call.record.call_id
        n_seen = self._turns_seen.get(call_id, 0)
        self._turns_seen[call_id] = len(call.turns)
        for turn in call.turns[n_seen:]:
            self._count_turn(turn)
        n_answers = self._answers_seen.get(call_id, 0)
        self._answers_seen[call_id] = len(call.answers)
        for answer in call.answers[n_answers:]:
            self._answers.count(answer)

    def forget(self, call_id: str) -> None:
        self._turns_seen.pop(call_id, None)
        self._answers_seen.pop(call_id, None)

    def count_call(self, record: CallRecord) -> None:
        """Count a call that has ended."""
        disposition = record.disposition or Disposition.UNKNOWN
        self._calls.labels(str(disposition), record.leg_kind).inc()
        for key, fate in _RTP_COUNTERS.items():
            amount = record.media_stats.get(key, 0.0)
            if amount > 0:
                self._packets.labels(fate).inc(amount)
        for key, listener in _OPINION_SCORES.items():
            if key in record.media_stats:
                self._opinion_score.labels(listener).observe(record.media_stats[key])

    def _count_turn(self, turn: Turn) -> None:
        self._turns.labels(str(turn.speaker)).inc()
        timings = turn.timings_ms
        if "speech_end_to_transcript" in timings:
            self._recognition.observe(timings["speech_end_to_transcript"] / 1000)


class NodeCollector(Collector):
    """What is true at the moment of the scrape."""

    def __init__(self, parts: NodeParts) -> None:
        self._parts = parts

    def collect(self) -> Iterator[Metric]:
        parts = self._parts
        active = GaugeMetricFamily("voicebot_calls_active", "Calls going on.", labels=["leg_kind"])
        kinds = [call.record.leg_kind for call in parts.live_calls.all()]
        for kind in sorted({"sip", "web", *kinds}):
            active.add_metric([kind], kinds.count(kind))
        yield active
        yield GaugeMetricFamily("voicebot_sip_calls", "SIP calls in any state.", parts.sip.n_calls)
        yield GaugeMetricFamily(
            "voicebot_call_limit", "Most calls at a time.", parts.settings.sip.max_calls
        )
        yield GaugeMetricFamily(
            "voicebot_refusing_calls",
            "1: new calls are refused, for reasons that /ready gives.",
            float(bool(parts.sip.reasons_to_refuse)),
        )
        load = parts.sip.overload.load
        yield GaugeMetricFamily(
            "voicebot_loop_lag_seconds", "How late the event loop is.", load.loop_lag_ms / 1000
        )
        yield GaugeMetricFamily(
            "voicebot_waiting_utterances",
            "Utterances that wait for a speech worker.",
            load.n_waiting_utterances,
        )
        yield CounterMetricFamily(
            "voicebot_sip_dropped_messages",
            "SIP messages of sources that sent too many.",
            parts.sip.n_dropped_requests,
        )
        yield from self._trunks()
        yield from self._pacer()
        yield from self._workers()

    def _trunks(self) -> Iterator[Metric]:
        alive = GaugeMetricFamily(
            "voicebot_trunk_up", "1: the trunk is fit for calls.", labels=["trunk"]
        )
        registered = GaugeMetricFamily(
            "voicebot_trunk_registered",
            "1: registered with the trunk; absent for one that is not registered with.",
            labels=["trunk"],
        )
        calls = GaugeMetricFamily(
            "voicebot_trunk_calls", "Answered calls of ours through it.", labels=["trunk"]
        )
        for trunk in self._parts.sip.trunk_status:
            alive.add_metric([trunk.name], float(trunk.is_in))
            if trunk.is_registered is not None:
                registered.add_metric([trunk.name], float(trunk.is_registered))
            calls.add_metric([trunk.name], trunk.n_calls)
        yield from (alive, registered, calls)

    def _pacer(self) -> Iterator[Metric]:
        pacer = self._parts.pacer.metrics()
        yield CounterMetricFamily(
            "voicebot_pacer_ticks", "20 ms ticks of the audio clock.", pacer["ticks"]
        )
        yield CounterMetricFamily(
            "voicebot_pacer_skipped_ticks",
            "Ticks given up because the node was held up.",
            pacer["skipped_ticks"],
        )
        lateness = GaugeMetricFamily(
            "voicebot_pacer_lateness_seconds",
            "How late ticks were since the start.",
            labels=["quantile"],
        )
        for quantile, key in (("0.5", "p50"), ("0.99", "p99"), ("1", "max")):
            lateness.add_metric([quantile], pacer[f"lateness_{key}_ms"] / 1000)
        yield lateness

    def _workers(self) -> Iterator[Metric]:
        alive = GaugeMetricFamily(
            "voicebot_speech_worker_up", "1: the worker is alive.", labels=["worker"]
        )
        restarts = CounterMetricFamily(
            "voicebot_speech_worker_restarts", "Workers that died.", labels=["worker"]
        )
        memory = GaugeMetricFamily(
            "voicebot_speech_worker_memory_bytes", "Resident memory.", labels=["worker"]
        )
        labels = ["worker", "job"]
        queue = GaugeMetricFamily("voicebot_speech_worker_queue", "Jobs that wait.", labels=labels)
        busy = GaugeMetricFamily(
            "voicebot_speech_worker_busy", "Share of the last seconds at work.", labels=labels
        )
        for number, worker in enumerate(self._parts.pool.stats()):
            name = str(number)
            alive.add_metric([name], float(worker.is_alive))
            restarts.add_metric([name], worker.n_restarts)
            memory.add_metric([name], worker.rss_mb * 1024 * 1024)
            queue.add_metric([name, "recognition"], worker.recognition_queue)
            queue.add_metric([name, "synthesis"], worker.synthesis_queue)
            busy.add_metric([name, "recognition"], worker.recognition_busy)
            busy.add_metric([name, "synthesis"], worker.synthesis_busy)
        yield from (alive, restarts, memory, queue, busy)


class Metrics:
    """Watches the live calls and answers scrapes. `stop` at the end."""

    def __init__(self, parts: NodeParts) -> None:
        self._parts = parts
        self._registry = CollectorRegistry()
        self._tally = CallTally(self._registry)
        self._registry.register(NodeCollector(parts))
        self._stop_watching = parts.live_calls.watch(self._note)
        self._counting: set[asyncio.Task[None]] = set()

    def text(self) -> bytes:
        """What Prometheus reads."""
        return generate_latest(self._registry)

    async def stop(self) -> None:
        self._stop_watching()
        for task in self._counting:
            task.cancel()
        await asyncio.gather(*self._counting, return_exceptions=True)

    def _note(self, call: LiveCall) -> None:
        call_id = call.record.call_id
        self._tally.note_turns(call)
        if self._parts.live_calls.get(call_id) is None:
            self._tally.forget(call_id)
            task = asyncio.create_task(self._count_finished(call_id), name="count a call")
            self._counting.add(task)
            task.add_done_callback(self._counting.discard)

    async def _count_finished(self, call_id: str) -> None:
        """How a call ended is known when its record is closed."""
        try:
            for _ in range(RECORD_ATTEMPTS):
                record = await self._parts.database.calls.get(call_id)
                if record.ended_at is not None:
                    self._tally.count_call(record)
                    return
                await asyncio.sleep(RECORD_POLL_S)
        except (NotFound, StorageError) as error:
            log.warning("a call is not counted", extra={"kind": type(error).__name__})
            return
        log.warning("a call is not counted, its record stays open", extra={"call_id": call_id})
