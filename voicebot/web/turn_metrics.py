"""How long callers wait for answers, as Prometheus histograms. Labels hold no personal data."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

from voicebot.calls.turn_times import STEPS, AnsweredTurn

VOICE_TO_VOICE = "voice_to_voice"

STEP_BUCKETS_S = (
    *(0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7),
    *(0.9, 1.1, 1.3, 1.6, 2.0, 3.0, 4.0, 6.0),
)
"""Close where the goals lie (0.3 to 0.7 s), wide where only the alarm matters."""

FIRST_PACKET_BUCKETS_S = (
    *(0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.06),
    *(0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.0),
)
"""A tick is 20 ms: a prompt that is ready leaves within one."""

HEAD_START_BUCKETS_S = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.2, 2.0)

_LATE_STEPS = {"speech_end_to_audio", VOICE_TO_VOICE}


class TurnTally:
    """Observes each answered turn once."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._voice_to_voice = Histogram(
            "voicebot_voice_to_voice_seconds",
            "From the caller's last speech sample to the bot's first, on the wire.",
            ["question"],
            buckets=STEP_BUCKETS_S,
            registry=registry,
        )
        self._steps = Histogram(
            "voicebot_turn_step_seconds",
            "From the caller's last speech sample on the wire to this step of the answer.",
            ["step", "question"],
            buckets=STEP_BUCKETS_S,
            registry=registry,
        )
        self._first_packet = Histogram(
            "voicebot_decision_to_first_packet_seconds",
            "From what is to be said to its first packet; audio: ready or synthesised.",
            ["audio"],
            buckets=FIRST_PACKET_BUCKETS_S,
            registry=registry,
        )
        self._head_start = Histogram(
            "voicebot_guess_head_start_seconds",
            "How long before the end of the turn a right guess had its answer.",
            ["question"],
            buckets=HEAD_START_BUCKETS_S,
            registry=registry,
        )
        self._guesses = Counter(
            "voicebot_guesses",
            "Answers worked out before the end of the turn, by what became of them.",
            ["outcome"],
            registry=registry,
        )
        for outcome in ("used", "discarded"):
            self._guesses.labels(outcome)

    def count(self, turn: AnsweredTurn) -> None:
        timings = turn.timings_ms
        if VOICE_TO_VOICE in timings:
            self._voice_to_voice.labels(turn.kind).observe(timings[VOICE_TO_VOICE] / 1000)
        for key in STEPS:
            if key in timings and key not in _LATE_STEPS:
                step = key.removeprefix("speech_end_to_")
                self._steps.labels(step, turn.kind).observe(timings[key] / 1000)
        if "decision_to_first_packet" in timings:
            seconds = timings["decision_to_first_packet"] / 1000
            self._first_packet.labels(turn.source).observe(seconds)
        if "guess_head_start" in timings:
            self._head_start.labels(turn.kind).observe(timings["guess_head_start"] / 1000)
            self._guesses.labels("used").inc()
        self._guesses.labels("discarded").inc(timings.get("discarded_guesses", 0.0))
