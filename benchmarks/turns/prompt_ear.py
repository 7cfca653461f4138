"""Knows which of the bot's questions has just been heard, by its sound alone."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from voicebot.audio import SAMPLE_RATE, Samples

AUDIBLE = 200
HOP = SAMPLE_RATE // 100
WINDOW = 256
N_BANDS = 24
SAME_VOICE_CORRELATION = 0.8
"""Below it a sound is not the question it resembles most."""

SURE_CORRELATION = 0.9
"""Other questions never come near it: 0.60 at most, and 0.96 at least for the same one."""

MAX_SHIFT_FRAMES = 12
"""The end of what was heard may be off by 120 ms: fades and silences differ."""

Features = npt.NDArray[np.float64]


class PromptEar:
    """Compares the end of what was heard with the end of each question."""

    def __init__(self, prompts: Mapping[str, Samples]) -> None:
        """prompts: by name, spoken by the bot's own voice."""
        self._templates = {name: spectrum(samples) for name, samples in prompts.items()}

    def recognise(self, heard: Samples, expected: str = "") -> tuple[str, float]:
        """The question that `heard` ends with and how alike they are; no name where none is.

        expected: tried first, and the answer at once where it is surely that.
        """
        features = spectrum(heard)
        if expected in self._templates:
            likeness = _likeness(features, self._templates[expected])
            if likeness >= SURE_CORRELATION:
                return expected, likeness
        best, best_name = 0.0, ""
        for name, template in self._templates.items():
            likeness = _likeness(features, template)
            if likeness > best:
                best, best_name = likeness, name
        return (best_name if best >= SAME_VOICE_CORRELATION else "", best)


def spectrum(samples: Samples) -> Features:
    """Log band energies, one row each 10 ms, without the quiet at the ends and in between.

    Pauses go as well, because a late packet makes one where none was spoken.
    """
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > AUDIBLE)
    if not len(loud):
        return np.zeros((0, N_BANDS))
    samples = samples[loud[0] : loud[-1] + 1]
    n_frames = max((len(samples) - WINDOW) // HOP + 1, 0)
    if not n_frames:
        return np.zeros((0, N_BANDS))
    index = np.arange(n_frames)[:, None] * HOP + np.arange(WINDOW)
    frames = samples[index].astype(np.float64)
    frames = frames[np.abs(frames).max(axis=1) > AUDIBLE] * np.hanning(WINDOW)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    edges = np.linspace(3, WINDOW // 2, N_BANDS + 1).astype(int)
    bands = np.add.reduceat(power, edges[:-1], axis=1)
    return np.log(bands + 1e5)


def _likeness(heard: Features, template: Features) -> float:
    """Correlation over the template's length at the best of some shifts of the ends."""
    best = 0.0
    length = len(template)
    for shift in range(-MAX_SHIFT_FRAMES, MAX_SHIFT_FRAMES + 1):
        heard_end = len(heard) - max(shift, 0)
        template_end = length - max(-shift, 0)
        n_frames = min(template_end, heard_end)
        # A piece of a question is none: at least nine tenths of it must have been heard.
        if n_frames < 0.9 * length:
            continue
        one = heard[heard_end - n_frames : heard_end]
        other = template[template_end - n_frames : template_end]
        one = one - one.mean(axis=0)
        other = other - other.mean(axis=0)
        norm = float(np.sqrt((one**2).sum() * (other**2).sum()))
        if norm > 0:
            best = max(best, float((one * other).sum()) / norm)
    return best
