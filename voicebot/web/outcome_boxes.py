"""What came of a call, in boxes beside its transcript."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from voicebot.records import Block, Callback, Dispute, Notification, Plan, Promise
from voicebot.web.calls_page import party
from voicebot.web.formats import amount, day, instant
from voicebot.web.markup import Html, fill, join
from voicebot.web.texts import Texts


@dataclass(frozen=True, slots=True)
class CallOutcomes:
    """What a call has left behind."""

    promises: Sequence[Promise] = ()
    plans: Sequence[Plan] = ()
    callbacks: Sequence[Callback] = ()
    disputes: Sequence[Dispute] = ()
    blocks: Sequence[Block] = ()
    notifications: Sequence[Notification] = ()


def outcome_boxes(outcomes: CallOutcomes, leg_kind: str, zone: ZoneInfo, texts: Texts) -> Html:
    language = texts.language
    boxes = []
    for promise in outcomes.promises:
        rows = [
            (texts("amount"), amount(promise.amount_gr, language)),
            (texts("due_date"), day(promise.due_date, language)),
            (texts("status"), status_text(promise.status, texts)),
        ]
        boxes.append(_box(texts("promise"), rows, _kind_of(promise.status)))
    for plan in outcomes.plans:
        rows = [
            (texts("installments"), installments_text(plan, texts)),
            (texts("first_installment"), day(plan.first_date, language)),
            (texts("plan_total"), amount(plan.total_gr, language)),
            (texts("status"), status_text(plan.status, texts)),
        ]
        boxes.append(_box(texts("plan"), rows, _kind_of(plan.status)))
    for callback in outcomes.callbacks:
        wanted = callback.wanted
        if callback.wanted_at is not None:
            wanted = instant(callback.wanted_at, zone, language)
        rows = [
            (texts("reason"), callback.reason),
            (texts("phone_number"), party(callback.phone, leg_kind, texts)),
            (texts("wanted"), wanted),
            (texts("status"), status_text(callback.status, texts)),
        ]
        boxes.append(_box(texts("callback"), rows, "attention"))
    for dispute in outcomes.disputes:
        rows = [
            (texts("dispute_kind"), texts.get(f"dispute_{dispute.kind}", dispute.kind)),
            (texts("dispute_statement"), dispute.statement),
            (texts("status"), status_text(dispute.status, texts)),
        ]
        boxes.append(_box(texts("dispute"), rows, "attention"))
    for block in outcomes.blocks:
        rows = [
            (texts("reason"), texts.block_reason(block.reason)),
            (texts("phone_number"), block.phone),
            (texts("status"), status_text(block.status, texts)),
        ]
        boxes.append(_box(texts("block"), rows, "attention"))
    for message in outcomes.notifications:
        rows = [
            (texts("channel"), texts.get(f"channel_{message.channel}", message.channel)),
            (texts("template"), message.template),
            (texts("recipient"), message.recipient),
            (texts("status"), status_text(message.status, texts)),
        ]
        boxes.append(_box(texts("notification"), rows, "good"))
    return join(boxes)


def status_text(status: str, texts: Texts) -> str:
    return texts.get(f"status_{status}", status)


def installments_text(plan: Plan, texts: Texts) -> str:
    each = amount(plan.installment_gr, texts.language)
    return texts("installments_of", n=plan.n_installments, amount=each)


def rows_of(rows: Sequence[tuple[str, object]]) -> Html:
    """Of a definition list; what is empty is left out."""
    row = "<div><dt>{name}</dt><dd>{value}</dd></div>"
    return join(
        fill(row, name=name, value=value) for name, value in rows if value not in ("", None)
    )


def _kind_of(status: str) -> str:
    return "replaced" if status == "superseded" else "good"


def _box(title: str, rows: Sequence[tuple[str, object]], kind: str) -> Html:
    return fill(
        '<section class="box {kind}"><h2>{title}</h2><dl>{rows}</dl></section>',
        kind=kind,
        title=title,
        rows=rows_of(rows),
    )
