"""Two RtpLines talk over loopback: what goes in comes out, and strangers are not heard."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest

from tests.integration.phones.spectrum import likeness, syllables
from voicebot.audio import FRAME_SAMPLES, AudioFrame, Samples
from voicebot.clock import SystemClock
from voicebot.errors import NoMediaPort
from voicebot.gateway.rtp.packet import RtpPacket, build_packet
from voicebot.gateway.rtp.transport import RtpLine, open_rtp_line
from voicebot.media.codecs.g711 import encode_alaw
from voicebot.media.events import DigitPressed, LegEnded, LegEvent, PlayoutEnded, PlayoutStarted
from voicebot.media.pacer import Pacer
from voicebot.media.recorder import Recorder

OpenLine = Callable[[], Awaitable[RtpLine]]


@pytest.fixture
async def open_line() -> AsyncIterator[OpenLine]:
    clock = SystemClock()
    pacer = Pacer(clock)
    lines: list[RtpLine] = []

    async def open_() -> RtpLine:
        line = await open_rtp_line("127.0.0.1", 30000, 39999, pacer, clock)
        lines.append(line)
        return line

    yield open_
    for line in lines:
        line.close()


async def connected(open_line: OpenLine, codec: str = "PCMA") -> tuple[RtpLine, RtpLine]:
    one, other = await open_line(), await open_line()
    payload_type = {"PCMA": 8, "PCMU": 0}[codec]
    for line, peer in ((one, other), (other, one)):
        line.configure(("127.0.0.1", peer.local_port), codec, payload_type, 101, "sendrecv")
        line.start()
    return one, other


def drain(line: RtpLine) -> list[LegEvent]:
    return [line.events.get_nowait() for _ in range(line.events.qsize())]


async def until_ended(line: RtpLine, utterance_id: int) -> list[LegEvent]:
    """All events of the line up to the end of this utterance."""
    seen: list[LegEvent] = []
    async with asyncio.timeout(10):
        while True:
            seen.append(await line.events.get())
            if isinstance(seen[-1], PlayoutEnded) and seen[-1].utterance_id == utterance_id:
                return seen


def voice_like(n_samples: int) -> Samples:
    """Bursts of a buzz with changing pitch, so that only the right alignment correlates."""
    time = np.arange(n_samples) / 8000
    phase = 2 * np.pi * (140 * time + 30 * np.sin(2 * np.pi * 0.7 * time))
    buzz = sum(np.sin(k * phase + k) / k for k in range(1, 8))
    envelope = 0.5 + 0.5 * np.sin(2 * np.pi * 3 * time)
    return (6000 * buzz * envelope).astype(np.int16)


def correlation(heard: Samples, said: Samples) -> float:
    """Normalised, with sign, at the lag where its size is greatest."""
    products = np.correlate(heard.astype(np.float64), said.astype(np.float64), mode="valid")
    lag = int(np.argmax(np.abs(products)))
    piece = heard[lag : lag + len(said)].astype(np.float64)
    return float(products[lag] / np.sqrt((piece**2).sum() * (said.astype(np.float64) ** 2).sum()))


@pytest.mark.parametrize("codec", ["PCMA", "PCMU"])
async def test_audio_arrives_both_ways_right_side_up(open_line: OpenLine, codec: str) -> None:
    one, other = await connected(open_line, codec)
    voices = {one: voice_like(8000), other: voice_like(8000)[::-1].copy()}
    for line, samples in voices.items():
        line.playout.say(7, samples)
    await asyncio.sleep(1.4)
    for line, peer in ((one, other), (other, one)):
        frames = [event for event in drain(line) if isinstance(event, AudioFrame)]
        times = [frame.rtp_time for frame in frames]
        assert times == list(range(0, FRAME_SAMPLES * len(times), FRAME_SAMPLES))
        heard = np.concatenate([frame.samples for frame in frames])
        assert correlation(heard, voices[peer]) >= 0.99


async def test_playout_tells_when_it_starts_and_ends(open_line: OpenLine) -> None:
    one, _ = await connected(open_line)
    one.playout.say(1, voice_like(1600))
    events = await until_ended(one, 1)
    started = next(event for event in events if isinstance(event, PlayoutStarted))
    ended = events[-1]
    assert isinstance(ended, PlayoutEnded)
    assert 0.15 <= ended.at - started.at <= 0.35


async def test_keys_arrive_once_each_and_in_order(open_line: OpenLine) -> None:
    one, other = await connected(open_line)
    one.send_digits("18#")
    await asyncio.sleep(1.1)
    keys = [event.digit for event in drain(other) if isinstance(event, DigitPressed)]
    assert keys == ["1", "8", "#"]


async def test_foreign_source_is_not_heard(open_line: OpenLine) -> None:
    one, _other = await connected(open_line)
    await asyncio.sleep(0.2)
    drain(one)
    loud = encode_alaw(np.full(FRAME_SAMPLES, 20000, dtype=np.int16))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for number in range(20):
            packet = RtpPacket(8, number, number * FRAME_SAMPLES, 0xBAD, loud)
            stranger.sendto(build_packet(packet), ("127.0.0.1", one.local_port))
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    frames = [event for event in drain(one) if isinstance(event, AudioFrame)]
    assert max(int(np.abs(frame.samples).max()) for frame in frames) < 100
    assert one.stats()["packets_foreign"] == 20


async def test_garbage_does_not_end_the_call(open_line: OpenLine) -> None:
    one, other = await connected(open_line)
    rng = np.random.default_rng(1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for number in range(100):
            data = rng.integers(0, 256, number, dtype=np.uint8).tobytes()
            stranger.sendto(data, ("127.0.0.1", one.local_port))
            stranger.sendto(data, ("127.0.0.1", one.local_port + 1))
    await asyncio.sleep(0.1)
    other.playout.say(1, voice_like(1600))
    await asyncio.sleep(0.5)
    frames = [event for event in drain(one) if isinstance(event, AudioFrame)]
    assert max(int(np.abs(frame.samples).max()) for frame in frames) > 3000


async def test_stats_are_sane(open_line: OpenLine) -> None:
    one, _ = await connected(open_line)
    await asyncio.sleep(0.6)
    stats = one.stats()
    assert 20 <= stats["packets_sent"] <= 40
    assert abs(stats["packets_sent"] - stats["packets_received"]) <= 4
    assert stats["packets_lost"] == 0
    assert stats["jitter_ms"] < 20
    assert stats["packets_unsent"] == 0


async def test_silence_of_the_other_side_is_noticed_but_not_on_hold(open_line: OpenLine) -> None:
    one, other = await connected(open_line)
    await asyncio.sleep(0.15)
    other.close()
    await asyncio.sleep(0.3)
    now = SystemClock().monotonic()
    assert 0.25 <= one.seconds_without_media(now) <= 0.6
    one.configure(("127.0.0.1", 9), "PCMA", 8, 101, "sendonly")
    assert one.seconds_without_media(now) == 0


async def test_recording_holds_both_voices_from_the_answer_on(
    open_line: OpenLine, tmp_path: Path
) -> None:
    one, _other = await connected(open_line)
    await asyncio.sleep(0.1)
    recorder = one.recorder = Recorder(tmp_path / "call.wav")
    one.playout.say(1, voice_like(4000))
    await until_ended(one, 1)
    one.close()
    assert recorder.duration_samples == one.position_samples
    recorder.close()
    await recorder.wait_closed()
    data = np.frombuffer((tmp_path / "call.wav").read_bytes()[44:], dtype="<i2").reshape(-1, 2)
    assert len(data) == recorder.duration_samples
    assert correlation(data[:, 1], voice_like(4000)) > 0.9999
    assert np.abs(data[:, 0]).max() <= 8  # A-law has no zero


async def test_codec_may_change_in_a_re_invite(open_line: OpenLine) -> None:
    one, other = await connected(open_line, "PCMA")
    await asyncio.sleep(0.1)
    for line, peer in ((one, other), (other, one)):
        line.configure(("127.0.0.1", peer.local_port), "PCMU", 0, 101, "sendrecv")
    drain(one)
    other.playout.say(1, voice_like(4000))
    await asyncio.sleep(0.8)
    heard = [event.samples for event in drain(one) if isinstance(event, AudioFrame)]
    assert correlation(np.concatenate(heard), voice_like(4000)) >= 0.99


NUMBERS = {"PCMA": 8, "PCMU": 0, "G722": 9, "opus": 96}


@pytest.mark.parametrize("ptime_ms", [10, 30, 60])
@pytest.mark.parametrize("codec", ["PCMA", "G722", "opus"])
async def test_packets_of_other_lengths_in_all_codecs(
    open_line: OpenLine, codec: str, ptime_ms: int
) -> None:
    one, other = await open_line(), await open_line()
    for line, peer in ((one, other), (other, one)):
        line.configure(
            ("127.0.0.1", peer.local_port),
            *(codec, NUMBERS[codec], 101, "sendrecv"),
            ptime_ms=ptime_ms,
        )
        line.start()
    said = syllables(1.6)
    other.playout.say(1, said)
    await asyncio.sleep(2.2)
    heard = [event.samples for event in drain(one) if isinstance(event, AudioFrame)]
    assert {len(samples) for samples in heard} == {FRAME_SAMPLES}
    assert max(likeness(np.concatenate(heard), said)) >= 0.75
    assert one.stats()["packets_lost"] == 0
    packet_ms = 20 if (codec, ptime_ms) == ("opus", 30) else ptime_ms
    sent_ms = other.stats()["packets_sent"] * packet_ms
    assert abs(sent_ms - other.position_samples / 8) <= packet_ms


async def test_codec_changes_through_all_kinds_and_keys_go_on(open_line: OpenLine) -> None:
    one, other = await connected(open_line, "PCMA")
    for codec, clock_rate in (("opus", 48000), ("G722", 8000), ("opus", 48000), ("PCMU", 8000)):
        for line, peer in ((one, other), (other, one)):
            line.configure(
                ("127.0.0.1", peer.local_port),
                *(codec, NUMBERS[codec], 101, "sendrecv"),
                dtmf_clock_rate=clock_rate,
            )
        await asyncio.sleep(0.1)
        drain(one)
        said = syllables(1.6)
        other.playout.say(1, said)
        await asyncio.sleep(1.9)
        other.send_digits("5")
        await asyncio.sleep(0.5)
        events = drain(one)
        heard = [event.samples for event in events if isinstance(event, AudioFrame)]
        assert max(likeness(np.concatenate(heard), said)) >= 0.75, codec
        assert [event.digit for event in events if isinstance(event, DigitPressed)] == ["5"]
    assert one.stats()["jitter_ms"] < 40


async def test_on_hold_nothing_is_sent_and_the_prompt_waits(open_line: OpenLine) -> None:
    one, other = await connected(open_line)
    one.configure(("127.0.0.1", other.local_port), "PCMA", 8, 101, "inactive")
    await asyncio.sleep(0.05)
    before = one.stats()["packets_sent"]
    one.playout.say(1, voice_like(1600))
    await asyncio.sleep(0.3)
    assert one.stats()["packets_sent"] == before
    assert not [event for event in drain(one) if isinstance(event, PlayoutStarted)]
    one.configure(("127.0.0.1", other.local_port), "PCMA", 8, 101, "sendrecv")
    await until_ended(one, 1)


async def test_broken_line_ends_its_own_call_only(open_line: OpenLine) -> None:
    one, other = await connected(open_line)
    one.playout.say(1, np.zeros((160, 2), dtype=np.int16))  # no audio that any codec takes
    await asyncio.sleep(0.2)
    assert LegEnded("error") in drain(one)
    before = other.stats()["packets_sent"]
    await asyncio.sleep(0.2)
    assert other.stats()["packets_sent"] >= before + 8


async def test_port_pair_is_even_and_the_range_can_run_out(open_line: OpenLine) -> None:
    clock = SystemClock()
    pacer = Pacer(clock)
    line = await open_line()
    assert line.local_port % 2 == 0
    with pytest.raises(NoMediaPort):
        await open_rtp_line("127.0.0.1", line.local_port, line.local_port + 1, pacer, clock)


async def test_ipv6(open_line: OpenLine) -> None:
    clock = SystemClock()
    pacer = Pacer(clock)
    try:
        one = await open_rtp_line("::1", 30000, 39999, pacer, clock)
    except NoMediaPort:
        pytest.skip("this machine has no IPv6 loopback")
    other = await open_rtp_line("::", 30000, 39999, pacer, clock)
    old = await open_rtp_line("127.0.0.1", 30000, 39999, pacer, clock)
    try:
        one.configure(("::1", other.local_port), "PCMA", 8, None, "sendrecv")
        other.configure(("::1", one.local_port), "PCMA", 8, None, "sendrecv")
        one.start()
        other.start()
        await asyncio.sleep(0.3)
        assert one.stats()["packets_received"] > 5
        assert other.stats()["packets_received"] > 5
        # A dual-stack socket talks with an IPv4 one.
        other.configure(("127.0.0.1", old.local_port), "PCMA", 8, None, "sendrecv")
        old.configure(("127.0.0.1", other.local_port), "PCMA", 8, None, "sendrecv")
        old.start()
        await asyncio.sleep(0.3)
        assert old.stats()["packets_received"] > 5
        assert other.stats()["packets_received"] > 15
    finally:
        for line in (one, other, old):
            line.close()
