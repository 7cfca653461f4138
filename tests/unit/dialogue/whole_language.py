"""The call script that uses all of the language, and calls to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.unit.dialogue.dialogue_driver import NOW, WARSAW
from voicebot.dialogue.actions import Action, NoInput, Query, QueryAnswered, Say, UserTurn
from voicebot.dialogue.engine import DialogueEngine, make_classifier
from voicebot.dialogue.nlu import IntentClassifier
from voicebot.dialogue.script import Script
from voicebot.dialogue.script_loader import load_script
from voicebot.records import PersonName

SCRIPTS = Path(__file__).resolve().parents[2] / "data" / "scripts"
ANNA = PersonName("Anna", "Nowak", "f")
DETAILS = {"balance_gr": 60000}


@cache
def whole_language() -> tuple[Script, IntentClassifier]:
    script = load_script(SCRIPTS / "whole_language.yaml")
    return script, make_classifier(script)


@dataclass
class Call:
    """A call whose case directory answers at once. `last`: all that followed the last turn."""

    seed: str = ""
    given: dict[str, object] = field(default_factory=dict)
    matches: bool = True
    last: list[Action] = field(default_factory=list)

    def __post_init__(self) -> None:
        script, classifier = whole_language()
        given: dict[str, object] = {
            "company": "Firma",
            "person": ANNA,
            "is_company": False,
            "case_number": "20260017",
        }
        self.engine = DialogueEngine(script, classifier, given | self.given, WARSAW, self.seed)
        self.last = self._answered(self.engine.start(NOW))

    def _answered(self, actions: list[Action]) -> list[Action]:
        query = actions[-1]
        if not isinstance(query, Query):
            return actions
        data: dict[str, dict[str, object]] = {
            "find_case": {"found": True},
            "verify_fact": {"matches": self.matches},
            "case_details": DETAILS,
        }
        answer = QueryAnswered(query.name, data[query.name])
        return [*actions, *self._answered(self.engine.handle(answer, NOW))]

    def say(self, *texts: str) -> list[Action]:
        for text in texts:
            self.last = self._answered(self.engine.handle(UserTurn(text, 0.9), NOW))
        return self.last

    def press(self, digits: str) -> list[Action]:
        self.last = self._answered(self.engine.handle(UserTurn(digits=digits), NOW))
        return self.last

    def stay_silent(self) -> list[Action]:
        self.last = self._answered(self.engine.handle(NoInput(), NOW))
        return self.last

    def prove_identity(self) -> Call:
        self.say("ósmy maja siedemdziesiąty piąty")
        assert self.engine.state_name == "when"
        return self

    @property
    def said(self) -> list[str]:
        return [action.prompt_id for action in self.last if isinstance(action, Say)]

    @property
    def texts(self) -> list[str]:
        return [action.text for action in self.last if isinstance(action, Say)]
