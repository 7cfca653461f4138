"""A console whose chat follows the shipped hotline script, with sample debtors to play."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp

from tests.integration.web.console import Console, running_console
from voicebot.calls.chat_scripts import chat_script
from voicebot.calls.chat_sessions import ChatSessions
from voicebot.calls.live_calls import LiveCalls
from voicebot.calls.reception import Conversation
from voicebot.clock import SystemClock
from voicebot.dialogue.engine import make_classifier
from voicebot.dialogue.script_loader import load_script
from voicebot.dialogue.script_paths import find_script
from voicebot.settings import Settings
from voicebot.storage.database import Database
from voicebot.storage.samples import add_samples, sample_debtors

WARSAW = ZoneInfo("Europe/Warsaw")
DEBTOR = sample_debtors(date(2026, 3, 11))[0]
BIRTH_DATE = f"{DEBTOR.contact.birth_date:%d.%m.%Y}"
PROOFS = (DEBTOR.case.case_number, BIRTH_DATE, DEBTOR.contact.postcode)
"""What a debtor writes until he is known."""

PROMISE = (*PROOFS, "zapłacę całość jutro", "tak")


def today() -> date:
    return SystemClock().now().astimezone(WARSAW).date()


@functools.cache
def hotline() -> Conversation:
    script = load_script(find_script("infolinia"))
    return Conversation(script, make_classifier(script), {"company": "Windykacja Próbna"}, WARSAW)


@asynccontextmanager
async def running_chat(tmp_path: Path, **sections: Any) -> AsyncIterator[Console]:
    """sections: of the settings, such as chat={...}."""

    def make_chats(settings: Settings, database: Database, live: LiveCalls) -> ChatSessions:
        scripts = [chat_script(hotline())]
        return ChatSessions(settings.chat, lambda: scripts, database, live, SystemClock(), "test")

    async with running_console(tmp_path, make_chats=make_chats, **sections) as console:
        await add_samples(console.database, today())
        yield console


@dataclass
class Writer:
    """Somebody who writes to the API."""

    client: aiohttp.ClientSession
    session: str | None = None

    async def writes(self, text: str = "", status: int = 200, **more: object) -> dict[str, Any]:
        """The bot's answer, or the problem."""
        body = {"session": self.session, "text": text, **more}
        async with self.client.post("/api/v1/chat", json=body) as answer:
            document: dict[str, Any] = await answer.json()
            assert answer.status == status, document
        self.session = document.get("session", self.session)
        return document


def prompts(answer: dict[str, Any]) -> list[str]:
    return [said["prompt_id"] for said in answer["says"]]
