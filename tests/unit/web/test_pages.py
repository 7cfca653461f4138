"""What pages say: escaped, in both languages, with amounts and times as people write them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.records import (
    Block,
    BlockReason,
    CallRecord,
    Direction,
    Disposition,
    Dispute,
    Notification,
    Plan,
    Speaker,
    Turn,
)
from voicebot.web.call_page import CallView, call_body, slot_text
from voicebot.web.formats import amount, call_length_s, day, decimal, instant, length
from voicebot.web.layout import page
from voicebot.web.markup import Html, data_block, escaped, fill
from voicebot.web.outcome_boxes import CallOutcomes, outcome_boxes
from voicebot.web.outcome_pages import agreements_body, disputes_body
from voicebot.web.texts import LANGUAGES, Texts

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Warsaw")
RECORD = CallRecord(
    *("c1", Direction.INBOUND, "sip", "+48111222333", "infolinia", "infolinia", START, START)
)


class Tags(HTMLParser):
    """Collects the names of tags, and the text outside them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)

    def handle_data(self, data: str) -> None:
        self.words += data


@given(st.text())
def test_whatever_is_filled_in_makes_no_tag(text: str) -> None:
    tags = Tags(fill('<p title="{text}">{text}</p>', text=text))
    assert tags.names == ["p"]


@given(st.text())
def test_data_of_a_script_makes_no_tag(text: str) -> None:
    assert Tags(data_block("x", {"text": text})).names == ["script"]


def test_control_characters_and_turned_writing_are_shown() -> None:
    assert escaped("a\x1bb\u202ec") == "a·b·c"
    assert escaped(None) == ""
    assert escaped(Html("<b>")) == "<b>"


@given(st.text(), st.text(), st.dictionaries(st.text(), st.text() | st.integers()))
def test_no_turn_breaks_a_call_page(text: str, intent: str, slots: dict[str, object]) -> None:
    turn = Turn(Speaker.CALLER, text, 1, 2, confidence=0.5, intent=intent, slots=slots)
    texts = Texts("pl")
    view = CallView(RECORD, None, [turn], CallOutcomes(), True, False, START)
    names = set(Tags(page(texts, "x", call_body(view, ZONE, texts), "/")).names)
    assert names <= {
        *("html", "head", "meta", "title", "link", "body", "a", "header", "img", "nav", "ul"),
        *("li", "div", "main", "h1", "h2", "small", "section", "ol", "span", "button", "p", "b"),
        *("canvas", "audio", "dl", "dt", "dd", "code", "script"),
    }


OUTCOMES = CallOutcomes(
    plans=[Plan(7, "c1", 6, 20000, 123450, date(2026, 3, 20), START, "superseded")],
    disputes=[Dispute("c1", 7, "limitation", "<b>minęło 6 lat</b>", START)],
    blocks=[Block("c1", None, "+48111222333", BlockReason.TIME_BARRED, START)],
    notifications=[
        Notification("c1", 7, "sms", "potwierdzenie", "+48111222333", {}, START, "waiting")
    ],
)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("pl", ["6 × 200,00 zł", "20.03.2026", "przedawnienie", "czeka", "zastąpione"]),
        ("en", ["6 × PLN 200.00", "2026-03-20", "limitation", "time-barred", "waiting"]),
    ],
)
def test_what_came_of_a_call_is_on_its_page_and_in_the_lists(language, expected) -> None:
    texts = Texts(language)
    lists = agreements_body(OUTCOMES, {7: "2468"}, ZONE, texts) + disputes_body(
        OUTCOMES, {7: "2468"}, ZONE, texts
    )
    for markup in (outcome_boxes(OUTCOMES, "sip", ZONE, texts), lists):
        words = " ".join(Tags(markup).words.split()).replace("\u00a0", " ")
        for text in (*expected, "<b>minęło 6 lat</b>", "+48111222333", "potwierdzenie"):
            assert text in words
    assert lists.count("2468") == 3


def test_every_text_has_both_languages_and_the_same_places() -> None:
    polish, english = (Texts(language).starting_with("") for language in LANGUAGES)
    assert polish.keys() == english.keys()
    for key, text in polish.items():
        assert text
        assert english[key]
        assert text.count("{") == english[key].count("{"), key
    for language in LANGUAGES:
        assert len({Texts(language).disposition(d) for d in Disposition}) == len(Disposition)
        assert len({Texts(language).block_reason(r) for r in BlockReason}) == len(BlockReason)


@pytest.mark.parametrize(
    ("grosze", "polish", "english"),
    [
        (0, "0,00 zł", "PLN 0.00"),
        (129490, "1 294,90 zł", "PLN 1,294.90"),
        (123456789, "1 234 567,89 zł", "PLN 1,234,567.89"),
        (-5, "-0,05 zł", "PLN -0.05"),
    ],
)
def test_amounts(grosze: int, polish: str, english: str) -> None:
    assert amount(grosze, "pl").replace("\u00a0", " ") == polish
    assert amount(grosze, "en").replace("\u00a0", " ") == english


def test_times() -> None:
    assert instant(START, ZONE, "pl") == "02.03.2026 10:30:00"
    assert instant(START, ZONE, "en") == "2026-03-02 10:30:00"
    assert day(date(2026, 3, 6), "pl") == "06.03.2026"
    assert (length(59.6), length(3725), length(0)) == ("1:00", "1:02:05", "0:00")
    assert (decimal(4.04, "pl"), decimal(4.04, "en")) == ("4,0", "4.0")


def test_a_call_lasts_from_its_answer_to_its_end_or_until_now() -> None:
    later = START + timedelta(seconds=90)
    assert call_length_s(RECORD, later) == 90
    assert call_length_s(replace(RECORD, ended_at=START + timedelta(seconds=5)), later) == 5
    assert call_length_s(replace(RECORD, answered_at=None), later) == 0


def test_slots_are_readable() -> None:
    texts = Texts("pl")
    assert slot_text("amount_gr", 5000, texts) == "50,00\u00a0zł"
    assert slot_text("digits", ["1", "2"], texts) == "1, 2"
    assert slot_text("date", date(2026, 3, 6), texts) == "06.03.2026"
    assert slot_text("x", {"amount_gr": 100}, texts) == "amount_gr: 1,00\u00a0zł"
