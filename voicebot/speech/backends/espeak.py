"""espeak-ng: a robotic voice that every Debian has, free of licence trouble."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
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
_BLOCK_BYTES = 8192
_STUCK_AFTER_S = 5.0

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
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                # A text is far smaller than a pipe's buffer, so this can't block on reading.
                assert process.stdin is not None
                process.stdin.write(text.encode())
                process.stdin.close()
                assert process.stdout is not None
                yield from _samples(process.stdout.fileno())
            finally:
                process.kill()


def _samples(pipe: int) -> Iterator[Samples]:
    """The samples behind the WAV header, as they come; ends early where nothing comes."""
    n_header_left = _WAV_HEADER_BYTES
    rest = b""
    while select.select([pipe], [], [], _STUCK_AFTER_S)[0]:
        block = os.read(pipe, _BLOCK_BYTES)
        if not block:
            return
        skipped = min(n_header_left, len(block))
        n_header_left -= skipped
        data = rest + block[skipped:]
        n_whole = len(data) // 2 * 2
        rest = data[n_whole:]
        if n_whole:
            yield np.frombuffer(data[:n_whole], dtype="<i2")


def _version(program: str) -> str:
    """Like 1.51."""
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    words = answer.stdout.split()
    return next((word for word in words if word[:1].isdigit()), "unknown")
