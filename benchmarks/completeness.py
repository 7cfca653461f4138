"""Measures whether the dialogue knows when an answer is whole.

Labelled answers (tests/data/answers/labelled.tsv) tell how many whole ones may end a turn early
and how many unfinished ones are waited for; the rules were written with them in view. Every whole
answer is also cut at each of its words, as a recogniser hears it while it is being said: a
beginning that is called complete though the whole means something else is an answer cut short, if
the caller pauses there. The wordings of benchmarks/first_try.py, and the examples of all
intents and the development expressions of shared/, are cut in the same way.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

from benchmarks import first_try
from voicebot.dialogue.answer_completeness import Completeness, Question, completeness
from voicebot.dialogue.check.script_check import load_checked_script
from voicebot.dialogue.polish.words import tokenize
from voicebot.dialogue.script import SlotSpec
from voicebot.dialogue.slots import fill_from_text

_CHECKOUT = Path(__file__).resolve().parents[1]
TABLE = _CHECKOUT / "tests" / "data" / "answers" / "labelled.tsv"
_DOMAIN = _CHECKOUT.parent / "shared" / "domain"
_RESULT = _CHECKOUT / "benchmarks" / "results" / "completeness.md"
NOW = datetime(2026, 3, 11, 9, 15, tzinfo=UTC).astimezone(ZoneInfo("Europe/Warsaw"))
"""A Wednesday."""
BALANCE_GR = 123456
_MOST_WRONG_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the slots that its answer fills; the first is what was asked for."""

    kind: Question
    slots: Mapping[str, SlotSpec]


def _asked(question: Question, *slots: SlotSpec) -> Asked:
    return Asked(question, {slot.kind: slot for slot in slots})


_MONEY = (SlotSpec("date"), SlotSpec("amount", balance="balance"))
_ANSWER = SlotSpec("yes_no")
ASKED: dict[str, Asked] = {
    "yes_no": _asked(Question("yes_no", slots=frozenset({"yes_no"})), _ANSWER),
    "read_back": _asked(
        Question("yes_no", slots=frozenset({"yes_no", "date", "amount"}), balance_gr=BALANCE_GR),
        _ANSWER,
        *_MONEY,
    ),
    "day": _asked(
        Question("date", slots=frozenset({"date", "amount"}), balance_gr=BALANCE_GR), *_MONEY
    ),
    "amount": _asked(
        Question("amount", slots=frozenset({"date", "amount"}), balance_gr=BALANCE_GR),
        *reversed(_MONEY),
    ),
    "case": _asked(Question("digits", 8), SlotSpec("case_number", length=8)),
    "postcode": _asked(Question("digits", 5), SlotSpec("postcode")),
    "pesel": _asked(Question("digits", 4), SlotSpec("digits", length=4)),
    "birth": _asked(Question("date", 8, slots=frozenset({"birth_date"})), SlotSpec("birth_date")),
    "change": _asked(Question("open", phrases=("kwotę", "termin"))),
    "open": _asked(Question("open")),
}


@dataclass(frozen=True, slots=True)
class Answer:
    asked: str
    label: str
    said: str


def labelled() -> list[Answer]:
    """The table of tests/data."""
    lines = (line for line in TABLE.read_text("utf-8").splitlines() if not line.startswith("#"))
    return [
        Answer(row["question"], row["label"], row["said"])
        for row in csv.DictReader(lines, delimiter="\t")
    ]


def from_domain() -> Iterator[Answer]:
    """Whole sentences of shared/domain, as answers to every question they may be heard at."""
    with (_DOMAIN / "expressions_dev.tsv").open(encoding="utf-8") as file:
        rows = csv.reader((line for line in file if not line.startswith("#")), delimiter="\t")
        for row in rows:
            if row[2].startswith("date"):
                yield Answer("day", "whole", row[1])
            elif row[2] == "amount":
                yield Answer("amount", "whole", row[1])
    intents = yaml.safe_load((_DOMAIN / "intents.yaml").read_text("utf-8"))["intents"]
    for intent in intents:
        for said in (*intent.get("utterances", ()), *intent.get("asr", ())):
            for asked in ("read_back", "day", "amount", "case", "birth", "open"):
                yield Answer(asked, "whole", said)


_PLACES = {
    "greeting": "case",
    "ask_birth": "birth",
    "ask_postcode": "postcode",
    "ask_pesel": "pesel",
    "read_back": "read_back",
    "ask_date": "day",
    "ask_amount": "amount",
}


def from_understanding() -> list[Answer]:
    """The wordings of benchmarks/first_try.py: no rule was written with them in view."""
    script = load_checked_script(_CHECKOUT / "call_scripts" / "infolinia.yaml")
    return [
        Answer(_PLACES[it.place], "whole", it.said)
        for it in first_try.answers(script, seed=1, n_intents=0)
        if it.kind != "consultant"
    ]


def judge(asked: str, said: str) -> Completeness:
    return completeness(said, ASKED[asked].kind, NOW)


def meaning(asked: str, said: str) -> tuple[object, ...]:
    """What the dialogue would take from it for the question; "no" and "no, thank you" alike."""
    filled = fill_from_text(ASKED[asked].slots, said, {"amount": BALANCE_GR}, NOW)
    values = [filled.values.get(name) for name in ASKED[asked].slots]
    if values and ASKED[asked].kind.kind != "yes_no":
        # A day without the amount that follows is asked for next; nothing is lost by it.
        values = values[:1]
    return (*values, filled.problem)


def prefixes(said: str) -> list[str]:
    """What is heard of it while it is being said."""
    words = said.split()
    return [" ".join(words[:n]) for n in range(1, len(words))]


@dataclass
class Cut:
    """Beginnings of answers: how many, how many called complete and mean something else."""

    n: int = 0
    wrong: list[tuple[str, str, str]] = field(default_factory=list)
    n_themselves_whole: int = 0


def cut_answers(answers: list[Answer], known_whole: set[tuple[str, str]]) -> Cut:
    """known_whole: answers that are complete by the table, so that words can't tell them from
    a beginning ("tak" from "tak, ale ...")."""
    cut = Cut()
    for answer in answers:
        whole = meaning(answer.asked, answer.said)
        for prefix in prefixes(answer.said):
            cut.n += 1
            if judge(answer.asked, prefix) is not Completeness.COMPLETE:
                continue
            if meaning(answer.asked, prefix) == whole:
                continue
            cut.wrong.append((answer.asked, prefix, answer.said))
            cut.n_themselves_whole += (answer.asked, _plain(prefix)) in known_whole
    return cut


def _plain(said: str) -> str:
    return " ".join(token.text for token in tokenize(said) if not token.is_mark)


def complete_ones(answers: list[Answer]) -> set[tuple[str, str]]:
    """Short ones only: that of every "tak" and "nie" another answer may come, nobody can tell."""
    return {(it.asked, _plain(it.said)) for it in answers if it.label == "complete"}


def _percent(part: int, of: int) -> str:
    return f"{part} of {of} ({100 * part / of:.1f} %)" if of else "none"


def report(answers: list[Answer], fresh: list[Answer], domain: list[Answer]) -> str:
    by_question: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for answer in answers:
        by_question[answer.asked][answer.label][judge(answer.asked, answer.said).value] += 1
    lines = [
        "# When an answer is whole",
        "",
        "Command: `python -m benchmarks.completeness`. Words only, without the voice.",
        "",
        "| question | whole: complete | whole, words can't tell: open | unfinished: waited for "
        "| unfinished called complete |",
        "|---|---|---|---|---|",
    ]
    for asked, labels in by_question.items():
        lines.append(
            f"| {asked} | {_share(labels['complete'], 'complete')} "
            f"| {_share(labels['open'], 'open')} | {_share(labels['unfinished'], 'unfinished')} "
            f"| {labels['unfinished']['complete']} |"
        )
    lines += [
        "",
        "Whole answers in the wordings of benchmarks/first_try.py, not used for tuning:",
    ]
    lines += ["", "| question | complete | open | unfinished |", "|---|---|---|---|"]
    for asked in dict.fromkeys(it.asked for it in fresh):
        counts = Counter(judge(asked, it.said).value for it in fresh if it.asked == asked)
        cells = (_percent(counts[each.value], counts.total()) for each in Completeness)
        lines.append(f"| {asked} | {' | '.join(cells)} |")
    known = complete_ones(answers)
    lines += ["", "Beginnings of whole answers, cut at every word:", ""]
    lines += [
        "| answers | beginnings | called complete, and the whole means something else | of these "
        "the beginning is itself a whole answer | the rest |",
        "|---|---|---|---|---|",
    ]
    shown: list[tuple[str, str, str]] = []
    sets = {
        "labelled": [it for it in answers if it.label != "unfinished"],
        "benchmarks/first_try.py": fresh,
        "shared/domain": domain,
    }
    for name, chosen in sets.items():
        if not chosen:
            continue
        cut = cut_answers(chosen, known)
        n_rest = len(cut.wrong) - cut.n_themselves_whole
        lines.append(
            f"| {name} | {cut.n} | {_percent(len(cut.wrong), cut.n)} "
            f"| {_percent(cut.n_themselves_whole, cut.n)} | {_percent(n_rest, cut.n)} |"
        )
        shown += cut.wrong
    lines += ["", f"Time: {_cost_ms(answers):.2f} ms of CPU for one judgement, mean.", ""]
    lines += ["Called complete, and the whole means something else (question, beginning, whole):"]
    lines += ["", *(f"- {a}: {p} | {w}" for a, p, w in shown[:_MOST_WRONG_SHOWN]), ""]
    return "\n".join(lines)


def _share(counts: Counter[str], wanted: str) -> str:
    return _percent(counts[wanted], counts.total())


def _cost_ms(answers: list[Answer]) -> float:
    started = time.process_time()
    for answer in answers:
        tokenize.cache_clear()
        judge(answer.asked, answer.said)
    return 1000 * (time.process_time() - started) / len(answers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true", help="print what was not as labelled")
    parser.add_argument("--output", type=Path, default=_RESULT)
    parser.add_argument("--dry", action="store_true", help="write no result")
    options = parser.parse_args()
    answers = labelled()
    domain = list(from_domain()) if _DOMAIN.exists() else []
    if options.show:
        for answer in answers:
            found = judge(answer.asked, answer.said).value
            if found != answer.label:
                print(f"{answer.asked}: {answer.said} | {answer.label}, judged {found}")
    text = report(answers, from_understanding(), domain)
    print(text)
    if not options.dry:
        options.output.write_text(text, encoding="utf-8")
        print(f"written: {options.output}", file=sys.stderr)


if __name__ == "__main__":
    main()
