"""Finds the last sample of a turn's speech, as exactly as an independent measurement would."""

from __future__ import annotations

from collections import deque

import numpy as np

from voicebot.audio import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE, AudioFrame, Samples, seconds

KEPT_FRAMES = 200
"""4 s: longer than any silence that ends a turn, with the end of the speech before it."""

HANG_OVER_SAMPLES = SAMPLE_RATE * 3 // 10
"""So much earlier than a detector says speech may have ended: WebRTC's holds on for up to 100 ms,
and breath counts as speech for a while."""

SOFT_END_SAMPLES = SAMPLE_RATE // 10
"""So much later: a soft last consonant is no speech to a strict detector."""

_BLOCK_SAMPLES = 10 * FRAME_SAMPLES

AUDIBLE = 64
"""Peak below which nothing counts as sound, however silent the line is."""

OVER_LINE = 1.5
"""Speech is louder than the line's own noise by this factor; a frame's peak in even noise stays
within 1.3 of the median."""


class SpeechTail:
    """Keeps the last seconds of the caller's frames; asked once a turn.

    For measuring only: a detector of voice lets go late, by a time that differs from turn to
    turn. The silence that ended the turn tells how loud the line is by itself; the last sample
    above that is where speech ended.
    """

    def __init__(self) -> None:
        self._frames: deque[AudioFrame] = deque(maxlen=KEPT_FRAMES)
        self._handled_at: deque[float] = deque(maxlen=KEPT_FRAMES)

    def receive_frame(self, frame: AudioFrame, now: float) -> None:
        """Keep one frame, handled at `now` (monotonic seconds)."""
        self._frames.append(frame)
        self._handled_at.append(now)

    def last_sample(self, detected_end: int) -> int:
        """Where speech ended, in samples of the call. detected_end: what the detector says."""
        silence = [_peak(frame) for frame in self._frames if frame.rtp_time >= detected_end]
        if not silence:
            return detected_end  # cut in mid-speech
        threshold = max(float(np.median(silence)) * OVER_LINE, AUDIBLE)
        for frame in reversed(self._frames):
            if frame.rtp_time >= detected_end + SOFT_END_SAMPLES:
                continue
            if frame.rtp_time < detected_end - HANG_OVER_SAMPLES:
                break
            loud = np.flatnonzero(np.abs(frame.samples.astype(np.int32)) > threshold)
            if len(loud):
                return frame.rtp_time + int(loud[-1]) + 1
        return detected_end

    def wire_time(self, position: int) -> float:
        """When the sample before `position` was on the wire: its packet's arrival, and then where
        it lies in the packet. Monotonic seconds; 0 before the first frame."""
        if not self._frames:
            return 0.0
        index = len(self._frames) - 1
        while index > 0 and self._frames[index].rtp_time >= position:
            index -= 1
        frame, handled_at = self._frames[index], self._handled_at[index]
        # A leg that does not know: it came just in time for the frame to be whole now.
        arrived_at = handled_at - FRAME_MS / 1000 if frame.arrived_at is None else frame.arrived_at
        return arrived_at + seconds(position - frame.rtp_time)


def n_silent(samples: Samples) -> int:
    """How many samples come before the first sound; all of them where there is none."""
    for start in range(0, len(samples), _BLOCK_SAMPLES):
        block = samples[start : start + _BLOCK_SAMPLES]
        loud = (block > AUDIBLE) | (block < -AUDIBLE)
        if loud.any():
            return start + int(loud.argmax())
    return len(samples)


def _peak(frame: AudioFrame) -> int:
    samples = frame.samples
    return max(int(samples.max()), -int(samples.min())) if len(samples) == FRAME_SAMPLES else 0
