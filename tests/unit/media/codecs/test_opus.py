"""Opus against itself and against ffmpeg; what is lost, doubled and damaged."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.integration.phones.spectrum import likeness, syllables
from voicebot.audio import FRAME_SAMPLES, SILENCE, Samples
from voicebot.media.codecs.opus import MAX_CONCEALED_FRAMES, OpusAudio, OpusCodec, OpusPacket
from voicebot.media.codecs.opus_packet import packet_ticks
from voicebot.media.jitter_buffer import JitterBuffer

SAID = syllables(3)


def encoded(samples: Samples, packet_ms: int = 20) -> list[bytes]:
    codec = OpusCodec()
    n_samples = packet_ms * 8
    return [
        codec.encode(samples[start : start + n_samples])
        for start in range(0, len(samples) - n_samples + 1, n_samples)
    ]


def played(packets: list[bytes | None], packet_ms: int = 20) -> tuple[Samples, int]:
    """Through a jitter buffer, each packet when it comes; None is lost. Also: frames missing."""
    codec = OpusCodec()
    buffer: JitterBuffer[OpusAudio] = JitterBuffer(
        codec.is_quiet, codec.join, codec.ticks_per_frame, min_delay_ms=60
    )
    heard = []
    n_missing = 0
    waiting = list(enumerate(packets))
    for tick in range(len(packets) * packet_ms // 20 + 10):
        while waiting and waiting[0][0] * packet_ms <= tick * 20:
            number, data = waiting.pop(0)
            if data is not None:
                buffer.put(number * packet_ms * 48, codec.payload(data))
        frame = buffer.get()
        if frame is not None:
            heard.append(codec.decode(frame))
        else:
            n_missing += tick > 10
            heard.append(codec.conceal(buffer.following))
    return np.concatenate(heard), n_missing


@pytest.mark.parametrize("packet_ms", [10, 20, 40, 60])
def test_packets_of_all_lengths_come_through(packet_ms: int) -> None:
    packets = encoded(SAID, packet_ms)
    assert {packet_ticks(packet) for packet in packets} == {packet_ms * 48}
    codec = OpusCodec()
    decoded = np.concatenate([codec._samples(OpusPacket(packet)) for packet in packets])
    heard, _ = played(list(packets), packet_ms)
    begin = int(np.flatnonzero(heard)[0]) - int(np.flatnonzero(decoded)[0])
    assert np.array_equal(heard[begin : begin + len(decoded)], decoded)
    assert min(likeness(decoded, SAID)) >= 0.75


def test_one_frame_is_960_ticks_and_160_samples() -> None:
    codec = OpusCodec()
    audio = codec.payload(codec.encode(SAID[:FRAME_SAMPLES]))
    assert len(audio) == codec.ticks_per_frame == 960
    assert len(codec.decode(audio)) == FRAME_SAMPLES


def test_parts_of_a_packet_are_its_parts() -> None:
    codec = OpusCodec()
    (packet,) = encoded(SAID[4000:4480], 60)
    audio = codec.payload(packet)
    parts = [audio[start : start + 960] for start in (0, 960, 1920)]
    pieces = [codec.decode(part) for part in parts]
    whole = OpusCodec()
    assert np.array_equal(np.concatenate(pieces), whole._decode(packet, 480))
    assert [len(audio[0:100]), len(audio[2800:9999]), len(audio[5000:6000])] == [100, 80, 0]


def test_single_losses_are_made_good_from_the_packet_after() -> None:
    packets = encoded(SAID)
    lost: list[bytes | None] = [
        None if number % 10 == 5 else packet for number, packet in enumerate(packets)
    ]
    with_fec, n_missing = played(lost)
    whole, _ = played(list(packets))
    assert n_missing >= len(packets) // 10
    length = min(len(whole), len(with_fec))
    spans = [
        slice((number + 4) * 160, (number + 7) * 160)
        for number in range(15, 140)
        if number % 10 == 5
    ]
    fitting = [
        np.corrcoef(whole[span], with_fec[span])[0, 1] for span in spans if span.stop < length
    ]
    assert np.median(fitting) >= 0.9


def test_without_fec_the_gap_is_made_up() -> None:
    codec = OpusCodec()
    packets = encoded(SAID)
    for packet in packets[:60]:
        codec.decode(codec.payload(packet))
    assert int(np.abs(codec.conceal(None)).max()) > 300
    for _ in range(MAX_CONCEALED_FRAMES):
        faded = codec.conceal(None)
    assert int(np.abs(faded).max()) == 0


def test_nothing_to_go_on_is_silence() -> None:
    assert int(np.abs(OpusCodec().conceal(None)).max()) == 0


def test_pauses_of_a_sender_with_dtx() -> None:
    """A packet of one byte, or none for a while: no error, next to no sound."""
    codec = OpusCodec()
    sender = OpusCodec()
    sender._encoder.dtx = 1
    packets = [sender.encode(SILENCE) for _ in range(60)]
    assert min(map(len, packets)) <= 2
    for packet in packets:
        assert int(np.abs(codec.decode(codec.payload(packet))).max()) < 50


@pytest.mark.parametrize(
    ("data", "ticks"),
    [
        (b"", 0),
        (b"\x08", 960),
        (b"\x09\x00\x00", 1920),
        (b"\x0b", 0),
        (b"\x0b\x03", 2880),
        (b"\x0b\x07", 0),  # 140 ms
        (b"\x0b\x00", 0),
        (b"\x18", 2880),
        (b"\x60", 480),
        (b"\x68", 960),
        (b"\x80", 120),
        (b"\xf8", 960),
    ],
)
def test_length_is_read_from_the_first_bytes(data: bytes, ticks: int) -> None:
    assert packet_ticks(data) == ticks


@given(st.lists(st.tuples(st.integers(0, 20_000), st.binary(max_size=60)), max_size=30))
def test_anything_may_arrive(packets: list[tuple[int, bytes]]) -> None:
    codec = OpusCodec()
    buffer: JitterBuffer[OpusAudio] = JitterBuffer(
        codec.is_quiet, codec.join, codec.ticks_per_frame
    )
    for timestamp, data in packets:
        buffer.put(timestamp, codec.payload(data))
        frame = buffer.get()
        samples = codec.conceal(buffer.following) if frame is None else codec.decode(frame)
        assert samples.shape == (FRAME_SAMPLES,)
        assert samples.dtype == np.int16
