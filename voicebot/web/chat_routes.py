"""The chat's page: for the console, for everybody, and inside pages of other sites."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from voicebot.calls.chat_sessions import ChatSessions
from voicebot.settings import ChatSettings
from voicebot.web.access import Access, policy_framed_by
from voicebot.web.chat_page import chat_body, embedded_page
from voicebot.web.language import remember_language, texts_for
from voicebot.web.layout import page
from voicebot.web.markup import Html
from voicebot.web.texts import Texts

SampleBoxes = Callable[[Texts], Awaitable[Html]]


class ChatRoutes:
    def __init__(
        self, chats: ChatSessions, settings: ChatSettings, access: Access, samples: SampleBoxes
    ) -> None:
        """samples: debtors to play, where the node runs the demo."""
        self._chats = chats
        self._settings = settings
        self._access = access
        self._samples = samples

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/chat", self.chat)

    async def chat(self, request: web.Request) -> web.Response:
        texts = texts_for(request)
        scripts = self._chats.scripts
        if request.query.get("embed") == "1":
            body = embedded_page(chat_body(scripts, texts, Html("")), texts)
            response = web.Response(text=body, content_type="text/html")
            policy = policy_framed_by(self._settings.embed_origins)
            response.headers["Content-Security-Policy"] = policy
            return response
        is_inside = await self._access.is_inside(request)
        body = page(
            texts,
            texts("chat_title"),
            chat_body(scripts, texts, await self._samples(texts) if is_inside else Html("")),
            request.path,
            ["chat.js"],
            has_menu=is_inside,
            is_logged_in=self._access.username(request) is not None,
            styles=["chat.css"],
        )
        response = web.Response(text=body, content_type="text/html")
        remember_language(request, response)
        return response
