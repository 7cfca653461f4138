"""Between 8 and 16 kHz, frame by frame: as many samples out as the rates promise, at once.

A fixed half-band filter rather than `Resampler`, which gives its samples out in lumps and
costs more than the codec that they are for.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from voicebot.audio import Samples

PHASE_TAPS = 32
"""Of the one phase that is not a mere delay. Passes up to 3.6 kHz within 0.1 dB and stops from
4.4 kHz on by 50 dB; delays by 2 ms each way."""


def _phase() -> npt.NDArray[np.float32]:
    """Every second tap of a sinc at a quarter of the upper rate, under a Kaiser window."""
    places = np.arange(PHASE_TAPS) - (PHASE_TAPS - 1) / 2
    taps = np.sinc(places) * np.kaiser(PHASE_TAPS, 4.5)
    phase: npt.NDArray[np.float32] = (taps / taps.sum()).astype(np.float32)
    return phase


_PHASE = _phase()
_DELAY = PHASE_TAPS // 2


class Doubler:
    """8 kHz to 16 kHz."""

    def __init__(self) -> None:
        self._past = np.zeros(PHASE_TAPS - 1, dtype=np.float32)

    def process(self, samples: Samples) -> Samples:
        """Twice as many samples. samples: int16, mono."""
        line = np.concatenate((self._past, samples), dtype=np.float32)
        self._past = line[len(samples) :]
        doubled = np.empty(2 * len(samples), dtype=np.float32)
        doubled[0::2] = line[_DELAY - 1 : _DELAY - 1 + len(samples)]
        doubled[1::2] = np.convolve(line, _PHASE, "valid")
        return _int16(doubled)


class Halver:
    """16 kHz to 8 kHz. After a Doubler the delay of both is 31 samples of 8 kHz."""

    def __init__(self) -> None:
        self._past_even = np.zeros(_DELAY - 1, dtype=np.float32)
        self._past_odd = np.zeros(PHASE_TAPS - 1, dtype=np.float32)

    def process(self, samples: Samples) -> Samples:
        """Half as many samples. samples: int16, mono, an even number of them."""
        even = np.concatenate((self._past_even, samples[0::2]), dtype=np.float32)
        odd = np.concatenate((self._past_odd, samples[1::2]), dtype=np.float32)
        n_out = len(samples) // 2
        self._past_even = even[n_out:]
        self._past_odd = odd[n_out:]
        halved = np.convolve(odd, _PHASE, "valid")
        halved += even[:n_out]
        halved *= 0.5
        return _int16(halved)


def _int16(samples: npt.NDArray[np.float32]) -> Samples:
    np.rint(samples, out=samples)
    np.clip(samples, -32768, 32767, out=samples)
    return samples.astype(np.int16)
