"""Errors as their readers want them: problem+json for programs, a page for people."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from voicebot.web.api_models import Problem
from voicebot.web.language import texts_for
from voicebot.web.layout import page
from voicebot.web.markup import fill

_FOR_PROGRAMS = ("/api/", "/metrics", "/ready", "/health", "/phone/ws", "/static/")


def is_for_programs(request: web.Request) -> bool:
    return request.path.startswith(_FOR_PROGRAMS)


def error_answer(request: web.Request, error: web.HTTPException) -> web.Response:
    """The answer to a request that failed."""
    status = error.status
    headers = {
        name: error.headers[name] for name in ("Retry-After", "Allow") if name in error.headers
    }
    if is_for_programs(request):
        # aiohttp's own texts repeat the status ("404: Not Found"); ours say more.
        title = HTTPStatus(status).phrase
        detail = "" if (error.text or "").startswith(f"{status}:") else (error.text or "")
        problem = Problem(title=title, status=status, detail=detail)
        return web.Response(
            text=problem.model_dump_json(),
            status=status,
            content_type="application/problem+json",
            headers=headers,
        )
    texts = texts_for(request)
    message = texts.get(f"error_{status}", texts("error_other"))
    body = fill(
        '<h1>{title}</h1><p class="notice">{message}</p><p><a href="/">{back}</a></p>',
        title=f"{texts('error_title')} {status}",
        message=message,
        back=texts("back_to_calls"),
    )
    text = page(texts, f"{texts('error_title')} {status}", body, request.path)
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)
