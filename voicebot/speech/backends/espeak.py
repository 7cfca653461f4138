"""espeak-ng: a robotic voice that every Debian has, free of licence trouble."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator

import numpy as np

from voicebot.audio import Samples
from voicebot.errors import ModelError
from voicebot.speech.speakable import speakable
from voicebot.speech.voice_audio import VoiceAudio, gain_for

PROGRAM = "espeak-ng"

# Tuned by the word error rate of Whisper base on the result through G.711.
_WORDS_PER_MINUTE = 130
_PITCH = 45
_WORD_GAP = 1

_WAV_HEADER_BYTES = 44
_SAMPLE_RATE = 22050
_CHUNK_BYTES = 2 * _SAMPLE_RATE // 10
_STUCK_AFTER_S = 20.0

_SPECIMEN = "Dzień dobry, tu infolinia. Proszę powiedzieć, w czym mogę pomóc."


class EspeakSynthesizer:
    """One espeak-ng voice; a process for each text, killed when nobody listens any more."""

    def __init__(self, language: str = "pl") -> None:
        """Raises ModelError where the program is missing."""
        program = shutil.which(PROGRAM)
        if program is None:
            raise ModelError("espeak-ng is not installed: run apt-get install espeak-ng")
        self._command = [program, "-v", language, "--stdin", "--stdout"]
        self._command += ["-p", str(_PITCH), "-g", str(_WORD_GAP)]
        version = _version(program)
        self._name = f"espeak-ng-{language}-{version}-{_WORDS_PER_MINUTE}-{_PITCH}-{_WORD_GAP}"
        specimen = [*self._pcm(_SPECIMEN, 1.0)]
        if not specimen:
            raise ModelError(f"espeak-ng has no voice for {language!r}")
        self._gain = gain_for(np.concatenate(specimen), _SAMPLE_RATE)

    @property
    def name(self) -> str:
        return self._name

    def synthesize(self, text: str, rate: float = 1.0) -> Iterator[Samples]:
        audio = VoiceAudio(_SAMPLE_RATE, self._gain)
        for samples in self._pcm(text, rate):
            ready = audio.convert(samples)
            if len(ready):
                yield ready
        rest = audio.convert(np.zeros(0, dtype=np.int16), is_last=True)
        if len(rest):
            yield rest

    def _pcm(self, text: str, rate: float) -> Iterator[Samples]:
        """The program's output as it comes, without the header."""
        text = speakable(text)
        if not text:
            return
        speed = ["-s", str(round(_WORDS_PER_MINUTE * rate))]
        with subprocess.Popen(
            [*self._command, *speed],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            watchdog = threading.Timer(_STUCK_AFTER_S, process.kill)
            watchdog.start()
            try:
                # A text is far smaller than a pipe's buffer, so this can't block on reading.
                assert process.stdin is not None
                assert process.stdout is not None
                process.stdin.write(text.encode())
                process.stdin.close()
                process.stdout.read(_WAV_HEADER_BYTES)
                while chunk := process.stdout.read(_CHUNK_BYTES):
                    yield np.frombuffer(chunk[: len(chunk) // 2 * 2], dtype="<i2")
            finally:
                watchdog.cancel()
                process.kill()


def _version(program: str) -> str:
    """Like 1.51."""
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    words = answer.stdout.split()
    return next((word for word in words if word[:1].isdigit()), "unknown")
