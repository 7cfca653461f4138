"""A debtor talks with the whole server from a browser: keys on the page, voice by microphone."""

from __future__ import annotations

import pytest

from tests.integration.stream_providers.debtor import ANNA, check_promise
from tests.integration.stream_providers.talks import BROWSER, Talks
from voicebot.records import Speaker

pytestmark = [pytest.mark.peer, pytest.mark.timeout(600)]


def test_promise_by_browser(talks: Talks, attempt: int) -> None:
    result = talks.of(BROWSER, attempt).result
    check_promise(result, BROWSER, ANNA)
    spoken = [turn for turn in result.turns if turn.speaker is Speaker.CALLER]
    said_aloud = " ".join(turn.text.lower() for turn in spoken if "•" not in turn.text)
    assert "piątek" in said_aloud, result.conversation
