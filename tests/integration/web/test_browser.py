"""The pages and the web phone in a real browser: headless Chromium, its microphone a WAV."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest
from argon2 import PasswordHasher
from playwright.async_api import Page, async_playwright

from tests.integration.web.console import (
    TODAY,
    Console,
    add_example_call,
    running_console,
)
from tests.peers import need
from voicebot.audio import Samples
from voicebot.media.audio_file import write_wav
from voicebot.storage.samples import add_samples

pytestmark = [pytest.mark.peer, pytest.mark.timeout(120)]

ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"),
)
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}


class Site(Protocol):
    """Something that serves the console."""

    @property
    def url(self) -> str: ...


@asynccontextmanager
async def browser_page(
    console: Site, microphone: Path | None = None, viewport: dict[str, int] | None = None
) -> AsyncIterator[Page]:
    """A page of a fresh browser. A script error or a blocked resource fails the test."""
    arguments = list(ARGUMENTS)
    if microphone is not None:
        arguments.append(f"--use-file-for-fake-audio-capture={microphone}%noloop")
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=need("chromium"), headless=True, args=arguments
        )
        context = await browser.new_context(base_url=console.url, viewport=viewport or WIDE)
        context.set_default_timeout(10_000)
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: complaints.append(message.text) if message.type == "error" else None,
        )
        yield page
        await browser.close()
    assert not complaints


async def is_wider_than_screen(page: Page) -> bool:
    return bool(
        await page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
    )


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["1280", "390"])
async def test_pages_speak_polish_and_english_and_fit(
    console: Console, viewport: dict[str, int]
) -> None:
    await add_example_call(console)
    async with browser_page(console, viewport=viewport) as page:
        for path, polish, english in (
            ("/", "Rozmowy", "Calls"),
            ("/calls/a1b2c3d4", "Przebieg rozmowy", "Transcript"),
            ("/agreements", "Obietnice wpłat", "Promises to pay"),
            ("/agreements", "Plany spłaty", "Repayment plans"),
            ("/disputes", "Blokady kontaktu", "Blocked contacts"),
            ("/cases", "Wierzyciel", "Creditor"),
            ("/phone", "Telefon w przeglądarce", "Web phone"),
            ("/api", "Ścieżka", "Path"),
        ):
            for language, words in (("pl", polish), ("en", english)):
                await page.goto(f"{path}?lang={language}")
                assert await page.get_attribute("html", "lang") == language
                assert words in await page.inner_text("main")
                assert not await is_wider_than_screen(page), f"{path} in {language}"
        # The choice stays without the parameter.
        await page.goto("/")
        assert await page.get_attribute("html", "lang") == "en"


async def test_a_call_is_shown_played_and_not_run_as_markup(console: Console) -> None:
    await add_example_call(console)
    async with browser_page(console) as page:
        await page.goto("/")
        await page.get_by_role("link", name="02.03.2026 10:30:00").click()
        assert "zepsute" not in await page.title()
        assert "<script>document.title" in await page.inner_text("#transcript")
        assert "1\u00a0294,90\u00a0zł" in await page.inner_text(".box.good")
        assert "po południu" in await page.inner_text(".box.attention")
        assert "4,0 s od odebrania" in await page.inner_text("main")
        assert await page.locator(".turn.doubtful").count() == 1
        await page.wait_for_selector("#waveform[data-ready]")
        # Clicking three quarters into the waveform goes to 15 s of 20.
        box = await page.locator("#waveform").bounding_box()
        assert box is not None
        await page.mouse.click(box["x"] + box["width"] * 0.75, box["y"] + 20)
        at = await page.evaluate("document.getElementById('player').currentTime")
        assert at == pytest.approx(15.0, abs=0.1)
        # Playing from a turn marks that turn.
        await page.locator(".turn").nth(3).locator("[data-seek]").click()
        await page.wait_for_selector(".turn.playing")
        assert await page.locator(".turn.playing").get_attribute("data-index") == "3"
        await page.focus("#waveform")
        await page.keyboard.press("Home")
        assert await page.get_attribute("#waveform", "aria-valuenow") == "0.0"


async def test_login_lets_in_and_out(tmp_path: Path) -> None:
    web = {"password_hash": PasswordHasher().hash("bardzo tajne hasło")}
    async with running_console(tmp_path, web=web) as console:
        await add_example_call(console)
        async with browser_page(console) as page:
            await page.goto("/calls/a1b2c3d4")
            assert "/login?next=" in page.url
            await page.get_by_label("Użytkownik").fill("admin")
            await page.get_by_label("Hasło").fill("bardzo tajne hasło")
            await page.keyboard.press("Enter")
            await page.wait_for_url(f"{console.url}/calls/a1b2c3d4")
            await page.wait_for_selector("#waveform[data-ready]")
            await page.get_by_role("button", name="Wyloguj").click()
            await page.goto("/")
            assert "/login" in page.url


def chirps(sample_rate: int) -> Samples:
    """Four seconds of tones that glide within the telephone band, each different."""
    time = np.arange(4 * sample_rate) / sample_rate
    frequency = 700 + 400 * np.sin(2 * np.pi * 0.7 * time) + 250 * np.sin(2 * np.pi * 3.1 * time)
    loudness = 0.25 + 0.2 * np.sin(2 * np.pi * 2.3 * time)
    wave = loudness * np.sin(2 * np.pi * np.cumsum(frequency) / sample_rate)
    lead = np.zeros(sample_rate)
    return (np.concatenate([lead, wave]) * 32767).astype(np.int16)


def similarity(sent: Samples, heard: Samples) -> float:
    """Normalised correlation of a part of `sent` with where it fits best in `heard`."""
    part = sent[len(sent) // 2 :][:8000].astype(np.float64)
    whole = heard.astype(np.float64)
    products = np.correlate(whole, part, mode="valid")
    squares = np.concatenate([[0.0], np.cumsum(whole**2)])
    energies = squares[len(part) :] - squares[: len(products)]
    norms = np.sqrt(energies * (part @ part)) + 1e-9
    return float(np.max(products / norms))


@pytest.mark.parametrize("rate", ["line", "own"], ids=["8 kHz", "resampled in the worklet"])
async def test_web_phone_sends_the_microphone_and_plays_the_answer(
    tmp_path: Path, console: Console, rate: str
) -> None:
    microphone = tmp_path / "debtor.wav"
    write_wav(microphone, chirps(48000), 48000)
    await add_samples(console.database, TODAY)
    async with browser_page(console, microphone) as page:
        await page.goto(f"/phone?processing=off&rate={rate}")
        assert "24\u202f68\u202f13\u202f57" in await page.inner_text(".samples")
        await page.get_by_role("button", name="Zadzwoń").click()
        await console.reception.has_call.wait()
        call = console.reception.calls[0]
        await asyncio.wait_for(call.has_heard(5.5), 30)
        await page.get_by_role("button", name="Klawisz 5").click()
        await page.keyboard.press("#")
        await page.wait_for_selector("#transcript .turn >> nth=1")
        assert "klawisz #" in await page.inner_text("#transcript")
        context_rate = int(await page.get_attribute("body", "data-context-rate") or 0)
        assert (context_rate == 8000) == (rate == "line")
        played_s = int(await page.get_attribute("body", "data-played-samples") or 0) / context_rate
        energy = float(await page.get_attribute("body", "data-played-energy") or 0)
        await page.get_by_role("button", name="Rozłącz się").click()
        await asyncio.wait_for(call.is_over.wait(), 5)
        assert await page.inner_text("#status") == "Rozłączono."
        await page.get_by_role("link", name="Zobacz zapis").click()
        await page.wait_for_url(f"**/calls/{call.leg.leg_id}")
    assert call.digits == "5#"
    assert call.ended == "hangup"
    assert similarity(chirps(8000), call.heard) > 0.9
    # What was echoed has been played: as long, and as strong, as what was heard.
    assert played_s > 4.5
    heard_energy = float(np.sum((call.heard / 32768.0) ** 2)) * context_rate / 8000
    assert energy == pytest.approx(heard_energy, rel=0.25)


async def test_a_call_is_ended_from_the_console_and_the_phone_says_so(console: Console) -> None:
    async with browser_page(console) as page:
        await page.goto("/phone?lang=en")
        await page.get_by_role("button", name="Call", exact=True).click()
        await console.reception.has_call.wait()
        other = await page.context.new_page()
        other.on("dialog", lambda dialog: dialog.accept())
        await other.goto("/")
        await other.get_by_role("button", name="Hang up").click()
        await page.wait_for_selector("#status >> text=The call is over.")
        await other.wait_for_selector("text=Nobody is on the line now.")


async def test_busy_lines_and_a_refused_microphone_are_said(tmp_path: Path) -> None:
    async with (
        running_console(tmp_path, sip={"max_calls": 1}) as console,
        browser_page(console) as page,
    ):
        console.sip.n_calls = 1
        await page.goto("/phone")
        await page.get_by_role("button", name="Zadzwoń").click()
        await page.wait_for_selector("#status >> text=Wszystkie linie są zajęte")
        assert console.reception.calls == []
        await page.add_init_script(
            "navigator.mediaDevices.getUserMedia = async () => "
            "{ throw new DOMException('no', 'NotAllowedError'); }"
        )
        await page.goto("/phone")
        await page.get_by_role("button", name="Zadzwoń").click()
        await page.wait_for_selector("#problem >> text=Mikrofon jest zablokowany")
        assert await page.get_by_role("button", name="Zadzwoń").is_enabled()
