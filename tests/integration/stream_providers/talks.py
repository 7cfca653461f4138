"""Everybody whom no SIP brings talks with the one server: through providers, PBXs, a browser."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket

import aiohttp

from tests.integration.conversations import Conversations, at_once
from tests.integration.running_server import RunningServer
from tests.integration.stream_providers.asterisk_phone import ChanWebSocketPhone
from tests.integration.stream_providers.audiosocket_phone import AudioSocketPhone
from tests.integration.stream_providers.debtor import ANNA, JAN, Caller, Debtor, voice
from tests.integration.stream_providers.environment import PBX_TOKEN
from tests.integration.stream_providers.fake_rest import Command, FakeRest
from tests.integration.stream_providers.jambonz_phone import JambonzPhone
from tests.integration.stream_providers.providers import Providers
from tests.integration.test_conversation import Outcome
from tests.integration.web.browser_phone import BrowserPhone
from voicebot.audio import Samples

AUDIOSOCKET_CALL = uuid.UUID("40325ec2-5efd-4bd3-805f-53576e581d13")

PROVIDERS = ("twilio", "telnyx", "vonage")
PBXS = ("asterisk", "audiosocket", "jambonz")
BROWSER = "web"
PARTIES = {
    "twilio": "+48600100301",
    "telnyx": "+48600100302",
    "vonage": "+48600100303",
    "asterisk": "+48600100304",
    "audiosocket": "audiosocket",
    "jambonz": "+48600100306",
    BROWSER: "web",
}
"""By which the calls are found; AudioSocket and the browser tell no number."""

GROUPS = (PROVIDERS, PBXS, (BROWSER,))
"""Who talks at once: with more of them a small machine is late for everybody."""

ENDS = {"twilio": "/Calls/CA", "telnyx": "/actions/hangup"}
"""In the path by which a provider is told to end the call; the others see the stream's end."""

STAGGER_S = 1.5
"""One after the other, so that they do not all fall silent in the same moment."""


@dataclass(frozen=True)
class Talk:
    """One conversation, when it is over."""

    result: Outcome
    phone: Caller
    commands: list[Command] = field(default_factory=list)
    """What all providers were told in this run."""


@dataclass(frozen=True)
class Lines:
    """All ways into the server. Made for one run."""

    server: RunningServer
    rest: FakeRest
    audiosocket_port: int
    http: aiohttp.ClientSession
    directory: Path

    def call(self, kind: str) -> AbstractAsyncContextManager[Caller]:
        """Dial; the call's end hangs up."""
        number = PARTIES[kind]
        providers = Providers(self.server.web_url, self.http, self.rest)
        match kind:
            case "twilio":
                return providers.twilio_call(number)
            case "telnyx":
                return providers.telnyx_call(number)
            case "vonage":
                return providers.vonage_call(number)
            case "asterisk":
                query = f"caller=%2B{number[1:]}&called=222"
                url = f"{self.server.web_url}/streams/asterisk?{query}"
                return ChanWebSocketPhone(self.http, url, is_json=True, password=PBX_TOKEN)
            case "audiosocket":
                return AudioSocketPhone("127.0.0.1", self.audiosocket_port, AUDIOSOCKET_CALL)
            case "jambonz":
                hook = f"{self.server.web_url}/streams/jambonz/call"
                local = self.server.web_url
                return JambonzPhone(self.http, hook, PBX_TOKEN, caller=number, local_url=local)
        return BrowserPhone.call(self.server.web_url, self.directory)


async def _talk(lines: Lines, kind: str, answers: Mapping[str, Samples], delay_s: float) -> Talk:
    await asyncio.sleep(delay_s)
    async with lines.server.watch(PARTIES[kind]) as watch, lines.call(kind) as phone:
        who = ANNA if kind == BROWSER else JAN
        result = await Debtor(phone, watch, answers, who).talk()
        if isinstance(phone, BrowserPhone):
            await phone.page.get_by_role("link", name="Zobacz zapis").click()
            await phone.page.get_by_text("Obietnica wpłaty").wait_for()
        if kind in ENDS:
            await lines.rest.told(ENDS[kind])
        return Talk(result, phone, lines.rest.commands)


class Talks(Conversations[Talk]):
    """All of them with one server."""

    def __init__(
        self,
        server: RunningServer,
        rest_socket: socket,
        audiosocket_port: int,
        directory: Path,
    ) -> None:
        super().__init__(GROUPS, self._talk_all)
        self._server = server
        self._rest_socket = rest_socket
        self._audiosocket_port = audiosocket_port
        self._directory = directory
        self._answers: Mapping[str, Samples] | None = None

    async def _talk_all(self, kinds: Sequence[str]) -> Mapping[str, Talk | BaseException]:
        if self._answers is None:
            self._answers = await asyncio.to_thread(voice)
        async with self._lines() as lines:
            return await at_once(
                {
                    kind: _talk(lines, kind, self._answers, STAGGER_S * n)
                    for n, kind in enumerate(kinds)
                }
            )

    @contextlib.asynccontextmanager
    async def _lines(self) -> AsyncIterator[Lines]:
        async with (
            FakeRest.running(self._rest_socket) as rest,
            aiohttp.ClientSession() as http,
        ):
            yield Lines(self._server, rest, self._audiosocket_port, http, self._directory)
