"""What machines ask a node: is it alive, can it take calls, how is it doing."""

from __future__ import annotations

import asyncio

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.web.console import Console
from voicebot.calls.live_calls import LiveCall
from voicebot.calls.turn_times import AnsweredTurn
from voicebot.clock import SystemClock
from voicebot.records import CallRecord, Direction, Disposition, Speaker, Turn


async def samples_of(client: aiohttp.ClientSession) -> dict[tuple[str, ...], float]:
    """Metrics by name and label values."""
    async with client.get("/metrics") as answer:
        assert answer.status == 200
        text = await answer.text()
    return {
        (sample.name, *(str(value) for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_health_says_the_process_is_alive(client: aiohttp.ClientSession) -> None:
    async with client.get("/health") as answer:
        assert answer.status == 200
        assert await answer.json() == {"status": "ok"}


async def test_ready_names_each_reason_why_not(
    console: Console, client: aiohttp.ClientSession
) -> None:
    async with client.get("/ready") as answer:
        assert (answer.status, await answer.json()) == (200, {"status": "ready", "reasons": []})
    console.pool.is_alive = False
    console.sip.is_taking_calls = False
    async with client.get("/ready") as answer:
        assert answer.status == 503
        assert (await answer.json())["reasons"] == [
            "no speech worker is running",
            "the node is stopping",
        ]


async def test_metrics_say_how_each_trunk_is(client: aiohttp.ClientSession) -> None:
    metrics = await samples_of(client)
    assert metrics["voicebot_trunk_up", "carrier"] == 1
    assert metrics["voicebot_trunk_registered", "carrier"] == 0
    assert metrics["voicebot_trunk_calls", "carrier"] == 2


async def test_metrics_count_calls_turns_and_delays(
    console: Console, client: aiohttp.ClientSession
) -> None:
    record = CallRecord(
        "c1", Direction.INBOUND, "sip", "+48123123123", "infolinia", "x", SystemClock().now()
    )
    await console.database.calls.start(record)
    live = LiveCall(record, record.started_at, lambda: None)
    console.live_calls.add(live)
    assert (await samples_of(client))["voicebot_calls_active", "sip"] == 1
    live.turns.append(Turn(Speaker.CALLER, "tak", 1, 2, timings_ms={}))
    live.turns.append(Turn(Speaker.BOT, "dziękuję", 2, 3))
    timings_ms = {
        "speech_end_to_decided": 520.0,
        "voice_to_voice": 850.0,
        "decision_to_first_packet": 12.0,
        "guess_head_start": 80.0,
        "discarded_guesses": 2.0,
    }
    live.answers.append(AnsweredTurn("yes_no", "ready", "read_back", 1.0, 2.0, timings_ms))
    console.live_calls.changed(live)
    console.live_calls.remove("c1")
    await console.database.calls.finish(
        "c1", SystemClock().now(), Disposition.PTP_FULL, "bye", {"packets_lost": 7.0, "mos": 4.1}
    )
    for _ in range(100):
        metrics = await samples_of(client)
        if ("voicebot_calls_total", "PTP_FULL", "sip") in metrics:
            break
        await asyncio.sleep(0.05)
    assert metrics["voicebot_calls_total", "PTP_FULL", "sip"] == 1
    assert metrics["voicebot_calls_active", "sip"] == 0
    assert metrics["voicebot_turns_total", "bot"] == 1
    assert metrics["voicebot_voice_to_voice_seconds_count", "yes_no"] == 1
    assert metrics["voicebot_voice_to_voice_seconds_bucket", "0.9", "yes_no"] == 1
    assert metrics["voicebot_voice_to_voice_seconds_bucket", "0.7", "yes_no"] == 0
    assert metrics["voicebot_turn_step_seconds_sum", "yes_no", "decided"] == 0.52
    assert metrics["voicebot_decision_to_first_packet_seconds_bucket", "ready", "0.015"] == 1
    assert metrics["voicebot_decision_to_first_packet_seconds_bucket", "ready", "0.01"] == 0
    assert metrics["voicebot_guess_head_start_seconds_sum", "yes_no"] == 0.08
    assert metrics["voicebot_guesses_total", "used"] == 1
    assert metrics["voicebot_guesses_total", "discarded"] == 2
    assert metrics["voicebot_rtp_packets_total", "lost"] == 7
    assert metrics["voicebot_call_mos_bucket", "4.2", "bot"] == 1
    assert metrics["voicebot_call_mos_bucket", "4.0", "bot"] == 0
    assert ("voicebot_call_mos_bucket", "4.0", "caller") not in metrics
    assert metrics["voicebot_speech_worker_queue", "recognition", "0"] == 3
    assert metrics["voicebot_speech_worker_up", "0"] == 1
    assert not any("48123123123" in part for key in metrics for part in key)
