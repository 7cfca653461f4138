"""A whole conversation through each provider on a running server, interruption included."""

from __future__ import annotations

import pytest

from tests.integration.stream_providers.debtor import check_conversation
from tests.integration.stream_providers.fake_stream import FakeStream
from tests.integration.stream_providers.talks import PARTIES, PROVIDERS, Talks

pytestmark = pytest.mark.timeout(600)


@pytest.mark.parametrize("kind", PROVIDERS)
def test_promise_through_a_provider(talks: Talks, kind: str, attempt: int) -> None:
    talk = talks.of(kind, attempt)
    check_conversation(talk.result, kind)
    assert isinstance(talk.phone, FakeStream)
    assert talk.phone.player.n_clears >= 1
    assert talk.result.record.remote_party == PARTIES[kind]


@pytest.mark.parametrize("kind", PROVIDERS)
def test_what_was_said_is_heard_to_its_end_before_the_call_is_ended(
    talks: Talks, kind: str, attempt: int
) -> None:
    """Nothing of the goodbye is left in a buffer, and then the provider's call is ended, too."""
    talk = talks.of(kind, attempt)
    assert isinstance(talk.phone, FakeStream)
    player = talk.phone.player
    assert player.n_frames - player.n_cleared_frames <= len(player.heard)
    if kind == "telnyx":
        assert any(command.path.endswith("/actions/hangup") for command in talk.commands)
    if kind == "twilio":
        assert [command.content for command in talk.commands if "/Calls/CA" in command.path] == [
            {"Status": "completed"}
        ]
