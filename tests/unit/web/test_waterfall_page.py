"""A call's answers drawn: bars where the times say, in both languages, and nothing unescaped."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from voicebot.records import CallRecord, Direction, Speaker, Turn
from voicebot.web.markup import Html
from voicebot.web.texts import LANGUAGES, Texts
from voicebot.web.waterfall_page import answers, waterfall_body

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Warsaw")
RECORD = CallRecord(
    *("c1", Direction.INBOUND, "sip", "+48111222333", "infolinia", "infolinia", START, START)
)
HEARD_MS = {
    "speech_end_to_vad_end": 150.0,
    "speech_end_to_decided": 400.0,
    "speech_end_to_transcript": 450.0,
}
SAID_MS = {
    "speech_end_to_decision": 460.0,
    "speech_end_to_audio": 900.0,
    "speech_end_to_first_packet": 920.0,
    "voice_to_voice": 1000.0,
    "decision_to_first_packet": 460.0,
}


def caller(begin: float, end: float, **more: object) -> Turn:
    return Turn(Speaker.CALLER, "tak", begin, end, state="read_back", timings_ms=HEARD_MS)


def bot(begin: float, end: float, timings_ms: dict[str, float] | None = None) -> Turn:
    prompt_id = "<b>debt</b>"
    return Turn(Speaker.BOT, "…", begin, end, prompt_id=prompt_id, timings_ms=timings_ms or {})


TURNS = [bot(0.1, 5), caller(6, 8), bot(8.92, 12, SAID_MS), bot(12, 13), caller(13.5, 14)]


def page(turns: list[Turn], language: str = "en") -> Html:
    return waterfall_body(RECORD, turns, ZONE, Texts(language))


def test_an_answer_is_the_first_prompt_after_a_turn() -> None:
    [answer] = answers(TURNS)
    assert (answer.heard, answer.said) == (TURNS[1], TURNS[2])
    assert answer.wait_ms == 1000
    assert answer.speech_ended_s == pytest.approx(8.0)


def test_a_second_thing_said_is_what_is_answered() -> None:
    turns = [caller(1, 2), caller(3, 4), bot(4.92, 6, SAID_MS), bot(6, 7, SAID_MS)]
    assert [answer.heard for answer in answers(turns)] == [turns[1]]


def test_bars_lie_where_the_times_say() -> None:
    drawn = re.search(r"<li id=\"answer-1\">.*?</li>", page(TURNS), re.DOTALL)
    assert drawn is not None
    root = ElementTree.fromstring(drawn[0])
    bars = {bar.get("class"): bar for bar in root.iter("rect")}
    assert set(bars) == {
        *("caller", "bot", "stage-pause", "stage-endpointing", "stage-recognition"),
        *("stage-decision", "stage-synthesis", "stage-playout", "stage-leading_silence"),
    }

    def span(name: str) -> tuple[float, float]:
        begin = float((bars[name].get("x") or "").rstrip("%"))
        return begin, begin + float((bars[name].get("width") or "").rstrip("%"))

    zero, bot_begins = span("caller")[1], span("bot")[0]
    ms = 1000 / (bot_begins - zero)
    for name, begin, end in (
        ("stage-pause", 0, 150),
        ("stage-endpointing", 150, 400),
        ("stage-recognition", 150, 450),
        ("stage-synthesis", 460, 900),
        ("stage-playout", 900, 920),
        ("stage-leading_silence", 920, 1000),
    ):
        assert (span(name)[0] - zero) * ms == pytest.approx(begin, abs=1)
        assert (span(name)[1] - zero) * ms == pytest.approx(end, abs=1)
    assert all(0 <= edge <= 100 for name in bars if name for edge in span(name))


def test_the_page_names_what_took_longest_and_lists_the_numbers() -> None:
    text = page(TURNS)
    assert "longest: synthesis, 440 ms" in text
    cells = re.findall(r'<td class="number">([^<]+)</td>', text)
    assert cells == ["150", "400", "450", "460", "900", "920", "1000", "–"]


def test_recognition_behind_the_waiting_is_not_what_took_longest() -> None:
    heard = {**HEARD_MS, "speech_end_to_decided": 700.0, "speech_end_to_transcript": 701.0}
    said = {"speech_end_to_decision": 702.0, "speech_end_to_first_packet": 710.0}
    turns = [
        Turn(Speaker.CALLER, "tak", 1, 2, timings_ms=heard),
        bot(2.71, 3, {**said, "voice_to_voice": 710.0}),
    ]
    assert "longest: waiting for the end of the turn, 550 ms" in page(turns)


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_speaks_both_languages_and_escapes(language: str) -> None:
    text = page(TURNS, language)
    assert "<b>debt</b>" not in text
    assert "&lt;b&gt;debt&lt;/b&gt;" in text
    assert 'href="/calls/c1"' in text
    assert "style=" not in text, "the content security policy forbids it"


@pytest.mark.parametrize("turns", [[], [bot(0, 1)], [caller(1, 2), bot(3, 4)]])
def test_a_call_without_times_says_so(turns: list[Turn]) -> None:
    assert "No times were kept" in page(turns)
    assert "<svg" not in page(turns)


def test_an_hour_and_a_long_wait_still_have_an_axis_of_few_labels() -> None:
    slow = {**SAID_MS, "voice_to_voice": 9000.0}
    text = page([caller(3500, 3600), bot(3600.92, 3610, slow)])
    assert len(re.findall(r"<text ", text)) < 20
