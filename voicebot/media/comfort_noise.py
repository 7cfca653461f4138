"""Soft noise while the other side sends none of its silence (RFC 3389)."""

from __future__ import annotations

import numpy as np

from voicebot.audio import FRAME_SAMPLES, Samples

PAYLOAD_TYPE = 13
"""Static, for codecs of 8 kHz (RFC 3551 section 6)."""

LOUDEST_DBOV = 30
"""Background noise above this (-30 dBov) would be none; whoever asks for more gets this."""

DEFAULT_DBOV = 60
"""For a packet without a level."""

FULL_SCALE = 32768
N_SOUNDS = 16


def _sounds() -> list[np.ndarray[tuple[int], np.dtype[np.float32]]]:
    """Frames of noise of unit loudness, a little duller than white; drawn once for all calls."""
    rng = np.random.default_rng(3389)
    white = rng.standard_normal((N_SOUNDS, FRAME_SAMPLES + 1))
    dull = white[:, 1:] + 0.6 * white[:, :-1]
    dull /= np.sqrt((dull**2).mean(axis=1, keepdims=True))
    return list(dull.astype(np.float32))


_SOUNDS = _sounds()


class ComfortNoise:
    """Noise from the packet that asks for it until the next audio is played.

    Audio still waits in the jitter buffer when the packet comes, and the noise goes on until
    what was sent after it has made its way through there.
    """

    __slots__ = ("_amplitude", "_has_audio_followed", "_next")

    def __init__(self) -> None:
        self._amplitude = 0.0
        self._has_audio_followed = False
        self._next = 0
        self.receive(b"")

    def receive(self, payload: bytes) -> None:
        """A packet: its first octet is the level in -dBov, what follows the colour (not used)."""
        level_dbov = payload[0] & 0x7F if payload else DEFAULT_DBOV
        self._amplitude = FULL_SCALE * 10 ** (-max(level_dbov, LOUDEST_DBOV) / 20)
        self._has_audio_followed = False

    def audio_came(self) -> None:
        """A packet of audio has arrived."""
        self._has_audio_followed = True

    def is_over(self) -> bool:
        """Asked when a frame of audio is played: whether it was sent after the noise."""
        return self._has_audio_followed

    def frame(self) -> Samples:
        """20 ms of it."""
        self._next = (self._next + 7) % N_SOUNDS  # 7 and 16 have no divisor in common
        return (_SOUNDS[self._next] * self._amplitude).astype(np.int16)
