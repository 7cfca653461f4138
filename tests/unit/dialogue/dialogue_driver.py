"""Plays a conversation in text: what the caller says goes in, what the bot does comes out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from voicebot.dialogue.actions import (
    Action,
    DialogueEvent,
    HangUp,
    Listen,
    NoInput,
    Notify,
    Query,
    QueryAnswered,
    RecordBlock,
    RecordCallback,
    RecordDispute,
    RecordEvent,
    RecordPlan,
    RecordPromise,
    Say,
    StopRecording,
    UserTurn,
)
from voicebot.dialogue.engine import DialogueEngine, make_classifier
from voicebot.dialogue.nlu import IntentClassifier
from voicebot.dialogue.script import Script
from voicebot.dialogue.script_loader import load_script

REPOSITORY = Path(__file__).resolve().parents[3]
INFOLINIA = REPOSITORY / "call_scripts" / "infolinia.yaml"
WARSAW = ZoneInfo("Europe/Warsaw")
NOW = datetime(2026, 3, 11, 9, 15, tzinfo=UTC)
"""A Wednesday, 10:15 in Warsaw."""
CASE_NUMBER = "20260017"
BALANCE_GR = 123456


@cache
def scripted(name: str) -> tuple[Script, IntentClassifier]:
    """A shipped script. What is wrong with it is the check's business, and its tests'."""
    script = load_script(REPOSITORY / "call_scripts" / f"{name}.yaml")
    return script, make_classifier(script)


def infolinia() -> tuple[Script, IntentClassifier]:
    return scripted("infolinia")


class FakeCases:
    """One case, opened by two facts; refuses details before, as the real directory does."""

    def __init__(self, balance_gr: int = BALANCE_GR, due_date: date = date(2026, 2, 1)) -> None:
        self._facts = {
            "birth_date": "1975-05-08",
            "postcode": "00950",
            "pesel_last4": "7834",
            "nip": "0001234562",
        }
        self._balance_gr = balance_gr
        self._due_date = due_date
        self.matched: set[str] = set()
        self.is_open = False
        self.is_broken = False
        self.is_company = False
        self.promised: tuple[date, int] | None = None
        self.n_promises = 0

    def answer(self, query: Query) -> dict[str, object]:
        if self.is_broken:
            return {}
        match query.name:
            case "find_case":
                self.is_open = query.args["case_number"] == CASE_NUMBER
                return {"found": self.is_open, "is_company": self.is_company}
            case "verify_fact":
                fact = str(query.args["fact"])
                value = str(query.args["value"]).replace("-", "")
                matches = self.is_open and self._facts[fact].replace("-", "") == value
                if matches:
                    self.matched.add(fact)
                return {"matches": matches}
            case "case_details" if len(self.matched) >= 2:
                return {
                    "creditor": "Energia Północ",
                    "title": "faktura FV/2026/01/0012",
                    "principal_gr": 120000,
                    "interest_gr": self._balance_gr - 120000,
                    "balance_gr": self._balance_gr,
                    "due_date": self._due_date,
                    "gender": "f",
                    "promised_date": self.promised[0] if self.promised else None,
                    "promised_gr": self.promised[1] if self.promised else None,
                    "n_promises": self.n_promises,
                }
        return {}


@dataclass
class Conversation:
    """One call. `log` holds everything in order: actions, and the facts matched so far."""

    given: dict[str, object] = field(
        default_factory=lambda: {
            "company": "Windykacja Przykładowa",
            "is_recorded": True,
            "caller_known": True,
        }
    )
    cases: FakeCases = field(default_factory=FakeCases)
    now: datetime = NOW
    log: list[tuple[Action, int]] = field(default_factory=list)
    script: str = "infolinia"
    seed: str = ""

    def __post_init__(self) -> None:
        script, classifier = scripted(self.script)
        self.engine = DialogueEngine(script, classifier, self.given, WARSAW, self.seed)
        self.last: list[Action] = []
        self._take(self.engine.start(self.now))

    def _take(self, actions: list[Action]) -> None:
        """Note the actions and answer queries until the bot listens or hangs up."""
        self.last = []
        while True:
            assert isinstance(actions[-1], Listen | Query | HangUp), actions
            assert not any(isinstance(a, Listen | Query | HangUp) for a in actions[:-1]), actions
            self.last += actions
            self.log += [(action, len(self.cases.matched)) for action in actions]
            query = actions[-1]
            if not isinstance(query, Query):
                return
            answer = QueryAnswered(query.name, self.cases.answer(query))
            actions = self.engine.handle(answer, self.now)

    def handle(self, event: DialogueEvent) -> list[Action]:
        self.now += timedelta(seconds=8)
        self._take(self.engine.handle(event, self.now))
        return self.last

    def say(self, text: str, confidence: float = 0.9) -> list[Action]:
        return self.handle(UserTurn(text=text, confidence=confidence))

    def press(self, digits: str) -> list[Action]:
        return self.handle(UserTurn(digits=digits))

    def stay_silent(self) -> list[Action]:
        return self.handle(NoInput())

    def play(self, *turns: str) -> Conversation:
        """Each turn is what is said; `#123` are keys, `…` is silence, `?text` is badly heard."""
        for turn in turns:
            if turn == "…":
                self.stay_silent()
            elif turn.startswith("#"):
                self.press(turn[1:])
            elif turn.startswith("?"):
                self.say(turn[1:], confidence=0.1)
            else:
                self.say(turn)
        return self

    def prove_identity(self) -> Conversation:
        return self.play(*VERIFIED)

    @property
    def actions(self) -> list[Action]:
        return [action for action, _ in self.log]

    @property
    def said(self) -> list[str]:
        """Prompt ids of the last answer."""
        return [action.prompt_id for action in self.last if isinstance(action, Say)]

    @property
    def text(self) -> str:
        """What the last answer sounds like."""
        return " ".join(action.text for action in self.last if isinstance(action, Say))

    @property
    def hung_up(self) -> HangUp | None:
        last = self.actions[-1]
        return last if isinstance(last, HangUp) else None

    @property
    def promises(self) -> list[RecordPromise]:
        return [action for action in self.actions if isinstance(action, RecordPromise)]

    @property
    def callbacks(self) -> list[RecordCallback]:
        return [action for action in self.actions if isinstance(action, RecordCallback)]

    @property
    def place(self) -> str:
        """The state, by its short name where it is one of a sub-dialogue."""
        return self.engine.state_name.rpartition(".")[2]

    @property
    def plans(self) -> list[RecordPlan]:
        return [action for action in self.actions if isinstance(action, RecordPlan)]

    @property
    def disputes(self) -> list[str]:
        return [action.kind for action in self.actions if isinstance(action, RecordDispute)]

    @property
    def blocks(self) -> list[str]:
        return [str(action.reason) for action in self.actions if isinstance(action, RecordBlock)]

    @property
    def notices(self) -> list[tuple[str, str]]:
        return [(a.channel, a.template) for a in self.actions if isinstance(a, Notify)]

    @property
    def events(self) -> list[str]:
        return [action.name for action in self.actions if isinstance(action, RecordEvent)]

    @property
    def has_stopped_recording(self) -> bool:
        return any(isinstance(action, StopRecording) for action in self.actions)


VERIFIED = (
    "dwa zero dwa sześć zero zero jeden siedem",
    "ósmy maja siedemdziesiąty piąty",
    "zero zero dziewięćset pięćdziesiąt",
)
"""The right case number, birth date and postcode."""
