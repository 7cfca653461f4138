"""A whole conversation through Asterisk and jambonz on a running server, interruption included."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest

from tests.integration.running_server import CallWatch, RunningServer
from tests.integration.stream_providers.asterisk_phone import ChanWebSocketPhone
from tests.integration.stream_providers.audiosocket_phone import AudioSocketPhone
from tests.integration.stream_providers.debtor import Debtor, check_conversation, voice
from tests.integration.stream_providers.environment import PBX_TOKEN
from tests.integration.stream_providers.jambonz_phone import JambonzPhone
from tests.integration.stream_providers.phone import StreamPhone, basic_auth
from voicebot.audio import Samples

pytestmark = pytest.mark.timeout(300)

AUDIOSOCKET_CALL = uuid.UUID("40325ec2-5efd-4bd3-805f-53576e581d13")
REMOTE = {"asterisk": "+48600100304", "audiosocket": "audiosocket", "jambonz": "+48600100306"}
"""By which the calls are found; AudioSocket tells no number."""


def phone(
    kind: str, server: RunningServer, audiosocket_port: int, http: aiohttp.ClientSession
) -> StreamPhone:
    number = REMOTE[kind]
    match kind:
        case "asterisk":
            url = f"{server.web_url}/streams/asterisk?caller=%2B{number[1:]}&called=222"
            return ChanWebSocketPhone(http, url, is_json=True, password=PBX_TOKEN)
        case "audiosocket":
            return AudioSocketPhone("127.0.0.1", audiosocket_port, AUDIOSOCKET_CALL)
    hook = f"{server.web_url}/streams/jambonz/call"
    return JambonzPhone(http, hook, PBX_TOKEN, caller=number, local_url=server.web_url)


async def converse(
    kind: str, server: RunningServer, audiosocket_port: int, answers: Mapping[str, Samples]
) -> tuple[Any, StreamPhone]:
    async with (
        server.database() as database,
        aiohttp.ClientSession() as http,
        phone(kind, server, audiosocket_port, http) as stream,
    ):
        watch = CallWatch(database, REMOTE[kind])
        return await Debtor(stream, watch, answers).talk(), stream


@pytest.fixture(scope="module")
def talks(server: RunningServer, audiosocket_port: int) -> dict[str, Any]:
    """All at once, so that it takes as long as one of them."""
    answers = voice()

    async def talk_all() -> list[Any]:
        talks = (converse(kind, server, audiosocket_port, answers) for kind in REMOTE)
        return await asyncio.gather(*talks, return_exceptions=True)

    return dict(zip(REMOTE, asyncio.run(talk_all()), strict=True))


@pytest.mark.parametrize("kind", REMOTE)
def test_promise_through_a_pbx(talks: dict[str, Any], kind: str) -> None:
    talk = talks[kind]
    if isinstance(talk, BaseException):
        raise talk
    result, stream = talk
    check_conversation(result, kind)
    assert result.record.remote_party == REMOTE[kind]
    if isinstance(stream, AudioSocketPhone):
        assert stream.has_been_hung_up
    else:
        assert stream.n_clears >= 1


async def test_the_running_server_refuses_a_wrong_token(server: RunningServer) -> None:
    async with aiohttp.ClientSession() as http:
        for path in ("/streams/asterisk/wrong", "/streams/asterisk", "/streams/jambonz/stream"):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
                await http.ws_connect(server.web_url + path)
            assert refusal.value.status == 403
        for path in ("/streams/jambonz/call", "/streams/jambonz/ended", "/streams/jambonz/status"):
            headers = basic_auth("jambonz", "wrong")
            async with http.post(server.web_url + path, json={}, headers=headers) as answer:
                assert answer.status == 401
                assert PBX_TOKEN not in await answer.text()
