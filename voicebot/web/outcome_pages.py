"""Pages of what calls have left behind: agreements, and what stands against calling again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from voicebot.records import Block, Callback, Dispute, Notification, Plan, Promise
from voicebot.web.formats import amount, day, instant
from voicebot.web.list_pages import table
from voicebot.web.markup import Html, fill, join
from voicebot.web.outcome_boxes import CallOutcomes, installments_text, status_text
from voicebot.web.texts import Texts

CaseNumbers = Mapping[int | None, str]
Row = Sequence[object]


def agreements_body(
    outcomes: CallOutcomes, case_numbers: CaseNumbers, zone: ZoneInfo, texts: Texts
) -> Html:
    """Promises, plans, callbacks and messages, each the latest first."""
    rows = _Rows(case_numbers, zone, texts)
    return fill(
        "<h1>{title}</h1>{sections}",
        title=texts("agreements_title"),
        sections=join(
            [
                rows.section(
                    "promises", ("amount", "due_date"), map(rows.promise, outcomes.promises)
                ),
                rows.section(
                    "plans",
                    ("installments", "plan_total", "first_installment"),
                    map(rows.plan, outcomes.plans),
                ),
                rows.section(
                    "callbacks",
                    ("reason", "phone_number", "wanted"),
                    map(rows.callback, outcomes.callbacks),
                ),
                rows.section(
                    "notifications",
                    ("channel", "template", "recipient"),
                    map(rows.notification, outcomes.notifications),
                    intro="notifications_intro",
                ),
            ]
        ),
    )


def disputes_body(
    outcomes: CallOutcomes, case_numbers: CaseNumbers, zone: ZoneInfo, texts: Texts
) -> Html:
    """Disputes and blocks, each the latest first."""
    rows = _Rows(case_numbers, zone, texts)
    return fill(
        "<h1>{title}</h1>{disputes}{blocks}",
        title=texts("disputes_title"),
        disputes=rows.section(
            "disputes",
            ("dispute_kind", "dispute_statement"),
            map(rows.dispute, outcomes.disputes),
        ),
        blocks=rows.section(
            "blocks",
            ("reason", "phone_number"),
            map(rows.block, outcomes.blocks),
            intro="blocks_intro",
        ),
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of the tables: when and about which case first, its status and call last."""

    case_numbers: CaseNumbers
    zone: ZoneInfo
    texts: Texts

    def section(self, name: str, headings: Sequence[str], rows: map[Row], intro: str = "") -> Html:
        texts = self.texts
        shown = list(rows)
        keys = ("made_at", "case", *headings, "status", "in_call")
        quiet = '<p class="quiet">{text}</p>'
        return fill(
            "<section><h2>{title}</h2>{intro}{rows}</section>",
            title=texts(name),
            intro=fill("<p>{text}</p>", text=texts(intro)) if intro and shown else Html(""),
            rows=table([texts(key) for key in keys], shown)
            if shown
            else fill(quiet, text=texts(f"no_{name}")),
        )

    def promise(self, promise: Promise) -> Row:
        language = self.texts.language
        return self._row(
            promise, amount(promise.amount_gr, language), day(promise.due_date, language)
        )

    def plan(self, plan: Plan) -> Row:
        language = self.texts.language
        return self._row(
            plan,
            installments_text(plan, self.texts),
            amount(plan.total_gr, language),
            day(plan.first_date, language),
        )

    def callback(self, callback: Callback) -> Row:
        wanted = callback.wanted
        if callback.wanted_at is not None:
            wanted = instant(callback.wanted_at, self.zone, self.texts.language)
        return self._row(callback, callback.reason, callback.phone, wanted)

    def dispute(self, dispute: Dispute) -> Row:
        kind = self.texts.get(f"dispute_{dispute.kind}", dispute.kind)
        return self._row(dispute, kind, dispute.statement)

    def block(self, block: Block) -> Row:
        return self._row(block, self.texts.block_reason(block.reason), block.phone)

    def notification(self, message: Notification) -> Row:
        channel = self.texts.get(f"channel_{message.channel}", message.channel)
        return self._row(message, channel, message.template, message.recipient)

    def _row(
        self,
        outcome: Promise | Plan | Callback | Dispute | Block | Notification,
        *values: object,
    ) -> Row:
        call_id = outcome.call_id
        link = '<a href="/calls/{call_id}">{text}</a>'
        return (
            instant(outcome.created_at, self.zone, self.texts.language),
            self.case_numbers.get(outcome.case_id, ""),
            *values,
            status_text(outcome.status, self.texts),
            fill(link, call_id=call_id, text=call_id[:8]),
        )
