"""Bit for bit as ITU-T G.191's reference code, written down here a second time."""

from __future__ import annotations

import numpy as np
import pytest

from voicebot.audio import FRAME_SAMPLES, Samples
from voicebot.media.codecs.g711 import CODECS, PCMA, PCMU, G711Codec

ALL_SAMPLES = np.arange(-32768, 32768, dtype=np.int16)
ALL_CODES = bytes(range(256))


def reference_alaw_code(sample: int) -> int:
    """alaw_compress of G.191."""
    magnitude = (~sample if sample < 0 else sample) >> 4
    if magnitude > 15:
        exponent = 1
        while magnitude > 31:
            magnitude >>= 1
            exponent += 1
        magnitude = magnitude - 16 + (exponent << 4)
    return (magnitude | (0x80 if sample >= 0 else 0)) ^ 0x55


def reference_alaw_sample(code: int) -> int:
    """alaw_expand of G.191."""
    inverted = code ^ 0x55
    magnitude = inverted & 0x7F
    exponent = magnitude >> 4
    mantissa = magnitude & 0x0F
    if exponent > 0:
        mantissa += 16
    value = (mantissa << 4) + 8
    if exponent > 1:
        value <<= exponent - 1
    return value if inverted & 0x80 else -value


def reference_ulaw_code(sample: int) -> int:
    """ulaw_compress of G.191."""
    magnitude = min(((~sample if sample < 0 else sample) >> 2) + 33, 0x1FFF)
    segment = 1
    rest = magnitude >> 6
    while rest:
        segment += 1
        rest >>= 1
    code = ((8 - segment) << 4) | (0x0F - ((magnitude >> segment) & 0x0F))
    return code | 0x80 if sample >= 0 else code


def reference_ulaw_sample(code: int) -> int:
    """ulaw_expand of G.191."""
    inverted = ~code & 0xFF
    segment = ((inverted >> 4) & 7) + 1
    step = 4 << segment
    value = (0x80 << (segment - 1)) + step * (inverted & 0x0F) + step // 2 - 4 * 33
    return value if code & 0x80 else -value


@pytest.mark.parametrize(
    ("codec", "reference"), [(PCMA, reference_alaw_code), (PCMU, reference_ulaw_code)]
)
def test_every_sample_has_the_reference_code(codec: G711Codec, reference) -> None:  # type: ignore[no-untyped-def]
    codes = codec.encode(ALL_SAMPLES)
    assert list(codes) == [reference(int(sample)) for sample in ALL_SAMPLES]


@pytest.mark.parametrize(
    ("codec", "reference"), [(PCMA, reference_alaw_sample), (PCMU, reference_ulaw_sample)]
)
def test_every_code_has_the_reference_sample(codec: G711Codec, reference) -> None:  # type: ignore[no-untyped-def]
    assert list(codec.decode(ALL_CODES)) == [reference(code) for code in ALL_CODES]


def test_some_values_of_the_standard() -> None:
    # G.711 tables 1a and 2a: largest and smallest output values, 16-bit left-justified.
    assert list(PCMA.decode(bytes([0xAA, 0x2A, 0xD5, 0x55]))) == [32256, -32256, 8, -8]
    assert list(PCMU.decode(bytes([0x80, 0x00, 0xFF, 0x7F]))) == [32124, -32124, 0, 0]


@pytest.mark.parametrize("codec", [PCMA, PCMU])
def test_polarity_is_kept(codec: G711Codec) -> None:
    back = codec.decode(codec.encode(ALL_SAMPLES)).astype(np.int64)
    loud = np.abs(ALL_SAMPLES.astype(np.int64)) >= 8
    assert (np.sign(back[loud]) == np.sign(ALL_SAMPLES[loud])).all()
    assert np.corrcoef(back, ALL_SAMPLES)[0, 1] > 0.999


@pytest.mark.parametrize("codec", [PCMA, PCMU])
def test_codes_survive_decoding_and_encoding(codec: G711Codec) -> None:
    again = codec.encode(codec.decode(ALL_CODES))
    # µ-law has two zeros, and the negative one comes back as the positive.
    expected = ALL_CODES.replace(b"\x7f", b"\xff") if codec is PCMU else ALL_CODES
    assert again == expected


@pytest.mark.parametrize("codec", [PCMA, PCMU])
def test_silence_is_a_frame_of_encoded_zeros(codec: G711Codec) -> None:
    zeros: Samples = np.zeros(FRAME_SAMPLES, dtype=np.int16)
    assert codec.silence == codec.encode(zeros)
    assert len(codec.silence) == FRAME_SAMPLES
    assert CODECS[codec.name] is codec


@pytest.mark.parametrize("codec", [PCMA, PCMU])
def test_piece_of_a_longer_array_is_encoded(codec: G711Codec) -> None:
    whole = codec.encode(ALL_SAMPLES)
    assert codec.encode(ALL_SAMPLES[1000:1160]) == whole[1000:1160]
