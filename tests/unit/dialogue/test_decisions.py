"""The decision log keeps every value's type, and reads what it wrote."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from voicebot.dialogue.actions import (
    CallerLeft,
    DialogueEvent,
    NoInput,
    QueryAnswered,
    SystemFailed,
    TimeRanOut,
    UserTurn,
)
from voicebot.dialogue.decisions import (
    DecisionHeader,
    DecisionWriter,
    HeardSpan,
    digest,
    header_line,
    read_log,
)
from voicebot.dialogue.mood import Mood
from voicebot.dialogue.trail import Edge
from voicebot.errors import DecisionLogError
from voicebot.records import Disposition, PersonName

NOW = datetime(2026, 3, 11, 9, 15, 0, 7, tzinfo=UTC)
HEADER = DecisionHeader(
    "call-1", "good", "good.yaml", "abc", "Europe/Warsaw", "seed", "Classifier",
    {"voice": "rhvoice"},
    {"person": PersonName("Anna", "Nowak", "f"), "since": date(2026, 1, 2), "is_recorded": True},
)  # fmt: skip


class Engine:
    """As much of an engine as is noted."""

    def __init__(self) -> None:
        self.state_name = "here"
        self.disposition = Disposition.INFORMED
        self.n_not_understood = 0
        self.variables: dict[str, object] = {"day": date(2026, 3, 13), "n": 1}
        self.trail = [Edge("there", "rule", 7, "here")]

    def take_trail(self) -> list[Edge]:
        trail, self.trail = self.trail, []
        return trail


def logged(*events: DialogueEvent | None, heard: HeardSpan | None = None) -> str:
    writer, engine = DecisionWriter(), Engine()
    lines = [header_line(HEADER)]
    lines += [writer.line(event, NOW, [], engine, heard) for event in events]
    return "".join(line + "\n" for line in lines)


@pytest.mark.parametrize(
    "event",
    [
        None,
        NoInput(),
        CallerLeft(),
        TimeRanOut(),
        SystemFailed(promise_lost=True),
        UserTurn(
            text="całość, w piątek",
            confidence=0.1 + 0.2,
            alternatives=("całość", "piątek"),
            over="prompt",
            mood=Mood(anger=0.7, hits=2),
        ),
        UserTurn(digits="1#"),
        QueryAnswered("find_case", {"found": True}),
        QueryAnswered(
            "case_details",
            {"due_date": date(2026, 2, 1), "balance_gr": 5, "person": PersonName("", "Firma")},
        ),
        QueryAnswered("case_details", {}),
    ],
)
def test_an_event_is_read_as_it_was_written(event: DialogueEvent | None):
    header, [decision] = read_log(logged(event))
    assert header == HEADER
    assert decision.event == event
    assert decision.told_at == NOW


def test_where_a_turn_was_heard_is_kept():
    span = HeardSpan(160, 4800, "date", ("w piątek",))
    _, [decision] = read_log(logged(UserTurn(text="jutro"), heard=span))
    assert decision.heard == span


def test_only_what_changed_is_told_again():
    _, [first, second] = read_log(logged(None, NoInput()))
    assert first.document["changed"] == {"day": {"date": "2026-03-13"}, "n": 1}
    assert first.document["trail"] == [["there", "rule", 7, "here"]]
    assert second.document["changed"] == {}
    assert second.document["trail"] == []


def test_a_line_that_was_cut_off_is_left_out():
    _, decisions = read_log(logged(None, NoInput(), NoInput())[:-20])
    assert len(decisions) == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}\n",
        "no json\n",
        header_line(HEADER).replace('"decisions":1', '"decisions":2') + "\n",
        header_line(HEADER).replace("Europe/Warsaw", "Europe/Nowhere") + "\n",
        header_line(HEADER) + '\n{"at": 1}\n',
        header_line(HEADER) + '\n{"at":"2026-03-11T09:15:00","event":{"is":"eval"}}\n',
        header_line(HEADER) + '\n{"at":"2026-03-11T09:15:00","event":{"is":"NoInput","x":1}}\n',
        "[]\n",
    ],
)
def test_what_is_no_log_is_refused(text: str):
    with pytest.raises(DecisionLogError):
        read_log(text)


def test_the_digest_is_of_the_text():
    assert digest(["a", "b"]) != digest(["ab"])
    assert digest(["a"]) == digest(["a"])
