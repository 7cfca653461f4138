"""A debtor talks with the whole server from a browser: keys on the page, voice by microphone."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Page

from tests.integration.phones.debtor_voice import speak
from tests.integration.running_server import CallWatch, RunningServer
from tests.integration.test_conversation import next_friday
from tests.integration.web.test_browser import browser_page
from voicebot.audio import SAMPLE_RATE
from voicebot.media.audio_file import write_wav
from voicebot.records import CallRecord, Disposition, Promise, Speaker

pytestmark = [pytest.mark.peer, pytest.mark.timeout(420)]

CASE_NUMBER, BIRTH_DATE, POSTCODE = "31524679", "21031975", "30002"
"""Of the second sample debtor; she owes 499,25 zł."""

BALANCE_GR = 49925
POSTCODE_AT_S = 31.0
"""When her last keys are pressed, so that what follows falls where the microphone's file speaks."""

SAID_AT_S = {
    49.5: "zapłacę całość w piątek",
    64.5: "tak, dokładnie",
    81.0: "nie, dziękuję, do widzenia",
}
"""Seconds after the call button: each some seconds behind the question it answers."""


@dataclass(frozen=True)
class _Site:
    url: str


def microphone_file(path: Path) -> Path:
    """One file with everything she says, and silence between: the browser plays it once."""
    spoken = speak({text: text for text in SAID_AT_S.values()})
    track = np.zeros(120 * SAMPLE_RATE, dtype=np.int16)
    for at_s, text in SAID_AT_S.items():
        start = int(at_s * SAMPLE_RATE)
        track[start : start + len(spoken[text])] = spoken[text]
    write_wav(path, track)
    return path


async def press(page: Page, keys: str) -> None:
    for key in keys:
        await page.get_by_role("button", name=f"Klawisz {key}", exact=True).click()


async def test_promise_by_browser(server: RunningServer, tmp_path: Path) -> None:
    """Her voice is a file that runs on whatever happens: where a busy machine makes one answer
    misheard, the rest falls out of step. Then she calls again, as people do; once."""
    microphone = microphone_file(tmp_path / "debtor.wav")
    conversation = await call_by_browser(server, microphone)
    if conversation.record.disposition is not Disposition.PTP_FULL:
        conversation = await call_by_browser(server, microphone)
    record = conversation.record
    assert record.disposition is Disposition.PTP_FULL, conversation.text
    (promise,) = conversation.promises
    assert promise.amount_gr == BALANCE_GR
    assert promise.due_date == next_friday(record.started_at)
    assert record.leg_kind == "web"
    assert record.is_verified
    assert "piątek" in conversation.said_aloud, conversation.text


@dataclass(frozen=True)
class _Conversation:
    record: CallRecord
    promises: list[Promise]
    text: str
    said_aloud: str


async def call_by_browser(server: RunningServer, microphone: Path) -> _Conversation:
    async with (
        server.database() as database,
        browser_page(_Site(server.web_url), microphone) as page,
    ):
        watch = CallWatch(database, "web")
        await page.goto("/phone?processing=off")
        await page.get_by_role("button", name="Zadzwoń").click()
        began = time.monotonic()
        await watch.heard("ask_case_first")
        await press(page, CASE_NUMBER)
        await watch.heard("ask_birth")
        await press(page, BIRTH_DATE)
        await watch.heard("ask_postcode")
        await asyncio.sleep(max(0.0, POSTCODE_AT_S - (time.monotonic() - began)))
        await press(page, POSTCODE)
        record = await watch.ended(timeout_s=100)
        turns = await watch.turns()
        promises = await watch.promises()
        if promises:
            await page.get_by_role("link", name="Zobacz zapis").click()
            await page.get_by_text("Obietnica wpłaty").wait_for()
    spoken = [turn for turn in turns if turn.speaker is Speaker.CALLER and "•" not in turn.text]
    return _Conversation(
        record,
        promises,
        "\n".join(f"{turn.started_s:6.1f} {turn.text}" for turn in turns),
        " ".join(turn.text.lower() for turn in spoken),
    )
