"""A whole conversation through Asterisk and jambonz on a running server, interruption included."""

from __future__ import annotations

import aiohttp
import pytest

from tests.integration.running_server import RunningServer
from tests.integration.stream_providers.audiosocket_phone import AudioSocketPhone
from tests.integration.stream_providers.debtor import check_conversation
from tests.integration.stream_providers.environment import PBX_TOKEN
from tests.integration.stream_providers.phone import StreamPhone, basic_auth
from tests.integration.stream_providers.talks import PARTIES, PBXS, Talks

pytestmark = pytest.mark.timeout(600)


@pytest.mark.parametrize("kind", PBXS)
def test_promise_through_a_pbx(talks: Talks, kind: str, attempt: int) -> None:
    talk = talks.of(kind, attempt)
    check_conversation(talk.result, kind)
    assert talk.result.record.remote_party == PARTIES[kind]
    assert isinstance(talk.phone, StreamPhone)
    if isinstance(talk.phone, AudioSocketPhone):
        assert talk.phone.has_been_hung_up
    else:
        assert talk.phone.n_clears >= 1


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
