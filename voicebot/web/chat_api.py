"""POST /api/v1/chat: one written turn of a conversation."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from ipaddress import ip_address

from aiohttp import web
from pydantic import Field, ValidationError

from voicebot.calls.chat_sessions import ChatSessions
from voicebot.dialogue.actions import QuestionKind
from voicebot.errors import ChatRefused
from voicebot.records import Disposition
from voicebot.web.api import Operation
from voicebot.web.api_models import Model, NoQuery
from voicebot.web.chat_page import MAX_TEXT_LENGTH
from voicebot.web.texts import Texts

PATH = "/chat"


class ChatTurn(Model):
    """What somebody writes. Without a session a new conversation begins; text may then be empty."""

    session: str | None = Field(None, max_length=64, description="From the last answer.")
    script: str | None = Field(
        None, max_length=64, description="For a new conversation; null: the usual one."
    )
    text: str = Field("", max_length=MAX_TEXT_LENGTH)
    case: str | None = Field(
        None,
        min_length=1,
        max_length=64,
        description="For a new conversation by a script for outgoing calls: whom it is about. "
        "Only for who may use the console: the script tells the name.",
    )


class ChatSaid(Model):
    prompt_id: str
    text: str


class ChatAwaited(Model):
    """choices: answers worth a button. Anything else may be written, too."""

    kind: QuestionKind
    choices: list[str]


class ChatAnswer(Model):
    """session: a secret of this conversation. listen: null where it is over."""

    session: str
    says: list[ChatSaid]
    listen: ChatAwaited | None
    ended: bool
    disposition: Disposition


class ChatApi:
    """Hands written turns to the conversations."""

    def __init__(
        self, chats: ChatSessions, is_inside: Callable[[web.Request], Awaitable[bool]]
    ) -> None:
        """is_inside: whether whoever asks may use the console."""
        self._chats = chats
        self._is_inside = is_inside
        # The bot writes Polish; so does the notice among its lines.
        self._text_kept = Texts("pl")("chat_text_kept")

    def operations(self) -> list[Operation]:
        return [
            Operation(
                *("POST", PATH, "chat", "Write one message; the bot's answer."),
                *(NoQuery, ChatAnswer, self.chat),
                errors=(403, 404, 409, 429, 503),
                body=ChatTurn,
            )
        ]

    async def chat(self, request: web.Request, query: NoQuery) -> ChatAnswer:
        turn = await _turn(request)
        address = client_address(request)
        text = turn.text.strip()
        if turn.case is not None and not await self._is_inside(request):
            raise web.HTTPForbidden(text="case: only for those who have logged in")
        try:
            if turn.session is None:
                session, reply = await self._chats.begin(
                    turn.script, text, address, self._text_kept, turn.case
                )
            elif not text:
                raise web.HTTPBadRequest(text="text: must not be empty")
            else:
                session = turn.session
                reply = await self._chats.answer(session, text, address)
        except ChatRefused as error:
            raise _refusal(error) from None
        listen = reply.listen
        return ChatAnswer(
            session=session,
            says=[ChatSaid(prompt_id=say.prompt_id, text=say.text) for say in reply.says],
            listen=ChatAwaited(kind=listen.kind, choices=list(listen.choices)) if listen else None,
            ended=reply.is_over,
            disposition=reply.disposition,
        )


def client_address(request: web.Request) -> str:
    """Who asks, for counting. A proxy on this machine tells it last in X-Forwarded-For; what
    anybody else claims there counts for nothing."""
    peer = request.remote or ""
    try:
        is_local = ip_address(peer).is_loopback
    except ValueError:
        return peer
    told = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return told if is_local and told else peer


async def _turn(request: web.Request) -> ChatTurn:
    """Raises HTTPBadRequest naming what is wrong, HTTPUnsupportedMediaType."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="send application/json")
    try:
        return ChatTurn.model_validate_json(await request.read(), strict=True)
    except ValidationError as error:
        problems = (
            ": ".join((".".join(str(part) for part in problem["loc"]) or "body", problem["msg"]))
            for problem in error.errors()
        )
        raise web.HTTPBadRequest(text="; ".join(problems)) from None


def _refusal(error: ChatRefused) -> web.HTTPException:
    kinds = {
        409: web.HTTPConflict,
        429: web.HTTPTooManyRequests,
        503: web.HTTPServiceUnavailable,
    }
    headers = {}
    if error.retry_after_s > 0:
        headers["Retry-After"] = str(math.ceil(error.retry_after_s))
    return kinds[error.status_hint](text=str(error), headers=headers)
