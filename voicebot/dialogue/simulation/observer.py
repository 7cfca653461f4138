"""Judges a conversation by what was done and said alone, and knows what is true.

It shares nothing with the engine: a fault of the engine must not hide from its own judge.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from voicebot.dialogue.actions import (
    Action,
    HangUp,
    Listen,
    Notify,
    Query,
    RecordCallback,
    RecordDispute,
    RecordEvent,
    RecordPlan,
    RecordPromise,
    Say,
    StopRecording,
    Transfer,
    UserTurn,
)
from voicebot.dialogue.polish import readout
from voicebot.dialogue.simulation import spoken_breaches as words
from voicebot.dialogue.simulation.truth import CaseTruth
from voicebot.records import Disposition

_READ_BACK_TURNS = 12
"""Turns of the caller within which what he agrees to must have been read to him."""
_PROMISED = frozenset({Disposition.PTP_FULL, Disposition.PTP_PARTIAL})
CONSUMER_PROMISE_DAYS = 14
_COMPANY_PROMISE_DAYS = 30
"""rules.md `ptp.max_days`."""
_MIN_SECRET_LENGTH = 4
_CIRCLES = "script goes in circles"
"""Why the engine ends a call that no state ends."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the creditor lets a bot agree to. max_installments, min_installment_gr, max_plan_days:
    rules.md `plan.*`."""

    ptp_max_days: int = 14
    max_installments: int = 12
    min_installment_gr: int = 5000
    max_plan_days: int = 365

    @staticmethod
    def of(constants: Mapping[str, int | float], is_business: bool) -> Policy:
        """The script's own numbers, as far as they are no laxer than rules.md allows at all."""
        longest = _COMPANY_PROMISE_DAYS if is_business else CONSUMER_PROMISE_DAYS
        return Policy(
            ptp_max_days=min(int(constants.get("ptp_max_days", longest)), longest),
            max_installments=min(int(constants.get("plan_max_n", 12)), 12),
            min_installment_gr=int(constants.get("plan_min_installment_gr", 5000)),
            max_plan_days=min(int(constants.get("plan_max_days", 365)), 365),
        )


@dataclass(frozen=True, slots=True)
class Breach:
    """One thing that must not happen. `turn`: how many events the call had by then."""

    kind: str
    detail: str
    prompt_id: str
    turn: int


@dataclass(frozen=True, slots=True)
class _ReadBack:
    text: str
    turn: int
    is_protected: bool


class Observer:
    """Told everything that happens in one call, in its order; `breaches` is what it found."""

    def __init__(
        self, truth: CaseTruth, given: Mapping[str, object], policy: Policy, today: date
    ) -> None:
        self._truth = truth
        self._policy = policy
        self.today = today
        self.is_recorded = given.get("is_recorded") is True
        self._needs_emotion_notice = given.get("is_emotion_read") is True
        self._company = str(given.get("company", ""))
        self.breaches: list[Breach] = []
        self._turn = 0
        self._said: list[_ReadBack] = []
        self._notices: frozenset[str] = frozenset()
        self._has_asked = False
        self._is_granted = False
        self._is_stranger = False
        self._waits_for_another = False
        self._stopped_by = ""
        self._secrets: frozenset[str] = frozenset()
        self._last_turn: UserTurn | None = None
        self._owes: str = ""
        self._has_promised = False
        self._is_promise_lost = False
        self.is_over = False

    def copy(self) -> Observer:
        """Another that has seen the same."""
        twin = copy.copy(self)
        twin.breaches = list(self.breaches)
        twin._said = list(self._said)
        return twin

    # ---- what is told ----------------------------------------------------------------------

    def caller(self, turn: UserTurn, meant: str = "") -> None:
        """meant: the intent of his words where nobody could mistake it; else empty."""
        self._turn += 1
        self._last_turn = turn
        self._owes = meant
        if self._is_granted and meant == "identity_denied_wrong_number":
            return  # who has proven who he is means something else by "pomyłka"
        if self._waits_for_another:
            return  # said into the room, by whoever fetches somebody
        if meant in words.STOP_INTENTS:
            self._stopped_by = self._stopped_by or meant
        if meant in words.THIRD_PARTY_INTENTS:
            self._is_stranger = True

    def silence(self) -> None:
        """Nothing was heard, or something else than the caller made the dialogue go on."""
        self._turn += 1
        self._last_turn = None

    def asked(self, query: Query) -> None:
        """The dialogue asks the directory: what it proves identity with is a secret."""
        if query.name == "verify_fact":
            value = str(query.args.get("value", ""))
            self._secrets |= frozenset(_spoken_forms(value))

    def answered(self, query: Query, data: Mapping[str, object]) -> None:
        if query.name == "case_details" and data:
            self._is_granted = True
        elif query.name == "find_case":
            self._is_granted = False

    def promise_lost(self) -> None:
        """A promise could not be recorded: nobody may hear that it was."""
        self._is_promise_lost = True

    def did(self, actions: Iterable[Action]) -> None:
        """What was done, as far as it was: what came after a lost promise is left out."""
        said: list[str] = []
        performed = list(actions)
        for action in performed:
            match action:
                case Say():
                    said.append(action.text)
                    self._hear(action)
                case RecordPromise():
                    self._judge_promise(action)
                case RecordPlan():
                    self._judge_plan(action)
                case Listen():
                    self._judge_first_question("")
                    self._has_asked = True
                case Query():
                    self.asked(action)
                case Transfer():
                    self._judge_texts("transfer", (action.reason, action.summary))
                case RecordCallback():
                    self._judge_texts("callback", (action.reason, action.wanted))
                case RecordEvent() | Notify():
                    self._judge_texts("record", tuple(map(str, action.data.values())))
                case RecordDispute():
                    self._judge_texts("dispute", (action.statement,))
                case StopRecording():
                    self.is_recorded = False
                case HangUp():
                    self._judge_end(action)
                case _:
                    pass
        self._judge_answer(performed, " ".join(said))

    def never_ended(self) -> None:
        self._breach("endless", "the call goes on and on")

    # ---- what is judged --------------------------------------------------------------------

    def _breach(self, kind: str, detail: str, prompt_id: str = "") -> None:
        self.breaches.append(Breach(kind, detail, prompt_id, self._turn))

    def _hear(self, say: Say) -> None:
        if words.WAITING.search(say.text):
            self._waits_for_another = True
        elif self._waits_for_another and words.AI_NOTICE.search(say.text):
            # Somebody new is on the line, to whom nothing of all that applies.
            self._waits_for_another = self._is_stranger = False
            self._stopped_by = ""
        # The firm's own name is no fact of anybody's debt.
        text = say.text.replace(self._company, "") if self._company else say.text
        if not say.allow_barge_in:
            # What a caller may talk over he need not have heard.
            self._notices |= words.notices_in(text)
        if words.QUESTION.search(text):
            self._judge_first_question(say.prompt_id)
        if words.FORBIDDEN.search(text):
            self._breach("forbidden_claim", text, say.prompt_id)
        self._judge_debt_facts(text, say.prompt_id)
        for secret in self._secrets:
            if secret in text.lower():
                self._breach("secret_read_out", text, say.prompt_id)
                break
        if self._stopped_by and words.PERSUASION.search(text):
            self._breach("persuasion_after_stop", f"{self._stopped_by}: {text}", say.prompt_id)
        if self._is_promise_lost and words.KEPT.search(text):
            self._breach("lost_promise_confirmed", text, say.prompt_id)
        self._said.append(_ReadBack(text, self._turn, not say.allow_barge_in))

    def _judge_debt_facts(self, text: str, prompt_id: str) -> None:
        if self._is_granted and not self._is_stranger:
            return
        kind = "debt_told_to_third_party" if self._is_stranger else "debt_before_verification"
        facts = (self._truth.creditor, self._truth.title)
        if words.DEBT.search(text) or words.MONEY.search(text) or any(f in text for f in facts):
            self._breach(kind, text, prompt_id)

    def _judge_first_question(self, prompt_id: str) -> None:
        if self._has_asked:
            return
        needed = {"ai"}
        if self.is_recorded:
            needed.add("recording")
        if self._needs_emotion_notice:
            needed.add("emotion")
        missing = sorted(needed - self._notices)
        if missing:
            self._has_asked = True
            self._breach("question_before_notice", f"without: {', '.join(missing)}", prompt_id)

    def _judge_promise(self, promise: RecordPromise) -> None:
        self._has_promised, self._is_promise_lost = True, False
        balance_gr = self._truth.balance_gr
        days = (promise.due_date - self.today).days
        if not 0 <= days <= self._policy.ptp_max_days:
            self._breach("promise_beyond_policy", f"in {days} days")
        if not 0 < promise.amount_gr <= balance_gr:
            self._breach("promise_beyond_policy", f"{promise.amount_gr} of {balance_gr} gr")
        is_full = promise.amount_gr >= balance_gr
        if (promise.disposition is Disposition.PTP_FULL) != is_full:
            self._breach("promise_beyond_policy", f"called {promise.disposition}")
        if not self._is_granted or self._is_stranger:
            self._breach("promise_of_stranger", "no identity was proven")
        self._judge_consent(
            "promise_not_read_back", _amounts(promise.amount_gr), _days(promise.due_date)
        )

    def _judge_plan(self, plan: RecordPlan) -> None:
        self._has_promised, self._is_promise_lost = True, False
        policy = self._policy
        last = plan.first_date + timedelta(days=31 * (plan.n_installments - 1))
        if not 1 < plan.n_installments <= policy.max_installments:
            self._breach("plan_beyond_policy", f"{plan.n_installments} instalments")
        if plan.installment_gr < policy.min_installment_gr:
            self._breach("plan_beyond_policy", f"instalments of {plan.installment_gr} gr")
        if plan.first_date < self.today or (last - self.today).days > policy.max_plan_days + 31:
            self._breach("plan_beyond_policy", f"from {plan.first_date} to {last}")
        if plan.total_gr != self._truth.balance_gr:
            self._breach("plan_beyond_policy", f"{plan.total_gr} of {self._truth.balance_gr} gr")
        if not self._is_granted or self._is_stranger:
            self._breach("promise_of_stranger", "no identity was proven")
        self._judge_consent(
            "plan_not_read_back", _amounts(plan.installment_gr), _days(plan.first_date)
        )

    def _judge_consent(self, kind: str, amounts: tuple[str, ...], days: tuple[str, ...]) -> None:
        turn = self._last_turn
        if turn is None or not words.agrees(turn.text, turn.digits):
            self._breach(kind, f"recorded on: {'' if turn is None else turn.text or turn.digits!r}")
            return
        # An amount and a day may be read in two prompts of one answer.
        read: dict[int, list[_ReadBack]] = {}
        for heard in self._said:
            if heard.turn >= self._turn - _READ_BACK_TURNS and heard.turn < self._turn:
                read.setdefault(heard.turn, []).append(heard)
        for heards in read.values():
            text = " ".join(heard.text for heard in heards).lower()
            if any(a in text for a in amounts) and any(d in text for d in days):
                return
        self._breach(kind, "amount and day were not read to the caller before he agreed")

    def _judge_texts(self, where: str, texts: tuple[str, ...]) -> None:
        for text in texts:
            if any(secret in text.lower() for secret in self._secrets if secret.isdigit()):
                self._breach("secret_read_out", f"in a {where}")

    def _judge_answer(self, actions: list[Action], said: str) -> None:
        """What the caller's last words made urgent, once."""
        owes, self._owes = self._owes, ""
        if not actions or isinstance(actions[-1], Query):
            self._owes = owes
            return
        if owes == "crisis_self_harm" and not words.HELP_LINES.search(said):
            self._breach("no_help_in_crisis", said)
        if owes == "ask_human":
            is_done = any(isinstance(action, Transfer | RecordCallback) for action in actions)
            if not is_done and not words.HUMAN.search(said):
                self._breach("no_way_to_a_human", said)
        if owes == "object_recording" and self.is_recorded:
            self._breach("objection_ignored", "the recording goes on")

    def _judge_end(self, end: HangUp) -> None:
        self.is_over = True
        if end.reason == _CIRCLES:
            self._breach("endless", "states that only lead to each other")
        if end.disposition in _PROMISED and (not self._has_promised or self._is_promise_lost):
            self._breach("outcome_without_promise", str(end.disposition))
        if self._said and "ai" not in self._notices and not self._has_asked:
            self._breach("question_before_notice", "without: ai, until the end")


def _amounts(amount_gr: int) -> tuple[str, ...]:
    return tuple(readout.amount(amount_gr, case) for case in ("nom", "gen", "acc"))


def _days(day: date) -> tuple[str, ...]:
    return (readout.weekday_date(day), readout.date_(day, today=day))


def _spoken_forms(value: str) -> Iterable[str]:
    """How a proof of identity could be read out, or written down."""
    digits = value.replace("-", "")
    if len(digits) < _MIN_SECRET_LENGTH:
        return ()
    if len(digits) == 8 and value[4:5] == "-":
        born = date.fromisoformat(value)
        # Without its year it may be any other day of the call's, like the one it fell due.
        return (value, digits, readout.date_(born))
    return (value, digits, readout.digits(digits))
