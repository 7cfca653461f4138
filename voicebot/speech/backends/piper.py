"""Piper: natural voices through the optional package piper-tts (GPL; extra `piper`)."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from voicebot.audio import Samples
from voicebot.errors import ModelError
from voicebot.speech.speakable import speakable
from voicebot.speech.voice_audio import VoiceAudio, gain_for

_SPECIMENS = {
    "pl": "Dzień dobry, tu infolinia. Proszę powiedzieć, w czym mogę pomóc.",
    "en": "Good morning, this is the help line. Please tell me how I can help you.",
}


def is_installed() -> bool:
    """Whether the package is there; a voice alone is of no use."""
    return importlib.util.find_spec("piper") is not None


class PiperSynthesizer:
    """One Piper voice, loaded. The audio comes sentence by sentence."""

    def __init__(self, folder: Path, fingerprint: str = "") -> None:
        """folder: the installed model, one .onnx with its .onnx.json. Raises ModelError."""
        if not is_installed():
            raise ModelError("Piper is not installed: run pip install 'voicebot[piper]'")
        from piper import SynthesisConfig

        model = next(folder.glob("*.onnx"), None)
        if model is None:
            raise ModelError(f"{folder} holds no Piper voice (.onnx): voicebot models verify")
        self._voice: Any = _load_voice(model)
        self._make_config: Any = SynthesisConfig
        self._name = "-".join(filter(None, ("piper", model.stem, fingerprint)))
        language = self._voice.config.espeak_voice[:2]
        specimen = list(self._voice.synthesize(_SPECIMENS.get(language, _SPECIMENS["pl"])))
        self._sample_rate: int = specimen[0].sample_rate
        pcm = np.concatenate([chunk.audio_int16_array for chunk in specimen])
        self._gain = gain_for(pcm, self._sample_rate)

    @property
    def name(self) -> str:
        return self._name

    def synthesize(self, text: str, rate: float = 1.0) -> Iterator[Samples]:
        text = speakable(text)
        if not text:
            return
        audio = VoiceAudio(self._sample_rate, self._gain)
        config = self._make_config(length_scale=self._voice.config.length_scale / rate)
        for chunk in self._voice.synthesize(text, config):
            ready = audio.convert(chunk.audio_int16_array)
            if len(ready):
                yield ready
        rest = audio.convert(np.zeros(0, dtype=np.int16), is_last=True)
        if len(rest):
            yield rest


def _load_voice(model: Path) -> Any:
    """Like PiperVoice.load, with one thread: the other cores are other workers'."""
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as onnx_errors
    from piper import PiperVoice
    from piper.config import PiperConfig

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    try:
        config = json.loads(Path(f"{model}.json").read_text(encoding="utf-8"))
        return PiperVoice(
            config=PiperConfig.from_dict(config),
            session=onnxruntime.InferenceSession(
                str(model), sess_options=options, providers=["CPUExecutionProvider"]
            ),
        )
    except (
        OSError,
        ValueError,
        KeyError,
        onnx_errors.Fail,
        onnx_errors.InvalidGraph,
        onnx_errors.InvalidProtobuf,
        onnx_errors.NoSuchFile,
    ) as error:
        raise ModelError(f"Piper can't load {model}: {error}") from None
