"""Linear PCM: 8 kHz unchanged, other rates resampled without seams, half samples refused."""

import numpy as np
import pytest

from voicebot.errors import WebSocketProtocolError
from voicebot.gateway.websocket.linear_audio import RATES_HZ, LinearAudio


def tone(n_samples: int, rate: int) -> np.ndarray:
    return (8000 * np.sin(2 * np.pi * 440 * np.arange(n_samples) / rate)).astype(np.int16)


def test_8_khz_is_passed_on_bit_for_bit() -> None:
    audio = LinearAudio(8000)
    samples = np.array([-32768, -1, 0, 1, 32767], dtype=np.int16)
    data = audio.encode(samples)
    assert data == b"\x00\x80\xff\xff\x00\x00\x01\x00\xff\x7f"
    assert audio.decode(data).tolist() == samples.tolist()


@pytest.mark.parametrize("rate", RATES_HZ)
def test_a_second_comes_in_as_a_second_of_the_same_tone(rate: int) -> None:
    audio = LinearAudio(rate)
    data = tone(rate, rate).astype("<i2").tobytes()
    step = 2 * (rate // 50)
    pieces = [audio.decode(data[at : at + step]) for at in range(0, len(data), step)]
    heard = np.concatenate(pieces)
    assert len(heard) == 8000
    middle = heard[2000:6000].astype(float)
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert abs(np.argmax(spectrum) * 8000 / len(middle) - 440) < 3
    assert abs(np.abs(middle).max() - 8000) < 300


@pytest.mark.parametrize("rate", RATES_HZ)
def test_a_second_goes_out_as_a_second(rate: int) -> None:
    audio = LinearAudio(rate)
    sent = b"".join(audio.encode(frame) for frame in np.split(tone(8000, 8000), 50))
    assert len(sent) == 2 * rate


def test_nothing_of_before_is_heard_after_forgetting() -> None:
    audio = LinearAudio(16000)
    audio.encode(tone(160, 8000))
    audio.forget_outbound()
    after = b"".join(audio.encode(np.zeros(160, dtype=np.int16)) for _ in range(10))
    assert not any(after)


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(WebSocketProtocolError):
        LinearAudio(8000).decode(b"\x00\x01\x02")


@pytest.mark.parametrize("rate", [0, 1, 7999, 22050, 10**9])
def test_a_rate_that_nobody_offers_is_refused(rate: int) -> None:
    with pytest.raises(WebSocketProtocolError):
        LinearAudio(rate)
