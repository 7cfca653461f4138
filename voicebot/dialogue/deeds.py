"""Does what a call script orders: sets variables, says prompts, records what was agreed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from voicebot.dialogue.actions import (
    Action,
    Notify,
    RecordBlock,
    RecordCallback,
    RecordDispute,
    RecordEvent,
    RecordPlan,
    RecordPromise,
    Say,
    StopEmotion,
    StopRecording,
    Transfer,
)
from voicebot.dialogue.mood import UNKNOWN_MOOD
from voicebot.dialogue.polish.names import full_name
from voicebot.dialogue.script import (
    EMOTION,
    IS_EMOTION_READ,
    IS_RECORDED,
    ClearVariables,
    DropEmotion,
    DropRecording,
    HandOver,
    NoteBlock,
    NoteCallback,
    NoteDispute,
    NoteEvent,
    NotePlan,
    NotePromise,
    Script,
    SendNotice,
    SetOutcome,
    SetVariables,
    Spoken,
    Step,
)
from voicebot.dialogue.state import ConversationState
from voicebot.records import Disposition, PersonName

_PROMISED = frozenset({Disposition.PTP_FULL, Disposition.PTP_PARTIAL})


class Deeds:
    """Performs steps and prompts of one script. What they change is in the memory alone."""

    def __init__(self, script: Script, is_written: bool = False) -> None:
        """is_written: prompts are read, not heard."""
        self._script = script
        self._kinds = script.kinds
        self._is_written = is_written

    def do(self, memory: ConversationState, steps: Iterable[Step]) -> list[Action]:
        actions: list[Action] = []
        for step in steps:
            if step.condition is None or step.condition.holds(memory.scope):
                actions += self._perform(memory, step)
        return actions

    def say(self, memory: ConversationState, spoken: Iterable[Spoken]) -> list[Action]:
        """The prompts whose condition holds; what they disclose is noted the first time."""
        actions: list[Action] = []
        scope = memory.scope
        for item in spoken:
            if item.condition is not None and not item.condition.holds(scope):
                continue
            prompt = self._script.prompts[item.prompt_id]
            actions.append(
                Say(
                    prompt_id=prompt.prompt_id,
                    text=prompt.wording(memory.seed).render(scope, self._kinds, self._is_written),
                    is_static=self._script.is_static(prompt),
                    allow_barge_in=prompt.allow_barge_in,
                )
            )
            for what in prompt.discloses:
                if what not in memory.disclosed:
                    memory.disclosed.add(what)
                    actions.append(RecordEvent(f"{what}_disclosed"))
        return actions

    def _perform(self, memory: ConversationState, step: Step) -> list[Action]:
        scope = memory.scope
        match step.deed:
            case SetVariables(values=values):
                memory.variables.update(
                    {name: value.evaluate(scope) for name, value in values.items()}
                )
            case ClearVariables(names=names):
                for name in names:
                    memory.variables[name] = 0 if self._kinds[name] == "number" else None
            case SetOutcome(disposition=disposition):
                _come_to(memory, disposition)
            case NoteEvent(name=name):
                return [RecordEvent(name)]
            case NoteCallback(reason=reason, wanted=wanted):
                when = "" if wanted is None else wanted.render(scope, self._kinds)
                return [RecordCallback(reason.render(scope, self._kinds), when)]
            case NotePromise():
                return _promise(memory, step.deed, scope)
            case NotePlan():
                return _plan(memory, step.deed, scope)
            case NoteDispute(kind=kind, statement=statement):
                return [RecordDispute(kind, statement.render(scope, self._kinds))]
            case NoteBlock(reason=why):
                return [RecordBlock(why)]
            case SendNotice(channel=channel, template=template, data=data):
                shown = {key: plain(scope.get(name)) for key, name in data.items()}
                return [Notify(channel, template, shown)]
            case DropRecording():
                self._forget_notice(memory, "recording", IS_RECORDED)
                return [StopRecording()]
            case DropEmotion():
                self._forget_notice(memory, EMOTION, IS_EMOTION_READ)
                memory.mood = UNKNOWN_MOOD
                memory.turn.update(UNKNOWN_MOOD.scope)
                return [StopEmotion()]
            case HandOver(reason=reason, summary=summary):
                return [
                    Transfer(reason.render(scope, self._kinds), summary.render(scope, self._kinds))
                ]
        return []

    def _forget_notice(self, memory: ConversationState, what: str, flag: str) -> None:
        """What is not recorded any more must not be announced as recorded, nor repeated so."""
        if flag in self._script.given:
            memory.variables[flag] = False
        memory.last_says = tuple(
            say
            for say in memory.last_says
            if what not in self._script.prompts[say.prompt_id].discloses
        )


def _come_to(memory: ConversationState, disposition: Disposition) -> None:
    """What was promised stays the outcome, whatever is talked about afterwards."""
    if memory.disposition not in _PROMISED:
        memory.disposition = disposition


def _promise(
    memory: ConversationState, deed: NotePromise, scope: Mapping[str, object]
) -> list[Action]:
    """Record a promise; nothing where the amount or the day is not known."""
    amount_gr, day, balance_gr = (
        scope.get(deed.amount),
        scope.get(deed.day),
        scope.get(deed.balance),
    )
    if not isinstance(amount_gr, int) or not isinstance(day, date):
        return []
    is_full = isinstance(balance_gr, int) and amount_gr >= balance_gr
    memory.disposition = Disposition.PTP_FULL if is_full else Disposition.PTP_PARTIAL
    return [RecordPromise(amount_gr, day, memory.disposition)]


def _plan(memory: ConversationState, deed: NotePlan, scope: Mapping[str, object]) -> list[Action]:
    """Record a plan; nothing where a part of it is not known."""
    n_installments, each_gr = scope.get(deed.installments), scope.get(deed.amount)
    first, total_gr = scope.get(deed.first), scope.get(deed.balance)
    if not isinstance(n_installments, int) or n_installments < 1 or not isinstance(first, date):
        return []
    if not isinstance(each_gr, int) or not isinstance(total_gr, int):
        return []
    _come_to(memory, Disposition.PLAN_PROPOSED)
    return [RecordPlan(n_installments, each_gr, total_gr, first)]


def plain(value: object) -> object:
    """A value as JSON and the case directory take it."""
    if isinstance(value, date):
        return value.isoformat()
    return full_name(value) if isinstance(value, PersonName) else value


def of_kind(kind: str, value: object) -> object:
    """A value of the case directory as the script's variable holds it; none where it is none."""
    if kind == "date" and isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    if kind == "date" and isinstance(value, datetime):
        return value.date()
    return value
