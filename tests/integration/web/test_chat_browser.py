"""The chat's page in a real browser: by mouse, by keyboard alone, and in a frame."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.integration.web.chat_console import PROOFS, running_chat
from tests.integration.web.console import Console
from tests.integration.web.test_browser import (
    NARROW,
    WIDE,
    browser_page,
    is_wider_than_screen,
)

pytestmark = [pytest.mark.peer, pytest.mark.timeout(180)]


@pytest.fixture
async def chat(tmp_path: Path) -> AsyncIterator[Console]:
    async with running_chat(tmp_path, use="demo") as console:
        yield console


async def writes(page: Page, text: str, answer: str) -> None:
    """Type and send with Enter; returns when the bot has answered so."""
    await page.get_by_label("Twoja wiadomość").fill(text)
    await page.keyboard.press("Enter")
    await expect(page.locator("#messages .turn.bot").last).to_contain_text(re.compile(answer))


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["1280", "390"])
async def test_debtor_promises_on_the_page(chat: Console, viewport: dict[str, int]) -> None:
    async with browser_page(chat, viewport=viewport) as page:
        await page.goto("/chat")
        assert "program komputerowy, nie człowiek" in await page.inner_text(".machine")
        # Nobody is recorded who only looks at the page.
        assert await chat.database.calls.list() == []
        await page.get_by_role("button", name="Rozpocznij rozmowę").click()
        await expect(page.locator("#messages")).to_contain_text("Treść tej rozmowy")
        assert await page.evaluate("document.activeElement.id") == "text"
        for text, answer in zip(PROOFS, ["urodzenia", "pocztowy", "wpłata"], strict=True):
            await writes(page, text, answer)
        await writes(page, "zapłacę całość jutro", "zapisać")
        await expect(page.get_by_role("group", name="Szybkie odpowiedzi")).to_contain_text("nie")
        await page.get_by_role("button", name="tak", exact=True).click()
        await expect(page.locator("#messages")).to_contain_text("zapisane")
        assert not await is_wider_than_screen(page)
        # A reload of the tab loses nothing.
        await page.reload()
        await expect(page.locator("#messages")).to_contain_text("zapisane")
        await writes(page, "nie, dziękuję", "Do widzenia")
        await expect(page.get_by_role("button", name="Nowa rozmowa")).to_be_focused()
        await expect(page.get_by_label("Twoja wiadomość")).to_be_hidden()
        await page.reload()
        await expect(page.get_by_role("button", name="Rozpocznij rozmowę")).to_be_visible()
    (record,) = await chat.database.calls.list()
    (promise,) = await chat.database.promises.list(call_id=record.call_id)
    assert promise.status == "open"


async def test_keyboard_is_enough_and_the_human_is_one_key_away(chat: Console) -> None:
    async with browser_page(chat) as page:
        await page.goto("/chat?lang=en")
        begin = page.get_by_role("button", name="Begin")
        await begin.focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("#messages .turn.bot").first).to_be_visible()
        # What a screen reader is told as it comes.
        assert await page.get_attribute("#messages", "aria-live") == "polite"
        assert await page.get_attribute("#messages .turn.bot p", "lang") == "pl"
        await expect(page.locator("#text")).to_be_focused()
        await page.keyboard.type("pierwszy wiersz")
        await page.keyboard.press("Shift+Enter")
        assert await page.input_value("#text") == "pierwszy wiersz\n"
        await page.fill("#text", "")
        n_before = await page.locator("#messages .turn.bot").count()
        for _ in range(4):
            await page.keyboard.press("Tab")
            if await page.evaluate("document.activeElement.id") == "human":
                break
        await page.keyboard.press("Enter")
        await expect(page.locator("#messages .turn.caller")).to_have_text("Youkonsultant")
        await expect(page.locator("#messages .turn.bot").nth(n_before)).to_be_visible()


async def test_what_is_written_is_shown_and_not_run(chat: Console) -> None:
    async with browser_page(chat) as page:
        await page.goto("/chat")
        await page.get_by_role("button", name="Rozpocznij rozmowę").click()
        await expect(page.locator("#text")).to_be_focused()
        await page.fill("#text", "<img src=x onerror=alert(1)>")
        await page.get_by_role("button", name="Wyślij").click()
        await expect(page.locator("#messages .turn.caller")).to_contain_text("<img src=x")
        assert await page.locator("#messages img").count() == 0


async def test_conversation_that_was_ended_elsewhere_says_so(chat: Console) -> None:
    async with browser_page(chat) as page:
        await page.goto("/chat")
        await page.get_by_role("button", name="Rozpocznij rozmowę").click()
        await expect(page.locator("#text")).to_be_focused()
        await page.fill("#text", "halo")
        # The server's own 404 would be logged as an error of the page, which fails the test.
        await page.evaluate(
            "() => { window.fetch = async () => new Response('{}', {status: 404}) }"
        )
        await page.keyboard.press("Enter")
        await expect(page.locator("#status")).to_contain_text("została zakończona")
        await expect(page.get_by_role("button", name="Nowa rozmowa")).to_be_focused()


async def test_message_that_could_not_be_sent_goes_back_into_the_field(chat: Console) -> None:
    async with browser_page(chat, viewport=NARROW) as page:
        await page.goto("/chat?embed=1")
        await page.get_by_role("button", name="Rozpocznij rozmowę").click()
        await expect(page.locator("#text")).to_be_focused()
        assert await page.locator("nav").count() == 0
        await page.evaluate(
            "() => { window.kept = window.fetch;"
            " window.fetch = async () => { throw new TypeError('no way there') } }"
        )
        await page.fill("#text", "24681357")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_contain_text("Nie udało się wysłać")
        assert await page.input_value("#text") == "24681357"
        assert await page.locator("#messages .turn.caller").count() == 0
        await page.evaluate("() => { window.fetch = window.kept }")
        await page.keyboard.press("Enter")
        await expect(page.locator("#messages")).to_contain_text("urodzenia")
        await expect(page.get_by_role("alert")).to_be_hidden()
        assert not await is_wider_than_screen(page)
