"""The frame around every page."""

from __future__ import annotations

from collections.abc import Sequence

from voicebot.web.markup import Html, fill, join
from voicebot.web.texts import Texts

_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · Voicebot</title>
<link rel="icon" href="/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/static/console.css">
{styles}{scripts}
</head>
<body>
<a class="skip" href="#content">{skip}</a>
<header class="top">
<a class="brand" href="/"><img src="/static/icon.svg" alt="" width="28" height="28">Voicebot</a>
{menu}
<div class="top-end">
<a href="{other_href}" hreflang="{other_code}" lang="{other_code}">{other_language}</a>
{log_out}
</div>
</header>
<main id="content">
{body}
</main>
</body>
</html>
"""

_MENU = (
    ("/", "nav_calls"),
    ("/agreements", "nav_agreements"),
    ("/disputes", "nav_disputes"),
    ("/cases", "nav_cases"),
    ("/phone", "nav_phone"),
    ("/chat", "nav_chat"),
    ("/api", "nav_api"),
)


def page(
    texts: Texts,
    title: str,
    body: Html,
    path: str,
    scripts: Sequence[str] = (),
    has_menu: bool = True,
    is_logged_in: bool = False,
    styles: Sequence[str] = (),
    has_chat: bool = True,
) -> Html:
    """A whole page. scripts, styles: files in static/; path: of this page, for the menu."""
    other_code = "en" if texts.language == "pl" else "pl"
    return fill(
        _PAGE,
        language=texts.language,
        title=title,
        scripts=join(
            fill('<script type="module" src="/static/{name}"></script>', name=name)
            for name in scripts
        ),
        styles=join(
            fill('<link rel="stylesheet" href="/static/{name}">', name=name) for name in styles
        ),
        skip=texts("skip"),
        menu=_menu(texts, path, has_chat) if has_menu else Html(""),
        other_href=f"?lang={other_code}",
        other_code=other_code,
        other_language=texts("other_language"),
        log_out=_log_out(texts) if is_logged_in else Html(""),
        body=body,
    )


def _menu(texts: Texts, path: str, has_chat: bool) -> Html:
    items = (
        fill(
            '<li><a href="{href}"{current}>{name}</a></li>',
            href=href,
            current=Html(' aria-current="page"') if href == path else Html(""),
            name=texts(key),
        )
        for href, key in _MENU
        if has_chat or href != "/chat"
    )
    return fill(
        '<nav aria-label="{label}"><ul>{items}</ul></nav>', label=texts("nav"), items=join(items)
    )


def _log_out(texts: Texts) -> Html:
    return fill(
        '<form method="post" action="/logout"><button class="plain">{text}</button></form>',
        text=texts("log_out"),
    )
