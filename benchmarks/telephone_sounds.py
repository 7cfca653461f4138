"""What reaches a telephone line, for measuring the acoustic front: words, coughs, streets, music.

Voices are RHVoice's and, where `../shared` is, nEMO's actors. Noises are made here from
formulas (nothing recorded is free enough to lie in the repository), except hold music: the five
pieces of Debian's asterisk-moh-opsound-wav (CC BY-SA 3.0), where `--music DIR` names them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voicebot.audio import FRAME_SAMPLES, SAMPLE_RATE, Samples
from voicebot.errors import VoicebotError
from voicebot.media.audio_file import read_telephone_audio
from voicebot.media.codecs import g711
from voicebot.speech.model_catalogue import load_catalogue
from voicebot.speech.model_store import ModelStore
from voicebot.speech.synthesizer import Synthesizer
from voicebot.speech.voice_choice import build_synthesizer, choose_voice

CHECKOUT = Path(__file__).resolve().parents[1]
NEMO = CHECKOUT.parent / "shared" / "speech" / "nemo_8k"
VOICES = ("Magda", "Natan")
FULL_SCALE = 32768.0
TRUTH_BELOW_LOUDEST_DB = 30.0
"""Speech is what is at most so far below the loudest 20 ms of the clean recording: a vowel's
decay and a room's echo below it can't be told from the line's noise on any telephone."""

Wave = npt.NDArray[np.float64]
"""Samples of a full scale of 1, 8 kHz."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """One clean utterance. first, last: where speech begins and ends in it, in samples."""

    name: str
    wave: Wave
    first: int
    last: int

    @property
    def speech(self) -> Wave:
        return self.wave[self.first : self.last]


def spoken(name: str, wave: Wave) -> Spoken:
    """Find where speech begins and ends, to 2.5 ms, by the energy of the clean recording."""
    step = FRAME_SAMPLES // 8
    n = len(wave) // step
    power = (wave[: n * step].reshape(n, step) ** 2).mean(axis=1)
    # 10 ms are looked at: one period of the lowest voice.
    smooth = np.convolve(power, np.ones(4) / 4, mode="same")
    heard = np.flatnonzero(smooth > smooth.max() * 10 ** (-TRUTH_BELOW_LOUDEST_DB / 10))
    return Spoken(name, wave, int(heard[0]) * step, int(heard[-1] + 1) * step)


class Mouths:
    """RHVoice's two Polish voices. Raises VoicebotError where they are not installed."""

    def __init__(self, models: Path) -> None:
        store = ModelStore(models, load_catalogue())
        choice = choose_voice("demo", "rhvoice", store)
        self._voices: dict[str, Synthesizer] = {
            name: build_synthesizer(choice, store, name) for name in VOICES
        }

    def say(self, text: str, voice: str, rate: float = 1.0) -> Spoken:
        samples = np.concatenate(list(self._voices[voice].synthesize(text, rate)))
        return spoken(f"{text} ({voice}, {rate})", samples / FULL_SCALE)


def open_mouths(models: Path) -> Mouths:
    try:
        return Mouths(models)
    except VoicebotError as error:
        raise SystemExit(str(error)) from None


def nemo(limit: int, seed: int = 1, starting_with: str = "") -> list[Spoken]:
    """So many of nEMO's utterances, spread over speakers and emotions; none where it is absent."""
    table = NEMO / "data.tsv"
    if not table.is_file():
        return []
    with table.open(encoding="utf-8", newline="") as file:
        rows = [
            row
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            if row["normalized_text"].startswith(starting_with)
        ]
    order = np.random.default_rng(seed).permutation(len(rows))[:limit]
    chosen = [NEMO / rows[int(n)]["file_id"].replace(".wav", ".flac") for n in order]
    return [
        spoken(path.stem, read_telephone_audio(path) / FULL_SCALE)
        for path in chosen
        if path.is_file()
    ]


def first_syllable(utterance: Spoken) -> Spoken | None:
    """The utterance cut at the deepest dip 110 to 260 ms after its beginning ("nie" of "nie
    zachowuj się"); None where there is no dip of 6 dB, or it was but a breath before the word."""
    step = FRAME_SAMPLES // 4
    speech = utterance.speech
    n = len(speech) // step
    power = np.convolve(
        (speech[: n * step].reshape(n, step) ** 2).mean(axis=1), np.ones(3) / 3, mode="same"
    )
    if n < 60:
        return None
    window = power[22:53]
    dip = 22 + int(window.argmin())
    if power[dip] > power[:dip].max() / 4:
        return None
    if power[:dip].max() < power.max() / 16:
        return None
    cut = speech[: dip * step].copy()
    fade = min(40, len(cut))
    cut[-fade:] *= np.linspace(1, 0, fade)
    return spoken(f"{utterance.name} cut", cut)


def at_level(wave: Wave, level_dbfs: float, of: Wave | None = None) -> Wave:
    """Scaled so that the RMS (of the part `of` it) is the level; 0 dBFS is a square wave's."""
    part = wave if of is None else of
    rms = float(np.sqrt((part**2).mean())) or 1.0
    return wave * (10 ** (level_dbfs / 20) / rms)


def over_alaw(wave: Wave) -> Samples:
    """As a phone delivers it: clipped, A-law and back."""
    samples = np.clip(np.rint(wave * FULL_SCALE), -32768, 32767).astype(np.int16)
    return g711.decode_alaw(g711.encode_alaw(samples))


def frames(samples: Samples) -> Iterator[Samples]:
    for start in range(0, len(samples) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        yield samples[start : start + FRAME_SAMPLES]


# ---- noises ---------------------------------------------------------------------------------


def white(seconds: float, rng: np.random.Generator) -> Wave:
    return rng.standard_normal(int(seconds * SAMPLE_RATE))


def shaped(
    seconds: float, rng: np.random.Generator, points: dict[float, float], tilt_db: float = 0.0
) -> Wave:
    """Noise with a spectrum given in dB at some frequencies (Hz), and so much per octave."""
    spectrum = np.fft.rfft(white(seconds, rng))
    hz = np.fft.rfftfreq(int(seconds * SAMPLE_RATE), 1 / SAMPLE_RATE)
    gain_db = np.interp(hz, list(points), list(points.values()))
    gain_db += tilt_db * np.log2(np.maximum(hz, 60) / 1000)
    noise = np.fft.irfft(spectrum * 10 ** (gain_db / 20), int(seconds * SAMPLE_RATE))
    return np.asarray(noise, dtype=np.float64)


def line_noise(seconds: float, level_dbfs: float, rng: np.random.Generator) -> Wave:
    """A quiet room over a telephone: pink, without what a telephone cuts off below 200 Hz."""
    noise = shaped(seconds, rng, {0: -40, 150: -20, 300: 0, 3400: 0, 3800: -20}, -3.0)
    return at_level(noise, level_dbfs)


def street(seconds: float, rng: np.random.Generator) -> Wave:
    """Cars that come near and pass, each 3 to 8 s, over a steady roar; now and then a horn."""
    n = int(seconds * SAMPLE_RATE)
    at = np.arange(n) / SAMPLE_RATE
    total = at_level(shaped(seconds, rng, {0: -30, 120: 0, 4000: 0}, -5.0), -12.0)
    for _ in range(max(1, int(seconds / 4))):
        middle, width = rng.uniform(0, seconds), rng.uniform(0.8, 2.0)
        car = at_level(shaped(seconds, rng, {0: -30, 150: 0, 4000: 0}, rng.uniform(-6, -2)), 0.0)
        total += car * np.exp(-(((at - middle) / width) ** 2)) * 10 ** (rng.uniform(-6, 4) / 20)
    if rng.random() < 0.3:
        start, length = rng.uniform(0, seconds), rng.uniform(0.2, 0.6)
        horn = sum(np.sin(2 * np.pi * 420 * k * at) / k for k in (1, 1.25, 2, 2.5, 3))
        total += 0.7 * horn * ((at > start) & (at < start + length))
    return total


def cough(rng: np.random.Generator) -> Wave:
    """An explosion of 30 to 60 ms, a wheeze after it and, in half of them, a voiced end."""
    n = int(rng.uniform(0.22, 0.40) * SAMPLE_RATE)
    at = np.arange(n) / SAMPLE_RATE
    noise = shaped(
        n / SAMPLE_RATE + 0.01,
        rng,
        {0: -30, 250: -6, rng.uniform(400, 800): 6, rng.uniform(1200, 2000): 3, 4000: -6},
    )[:n]
    burst = rng.uniform(0.03, 0.06)
    envelope = np.where(
        at < burst,
        np.minimum(at / 0.004, 1),
        rng.uniform(0.3, 0.6) * np.exp(-(at - burst) / rng.uniform(0.05, 0.12)),
    )
    wave = noise / np.abs(noise).max() * envelope
    if rng.random() < 0.5:
        start, length = rng.uniform(0.10, 0.18), rng.uniform(0.05, 0.11)
        pitch = rng.uniform(110, 300)
        voice = sum(np.sin(2 * np.pi * pitch * k * at) / k for k in range(1, 9))
        inside = np.clip(1 - ((at - start - length / 2) / (length / 2)) ** 2, 0, None)
        wave = wave + 0.12 * voice * inside
    return np.asarray(wave, dtype=np.float64)


def coughing(seconds: float, rng: np.random.Generator) -> Wave:
    """One to three coughs in a row."""
    total = np.zeros(int(seconds * SAMPLE_RATE))
    start = int(0.5 * SAMPLE_RATE)
    for _ in range(rng.integers(1, 4)):
        one = cough(rng) * rng.uniform(0.6, 1.0)
        total[start : start + len(one)] += one[: len(total) - start]
        start += len(one) + int(rng.uniform(0.05, 0.4) * SAMPLE_RATE)
    return total


def breath(seconds: float, rng: np.random.Generator) -> Wave:
    """In and out into the microphone, 0.4 to 1.2 s each."""
    total = np.zeros(int(seconds * SAMPLE_RATE))
    start = 0.5
    while start < seconds - 1.3:
        length = rng.uniform(0.4, 1.2)
        low = rng.uniform(300, 900)
        noise = shaped(length, rng, {0: -20, low: 0, low * 2.5: 0, 4000: -18})
        one = at_level(noise, 0.0) * np.sin(np.pi * np.linspace(0, 1, len(noise))) ** 1.5
        at = int(start * SAMPLE_RATE)
        total[at : at + len(one)] += one
        start += length + rng.uniform(0.3, 1.0)
    return total


def clicks(seconds: float, rng: np.random.Generator) -> Wave:
    """Knocks, keys and line clicks: 1 to 30 ms, some ringing."""
    n = int(seconds * SAMPLE_RATE)
    total = np.zeros(n + SAMPLE_RATE)
    start = 0.4
    while start < seconds - 0.3:
        length = int(rng.uniform(0.001, 0.03) * SAMPLE_RATE)
        at = np.arange(length * 4)
        ring = np.sin(2 * np.pi * rng.uniform(150, 2500) * at / SAMPLE_RATE)
        one = (ring + rng.standard_normal(len(at))) * np.exp(-at / length)
        begin = int(start * SAMPLE_RATE)
        total[begin : begin + len(one)] += one / np.abs(one).max()
        start += rng.choice([rng.uniform(0.08, 0.2), rng.uniform(0.3, 1.2)])
    return total[:n]


def music(seconds: float, rng: np.random.Generator) -> Wave:
    """Chords of plucked and of held notes over a bass and a beat, without a pause."""
    n = int(seconds * SAMPLE_RATE)
    at = np.arange(n) / SAMPLE_RATE
    total = np.zeros(n)
    beat_s = 60 / rng.uniform(80, 140)
    root = rng.uniform(110, 220)
    is_held = bool(rng.random() < 0.5)
    for number in range(int(seconds / beat_s) + 1):
        since = at - number * beat_s
        on = since >= 0
        decay = np.where(on, np.exp(-np.maximum(since, 0) / (1.5 if is_held else 0.4)), 0)
        chord = root * 2 ** (rng.choice([0, 5, 7, 9]) / 12)
        for step in (0, 4, 7, 12):
            note = chord * 2 ** (step / 12)
            for harmonic in (1, 2, 3, 4):
                total += decay * np.sin(2 * np.pi * note * harmonic * at) / harmonic / 4
        hit = np.where(on, np.exp(-np.maximum(since, 0) / 0.03), 0)
        total += hit * rng.standard_normal(n) * 0.5
    return total


def recorded_music(folder: Path, seconds: float, rng: np.random.Generator) -> Iterator[Wave]:
    for path in sorted(folder.rglob("*.wav")):
        wave = read_telephone_audio(path) / FULL_SCALE
        n = int(seconds * SAMPLE_RATE)
        for start in rng.integers(0, max(1, len(wave) - n), 6):
            yield wave[start : start + n]


def babble(seconds: float, voices: list[Spoken], n_voices: int, rng: np.random.Generator) -> Wave:
    """So many people who talk in the same room, all equally far away."""
    n = int(seconds * SAMPLE_RATE)
    total = np.zeros(n)
    for _ in range(n_voices):
        position = -int(rng.uniform(0, SAMPLE_RATE))
        while position < n:
            speech = at_level(voices[int(rng.integers(len(voices)))].speech, 0.0)
            begin, end = max(position, 0), min(position + len(speech), n)
            if end > begin:
                total[begin:end] += speech[begin - position : end - position]
            position += len(speech) + int(rng.uniform(0.1, 0.5) * SAMPLE_RATE)
    return total


def joined(parts: list[Wave], gap_s: float) -> Wave:
    """One after the other, with so much silence between."""
    gap = np.zeros(int(gap_s * SAMPLE_RATE))
    pieces: list[Wave] = [parts[0]]
    for _, part in pairwise(parts):
        pieces += [gap, part]
    return np.concatenate(pieces)
