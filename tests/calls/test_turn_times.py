"""What a call says of its own times, against what a capture of its line says of them."""

from __future__ import annotations

from dataclasses import replace
from statistics import median

import numpy as np
import pytest

from tests.calls.bench import Bench, BenchCall
from tests.fakes import FakeLeg
from tests.simulated_time import simulated
from voicebot.audio import FRAME_SAMPLES, SAMPLE_RATE, SILENCE, AudioFrame, Samples
from voicebot.calls.turn_times import AnsweredTurn

HELD_FRAMES = 3
PACKET_BEFORE_TICK_S = 0.013
"""A packet comes 13 ms before the tick that reads it, and is held for 60 ms."""

LEADING_SILENCE = np.zeros(SAMPLE_RATE // 8, np.int16)
"""125 ms, as voices begin with: no multiple of a frame."""

TAIL_SAMPLES = 77
"""The caller's last frame of speech has so many samples of it."""


class HangingVad:
    """Lets go 100 ms late, as WebRTC's does."""

    def __init__(self) -> None:
        self._left = 0

    def is_speech(self, frame: Samples) -> bool:
        self._left = 5 if int(frame.max()) > 500 else max(self._left - 1, 0)
        return self._left > 0


class CapturedLeg(FakeLeg):
    """A leg with a network before it, and a capture of both directions as they pass."""

    def __init__(self) -> None:
        super().__init__()
        self.from_caller: list[tuple[float, Samples]] = []
        self.from_bot: list[tuple[float, Samples]] = []
        self._held: list[AudioFrame] = []

    def tick(self, now: float, inbound: Samples | None = None) -> Samples:
        inbound = self._inbound.pop(0) if self._inbound else SILENCE
        arrived_at = now - PACKET_BEFORE_TICK_S
        self.from_caller.append((arrived_at, inbound))
        self._held.append(AudioFrame(inbound, self.position, arrived_at=arrived_at))
        outbound = self.playout.pull(now)
        self.from_bot.append((now, outbound))
        self._heard.add(self.position, outbound)
        if len(self._held) > HELD_FRAMES:
            frame = self._held.pop(0)
            self.events.put_nowait(frame._replace(rtp_time=self.position))
        else:
            self.events.put_nowait(AudioFrame(SILENCE, self.position, is_concealed=True))
        while (event := self.playout.next_event()) is not None:
            self.events.put_nowait(event)
        self.position += FRAME_SAMPLES
        return outbound


class SlowVoice:
    """Prompts that begin with silence, fixed ones and made ones alike."""

    def __init__(self, bench: Bench) -> None:
        self._audio = bench.prompt_audio

    def get(self, text: str, rate: float) -> Samples | None:
        samples = self._audio.get(text, rate)
        return None if samples is None else np.concatenate([LEADING_SILENCE, samples])


def spells(capture: list[tuple[float, Samples]], pause_s: float) -> list[tuple[float, float]]:
    """First and end of last loud sample of each spell, each packet laid down as it came."""
    found: list[tuple[float, float]] = []
    for at, samples in capture:
        loud = np.flatnonzero(samples > 64)
        if not len(loud):
            continue
        first, end = at + loud[0] / SAMPLE_RATE, at + (loud[-1] + 1) / SAMPLE_RATE
        if found and first - found[-1][1] < pause_s:
            found[-1] = (found[-1][0], end)
        else:
            found.append((first, end))
    return found


def captured_ms(leg: CapturedLeg) -> list[float]:
    """From each end of the caller's speech to the bot's next first sound."""
    starts = [start for start, _ in spells(leg.from_bot, 0.3)]
    answers = []
    for _, end in spells(leg.from_caller, 1.5):
        start = next((start for start in starts if start > end), None)
        if start is not None:
            answers.append((start - end) * 1000)
    return answers


@simulated
async def test_own_times_agree_with_those_of_a_capture_of_the_line() -> None:
    bench = Bench()
    await bench.add_debtor()
    bench.parts = replace(bench.parts, make_vad=HangingVad, prompt_audio=SlowVoice(bench))
    answers: dict[str, list[AnsweredTurn]] = {}
    bench.live_calls.watch(lambda live: answers.update({live.record.call_id: live.answers}))
    leg = CapturedLeg()
    call = BenchCall(bench, leg)
    call.start()
    for question, answer in (
        ("numer sprawy", "dwa cztery sześć osiem jeden trzy pięć siedem"),
        ("datę urodzenia", "ósmego maja tysiąc dziewięćset osiemdziesiątego roku"),
        ("kod pocztowy", "zero zero dziewięćset pięćdziesiąt"),
        ("możliwa będzie wpłata", "zapłacę całość w piątek"),
        ("tak zapisać", "tak, zgadza się"),
    ):
        await call.hears(question)
        call.says(answer, seconds=2 + TAIL_SAMPLES / SAMPLE_RATE)
    await call.hears("zapisane")
    leg.end()
    await call.wait_ended()
    await call.stop()
    own = [
        turn.timings_ms["voice_to_voice"]
        for turn in call.bot_turns
        if "voice_to_voice" in turn.timings_ms
    ]
    captured = captured_ms(leg)
    assert len(own) == len(captured) == 5
    assert own == pytest.approx(captured, abs=1)
    assert abs(median(own) - median(captured)) <= 20
    told = answers[leg.leg_id]
    assert [turn.timings_ms["voice_to_voice"] for turn in told] == own
    assert {turn.kind for turn in told} >= {"yes_no", "digits"}
    silences_ms = {
        round(turn.timings_ms["voice_to_voice"] - turn.timings_ms["speech_end_to_first_packet"])
        for turn in told
    }
    assert silences_ms == {0, 125}, "only fixed prompts begin with silence here"
    assert "ready" in {turn.source for turn in told}
