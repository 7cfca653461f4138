"""The chat's page, and the same without a frame around it for other sites."""

from __future__ import annotations

from collections.abc import Sequence

from voicebot.calls.chat_sessions import ChatScript
from voicebot.web.markup import Html, data_block, fill, join
from voicebot.web.texts import Texts

MAX_TEXT_LENGTH = 1000

_BODY = """
<div class="chat" id="chat">
<h1>{title}</h1>
<p class="notice machine">{machine}</p>
<noscript><p class="notice">{needs_js}</p></noscript>
<form id="begin" class="chat-begin">
{scripts}
<button class="primary">{start}</button>
</form>
<section id="talk" class="chat-talk" aria-labelledby="messages-title" hidden>
<h2 id="messages-title" class="unseen">{messages}</h2>
<ol id="messages" class="transcript" role="log" aria-live="polite" tabindex="0"></ol>
<p id="status" class="chat-status quiet" role="status"></p>
<p id="problem" class="notice" role="alert" hidden></p>
<div id="choices" class="chat-choices" role="group" aria-label="{choices}"></div>
<form id="write" class="chat-write">
<label for="text" class="unseen">{message}</label>
<textarea id="text" rows="2" maxlength="{max_length}" autocomplete="off" aria-describedby="keys"
 placeholder="{message}"></textarea>
<button class="primary" id="send">{send}</button>
</form>
<div class="chat-tools">
<button id="human" type="button">{human}</button>
<span id="keys" class="quiet">{keys}</span>
</div>
<button id="again" class="primary" type="button" hidden>{again}</button>
</section>
</div>
{after}
{texts}
"""

_EMBEDDED = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · Voicebot</title>
<link rel="icon" href="/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/static/console.css">
<link rel="stylesheet" href="/static/chat.css">
<script type="module" src="/static/chat.js"></script>
</head>
<body class="embedded">
<main id="content">
{body}
<p class="chat-language"><a href="?embed=1&amp;lang={other_code}" hreflang="{other_code}"
 lang="{other_code}">{other_language}</a></p>
</main>
</body>
</html>
"""


def chat_body(scripts: Sequence[ChatScript], texts: Texts, after: Html) -> Html:
    """scripts: what may be chosen. after: what follows the chat."""
    return fill(
        _BODY,
        title=texts("chat_title"),
        machine=texts("chat_machine"),
        needs_js=texts("chat_needs_js"),
        scripts=_choice(scripts, texts) if len(scripts) > 1 else Html(""),
        start=texts("chat_start"),
        messages=texts("chat_messages"),
        choices=texts("chat_choices"),
        message=texts("chat_message"),
        max_length=MAX_TEXT_LENGTH,
        send=texts("chat_send"),
        human=texts("chat_human"),
        keys=texts("chat_keys"),
        again=texts("chat_again"),
        after=after,
        texts=data_block("texts", texts.starting_with("chat_")),
    )


def embedded_page(body: Html, texts: Texts) -> Html:
    """A whole page without the console around it."""
    return fill(
        _EMBEDDED,
        language=texts.language,
        title=texts("chat_title"),
        body=body,
        other_code="en" if texts.language == "pl" else "pl",
        other_language=texts("other_language"),
    )


def _choice(scripts: Sequence[ChatScript], texts: Texts) -> Html:
    options = (
        fill(
            '<option value="{name}" data-needs-case="{needs_case}">{title}</option>',
            name=script.name,
            needs_case="yes" if script.needs_case else "no",
            title=script.title or script.name,
        )
        for script in scripts
    )
    return fill(
        '<label>{label}<select id="script">{options}</select></label>'
        '<label id="case-label" hidden>{case}<input id="case" autocomplete="off" maxlength="64">'
        "</label>",
        label=texts("chat_script"),
        options=join(options),
        case=texts("case_number"),
    )
