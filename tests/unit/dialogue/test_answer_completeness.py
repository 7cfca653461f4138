"""Whole answers, open ones and beginnings: the table of tests/data/answers, and every prefix."""

from __future__ import annotations

import random

import pytest

from benchmarks.completeness import (
    ASKED,
    NOW,
    Answer,
    complete_ones,
    cut_answers,
    from_understanding,
    judge,
    labelled,
)
from tests.unit.dialogue.dialogue_driver import Conversation
from voicebot.dialogue.answer_completeness import Completeness, Question, completeness
from voicebot.dialogue.engine import DialogueEngine

TABLE = labelled()


def by_question(asked: str, label: str) -> list[Answer]:
    return [answer for answer in TABLE if (answer.asked, answer.label) == (asked, label)]


@pytest.mark.parametrize("label", ["complete", "open", "unfinished"])
@pytest.mark.parametrize("asked", sorted(ASKED))
def test_answers_are_judged_as_labelled(asked: str, label: str):
    answers = by_question(asked, label)
    assert answers
    judged = {answer.said: judge(asked, answer.said).value for answer in answers}
    assert judged == {answer.said: label for answer in answers}


def test_what_only_begins_an_answer_is_doubtful():
    """A "no" may be all, and is as often the beginning of "no, chyba nie"."""
    assert judge("yes_no", "No.") is Completeness.DOUBTFUL
    assert completeness("No to może", Question("open"), NOW) is Completeness.UNFINISHED
    assert completeness("No tak", Question("open"), NOW) is Completeness.OPEN
    assert completeness("Mam", Question("open"), NOW) is Completeness.DOUBTFUL


@pytest.mark.parametrize("label", ["complete", "open"])
def test_punctuation_and_capitals_of_a_recogniser_change_nothing(label: str):
    for answer in TABLE:
        if answer.label == label and not answer.said.endswith(("?", ".")):
            written = answer.said.capitalize() + "."
            assert judge(answer.asked, written).value == label, written


def test_voice_that_stays_up_is_waited_for():
    assert judge("day", "W piątek...") is Completeness.OPEN
    assert judge("day", "W piątek,") is Completeness.OPEN
    assert judge("day", "Nie wiem…") is Completeness.UNFINISHED
    assert judge("yes_no", "Tak...") is Completeness.OPEN


def test_beginnings_of_other_answers_are_not_called_complete():
    """Beside those that are whole answers themselves: of every "nie" more may come."""
    whole = [answer for answer in TABLE if answer.label != "unfinished"]
    cut = cut_answers(whole, complete_ones(TABLE))
    assert cut.n > 300
    assert len(cut.wrong) - cut.n_themselves_whole < 0.01 * cut.n
    assert len(cut.wrong) < 0.03 * cut.n


def test_wordings_the_rules_were_not_written_for():
    fresh = from_understanding()
    cut = cut_answers(fresh, set())
    assert len(cut.wrong) < 0.01 * cut.n
    n_complete = sum(judge(it.asked, it.said) is Completeness.COMPLETE for it in fresh)
    assert n_complete > 0.85 * len(fresh)
    assert not any(judge(it.asked, it.said) is Completeness.UNFINISHED for it in fresh)


def test_nothing_said_tells_nothing():
    for asked in ASKED:
        assert judge(asked, "") is Completeness.OPEN
        assert judge(asked, "...") is Completeness.OPEN
    assert completeness("tak", Question("none"), NOW) is Completeness.OPEN


def test_any_digits_will_do_where_their_number_is_not_known():
    assert completeness("dwa trzy", Question("digits"), NOW) is Completeness.OPEN


def test_never_raises_on_what_a_recogniser_may_write():
    chance = random.Random(4)
    words = " ".join(answer.said for answer in TABLE).split()
    words += ["²", "🙂", "1.000.000", "99.99.99", "0" * 50, "[muzyka]", "\x00", "…", "dwa" * 40]
    for _ in range(2000):
        said = " ".join(chance.choices(words, k=chance.randint(1, 8)))
        for asked in chance.sample(sorted(ASKED), 2):
            assert judge(asked, said) in Completeness


def judged(engine: DialogueEngine, said: str, call: Conversation) -> str:
    return engine.completeness(said, call.now).value


def test_engine_judges_by_the_question_of_its_state():
    call = Conversation()
    assert judged(call.engine, "dwa zero dwa sześć", call) == "unfinished"
    assert judged(call.engine, "dwa zero dwa sześć zero zero jeden siedem", call) == "complete"
    call.play("dwa zero dwa sześć zero zero jeden siedem")
    assert judged(call.engine, "ósmy maja", call) == "unfinished"
    assert judged(call.engine, "ósmy maja siedemdziesiąty piąty", call) == "complete"
    call.play("ósmy maja siedemdziesiąty piąty", "zero zero dziewięćset pięćdziesiąt")
    assert judged(call.engine, "w piątek", call) == "complete"
    assert judged(call.engine, "tak", call) == "open"
    call.play("w piątek")
    assert judged(call.engine, "całość", call) == "complete"
    call.play("całość")
    assert judged(call.engine, "tak", call) == "complete"
    assert judged(call.engine, "tak, ale", call) == "unfinished"
    call.play("tak", "do widzenia")
    assert judged(call.engine, "tak", call) == "open"
