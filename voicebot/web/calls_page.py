"""The page of live and past calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from voicebot.records import CallRecord, Disposition
from voicebot.web.api_models import CallsQuery
from voicebot.web.formats import call_length_s, instant, length
from voicebot.web.markup import Html, data_block, fill, join
from voicebot.web.result_badge import result_badge
from voicebot.web.texts import Texts

_BODY = """
<h1>{title}</h1>
<section aria-labelledby="live-title">
<h2 id="live-title">{live_title}</h2>
<p id="live-error" class="notice" role="status" hidden>{connection_lost}</p>
<ul id="live" class="live-list" data-empty="{no_live_calls}"><li class="quiet">{no_live_calls}</li>
</ul>
</section>
<section aria-labelledby="past-title">
<h2 id="past-title">{past_title}</h2>
<form class="filter" method="get" action="/" role="search" aria-label="{filter_label}">
<label>{result}<select name="disposition">{options}</select></label>
<label>{case_number_label}<input name="case_number" value="{case_number}" maxlength="64"
 autocomplete="off" inputmode="text"></label>
<button>{apply}</button>{clear}
</form>
{table}
{pages}
</section>
{texts}
"""

_TABLE = """<table class="cards">
<thead><tr><th scope="col">{started}</th><th scope="col">{length}</th><th scope="col">{from_}</th>
<th scope="col">{case}</th><th scope="col">{result}</th><th scope="col">{ended}</th></tr></thead>
<tbody>{rows}</tbody>
</table>"""

_ROW = """<tr>
<td data-label="{started_label}"><a href="/calls/{call_id}">{started}</a></td>
<td data-label="{length_label}" class="number">{length}</td>
<td data-label="{from_label}">{from_}</td>
<td data-label="{case_label}">{case}</td>
<td data-label="{result_label}">{result}</td>
<td data-label="{ended_label}" class="quiet">{ended}</td>
</tr>"""


@dataclass(frozen=True, slots=True)
class CallsView:
    """One page of calls. case_numbers: by case id; sip_uri: what to dial."""

    records: Sequence[CallRecord]
    case_numbers: Mapping[int | None, str]
    next_before: datetime | None
    query: CallsQuery
    sip_uri: str
    now: datetime


def calls_body(view: CallsView, zone: ZoneInfo, texts: Texts) -> Html:
    query = view.query
    is_filtered = query.disposition is not None or query.case_number is not None
    clear = fill(' <a href="/">{text}</a>', text=texts("filter_clear"))
    return fill(
        _BODY,
        title=texts("calls_title"),
        live_title=texts("live_calls"),
        no_live_calls=texts("no_live_calls"),
        connection_lost=texts("connection_lost"),
        past_title=texts("past_calls"),
        filter_label=texts("filter"),
        result=texts("result"),
        options=_options(query.disposition, texts),
        case_number_label=texts("case_number"),
        case_number=query.case_number or "",
        apply=texts("filter_apply"),
        clear=clear if is_filtered else Html(""),
        table=_table(view, zone, texts) if view.records else _empty(view, is_filtered, texts),
        pages=_pages(view, texts),
        texts=data_block("texts", _script_texts(texts)),
    )


def party(record_party: str, leg_kind: str, texts: Texts) -> str:
    """Who calls, as people read it."""
    if leg_kind == "web":
        return texts("web_phone_party")
    if leg_kind == "chat":
        return texts("nav_chat")
    return record_party or texts("anonymous")


def _script_texts(texts: Texts) -> dict[str, str]:
    keys = ("hang_up", "hang_up_sure", "hang_up_failed", "bot_speaks", "bot_listens")
    more = ("web_phone_party", "nav_chat", "anonymous", "speaker_bot", "speaker_caller", "going_on")
    return {key: texts(key) for key in (*keys, *more)}


def _options(chosen: Disposition | None, texts: Texts) -> Html:
    option = '<option value="{value}"{selected}>{text}</option>'
    parts = [fill(option, value="", selected=Html(""), text=texts("any_result"))]
    for disposition in sorted(Disposition, key=texts.disposition):
        selected = Html(" selected" if disposition is chosen else "")
        parts.append(
            fill(option, value=disposition, selected=selected, text=texts.disposition(disposition))
        )
    return join(parts)


def _table(view: CallsView, zone: ZoneInfo, texts: Texts) -> Html:
    labels = {
        "started_label": texts("started"),
        "length_label": texts("length"),
        "from_label": texts("from"),
        "case_label": texts("case"),
        "result_label": texts("result"),
        "ended_label": texts("ended_because"),
    }
    rows = (
        fill(
            _ROW,
            **labels,
            call_id=record.call_id,
            started=instant(record.started_at, zone, texts.language),
            length=length(call_length_s(record, view.now)),
            from_=party(record.remote_party, record.leg_kind, texts),
            case=view.case_numbers.get(record.case_id, ""),
            result=result_badge(record, texts),
            ended=texts.end_reason(record.end_reason),
        )
        for record in view.records
    )
    return fill(
        _TABLE,
        started=texts("started"),
        length=texts("length"),
        from_=texts("from"),
        case=texts("case"),
        result=texts("result"),
        ended=texts("ended_because"),
        rows=join(rows),
    )


def _empty(view: CallsView, is_filtered: bool, texts: Texts) -> Html:
    if is_filtered or view.query.before is not None:
        return fill('<p class="quiet">{text}</p>', text=texts("no_calls_filtered"))
    return fill(
        '<p class="quiet">{text} <a href="/phone">{first}</a> <code>{uri}</code>.</p>',
        text=texts("no_calls"),
        first=texts("first_call"),
        uri=view.sip_uri,
    )


def _pages(view: CallsView, texts: Texts) -> Html:
    query = view.query
    kept = {"disposition": query.disposition or "", "case_number": query.case_number or ""}
    kept = {key: value for key, value in kept.items() if value}
    link = '<a href="/?{query}">{text}</a>'
    links = []
    if query.before is not None:
        links.append(fill(link, query=urlencode(kept), text=f"« {texts('newest')}"))
    if view.next_before is not None:
        older = urlencode({**kept, "before": view.next_before.isoformat()})
        links.append(fill(link, query=older, text=f"{texts('older')} »"))
    return fill('<p class="pages">{links}</p>', links=join(links, " ")) if links else Html("")
