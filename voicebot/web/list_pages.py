"""Pages that are one table: cases, and the API's operations."""

from __future__ import annotations

from collections.abc import Sequence

from voicebot.records import Case
from voicebot.web.api import PREFIX, Operation
from voicebot.web.formats import amount, day
from voicebot.web.markup import Html, escaped, fill, join
from voicebot.web.openapi import parameters
from voicebot.web.texts import Texts

_LINK = '<a href="{href}">{text}</a>'


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> Html:
    """A table that becomes cards on a narrow screen."""
    head = join(fill('<th scope="col">{text}</th>', text=heading) for heading in headings)
    body = join(
        fill(
            "<tr>{cells}</tr>",
            cells=join(
                fill('<td data-label="{label}">{value}</td>', label=heading, value=value)
                for heading, value in zip(headings, row, strict=True)
            ),
        )
        for row in rows
    )
    return fill(
        '<table class="cards"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>',
        head=head,
        body=body,
    )


def cases_body(cases: Sequence[Case], next_after_id: int | None, texts: Texts) -> Html:
    rows = [
        (
            case.case_number,
            case.creditor,
            case.title,
            amount(case.balance_gr, texts.language),
            day(case.due_date, texts.language),
            fill(_LINK, href=f"/?case_number={case.case_number}", text=texts("calls_of_case")),
        )
        for case in cases
    ]
    keys = ("case_number", "creditor", "title", "balance", "due_date", "nav_calls")
    more = fill(_LINK, href=f"/cases?after_id={next_after_id}", text=f"{texts('next_page')} »")
    return fill(
        '<h1>{title}</h1>{table}<p class="pages">{more}</p>',
        title=texts("cases_title"),
        table=table([texts(key) for key in keys], rows) if cases else _quiet(texts("no_cases")),
        more=more if next_after_id is not None else Html(""),
    )


def api_body(operations: Sequence[Operation], texts: Texts) -> Html:
    code = "<code>{text}</code>"
    rows = [
        (
            operation.method,
            fill(code, text=PREFIX + operation.path),
            operation.summary,
            _query_names(operation),
        )
        for operation in operations
    ]
    keys = ("api_method", "api_path", "api_what", "api_parameters")
    return fill(
        '<h1>{title}</h1><p>{intro} <a href="{prefix}/openapi.json">{openapi}</a>.</p>'
        "{table}<pre><code>{example}</code></pre>",
        title=texts("api_title"),
        intro=texts("api_intro"),
        prefix=PREFIX,
        openapi=texts("api_openapi"),
        table=table([texts(key) for key in keys], rows),
        example=escaped("curl http://127.0.0.1:8080/api/v1/calls?limit=3"),
    )


def _query_names(operation: Operation) -> Html:
    names = [item["name"] for item in parameters(operation) if item["in"] == "query"]
    if not names:
        return Html("")
    codes = join((fill("<code>{name}</code>", name=name) for name in names), " ")
    return fill("<span>{codes}</span>", codes=codes)


def _quiet(text: str) -> Html:
    return fill('<p class="quiet">{text}</p>', text=text)
