"""A caller at the web phone: keys on the page, and a voice at the browser's microphone."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.async_api import Page

from tests.integration.web.test_browser import browser_page
from voicebot.audio import SAMPLE_RATE, Samples
from voicebot.media.audio_file import write_wav

# What is said sounds in the air before the microphone, whose own signal is in it, too. A file for
# the microphone alone would run on whatever happens, and be out of step with the questions.
_AIR = """
const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wishes) => {
  const room = new AudioContext();
  const air = room.createMediaStreamDestination();
  room.createMediaStreamSource(await open(wishes)).connect(air);
  window.say = (samples, sampleRate) => new Promise((resolve) => {
    const bytes = Uint8Array.from(atob(samples), (character) => character.charCodeAt(0));
    const sound = Float32Array.from(new Int16Array(bytes.buffer), (value) => value / 32768);
    const buffer = room.createBuffer(1, sound.length, sampleRate);
    buffer.copyToChannel(sound, 0);
    const mouth = new AudioBufferSourceNode(room, { buffer });
    mouth.onended = () => resolve();
    mouth.connect(air);
    mouth.start();
  });
  return air.stream;
};
"""

PAGE_PATIENCE_MS = 60_000
"""Others talk on the same machine, too."""


@dataclass(frozen=True)
class _Site:
    url: str


class BrowserPhone:
    """One call. `say`, `press` and `hears` are the caller's."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.is_over = asyncio.Event()

    @classmethod
    @contextlib.asynccontextmanager
    async def call(cls, web_url: str, directory: Path) -> AsyncIterator[BrowserPhone]:
        silence = directory / "silence.wav"
        write_wav(silence, np.zeros(SAMPLE_RATE, dtype=np.int16))
        async with browser_page(_Site(web_url), silence) as page:
            page.set_default_timeout(PAGE_PATIENCE_MS)
            await page.add_init_script(_AIR)
            await page.goto("/phone?processing=off")
            phone = cls(page)
            await page.get_by_role("button", name="Zadzwoń").click()
            watch = asyncio.create_task(phone._watch_end())
            try:
                yield phone
            finally:
                watch.cancel()
                await asyncio.gather(watch, return_exceptions=True)

    async def say(self, samples: Samples) -> None:
        """Returns when it has been said."""
        encoded = base64.b64encode(samples.astype("<i2").tobytes()).decode("ascii")
        await self.page.evaluate(
            "([samples, rate]) => window.say(samples, rate)", [encoded, SAMPLE_RATE]
        )

    async def press(self, keys: str) -> None:
        for key in keys:
            await self.page.get_by_role("button", name=f"Klawisz {key}", exact=True).click()

    async def hears(self, duration_s: float, timeout_s: float = 40) -> None:
        """Returns when there has been something to hear, and so much time for it."""
        ends_at = time.monotonic() + timeout_s
        before = await self._played_energy()
        while await self._played_energy() <= before:
            assert time.monotonic() < ends_at, "the bot says nothing"
            await asyncio.sleep(0.1)
        await asyncio.sleep(duration_s)

    async def _played_energy(self) -> float:
        return float(await self.page.get_attribute("body", "data-played-energy") or 0)

    async def _watch_end(self) -> None:
        await self.page.wait_for_selector("body[data-ended]", timeout=0)
        self.is_over.set()
