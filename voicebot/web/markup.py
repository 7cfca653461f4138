"""HTML from string templates: everything that is put in is escaped unless it is `Html`."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable

_UNSEEN = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def fill(template: str, /, **values: object) -> Html:
    """Put values into `{name}` places of a template. Anything but `Html` is escaped."""
    return Html(template.format_map({name: escaped(value) for name, value in values.items()}))


def escaped(value: object) -> Html:
    """A value as markup; None is empty. Control characters become visible dots, and so do those
    that turn the writing direction: with them a text could pass for another."""
    if isinstance(value, Html):
        return value
    if value is None:
        return Html("")
    return Html(html.escape(_UNSEEN.sub("·", str(value))))


def join(parts: Iterable[Html], between: str = "") -> Html:
    return Html(between.join(parts))


def data_block(element_id: str, data: object) -> Html:
    """JSON for a script of the page; not run as a script, and safe against `</script>`."""
    text = json.dumps(data, ensure_ascii=False, default=str)
    text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Html(f'<script type="application/json" id="{html.escape(element_id)}">{text}</script>')
