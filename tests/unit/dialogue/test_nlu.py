"""The classifier, measured on the examples it has not learnt (each left out in its turn).

Figures of 22 Nov 2026 are beside the floors. The examples of intents.yaml were known to who
wrote the other ones, so real callers will be understood less often than that.
"""

from __future__ import annotations

import csv
import time
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.shared import shared_path
from tests.unit.dialogue.dialogue_driver import infolinia
from voicebot.dialogue.nlu import (
    ExampleClassifier,
    IntentExamples,
    Meaning,
    PatternError,
    compile_pattern,
    normalise,
)
from voicebot.dialogue.script import OTHER_INTENT


@cache
def classifier() -> ExampleClassifier:
    return ExampleClassifier(infolinia()[0].intents)


@cache
def allowed_in(state: str) -> frozenset[str]:
    script, _ = infolinia()
    rules = script.rules_in(script.states[state])
    return frozenset(name for rule in rules for name in rule.intents) | {OTHER_INTENT}


@dataclass(frozen=True)
class LeftOut:
    """What was made of one example without having learnt it."""

    text: str
    right: str
    meaning: Meaning


def left_out(allowed: frozenset[str]) -> list[LeftOut]:
    """Every example of an allowed intent. Patterns count: they are not learnt from examples."""
    c = classifier()
    scores = c.left_out_scores()
    results = []
    for row, (text, right) in enumerate(zip(c.texts, c.example_labels, strict=True)):
        if right not in allowed:
            continue
        possible = c.without_vetoed(text, allowed)
        decided = c.by_pattern(text, possible)
        columns = [n for n, label in enumerate(c.labels) if label in possible]
        best = columns[int(np.argmax(scores[row, columns]))]
        meaning = Meaning(decided, 1) if decided else Meaning(c.labels[best], scores[row, best])
        results.append(LeftOut(text, right, meaning))
    return results


@cache
def texts_of_the_domain(key: str) -> frozenset[str]:
    path = shared_path("domain/intents.yaml")
    intents = yaml.safe_load(path.read_text(encoding="utf-8"))["intents"]
    return frozenset(normalise(text) for intent in intents for text in intent[key])


def accuracy(results: list[LeftOut]) -> float:
    return sum(result.meaning.intent == result.right for result in results) / len(results)


@pytest.mark.parametrize(("key", "floor"), [("utterances", 0.62), ("asr", 0.84)])
def test_accuracy_over_all_intents(key: str, floor: float):
    """0.69 of utterances, 0.89 of what a recogniser writes, of 55 intents."""
    results = [
        r for r in left_out(frozenset(classifier().labels)) if r.text in texts_of_the_domain(key)
    ]
    assert accuracy(results) >= floor


def test_knowing_the_state_helps():
    """Only what makes sense now is looked for."""
    allowed = allowed_in("details")
    restricted = left_out(allowed)
    wide = [r for r in left_out(frozenset(classifier().labels)) if r.right in allowed]
    assert accuracy(restricted) > accuracy(wide)
    assert accuracy(restricted) >= 0.70


DISPUTES = frozenset({"dispute_debt", "dispute_amount", "limitation_claim", "b2b_goods_dispute"})
"""The hotline does the same for all of them."""


@pytest.mark.parametrize(
    ("intents", "floor"),
    [
        (frozenset({"crisis_self_harm"}), 1.0),
        (frozenset({"ask_human"}), 0.95),
        (frozenset({"deceased"}), 0.95),
        (DISPUTES, 0.80),
    ],
    ids=["crisis", "human", "deceased", "dispute"],
)
def test_recall_of_what_must_not_be_missed(intents: frozenset[str], floor: float):
    """1.00, 1.00, 1.00; of disputes 0.83. Patterns count, and were written knowing examples."""
    results = [r for r in left_out(allowed_in("details")) if r.right in intents]
    assert len(results) >= 25
    recall = sum(r.meaning.intent in intents for r in results) / len(results)
    assert recall >= floor, [r for r in results if r.meaning.intent not in intents]


@pytest.mark.parametrize("intent", ["crisis_self_harm", "ask_human"])
def test_priority_intents_raise_no_false_alarms(intent: str):
    limit = infolinia()[0].limits.min_score
    alarms = [
        r.text
        for r in left_out(allowed_in("details"))
        if r.meaning.intent == intent and r.right != intent and r.meaning.score >= limit
    ]
    assert len(alarms) <= 4, alarms


def test_unrelated_sentences_are_no_match():
    """nEMO: 90 everyday sentences. 4 % pass the threshold in the state with most intents."""
    path = shared_path("speech/nemo_8k/data.tsv")
    with path.open(encoding="utf-8") as file:
        sentences = {row["raw_text"] for row in csv.DictReader(file, delimiter="\t")}
    limit = infolinia()[0].limits.min_score
    accepted = []
    for sentence in sorted(sentences):
        meaning = classifier().classify(sentence, allowed_in("details"))
        if meaning and meaning.intent != OTHER_INTENT and meaning.score >= limit:
            accepted.append((sentence, meaning))
    assert len(accepted) <= 0.08 * len(sentences), accepted


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Nie chce mi się już żyć.", "crisis_self_harm"),
        ("skoncze ze soba", "crisis_self_harm"),
        ("mam dosyć takiego życia", "crisis_self_harm"),
        ("byłoby lepiej gdyby mnie w ogóle nie było", "crisis_self_harm"),
        ("ja się przez was powieszę", "crisis_self_harm"),
        ("KONSULTANTA POPROSZĘ", "ask_human"),
        ("no dobrze ale ja chcę z żywym człowiekiem porozmawiać", "ask_human"),
        ("ta pani nie żyje od dwóch lat", "deceased"),
        ("maz nie rzyje", "deceased"),
        ("to sie dawno przedawnilo", "limitation_claim"),
        ("czy mogę to spłacić na raty", "request_installments"),
        ("ja to już dawno zapłaciłam", "already_paid"),
        ("czy ja rozmawiam z automatem", "ask_if_bot"),
    ],
)
def test_patterns_decide_alone(text: str, intent: str):
    assert classifier().classify(text, allowed_in("details")) == Meaning(intent, 1.0)


@pytest.mark.parametrize(
    "text",
    ["nie mam za co żyć", "z czego ja mam żyć", "nie zapłaciłem jeszcze", "moja żona zmarła mi"],
)
def test_what_only_looks_alike_is_not_taken_by_a_pattern(text: str):
    meaning = classifier().classify(text, allowed_in("details"))
    assert meaning is None or meaning.intent not in {"crisis_self_harm", "already_paid", "deceased"}


@pytest.mark.parametrize(
    ("text", "intents"),
    [
        ("zapłacę, ale proszę mnie połączyć z konsultantem", ["ask_human", "promise_full_date"]),
        (
            "to jest przedawnione i nie dzwońcie do mnie więcej",
            ["limitation_claim", "stop_contact"],
        ),
        ("chciałbym na raty bo straciłem pracę", ["request_installments", "hardship_financial"]),
        ("tak ale chcę konsultanta", ["ask_human"]),
        ("no tak, słucham", ["confirm_identity"]),
        ("tak, zgadza się", ["affirm"]),
        ("", []),
    ],
)
def test_two_things_in_one_sentence_are_both_understood(text: str, intents: list[str]):
    meanings = classifier().classify_all(text, frozenset(classifier().labels))
    assert [meaning.intent for meaning in meanings] == intents


def test_readings_of_one_utterance_vote_by_how_likely_they_are():
    allowed = allowed_in("details")
    readings = [("z konsul tantem pro sze", 0.5), ("z konsultantem proszę", 0.4), ("szę", 0.1)]
    meaning = classifier().classify_heard(readings, allowed)
    assert meaning is not None
    assert meaning.intent == "ask_human"
    assert classifier().classify_heard([], allowed) is None
    assert classifier().classify_heard([("tak", 1.0)], frozenset()) is None
    assert classifier().classify_heard([("konsultant", 1.0)], allowed) == Meaning("ask_human", 1.0)


def test_an_intent_that_makes_no_sense_now_is_not_given():
    only = frozenset({"affirm", "deny"})
    meaning = classifier().classify("proszę z konsultantem", only)
    assert meaning is None or meaning.intent in only


def test_nothing_said_means_nothing():
    assert classifier().classify("", allowed_in("details")) is None
    assert classifier().classify("…?!", allowed_in("details")) is None
    assert classifier().classify("tak", frozenset()) is None


def test_learns_and_answers_quickly():
    """0.5 s and 1 ms of CPU on our machine; twice as much is allowed."""
    script, _ = infolinia()
    started = time.process_time()
    ExampleClassifier(script.intents)
    assert time.process_time() - started < 2
    allowed = allowed_in("details")
    started = time.process_time()
    for text in classifier().texts[:100]:
        classifier().classify(text + " a w ogóle to", allowed)
    assert (time.process_time() - started) / 100 < 0.005


def test_left_out_scores_are_those_of_a_classifier_without_the_example():
    intents = {
        "a": IntentExamples(("ala ma kota", "ola ma psa", "kot ali")),
        "b": IntentExamples(("pada deszcz", "pada śnieg", "deszcz ze śniegiem")),
    }
    whole = ExampleClassifier(intents)
    row = whole.texts.index("pada snieg")
    scores = whole.left_out_scores()[row]
    assert whole.labels[int(np.argmax(scores))] == "b"
    # The same by hand, with the weights of n-grams as they were.
    kernel = whole._regularised_kernel()
    keep = [n for n in range(len(whole.texts)) if n != row]
    targets = np.array([[label == name for name in whole.labels] for label in whole.example_labels])
    weights = np.linalg.solve(kernel[np.ix_(keep, keep)], targets[keep].astype(np.float32))
    assert np.allclose(kernel[row, keep] @ weights, scores, atol=1e-4)


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("nie chc* ... zyc", "ja nie chce juz tak dluzej zyc", True),
        ("nie chc* ... zyc", "nie chce zyc", True),
        ("nie chc* ... zyc", "nie chce raz dwa trzy cztery zyc", False),
        ("kot|pies szczeka", "pies szczeka", True),
        ("kot|pies szczeka", "pies nie szczeka", False),
        ("rat", "raty", False),
        ("rat*", "raty", True),
        ("żyć", "zyc", True),
        ("a.b", "a b", False),
    ],
)
def test_pattern(pattern: str, text: str, matches: bool):
    if pattern == "a.b":
        with pytest.raises(PatternError):
            compile_pattern(pattern)
        return
    assert bool(compile_pattern(pattern).search(text)) is matches


@pytest.mark.parametrize("pattern", ["", "...", "... a", "a ...", "*", "a|", "a|*"])
def test_broken_pattern_is_refused(pattern: str):
    with pytest.raises(PatternError):
        compile_pattern(pattern)


@given(st.text(max_size=500))
def test_any_text_is_classified_or_not(text: str):
    meaning = classifier().classify(text, allowed_in("greeting"))
    assert meaning is None or 0 < meaning.score <= 1


def test_a_very_long_text_is_cut():
    assert len(normalise("konsultant " * 10_000)) <= 300
