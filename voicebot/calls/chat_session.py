"""One conversation in writing: the call's dialogue and record, without its audio."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, assert_never

from voicebot.calls.agreement_keeper import AgreementKeeper
from voicebot.calls.call_notes import MASK, MASKED_SLOT, shown_text
from voicebot.calls.case_directory import CaseDirectory
from voicebot.calls.intent_adviser import IntentAdviser
from voicebot.calls.ledger import CallLedger
from voicebot.calls.live_calls import LiveCall, LiveCalls
from voicebot.clock import Clock
from voicebot.dialogue.actions import (
    Action,
    CallerLeft,
    DialogueEvent,
    HangUp,
    Listen,
    Notify,
    Query,
    QueryAnswered,
    QuestionKind,
    RecordBlock,
    RecordCallback,
    RecordDispute,
    RecordEvent,
    RecordPlan,
    RecordPromise,
    Say,
    StopEmotion,
    StopRecording,
    SystemFailed,
    TimeRanOut,
    Transfer,
    UserTurn,
)
from voicebot.errors import VoicebotError
from voicebot.records import Disposition, Speaker, Turn

log = logging.getLogger(__name__)

LEG_KIND = "chat"
TEXT_KEPT = "text_kept"
"""Prompt of the notice that what is written is kept; it takes the recording notice's place."""

QUERY_PATIENCE_S = 5.0
MAX_CHAT_S = 3600.0
"""A longer chat is politely ended, like a call that takes too long."""

_AI_DISCLOSED = "ai_disclosed"
_DISCLOSURES = frozenset({_AI_DISCLOSED, "recording_disclosed", "emotion_disclosed"})
_DIGITS = re.compile(r"\d")
_KEYED = re.compile(r"[\d \-]+", re.ASCII)
_MIN_KEYED = 4
"""Shorter numbers in writing are an answer, a day or an amount, rather than keys."""


class Understanding(Protocol):
    @property
    def intent(self) -> str: ...
    @property
    def slots(self) -> dict[str, object]: ...


class ChatEngine(Protocol):
    """The dialogue engine as a chat needs it."""

    @property
    def state_name(self) -> str: ...
    @property
    def disposition(self) -> Disposition: ...
    @property
    def last_understanding(self) -> Understanding | None: ...
    def doubtful_intents(self, turn: UserTurn, now: datetime) -> dict[str, str]: ...
    def start(self, now: datetime) -> list[Action]: ...
    def handle(self, event: DialogueEvent, now: datetime) -> list[Action]: ...


@dataclass(frozen=True, slots=True)
class ChatSay:
    """One thing the bot writes."""

    prompt_id: str
    text: str


@dataclass(frozen=True, slots=True)
class ChatListen:
    """What is awaited. choices: answers worth a button; more may be written."""

    kind: QuestionKind
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChatReply:
    """The bot's answer. disposition: what the conversation has come to so far."""

    says: tuple[ChatSay, ...]
    listen: ChatListen | None
    is_over: bool
    disposition: Disposition


class ChatSession:
    """Runs one written conversation and keeps its record, as `CallSession` does a spoken one.

    Not for two turns at once: `ChatSessions` sees to that.
    """

    def __init__(
        self,
        engine: ChatEngine,
        cases: CaseDirectory,
        ledger: CallLedger,
        live_calls: LiveCalls,
        clock: Clock,
        text_kept: str,
        hang_up: Callable[[], None],
        adviser: IntentAdviser | None = None,
    ) -> None:
        """text_kept: tells the writer that his words are kept. hang_up: for the console."""
        self._adviser = adviser
        self._engine = engine
        self._cases = cases
        self._ledger = ledger
        self._live_calls = live_calls
        self._clock = clock
        self._text_kept = text_kept
        self._keeper = AgreementKeeper(ledger, cases, clock)
        self._live = LiveCall(ledger.record, clock.now(), hang_up)
        self._began_at = self.used_at = clock.monotonic()
        self._says: list[ChatSay] = []
        self._listen: ChatListen | None = None
        self._has_told_of_text = False
        self._disposition: Disposition | None = None
        self._end_reason = ""
        self._closing: asyncio.Task[None] | None = None

    @property
    def call_id(self) -> str:
        return self._ledger.record.call_id

    @property
    def is_over(self) -> bool:
        return self._disposition is not None

    async def start(self) -> ChatReply:
        """Greet; nothing is said before the call's row is written, or the database is away."""
        await self._ledger.open()
        self._live_calls.add(self._live)
        actions = self._engine.start(self._clock.now())
        if not any(_is_ai_disclosure(action) for action in actions):
            self._tell_of_text()
        await self._perform(actions)
        return self._reply()

    async def answer(self, text: str) -> ChatReply:
        """What the bot answers to it. A fault of ours ends the conversation, and it says so."""
        now = self.used_at = self._clock.monotonic()
        if now - self._began_at >= MAX_CHAT_S:
            await self._perform(self._engine.handle(TimeRanOut(), self._clock.now()))
            return self._reply()
        turn = await self._with_advice(_user_turn(text, self._listen))
        state = self._engine.state_name
        before = self._engine.last_understanding
        actions = self._engine.handle(turn, self._clock.now())
        after = self._engine.last_understanding
        self._note_writer(turn, text, after if after is not before else None, state)
        await self._perform(actions)
        return self._reply()

    def end(self, reason: str, disposition: Disposition | None = None) -> asyncio.Task[None]:
        """The writer has left, or is sent away; the task ends when the record is written.

        Safe to call again.
        """
        if self._closing is None:
            if self._disposition is None:
                self._end_reason = reason
                self._disposition = disposition or self._last_disposition()
            self._live_calls.remove(self.call_id)
            self._closing = asyncio.create_task(self._close(self._disposition), name="end chat")
        return self._closing

    async def _with_advice(self, turn: UserTurn) -> UserTurn:
        """As in a spoken call: only where the classifier is not sure, and only among intents."""
        if self._adviser is None or turn.digits:
            return turn
        doubtful = self._engine.doubtful_intents(turn, self._clock.now())
        hint = await self._adviser.choose(turn.text, doubtful) if doubtful else ""
        return replace(turn, hinted_intent=hint) if hint else turn

    # ---- what the dialogue wants --------------------------------------------------------------

    async def _perform(self, actions: list[Action]) -> None:
        queue = list(actions)
        while queue:
            action = queue.pop(0)
            match action:
                case Say():
                    self._say(action.prompt_id, action.text)
                case Listen():
                    self._listen = _chat_listen(action)
                    self._live.state = self._engine.state_name
                    self._live_calls.changed(self._live)
                case Query():
                    answer = QueryAnswered(action.name, await self._ask_directory(action))
                    queue = self._engine.handle(answer, self._clock.now()) + queue
                case HangUp():
                    self._disposition = action.disposition
                    self._end_reason = action.reason
                    self.end(action.reason)
                    return
                case RecordPromise() | RecordPlan():
                    if not await self._keeper.keep_commitment(action):
                        # What was to be said of it is not said.
                        failure = SystemFailed(promise_lost=True)
                        queue = self._engine.handle(failure, self._clock.now())
                case _:
                    self._keep(action)

    def _keep(
        self,
        action: RecordCallback
        | RecordDispute
        | RecordBlock
        | Notify
        | RecordEvent
        | Transfer
        | StopRecording
        | StopEmotion,
    ) -> None:
        now = self._clock.now()
        match action:
            case RecordEvent() if action.name in _DISCLOSURES:
                self._ledger.update(**{f"{action.name}_at": now})
                self._ledger.add_event(action.name, action.data, now)
                if _is_ai_disclosure(action):
                    self._tell_of_text()
            case StopRecording() | StopEmotion():
                # There is no audio, and no voice to read.
                self._ledger.add_event("nothing_to_stop_in_chat", {}, now)
            case (
                RecordCallback()
                | RecordDispute()
                | RecordBlock()
                | Notify()
                | RecordEvent()
                | Transfer()
            ):
                self._keeper.keep(action)
            case _:
                assert_never(action)

    def _tell_of_text(self) -> None:
        """Once, right after the notice that a machine answers, and before any question."""
        if not self._has_told_of_text:
            self._has_told_of_text = True
            self._say(TEXT_KEPT, self._text_kept)
            self._ledger.add_event("text_kept_disclosed", {}, self._clock.now())

    def _say(self, prompt_id: str, text: str) -> None:
        self._says.append(ChatSay(prompt_id, text))
        at_s = self._elapsed_s()
        state = self._engine.state_name
        self._add_turn(Turn(Speaker.BOT, text, at_s, at_s, prompt_id=prompt_id, state=state))

    async def _ask_directory(self, query: Query) -> dict[str, object]:
        """No answer where the directory is down: the dialogue knows what to say then."""
        try:
            async with asyncio.timeout(QUERY_PATIENCE_S):
                data = await self._cases.answer(query)
        except (VoicebotError, TimeoutError) as error:
            log.error(
                "a case query failed",
                extra={"call_id": self.call_id, "query": query.name, "kind": type(error).__name__},
            )
            return {}
        self._ledger.update(case_id=self._cases.case_id, is_verified=self._cases.is_verified)
        return data

    # ---- the record ---------------------------------------------------------------------------

    def _note_writer(
        self, turn: UserTurn, text: str, understanding: Understanding | None, state: str
    ) -> None:
        intent = understanding.intent if understanding else ""
        slots = dict(understanding.slots) if understanding else {}
        shown = shown_text(turn, slots, intent) if turn.digits else text
        if MASKED_SLOT in slots.values():
            # He reads it on his own screen; nobody needs to read it in ours.
            shown = _DIGITS.sub(MASK, shown)
        at_s = self._elapsed_s()
        self._add_turn(
            Turn(Speaker.CALLER, shown, at_s, at_s, intent=intent, slots=slots, state=state)
        )

    def _add_turn(self, turn: Turn) -> None:
        self._ledger.add_turn(turn)
        self._live.turns.append(turn)
        self._live_calls.changed(self._live)

    def _elapsed_s(self) -> float:
        return self._clock.monotonic() - self._began_at

    def _reply(self) -> ChatReply:
        says, self._says = tuple(self._says), []
        disposition = self._disposition or self._engine.disposition
        listen = None if self.is_over else self._listen
        return ChatReply(says, listen, self.is_over, disposition)

    def _last_disposition(self) -> Disposition:
        """Keep what the dialogue still wants recorded."""
        for action in self._engine.handle(CallerLeft(), self._clock.now()):
            if isinstance(action, HangUp):
                return action.disposition
            if not isinstance(action, Say | Listen | Query | RecordPromise | RecordPlan):
                self._keep(action)
        return self._engine.disposition

    async def _close(self, disposition: Disposition) -> None:
        await self._ledger.close(self._clock.now(), disposition, self._end_reason, {})
        log.info(
            "call ended",
            extra={
                "call_id": self.call_id,
                "disposition": str(disposition),
                "reason": self._end_reason,
            },
        )


def _is_ai_disclosure(action: Action) -> bool:
    return isinstance(action, RecordEvent) and action.name == _AI_DISCLOSED


def _chat_listen(listen: Listen) -> ChatListen:
    if listen.kind == "yes_no":
        return ChatListen(listen.kind, ("tak", "nie"))
    if listen.kind == "choice":
        return ChatListen(listen.kind, listen.phrases)
    return ChatListen(listen.kind)


def _user_turn(text: str, asked: ChatListen | None) -> UserTurn:
    """Long numbers where digits are asked for count as keyed: nothing can have misheard them."""
    if asked is not None and asked.kind == "digits" and _KEYED.fullmatch(text):
        digits = "".join(char for char in text if char.isdigit())
        if len(digits) >= _MIN_KEYED:
            return UserTurn(digits=digits)
    return UserTurn(text=text)
