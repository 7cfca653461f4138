"""The emotion encoder through onnxruntime: Whisper's first layers, pooled over an utterance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime

from voicebot.audio import Samples
from voicebot.errors import ModelError
from voicebot.speech.emotion.emotion import Embedding
from voicebot.speech.emotion.encoder_recipe import ENCODER_FILE
from voicebot.speech.emotion.features import power_spectra

WHISPER_ENCODER = "whisper-base-3"
"""Name of the encoder; a head says for which one it was trained."""


class WhisperEmotionEncoder:
    """Turns an utterance into 1024 numbers; about 4 ms of CPU a second of audio, one thread.

    path: folder that holds the encoder. Raises ModelError.
    """

    name = WHISPER_ENCODER

    def __init__(self, path: Path) -> None:
        file = path / ENCODER_FILE
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

    def embed(self, samples: Samples) -> Embedding:
        (embedding,) = self._session.run(["embedding"], {"power": power_spectra(samples)})
        return np.asarray(embedding, dtype=np.float32)
