"""Prompts without variables, synthesised once and kept on disk as WAV files."""

from __future__ import annotations

import asyncio
import hashlib
import io
import re
import tempfile
import wave
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path

import numpy as np

from voicebot.audio import SAMPLE_RATE, Samples

_FORMAT_VERSION = 2
_MARK = b"vbck"
"""Name of a chunk behind the sound with its digest; players skip what they don't know."""
_TRAILER_BYTES = len(_MARK) + 4 + hashlib.sha256().digest_size

Prompt = tuple[str, float]
"""Text and rate."""


class PromptCache:
    """Keeps what one voice said. Another voice, or a new version of it, starts afresh.

    What was read or written once stays in memory, so that a call never waits for the disk.
    """

    def __init__(self, directory: Path, voice: str) -> None:
        """voice: the synthesizer's `name`, which tells voice and version."""
        self._voice = voice
        self._folder = directory / "prompt_cache" / re.sub(r"[^A-Za-z0-9._-]", "_", voice)
        self._memory: dict[Prompt, Samples] = {}

    @property
    def folder(self) -> Path:
        return self._folder

    def get(self, text: str, rate: float = 1.0) -> Samples | None:
        """The prompt's 8 kHz samples (read-only); None where it has yet to be synthesised.

        A damaged file counts as missing.
        """
        samples = self._memory.get((text, rate))
        if samples is None:
            samples = _read(self._path(text, rate))
            if samples is not None:
                self._memory[text, rate] = samples
        return samples

    def put(self, text: str, rate: float, samples: Samples) -> None:
        """Keep a prompt. Raises OSError where the disk refuses."""
        self._folder.mkdir(parents=True, exist_ok=True)
        content = _encode(samples)
        # Two processes may do this at once: each writes a file of its own, the last one stays.
        with tempfile.NamedTemporaryFile(dir=self._folder, suffix=".new", delete=False) as file:
            new = Path(file.name)
            try:
                file.write(content)
                file.close()
                new.replace(self._path(text, rate))
            except OSError:
                new.unlink(missing_ok=True)
                raise
        kept = samples.copy()
        kept.setflags(write=False)
        self._memory[text, rate] = kept

    async def warm(
        self,
        prompts: Iterable[Prompt],
        synthesize: Callable[[str, float], AsyncIterator[Samples]],
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> int:
        """Synthesise those prompts that are missing; return how many those were.

        progress: told how many of all are there. Raises what `synthesize` raises.
        """
        wanted = list(dict.fromkeys(prompts))
        n_made = 0
        for n_done, (text, rate) in enumerate(wanted, start=1):
            if await asyncio.to_thread(self.get, text, rate) is None:
                chunks = [chunk async for chunk in synthesize(text, rate)]
                if chunks:
                    await asyncio.to_thread(self.put, text, rate, np.concatenate(chunks))
                    n_made += 1
            progress(n_done, len(wanted))
        return n_made

    def _path(self, text: str, rate: float) -> Path:
        key = f"{_FORMAT_VERSION}\n{self._voice}\n{rate:.3f}\n{text}"
        return self._folder / (hashlib.sha256(key.encode()).hexdigest()[:32] + ".wav")


def _encode(samples: Samples) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.astype("<i2").tobytes())
    sound = buffer.getvalue()
    digest = hashlib.sha256(sound).digest()
    return sound + _MARK + len(digest).to_bytes(4, "little") + digest


def _read(path: Path) -> Samples | None:
    """None for whatever is not a file that `_encode` made."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    sound, trailer = content[:-_TRAILER_BYTES], content[-_TRAILER_BYTES:]
    if not trailer.startswith(_MARK) or trailer[len(_MARK) + 4 :] != hashlib.sha256(sound).digest():
        return None
    with wave.open(io.BytesIO(sound)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
