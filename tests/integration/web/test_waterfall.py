"""The page of a call's response times over HTTP: from the call's page, in both languages."""

from __future__ import annotations

from dataclasses import replace

import aiohttp

from tests.integration.web.console import Console, add_example_call
from voicebot.calls.turn_times import PromptTimes, TurnTimes
from voicebot.records import Speaker, Turn

TIMES = TurnTimes(
    "yes_no", 11.2, 12.0, 12.15, 12.25, transcript_at=12.3, decision_at=12.31, n_discarded_guesses=3
)
ANSWER_MS = TIMES.answer_ms(PromptTimes(12.42, 0.05, 12.4))


async def test_call_page_leads_to_its_response_times(
    console: Console, client: aiohttp.ClientSession
) -> None:
    example = await add_example_call(console)
    record = replace(example, call_id="timed", recording_path="")
    await console.database.calls.start(record)
    heard = Turn(Speaker.CALLER, "tak", 11.2, 12.0, state="read_back", timings_ms=TIMES.heard_ms())
    said = Turn(Speaker.BOT, "Zapisane.", 12.42, 14.0, prompt_id="saved", timings_ms=ANSWER_MS)
    await console.database.calls.add_turn("timed", 0, heard)
    await console.database.calls.add_turn("timed", 1, said)
    async with client.get("/calls/timed?lang=en") as answer:
        text = await answer.text()
        assert 'href="/calls/timed/times"' in text
        assert "voice to voice</b> 470 ms" in text
        assert "discarded guesses</b> 3</span>" in text, "a count is no time"
    async with client.get("/calls/timed/times?lang=en") as answer:
        assert answer.status == 200
        text = await answer.text()
    assert "<h1>Response times of a call" in text
    assert "<b>470 ms</b>" in text
    assert 'class="stage-endpointing"' in text
    async with client.get("/calls/timed/times?lang=pl") as answer:
        assert "<h1>Czasy reakcji w rozmowie" in await answer.text()


async def test_unknown_call_has_no_times(client: aiohttp.ClientSession) -> None:
    async with client.get("/calls/nobody/times") as answer:
        assert answer.status == 404
