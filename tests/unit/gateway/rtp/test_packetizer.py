"""Packets of the length that the other side wishes for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.audio import FRAME_SAMPLES
from voicebot.gateway.rtp.packetizer import Packetizer
from voicebot.media.codecs.g711 import PCMA
from voicebot.media.codecs.opus import OpusCodec
from voicebot.media.codecs.opus_packet import packet_ticks


def voice(n_frames: int) -> np.ndarray:
    rng = np.random.default_rng(3)
    return (rng.standard_normal(n_frames * FRAME_SAMPLES) * 3000).astype(np.int16)


@pytest.mark.parametrize("packet_ms", [10, 30, 40, 60])
def test_audio_is_whole_and_in_place(packet_ms: int) -> None:
    packetizer = Packetizer(PCMA, packet_ms)
    samples = voice(12)
    sent = {}
    for position in range(0, len(samples), FRAME_SAMPLES):
        for begin, payload in packetizer.add(samples[position : position + FRAME_SAMPLES]):
            assert len(payload) == packet_ms * 8
            sent[position + begin] = payload
    assert list(sent) == [number * packet_ms * 8 for number in range(len(sent))]
    assert b"".join(sent.values()) == PCMA.encode(samples)


@given(st.sampled_from([10, 30, 40, 50, 60]), st.integers(0, 7))
def test_flush_leaves_nothing(packet_ms: int, n_frames: int) -> None:
    packetizer = Packetizer(PCMA, packet_ms)
    samples = voice(8)[: n_frames * FRAME_SAMPLES]
    sent = b""
    for position in range(0, len(samples), FRAME_SAMPLES):
        sent += b"".join(data for _, data in packetizer.add(samples[position : position + 160]))
    rest = packetizer.flush()
    assert sent + b"".join(data for _, data in rest) == PCMA.encode(samples)
    if rest:
        assert rest[0][0] == -(len(samples) - len(sent))
    assert packetizer.flush() == []


def test_opus_packets_have_lengths_that_opus_knows() -> None:
    codec = OpusCodec()
    assert [codec.packet_ms(wanted) for wanted in (5, 10, 20, 30, 40, 50, 60, 120)] == [
        *(10, 10, 20, 20, 40, 40, 60, 60)
    ]
    packetizer = Packetizer(codec, 60)
    samples = voice(5)
    packets = [
        payload
        for start in range(0, len(samples), FRAME_SAMPLES)
        for _, payload in packetizer.add(samples[start : start + FRAME_SAMPLES])
    ]
    packets += [payload for _, payload in packetizer.flush()]
    assert [packet_ticks(packet) // 48 for packet in packets] == [60, 40]
    assert [PCMA.packet_ms(wanted) for wanted in (5, 20, 33, 120)] == [10, 20, 30, 60]
