"""Which language a request is answered in: `?lang=`, then the cookie, then Polish."""

from __future__ import annotations

from aiohttp import web

from voicebot.web.texts import LANGUAGES, Texts, language_from

COOKIE = "voicebot_language"
ONE_YEAR_S = 365 * 24 * 3600


def texts_for(request: web.Request) -> Texts:
    asked = request.query.get("lang")
    if asked not in LANGUAGES:
        asked = request.cookies.get(COOKIE)
    return Texts(language_from(asked))


def remember_language(request: web.Request, response: web.StreamResponse) -> None:
    """Keep what `?lang=` asked for."""
    asked = request.query.get("lang")
    if asked in LANGUAGES:
        response.set_cookie(
            COOKIE, str(asked), max_age=ONE_YEAR_S, httponly=True, samesite="Strict", path="/"
        )
