"""How a call ended, as a word in a colour; the word alone tells it too."""

from __future__ import annotations

from voicebot.records import CallRecord, Disposition
from voicebot.web.markup import Html, fill
from voicebot.web.texts import Texts

_GOOD = {
    Disposition.PTP_FULL,
    Disposition.PTP_PARTIAL,
    Disposition.PAY_NOW,
    Disposition.PLAN_PROPOSED,
    Disposition.CLAIMS_PAID,
}
_BAD = {Disposition.ERROR, Disposition.UNKNOWN, Disposition.CRISIS}


def result_badge(record: CallRecord, texts: Texts) -> Html:
    if record.disposition is None or record.ended_at is None:
        kind, text = "live", texts("going_on")
    else:
        kind = (
            "good"
            if record.disposition in _GOOD
            else "bad"
            if record.disposition in _BAD
            else "neutral"
        )
        text = texts.disposition(record.disposition)
    return fill('<span class="badge {kind}">{text}</span>', kind=kind, text=text)
