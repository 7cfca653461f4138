"""A whole conversation through each provider on a running server, interruption included."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import aiohttp
import pytest

from tests.integration.running_server import CallWatch, RunningServer
from tests.integration.stream_providers.debtor import Debtor, check_conversation, voice
from tests.integration.stream_providers.fake_rest import FakeRest
from tests.integration.stream_providers.fake_stream import FakeStream
from tests.integration.stream_providers.providers import Providers
from tests.integration.test_conversation import Outcome
from voicebot.audio import Samples

pytestmark = pytest.mark.timeout(300)

NUMBERS = {"twilio": "+48600100301", "telnyx": "+48600100302", "vonage": "+48600100303"}

Call = Callable[[Providers, str], AbstractAsyncContextManager[FakeStream]]
Talk = tuple[Outcome, FakeStream]

CALLS: dict[str, Call] = {
    "twilio": Providers.twilio_call,
    "telnyx": Providers.telnyx_call,
    "vonage": Providers.vonage_call,
}


async def converse(
    server: RunningServer, providers: Providers, kind: str, answers: Mapping[str, Samples]
) -> Talk:
    number = NUMBERS[kind]
    async with (
        server.database() as database,
        CALLS[kind](providers, number) as stream,
    ):
        result = await Debtor(stream, CallWatch(database, number), answers).talk()
        return result, stream


@asynccontextmanager
async def all_providers(server: RunningServer, rest: FakeRest) -> AsyncIterator[Providers]:
    async with aiohttp.ClientSession() as session:
        yield Providers(server.web_url, session, rest)


@pytest.fixture(scope="module")
def talks(server: RunningServer, rest_socket: socket.socket) -> dict[str, Any]:
    """All providers at once, so that it takes as long as one of them."""
    answers = voice()

    async def talk_all() -> dict[str, Any]:
        async with FakeRest.running(rest_socket) as rest, all_providers(server, rest) as providers:
            results = await asyncio.gather(
                *(converse(server, providers, kind, answers) for kind in CALLS),
                return_exceptions=True,
            )
            return {**dict(zip(CALLS, results, strict=True)), "commands": list(rest.commands)}

    return asyncio.run(talk_all())


@pytest.mark.parametrize("kind", CALLS)
def test_promise_through_a_provider(talks: dict[str, Any], kind: str) -> None:
    talk = talks[kind]
    if isinstance(talk, BaseException):
        raise talk
    result, stream = talk
    check_conversation(result, kind)
    assert stream.player.n_clears >= 1
    assert result.record.remote_party == NUMBERS[kind]


def test_what_was_said_is_heard_to_its_end_before_the_call_is_ended(talks: dict[str, Any]) -> None:
    """Nothing of the goodbye is left in a buffer, and then the provider's call is ended, too."""
    for kind in CALLS:
        _, stream = talks[kind]
        player = stream.player
        assert player.n_frames - player.n_cleared_frames <= len(player.heard)
    ends = [command.path for command in talks["commands"]]
    assert any(path.endswith("/actions/hangup") for path in ends)
    assert [command.content for command in talks["commands"] if "/Calls/CA" in command.path] == [
        {"Status": "completed"}
    ]
