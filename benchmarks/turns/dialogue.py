"""The benchmark's conversation: questions in their order, and what a caller answers to each."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import yaml

AnswerStyle = Literal["short", "long", "hesitating"]
STYLE_WEIGHTS = {"short": 2, "long": 1, "hesitating": 1}

_FILE = Path(__file__).with_name("dialogue.yaml")


@dataclass(frozen=True, slots=True)
class Question:
    """kind: yes_no, choice, amount, date, digits or open. is_variable: an amount is read back
    before it. length: of the digits awaited."""

    question_id: str
    kind: str
    text: str
    answers: str
    is_variable: bool = False
    length: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """One thing to say. level_dbfs: of its speech; rate: of the voice."""

    text: str
    style: AnswerStyle
    level_dbfs: float
    rate: float


@dataclass(frozen=True, slots=True)
class Dialogue:
    questions: tuple[Question, ...]
    answers: dict[str, dict[AnswerStyle, tuple[str, ...]]]
    lead_in: str

    def question(self, question_id: str) -> Question:
        return next(item for item in self.questions if item.question_id == question_id)

    def plan(self, call_number: int) -> dict[str, Answer]:
        """What the caller of the n-th call answers, by question; the same in each run."""
        chance = random.Random(f"turns {call_number}")
        return {question.question_id: self._choose(question, chance) for question in self.questions}

    def _choose(self, question: Question, chance: random.Random) -> Answer:
        styles: Sequence[AnswerStyle] = get_args(AnswerStyle)
        (style,) = chance.choices(styles, [STYLE_WEIGHTS[name] for name in styles])
        return Answer(
            text=chance.choice(self.answers[question.answers][style]),
            style=style,
            level_dbfs=round(chance.uniform(-28, -16), 1),
            rate=round(chance.uniform(0.9, 1.2), 2),
        )


def load_dialogue(path: Path = _FILE) -> Dialogue:
    """Raises KeyError or TypeError where the file isn't as it should be: it is our own."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    questions = tuple(
        Question(
            question_id=item["id"],
            kind=item["kind"],
            text=item["text"],
            answers=item["answers"],
            is_variable="variable" in item,
            length=item.get("length", 0),
        )
        for item in content["questions"]
    )
    answers = {
        name: {style: tuple(styles[style]) for style in get_args(AnswerStyle)}
        for name, styles in content["answers"].items()
    }
    return Dialogue(questions, answers, content["lead_in"])
