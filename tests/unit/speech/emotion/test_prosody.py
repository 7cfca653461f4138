from __future__ import annotations

import numpy as np
import pytest

from voicebot.audio import Samples
from voicebot.speech.emotion.prosody import PROSODY_NAMES, ProsodyEncoder
from voicebot.speech.emotion.prosody_head import ArousalHead, arousal_of

ENCODER = ProsodyEncoder()


def talk(
    pitch_hz: float = 120, syllables_per_s: float = 4, brightness: float = 0.2, peak: float = 8000
) -> Samples:
    """Two seconds of a buzz that swells with each syllable. brightness: share of the overtones."""
    times = np.arange(16000) / 8000
    phase = 2 * np.pi * pitch_hz * times
    buzz = np.sin(phase) + sum(brightness * np.sin(n * phase) for n in range(2, 12))
    swell = 0.55 - 0.45 * np.cos(2 * np.pi * syllables_per_s * times)
    wave = buzz * swell
    return (peak * wave / np.abs(wave).max()).astype(np.int16)


def measured(samples: Samples) -> dict[str, float]:
    return dict(zip(PROSODY_NAMES, ENCODER.embed(samples).tolist(), strict=True))


@pytest.mark.parametrize("pitch_hz", [90, 120, 200, 300])
def test_pitch_of_a_buzz(pitch_hz: float) -> None:
    found = measured(talk(pitch_hz))
    assert found["pitch_semitones"] == pytest.approx(12 * np.log2(pitch_hz / 100), abs=0.8)


def test_syllables_are_counted() -> None:
    assert measured(talk(syllables_per_s=3))["syllables_per_s"] == pytest.approx(3, abs=1)
    assert measured(talk(syllables_per_s=6))["syllables_per_s"] == pytest.approx(6, abs=1.5)


def test_gain_changes_nothing() -> None:
    loud, quiet = measured(talk(peak=16000)), measured(talk(peak=2000))
    assert quiet == pytest.approx(loud, abs=0.3)


def test_silence_and_shortness() -> None:
    assert np.isfinite(ENCODER.embed(np.zeros(8000, np.int16))).all()
    with pytest.raises(ValueError, match="half a second"):
        ENCODER.embed(talk()[:3999])


def test_a_raised_voice_is_arousal_and_never_surely_anger() -> None:
    usual = [ENCODER.embed(talk(pitch)) for pitch in (116, 120, 124)]
    calm = ENCODER.embed(talk(121))
    raised = ENCODER.embed(talk(190, syllables_per_s=6, brightness=0.9))
    assert arousal_of(calm, usual) < 0.3
    assert arousal_of(raised, usual) > 0.6
    head = ArousalHead()
    assert head.read(calm, usual).group == "calm"
    angry = head.read(raised, usual)
    assert angry.probabilities["anger"] > head.read(calm, usual).probabilities["anger"] + 0.2
    assert angry.probabilities["anger"] <= 0.5
    assert sum(angry.probabilities.values()) == pytest.approx(1)


def test_without_a_baseline_nothing_is_claimed() -> None:
    reading = ArousalHead().read(ENCODER.embed(talk(250)))
    assert reading.emotion == "neutral"
    assert reading.confidence < 0.3


def test_embeddings_of_another_encoder_are_refused() -> None:
    with pytest.raises(ValueError, match="6 numbers"):
        ArousalHead().read(np.zeros(1024, np.float32))
