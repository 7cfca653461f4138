"""The page of one call: transcript beside the recording, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median
from zoneinfo import ZoneInfo

from voicebot.records import CallRecord, Case, Speaker, Turn
from voicebot.web.calls_page import party
from voicebot.web.formats import amount, call_length_s, day, decimal, instant, length
from voicebot.web.markup import Html, data_block, fill, join
from voicebot.web.mood_curve import mood_section, mood_text
from voicebot.web.outcome_boxes import CallOutcomes, outcome_boxes, rows_of
from voicebot.web.result_badge import result_badge
from voicebot.web.texts import Texts

DOUBTFUL = 0.6
"""Below this confidence a transcript is marked."""

_BODY = """
<h1>{title} <small>{started}</small></h1>
<div id="call" class="call" data-call-id="{call_id}" data-live="{is_live}"
 data-has-recording="{has_recording}">
<section class="transcript-box" aria-labelledby="transcript-title">
<h2 id="transcript-title">{transcript_title}</h2>
{live_bar}
<ol id="transcript" class="transcript">{turns}</ol>
{no_turns}
</section>
<div class="side">
<section class="recording-box" aria-labelledby="recording-title">
<h2 id="recording-title">{recording_title}</h2>
{recording}</section>
{agreements}
<section aria-labelledby="summary-title"><h2 id="summary-title">{summary_title}</h2>
<dl>{summary}</dl></section>
<section aria-labelledby="disclosures-title"><h2 id="disclosures-title">{disclosures_title}</h2>
<dl>{disclosures}</dl></section>
{mood}
{timings}
{media}
</div>
</div>
{texts}
"""

_TURN = """<li class="turn {speaker}{doubtful}" data-index="{index}" data-start="{start}"
 data-end="{end}">
<div class="turn-head"><span class="speaker">{speaker_name}</span>{time}{marks}</div>
<p>{text}</p>
{details}
</li>"""

_PLAYER = """<canvas id="waveform" tabindex="0" role="slider" aria-label="{label}"
 aria-valuemin="0" aria-valuenow="0" aria-valuemax="0"></canvas>
<p class="legend"><span class="key caller">{caller}</span> <span class="key bot">{bot}</span></p>
<audio id="player" controls preload="metadata" src="/api/v1/calls/{call_id}/recording"></audio>
<p><a href="/api/v1/calls/{call_id}/recording" download>{download}</a></p>"""


@dataclass(frozen=True, slots=True)
class CallView:
    """A call with what belongs to it. has_recording: its file is there."""

    record: CallRecord
    case: Case | None
    turns: Sequence[Turn]
    outcomes: CallOutcomes
    has_recording: bool
    is_live: bool
    now: datetime


def call_body(view: CallView, zone: ZoneInfo, texts: Texts) -> Html:
    record = view.record
    has_player = view.has_recording and not view.is_live
    return fill(
        _BODY,
        title=texts("call_title"),
        started=instant(record.started_at, zone, texts.language),
        call_id=record.call_id,
        is_live="yes" if view.is_live else "no",
        has_recording="yes" if has_player else "no",
        transcript_title=texts("transcript"),
        live_bar=_live_bar(texts) if view.is_live else Html(""),
        turns=join(_turn(index, turn, has_player, texts) for index, turn in enumerate(view.turns)),
        no_turns=Html("")
        if view.turns
        else fill('<p id="no-turns" class="quiet">{text}</p>', text=texts("no_turns")),
        recording_title=texts("recording"),
        recording=_recording(view, texts),
        agreements=outcome_boxes(view.outcomes, record.leg_kind, zone, texts),
        summary_title=texts("summary"),
        summary=_summary(view, zone, texts),
        disclosures_title=texts("disclosures"),
        disclosures=_disclosures(record, zone, texts),
        mood=mood_section(view.turns, texts),
        timings=_timings(record, view.turns, texts),
        media=_media(record, texts),
        texts=data_block("texts", _script_texts(texts)),
    )


def _script_texts(texts: Texts) -> dict[str, str]:
    keys = ("hang_up_sure", "hang_up_failed", "bot_speaks", "bot_listens")
    return {key: texts(key) for key in (*keys, "speaker_bot", "speaker_caller")}


def _live_bar(texts: Texts) -> Html:
    return fill(
        '<p class="live-bar"><span class="badge live">{going_on}</span> '
        '<span id="live-state" role="status"></span> '
        '<button id="hang-up" class="danger">{hang_up}</button></p>',
        going_on=texts("going_on"),
        hang_up=texts("hang_up"),
    )


def _turn(index: int, turn: Turn, has_player: bool, texts: Texts) -> Html:
    is_bot = turn.speaker is Speaker.BOT
    is_doubtful = turn.confidence is not None and turn.confidence < DOUBTFUL
    at = length(turn.started_s)
    time = fill('<span class="time">{at}</span>', at=at)
    if has_player:
        time = fill(
            '<button class="time plain" data-seek="{start}" aria-label="{label}">{at}</button>',
            start=f"{turn.started_s:.2f}",
            label=f"{texts('play_from')} {at}",
            at=at,
        )
    return fill(
        _TURN,
        speaker=turn.speaker,
        doubtful=" doubtful" if is_doubtful else "",
        index=index,
        start=f"{turn.started_s:.2f}",
        end=f"{turn.ended_s:.2f}",
        speaker_name=texts(f"speaker_{turn.speaker}"),
        time=time,
        marks=_marks(turn, is_bot, is_doubtful, texts),
        text=turn.text,
        details=_details(turn, is_bot, texts),
    )


def _marks(turn: Turn, is_bot: bool, is_doubtful: bool, texts: Texts) -> Html:
    marks = []
    if turn.was_interrupted:
        marks.append(texts("interrupted_bot" if is_bot else "interrupted_caller"))
    if is_doubtful:
        marks.append(texts("low_confidence"))
    return join(fill('<span class="mark">{text}</span>', text=mark) for mark in marks)


def _details(turn: Turn, is_bot: bool, texts: Texts) -> Html:
    """What was understood and how long it took, in one line."""
    pairs: list[tuple[str, str]] = []
    if not is_bot and turn.confidence is not None:
        pairs.append((texts("confidence"), f"{turn.confidence:.0%}"))
    if turn.intent:
        pairs.append((texts("intent"), turn.intent))
    pairs += [(name, slot_text(name, value, texts)) for name, value in turn.slots.items()]
    if turn.mood is not None:
        pairs.append((texts("mood_voice"), mood_text(turn.mood, texts)))
    if turn.prompt_id:
        pairs.append((texts("prompt"), turn.prompt_id))
    pairs += [
        (_timing_name(name, texts), f"{value:.0f}{_timing_unit(name)}")
        for name, value in turn.timings_ms.items()
    ]
    if not pairs:
        return Html("")
    spans = (
        fill("<span><b>{name}</b> {value}</span>", name=name, value=value) for name, value in pairs
    )
    return fill('<p class="details">{spans}</p>', spans=join(spans, " "))


def slot_text(name: str, value: object, texts: Texts) -> str:
    """A slot's value: amounts in złoty, lists with commas."""
    if isinstance(value, int) and not isinstance(value, bool) and name.endswith("_gr"):
        return amount(value, texts.language)
    if isinstance(value, date):
        return day(value, texts.language)
    if isinstance(value, list | tuple):
        return ", ".join(slot_text("", item, texts) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {slot_text(str(key), v, texts)}" for key, v in value.items())
    return str(value)


def _recording(view: CallView, texts: Texts) -> Html:
    record = view.record
    if view.has_recording and not view.is_live:
        return fill(
            _PLAYER,
            label=texts("waveform_label"),
            caller=texts("speaker_caller"),
            bot=texts("speaker_bot"),
            call_id=record.call_id,
            download=texts("download"),
        )
    key = "no_recording"
    if record.recording_path:
        key = "recording_later" if view.is_live else "recording_gone"
    return fill('<p class="quiet">{text}</p>', text=texts(key))


def _summary(view: CallView, zone: ZoneInfo, texts: Texts) -> Html:
    record = view.record
    case: Html | str = ""
    if view.case is not None:
        case = fill(
            '<a href="/?case_number={number}">{number}</a> · {creditor}',
            number=view.case.case_number,
            creditor=view.case.creditor,
        )
    return rows_of(
        [
            (texts("result"), result_badge(record, texts)),
            (texts("ended_because"), texts.end_reason(record.end_reason)),
            (texts("length"), length(call_length_s(record, view.now))),
            (texts("from"), party(record.remote_party, record.leg_kind, texts)),
            (texts("to"), record.local_party),
            (texts("case"), case),
            (texts("verified"), texts("verified_yes" if record.is_verified else "verified_no")),
            (texts("direction"), texts(str(record.direction))),
            (texts("connection"), record.leg_kind),
            (texts("script"), record.script),
            (texts("script_version"), record.script_version),
            (texts("node"), record.node),
            (texts("call_id"), fill("<code>{id}</code>", id=record.call_id)),
        ]
    )


def _disclosures(record: CallRecord, zone: ZoneInfo, texts: Texts) -> Html:
    rows: list[tuple[str, object]] = []
    for key in ("ai_disclosed", "recording_disclosed", "emotion_disclosed"):
        at: datetime | None = getattr(record, f"{key}_at")
        if at is None and key == "emotion_disclosed":
            continue  # there was nothing to tell of
        if at is None:
            rows.append((texts(key), texts("not_said")))
            continue
        after = ""
        if record.answered_at is not None:
            seconds = decimal((at - record.answered_at).total_seconds(), texts.language)
            after = f" ({texts('seconds_into_call', seconds=seconds)})"
        rows.append((texts(key), instant(at, zone, texts.language) + after))
    return rows_of(rows)


def _timing_name(name: str, texts: Texts) -> str:
    return texts.get(f"timing_{name}", name.replace("_", " "))


def _timing_unit(name: str) -> str:
    return "" if name == "discarded_guesses" else " ms"


def _timings(record: CallRecord, turns: Sequence[Turn], texts: Texts) -> Html:
    measured: dict[str, list[float]] = {}
    for turn in turns:
        for name, value in turn.timings_ms.items():
            measured.setdefault(name, []).append(value)
    if not measured:
        return Html("")
    rows = [
        (
            _timing_name(name, texts),
            f"{texts('timing_median')} {median(values):.0f}{_timing_unit(name)}, "
            f"{texts('timing_worst')} {max(values):.0f}{_timing_unit(name)}",
        )
        for name, values in measured.items()
    ]
    return fill(
        "<section><h2>{title}</h2><dl>{rows}</dl>"
        '<p><a href="/calls/{call_id}/times">{link}</a></p></section>',
        title=texts("timings"),
        call_id=record.call_id,
        link=texts("waterfall_link"),
        rows=rows_of(rows),
    )


def _media(record: CallRecord, texts: Texts) -> Html:
    if not record.media_stats:
        return Html("")
    rows = [
        (name.replace("_", " "), f"{value:g}") for name, value in sorted(record.media_stats.items())
    ]
    return fill(
        "<details><summary>{title}</summary><dl>{rows}</dl></details>",
        title=texts("media"),
        rows=rows_of(rows),
    )
