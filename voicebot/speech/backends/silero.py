"""Silero's voice activity detector through onnxruntime. An optional extra.

Heavier than webrtcvad (a small network for every 32 ms), and harder to fool with noise.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from voicebot.audio import SAMPLE_RATE, Samples
from voicebot.errors import ModelError

MODEL_FILE = "silero_vad.onnx"
WINDOW_SAMPLES = 256
"""What version 5 and later take at 8 kHz: 32 ms."""

_CONTEXT_SAMPLES = 32
_STATE_SHAPE = (2, 1, 128)
_SPEECH_STARTS_AT = 0.5
_SPEECH_ENDS_AT = 0.35  # lower, as Silero's own iterator has it: one dip is no end


class SileroVad:
    """Says for each frame whether there is speech in it. One for each leg; keeps state.

    path: folder that holds silero_vad.onnx. Raises ModelError.
    """

    def __init__(self, path: Path) -> None:
        file = path / MODEL_FILE
        if not file.is_file():
            raise ModelError(f"{file}: no such file; get it with: voicebot models pull silero-vad")
        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = 1
        options.intra_op_num_threads = 1
        try:
            self._session = onnxruntime.InferenceSession(
                str(file), sess_options=options, providers=["CPUExecutionProvider"]
            )
        # onnxruntime's errors have no public base class.
        except Exception as error:
            raise ModelError(f"{file}: the model can't be loaded; pull it anew") from error
        self._sample_rate = np.array(SAMPLE_RATE, dtype=np.int64)
        self._state = np.zeros(_STATE_SHAPE, dtype=np.float32)
        self._context: npt.NDArray[np.float32] = np.zeros(_CONTEXT_SAMPLES, dtype=np.float32)
        self._waiting: npt.NDArray[np.float32] = np.zeros(0, dtype=np.float32)
        self._is_speech = False
        self.probability = 0.0
        """Of speech, in the last whole window."""

    def is_speech(self, frame: Samples) -> bool:
        """Take in one frame of 8 kHz audio; the answer is for the last whole window."""
        scaled = frame.astype(np.float32) / 32768
        self._waiting = np.concatenate([self._waiting, scaled])
        while len(self._waiting) >= WINDOW_SAMPLES:
            self._decide(self._waiting[:WINDOW_SAMPLES])
            self._waiting = self._waiting[WINDOW_SAMPLES:]
        return self._is_speech

    def _decide(self, window: npt.NDArray[np.float32]) -> None:
        audio = np.concatenate([self._context, window])[None]
        inputs = {"input": audio, "state": self._state, "sr": self._sample_rate}
        output, self._state = self._session.run(None, inputs)
        self._context = window[-_CONTEXT_SAMPLES:]
        self.probability = float(output[0, 0])
        threshold = _SPEECH_ENDS_AT if self._is_speech else _SPEECH_STARTS_AT
        self._is_speech = self.probability >= threshold
