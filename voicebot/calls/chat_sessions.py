"""The written conversations of this node: who may begin one, and when one is over."""

from __future__ import annotations

import asyncio
import logging
import secrets
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

from voicebot.calls.case_directory import CaseDirectory
from voicebot.calls.chat_session import LEG_KIND, ChatEngine, ChatReply, ChatSession
from voicebot.calls.chat_throttle import ChatThrottle
from voicebot.calls.intent_adviser import IntentAdviser
from voicebot.calls.known_case import given_of_case
from voicebot.calls.ledger import CallLedger
from voicebot.calls.live_calls import LiveCalls
from voicebot.calls.reception import Store
from voicebot.clock import Clock
from voicebot.errors import ChatRefused, NotFound
from voicebot.records import CallRecord, Direction, Disposition
from voicebot.settings import ChatSettings

log = logging.getLogger(__name__)

SWEEP_S = 5.0
CLOSE_PATIENCE_S = 2.0
"""So long the last reply waits for the record; the writer has no use for waiting longer."""

BUSY_RETRY_S = 60.0
TURN_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class ChatScript:
    """A script that a chat may follow. name: what the record calls it. needs_case: it is one of
    outgoing calls, and must be told whom it is about."""

    name: str
    title: str
    version: str
    make_engine: Callable[[str, Mapping[str, object]], ChatEngine]
    """Takes what decides the arms of experiments, and what is known beforehand."""

    needs_case: bool = False


@dataclass(slots=True)
class _Chat:
    """end_reason: it is to end when the turn that is being answered is over."""

    session_id: str
    session: ChatSession
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    end_reason: str = ""


class ChatSessions:
    """Takes written turns. Its own ids are secrets: who knows one continues that conversation."""

    def __init__(
        self,
        settings: ChatSettings,
        scripts: Callable[[], list[ChatScript]],
        store: Store,
        live_calls: LiveCalls,
        clock: Clock,
        node: str,
        adviser: IntentAdviser | None = None,
        find: Callable[[str], Awaitable[ChatScript]] | None = None,
    ) -> None:
        """scripts: those that are ready now, the usual one first. find: gets one ready that is
        not; raises NotFound.
        """
        self._find = find
        self._settings = settings
        self._scripts = scripts
        self._store = store
        self._live_calls = live_calls
        self._clock = clock
        self._node = node
        self._adviser = adviser
        self._throttle = ChatThrottle(settings.messages_per_minute)
        self._chats: dict[str, _Chat] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._sweeper: asyncio.Task[None] | None = None
        self._is_draining = False

    @property
    def n_chats(self) -> int:
        return len(self._chats)

    @property
    def scripts(self) -> list[ChatScript]:
        """What may be chosen now, the one that is taken without a choice first."""
        scripts = self._scripts()
        if not self._settings.public:
            return scripts
        # Those that need a case tell a name: whoever may give one has the console's page.
        meant = self._settings.scripts or tuple(script.name for script in scripts[:1])
        return [s for s in scripts if s.name in meant and not s.needs_case]

    def start(self) -> None:
        self._sweeper = asyncio.create_task(self._sweep_often(), name="chat sweep")

    def drain(self) -> None:
        """Begin no new chats; those that go on may end by themselves."""
        self._is_draining = True

    async def stop(self) -> None:
        """End all chats and wait for their records."""
        self._is_draining = True
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.gather(self._sweeper, return_exceptions=True)
        for chat in list(self._chats.values()):
            self._end_after_turn(chat, "shutdown")
        # A turn that is being answered ends its conversation itself; each part of it is bounded.
        while self._chats or self._ending:  # noqa: ASYNC110
            await asyncio.sleep(TURN_POLL_S)

    async def begin(
        self,
        script_name: str | None,
        text: str,
        address: str,
        text_kept: str,
        case_number: str | None = None,
    ) -> tuple[str, ChatReply]:
        """A new conversation's id and what the bot writes first; `text` may be empty.

        case_number: for scripts of outgoing calls, which know whom they call. Such a script says
        that person's name to whoever writes: not for strangers. Raises ChatRefused, NotFound where
        there is no such script or case, StorageError.
        """
        self._count(address)
        if self._is_draining:
            raise ChatRefused("the server is stopping", 503, BUSY_RETRY_S)
        script = await self._script(script_name)
        if len(self._chats) >= self._settings.max_sessions:
            raise ChatRefused("too many conversations are going on", 503, BUSY_RETRY_S)
        given: Mapping[str, object] = {}
        if case_number is not None:
            given = await given_of_case(self._store.cases, case_number)
        session_id = secrets.token_urlsafe(24)
        chat = _Chat(session_id, self._new_session(session_id, script, text_kept, given))
        self._chats[session_id] = chat
        async with chat.turn:
            reply = await self._do(chat, None)
            if text and not reply.is_over:
                later = await self._do(chat, text)
                reply = replace(later, says=(*reply.says, *later.says))
        return session_id, reply

    async def answer(self, session_id: str, text: str, address: str) -> ChatReply:
        """Raises ChatRefused; NotFound where the conversation is over or never was."""
        self._count(address)
        chat = self._chats.get(session_id)
        if chat is None:
            raise NotFound("no such conversation is going on")
        if chat.turn.locked():
            raise ChatRefused("the last message is still being answered", 409)
        async with chat.turn:
            return await self._do(chat, text)

    async def _do(self, chat: _Chat, text: str | None) -> ChatReply:
        """One turn; text None: the greeting. What goes wrong ends this conversation only."""
        try:
            reply = await chat.session.start() if text is None else await chat.session.answer(text)
        except Exception:  # the top of a conversation
            log.exception("a conversation failed", extra={"call_id": chat.session.call_id})
            self._end(chat, "internal error", Disposition.ERROR)
            raise
        if chat.end_reason or reply.is_over:
            closing = self._end(chat, chat.end_reason)
            await asyncio.wait({closing}, timeout=CLOSE_PATIENCE_S)
            return replace(reply, is_over=True, listen=None)
        return reply

    def end_idle(self, now: float) -> None:
        """End what nobody has written in for too long. now: monotonic."""
        oldest = now - self._settings.idle_minutes * 60
        for chat in list(self._chats.values()):
            if chat.session.used_at <= oldest and not chat.turn.locked():
                self._end(chat, "chat idle")

    async def _sweep_often(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            try:
                self.end_idle(self._clock.monotonic())
            except Exception:  # the top of a worker
                log.exception("the sweep of chats failed")

    def _end_after_turn(self, chat: _Chat, reason: str) -> None:
        if chat.turn.locked():
            chat.end_reason = reason
        else:
            self._end(chat, reason)

    def _end(
        self, chat: _Chat, reason: str, disposition: Disposition | None = None
    ) -> asyncio.Task[None]:
        """Safe to call again."""
        self._chats.pop(chat.session_id, None)
        closing = chat.session.end(reason, disposition)
        self._ending.add(closing)
        closing.add_done_callback(self._ending.discard)
        return closing

    def _count(self, address: str) -> None:
        wait_s = self._throttle.wait_s(address, self._clock.monotonic())
        if wait_s > 0:
            raise ChatRefused("too many messages", 429, wait_s)

    async def _script(self, name: str | None) -> ChatScript:
        for script in self.scripts:
            if name is None or script.name == name:
                return script
        is_allowed = not self._settings.public or name in self._settings.scripts
        if name is not None and self._find is not None and is_allowed:
            script = await self._find(name)
            if not (self._settings.public and script.needs_case):
                return script
        raise NotFound("no such script")

    def _new_session(
        self, session_id: str, script: ChatScript, text_kept: str, given: Mapping[str, object]
    ) -> ChatSession:
        now = self._clock.now()
        call_id = uuid.uuid4().hex
        record = CallRecord(
            call_id=call_id,
            direction=Direction.INBOUND,
            leg_kind=LEG_KIND,
            remote_party="",
            local_party=script.name,
            script=script.name,
            started_at=now,
            answered_at=now,
            node=self._node,
            script_version=script.version,
        )
        log.info("call answered", extra={"call_id": call_id, "leg_kind": LEG_KIND})

        def hang_up() -> None:
            chat = self._chats.get(session_id)
            if chat is not None:
                self._end_after_turn(chat, "ended from the console")

        return ChatSession(
            # One debtor always has the same arm.
            script.make_engine(str(given.get("case_number", call_id)), given),
            CaseDirectory(self._store.cases),
            CallLedger(self._store, record),
            self._live_calls,
            self._clock,
            text_kept,
            hang_up,
            self._adviser,
        )
