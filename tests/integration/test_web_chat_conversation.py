"""The whole server in writing: a debtor's promise by the page, and every shipped script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from playwright.async_api import expect

from tests.integration.running_server import RunningServer
from tests.integration.web.chat_console import PROOFS, Writer, prompts
from tests.integration.web.test_browser import NARROW, browser_page
from voicebot.calls.chat_session import LEG_KIND
from voicebot.clock import SystemClock
from voicebot.records import CallRecord, Disposition

pytestmark = [pytest.mark.peer, pytest.mark.timeout(600)]


@dataclass(frozen=True)
class Site:
    url: str


async def chats_since(server: RunningServer, since: Any) -> list[CallRecord]:
    async with server.database() as database:
        records = await database.calls.list(limit=50)
    return [r for r in records if r.leg_kind == LEG_KIND and r.started_at >= since]


async def test_promise_by_the_chat_page(server: RunningServer) -> None:
    since = SystemClock().now()
    async with browser_page(Site(server.web_url), viewport=NARROW) as page:
        await page.goto("/chat")
        await page.get_by_role("button", name="Rozpocznij rozmowę").click()
        field = page.get_by_label("Twoja wiadomość")
        for text in (*PROOFS, "zapłacę całość jutro"):
            await expect(field).to_be_enabled()
            n_said = await page.locator("#messages .turn.bot").count()
            await field.fill(text)
            await page.keyboard.press("Enter")
            await expect(page.locator("#messages .turn.bot").nth(n_said)).to_be_visible()
            await expect(page.locator("#talk")).to_have_attribute("aria-busy", "false")
        await page.get_by_role("button", name="tak", exact=True).click()
        await expect(page.locator("#messages")).to_contain_text("zapisane")
    (record,) = await chats_since(server, since)
    async with server.database() as database:
        (promise,) = await database.promises.list(call_id=record.call_id)
    assert (promise.status, promise.case_id) == ("open", record.case_id)
    assert record.is_verified


async def test_every_shipped_script_is_held_in_writing(server: RunningServer) -> None:
    """Each begins with its notice, asks, and hands over to a human where that is asked for."""
    names = {
        "infolinia": None,
        "przypomnienie_przed_terminem": PROOFS[0],
        "przypomnienie_konsument": PROOFS[0],
        "przypomnienie_firma": None,
        "zlamana_obietnica": PROOFS[0],
        "poczta_glosowa": PROOFS[0],
    }
    since = SystemClock().now()
    async with aiohttp.ClientSession(server.web_url) as client:
        async with client.get("/api/v1/cases?limit=500") as answer:
            cases = (await answer.json())["cases"]
        companies = [case["case_number"] for case in cases if not case["case_number"].isdigit()]
        for name, case in names.items():
            writer = Writer(client)
            about = {"case": case} if case else {}
            if name == "przypomnienie_firma":
                about = {"case": (companies or [cases[-1]["case_number"]])[0]}
            first = await writer.writes(script=name, **about)
            text = " ".join(said["text"] for said in first["says"])
            assert "text_kept" in prompts(first), name
            assert "program" in text or "automat" in text.lower(), (name, text)
            if not first["ended"]:
                await writer.writes("konsultant")
    records = {record.script: record for record in await chats_since(server, since)}
    assert records.keys() == names.keys()
    for name, record in records.items():
        assert record.script_version, name
        assert record.disposition is not Disposition.ERROR, name
