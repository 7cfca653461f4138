"""RHVoice: Polish voices Magda and Natan, through the library's C interface.

The library and its data come unpacked from Debian packages into the models folder; nothing
is installed. The structures below are those of RHVoice.h since version 1.0.
"""

from __future__ import annotations

import ctypes
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any

import numpy as np

from voicebot.audio import Samples
from voicebot.errors import ModelError
from voicebot.speech.speakable import speakable
from voicebot.speech.voice_audio import VoiceAudio, gain_for

VOICES = ("Magda", "Natan")

# The order matters: each is found by name in those loaded before it, so that no search path
# has to be set.
_LIBRARIES = (r"libsonic\.so\.\d+", r"libRHVoice_core\.so\.\d+", r"libRHVoice\.so\.\d+")

_SPECIMEN = "Dzień dobry, tu infolinia. Proszę powiedzieć, w czym mogę pomóc."

_SetSampleRate = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_void_p)
_PlaySpeech = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_uint, ctypes.c_void_p
)


class _Callbacks(ctypes.Structure):
    _fields_ = (
        ("set_sample_rate", _SetSampleRate),
        ("play_speech", _PlaySpeech),
        ("process_mark", ctypes.c_void_p),
        ("word_starts", ctypes.c_void_p),
        ("word_ends", ctypes.c_void_p),
        ("sentence_starts", ctypes.c_void_p),
        ("sentence_ends", ctypes.c_void_p),
        ("play_audio", ctypes.c_void_p),
        ("done", ctypes.c_void_p),
    )


class _InitParams(ctypes.Structure):
    _fields_ = (
        ("data_path", ctypes.c_char_p),
        ("config_path", ctypes.c_char_p),
        ("resource_paths", ctypes.c_void_p),
        ("callbacks", _Callbacks),
        ("options", ctypes.c_uint),
    )


class _SynthParams(ctypes.Structure):
    _fields_ = (
        ("voice_profile", ctypes.c_char_p),
        ("absolute_rate", ctypes.c_double),
        ("absolute_pitch", ctypes.c_double),
        ("absolute_volume", ctypes.c_double),
        ("relative_rate", ctypes.c_double),
        ("relative_pitch", ctypes.c_double),
        ("relative_volume", ctypes.c_double),
        ("punctuation_mode", ctypes.c_int),
        ("punctuation_list", ctypes.c_char_p),
        ("capitals_mode", ctypes.c_int),
        ("flags", ctypes.c_int),
    )


class RhvoiceSynthesizer:
    """One RHVoice voice, loaded. About 50 ms of CPU for a second of speech."""

    def __init__(self, folder: Path, voice_name: str = "Magda", fingerprint: str = "") -> None:
        """folder: the installed model. fingerprint: tells builds apart in `name`.

        Raises ModelError.
        """
        if voice_name not in VOICES:
            raise ModelError(f"RHVoice has no voice {voice_name!r}; it has {', '.join(VOICES)}")
        self._voice = voice_name.encode()
        self._library = _load_library(folder / "lib")
        version = self._library.RHVoice_get_version().decode()
        self._name = "-".join(filter(None, ("rhvoice", voice_name.lower(), version, fingerprint)))
        self._utterance: _Utterance | None = None
        # ctypes keeps no reference to callbacks: they must live as long as the engine.
        self._callbacks = _Callbacks(
            set_sample_rate=_SetSampleRate(self._set_sample_rate),
            play_speech=_PlaySpeech(self._play_speech),
        )
        params = _InitParams(
            data_path=str(folder / "data").encode(),
            config_path=str(folder / "config").encode(),
            callbacks=self._callbacks,
        )
        self._engine = self._library.RHVoice_new_tts_engine(ctypes.byref(params))
        if not self._engine:
            raise ModelError(f"RHVoice can't use its data in {folder}: voicebot models verify")
        # Loads the voice (0.2 s), which the first caller should not wait for, and shows how
        # loud it is.
        self._gain = self._measure_gain()

    @property
    def name(self) -> str:
        return self._name

    def synthesize(self, text: str, rate: float = 1.0) -> Iterator[Samples]:
        text = speakable(text)
        if not text:
            return
        audio: VoiceAudio | None = None
        with _Utterance(self, text, rate) as utterance:
            for sample_rate, samples in utterance.chunks():
                audio = audio or VoiceAudio(sample_rate, self._gain)
                ready = audio.convert(samples)
                if len(ready):
                    yield ready
        if audio is not None:
            rest = audio.convert(np.zeros(0, dtype=np.int16), is_last=True)
            if len(rest):
                yield rest

    def _measure_gain(self) -> float:
        with _Utterance(self, _SPECIMEN, 1.0) as utterance:
            chunks = list(utterance.chunks())
        if not chunks:
            raise ModelError(f"RHVoice's voice {self._voice.decode()} is silent: it is damaged")
        return gain_for(np.concatenate([samples for _, samples in chunks]), chunks[0][0])

    def _speak(self, utterance: _Utterance, text: str, rate: float) -> None:
        """Run on the utterance's own thread; returns when all is spoken or it was cancelled."""
        encoded = text.encode()
        params = _SynthParams(
            voice_profile=self._voice,
            relative_rate=rate,
            relative_pitch=1.0,
            relative_volume=1.0,
        )
        self._utterance = utterance
        message = self._library.RHVoice_new_message(
            self._engine, encoded, len(encoded), 0, ctypes.byref(params), None
        )
        if message:
            self._library.RHVoice_speak(message)
            self._library.RHVoice_delete_message(message)
        self._utterance = None

    def _set_sample_rate(self, sample_rate: int, _user_data: int | None) -> int:
        return self._utterance.set_sample_rate(sample_rate) if self._utterance else 0

    def _play_speech(self, samples: Any, n_samples: int, _user_data: int | None) -> int:
        if self._utterance is None:
            return 0
        chunk = np.ctypeslib.as_array(samples, (n_samples,)).copy()
        return self._utterance.play(chunk)


class _Utterance:
    """One text being spoken on a thread of its own, because RHVoice calls us with the audio.

    Leaving it stops the thread and waits for it: the engine speaks one text at a time.
    """

    def __init__(self, synthesizer: RhvoiceSynthesizer, text: str, rate: float) -> None:
        self._synthesizer = synthesizer
        self._queue: SimpleQueue[tuple[int, Samples] | None] = SimpleQueue()
        self._sample_rate = 0
        self._is_cancelled = False
        self._thread = threading.Thread(
            target=self._run, args=(text, rate), name="rhvoice", daemon=True
        )

    def __enter__(self) -> _Utterance:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_cancelled = True
        self._thread.join()

    def chunks(self) -> Iterator[tuple[int, Samples]]:
        while (item := self._queue.get()) is not None:
            yield item

    def set_sample_rate(self, sample_rate: int) -> int:
        self._sample_rate = sample_rate
        return 1

    def play(self, samples: Samples) -> int:
        """0 tells RHVoice to stop."""
        if self._is_cancelled:
            return 0
        self._queue.put((self._sample_rate, samples))
        return 1

    def _run(self, text: str, rate: float) -> None:
        try:
            self._synthesizer._speak(self, text, rate)
        finally:
            self._queue.put(None)


def _load_library(folder: Path) -> Any:
    """The C library with its functions declared. Raises ModelError."""
    library: Any = None
    for pattern in _LIBRARIES:
        path = _find(folder, pattern)
        try:
            library = ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
        except OSError as error:
            raise ModelError(f"RHVoice's library can't be loaded: {error}") from None
    library.RHVoice_get_version.restype = ctypes.c_char_p
    library.RHVoice_new_tts_engine.restype = ctypes.c_void_p
    library.RHVoice_new_tts_engine.argtypes = [ctypes.POINTER(_InitParams)]
    library.RHVoice_new_message.restype = ctypes.c_void_p
    library.RHVoice_new_message.argtypes = [
        ctypes.c_void_p,
        ctypes.c_char_p,
        ctypes.c_uint,
        ctypes.c_int,
        ctypes.POINTER(_SynthParams),
        ctypes.c_void_p,
    ]
    library.RHVoice_speak.argtypes = [ctypes.c_void_p]
    library.RHVoice_delete_message.argtypes = [ctypes.c_void_p]
    return library


def _find(folder: Path, pattern: str) -> Path:
    for path in sorted(folder.rglob("*.so.*")):
        if re.match(pattern, path.name):
            return path
    raise ModelError(
        f"RHVoice's library is missing in {folder}: run voicebot models pull rhvoice-pl"
    )
