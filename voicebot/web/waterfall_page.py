"""The page that draws one call as a waterfall: what each answer waited for, on one time axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from zoneinfo import ZoneInfo

from voicebot.calls.turn_stages import Stage, StageName, stages
from voicebot.records import CallRecord, Speaker, Turn
from voicebot.web.formats import instant, length
from voicebot.web.markup import Html, fill, join
from voicebot.web.texts import Texts

BEFORE_MS = 1000
"""So much of the caller's speech is drawn before its end."""

AFTER_MS = 500
"""And so much of the bot's after its beginning."""

LEAST_WAIT_MS = 1000
TICKS_MS = (100, 200, 500, 1000, 2000, 5000, 10_000)
TICKS_S = (5, 10, 15, 30, 60, 120, 300, 600)
MOST_TICKS = 7
"""Their labels have room on a telephone, too."""

LANES: tuple[tuple[StageName, ...], ...] = (
    ("pause", "endpointing"),
    ("recognition", "head_start"),
    ("decision", "synthesis", "playout", "leading_silence"),
)
"""Stages that go on at the same time lie in lanes of their own."""

LANE_PX = 16
HEIGHT_PX = (len(LANES) + 1) * LANE_PX + 6

STEP_KEYS = (
    "speech_end_to_vad_end",
    "speech_end_to_decided",
    "speech_end_to_transcript",
    "speech_end_to_decision",
    "speech_end_to_audio",
    "speech_end_to_first_packet",
    "voice_to_voice",
    "guess_head_start",
)

_BODY = """
<h1>{title} <small>{started}</small></h1>
<p><a href="/calls/{call_id}">{back}</a></p>
{content}
"""

_CONTENT = """
<section class="waterfall" aria-labelledby="overview-title">
<h2 id="overview-title">{overview_title}</h2>
{overview}
<p class="legend"><span class="key caller">{caller}</span> <span class="key bot">{bot}</span>
<span class="key wait">{wait}</span></p>
</section>
<section class="waterfall" aria-labelledby="answers-title">
<h2 id="answers-title">{answers_title}</h2>
<p class="quiet">{explanation}</p>
<p class="legend">{legend}</p>
<div class="axis">{axis}</div>
<ol class="answers">{rows}</ol>
</section>
<section aria-labelledby="numbers-title">
<h2 id="numbers-title">{numbers_title}</h2>
<div class="scroll"><table class="numbers"><thead><tr>{heads}</tr></thead>
<tbody>{numbers}</tbody></table></div>
</section>
"""

_ROW = """<li id="answer-{number}"><div class="answer-head"><b>{number}.</b>
<span class="time">{time}</span> <span>{asked}</span>
<span class="wait-ms"><b>{total} ms</b></span> <span class="quiet">{slowest}</span></div>
<svg class="lanes" width="100%" height="{height}" role="img" aria-label="{label}">
{grid}{bars}</svg></li>"""


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the caller's turns with the bot's prompt that answers it.

    speech_ended_s: the caller's last sample, seconds of the call.
    """

    heard: Turn
    said: Turn
    timings_ms: Mapping[str, float]

    @property
    def wait_ms(self) -> float:
        return self.timings_ms.get("voice_to_voice", 0.0)

    @property
    def speech_ended_s(self) -> float:
        first_packet_ms = self.timings_ms["speech_end_to_first_packet"]
        return self.said.started_s - first_packet_ms / 1000

    @property
    def stages(self) -> list[Stage]:
        return stages(self.timings_ms)


def answers(turns: Sequence[Turn]) -> list[Answer]:
    """Pairs of what was heard and what was said to it. Turns of before these times are left out."""
    found: list[Answer] = []
    heard: Turn | None = None
    for turn in turns:
        if turn.speaker is Speaker.CALLER:
            heard = turn
        elif heard is not None and "speech_end_to_first_packet" in turn.timings_ms:
            found.append(Answer(heard, turn, heard.timings_ms | turn.timings_ms))
            heard = None
    return found


def waterfall_body(record: CallRecord, turns: Sequence[Turn], zone: ZoneInfo, texts: Texts) -> Html:
    found = answers(turns)
    content = fill('<p class="quiet">{text}</p>', text=texts("waterfall_none"))
    if found:
        content = _content(turns, found, texts)
    return fill(
        _BODY,
        title=texts("waterfall_title"),
        started=instant(record.started_at, zone, texts.language),
        call_id=record.call_id,
        back=texts("waterfall_back"),
        content=content,
    )


def _content(turns: Sequence[Turn], found: Sequence[Answer], texts: Texts) -> Html:
    axis = _Axis(max(answer.wait_ms for answer in found))
    stages_seen = [name for lane in LANES for name in lane]
    return fill(
        _CONTENT,
        overview_title=texts("waterfall_overview"),
        overview=_overview(turns, found, texts),
        caller=texts("speaker_caller"),
        bot=texts("speaker_bot"),
        wait=texts("waterfall_wait"),
        answers_title=texts("waterfall_answers"),
        explanation=texts("waterfall_explanation"),
        legend=join(
            (
                fill(
                    '<span class="key stage-{name}">{text}</span>',
                    name=name,
                    text=texts(f"stage_{name}"),
                )
                for name in stages_seen
            ),
            " ",
        ),
        axis=axis.labels(),
        rows=join(_row(number, answer, axis, texts) for number, answer in enumerate(found, 1)),
        numbers_title=texts("waterfall_numbers"),
        heads=join(
            fill('<th scope="col">{text}</th>', text=text)
            for text in ("#", *(texts(f"timing_{key}") for key in STEP_KEYS))
        ),
        numbers=join(_numbers(number, answer, texts) for number, answer in enumerate(found, 1)),
    )


class _Axis:
    """Milliseconds since the caller's last sample as per cent of the width."""

    def __init__(self, longest_ms: float) -> None:
        self._step = _tick((BEFORE_MS + longest_ms + AFTER_MS), TICKS_MS)
        wanted = max(longest_ms, LEAST_WAIT_MS) + AFTER_MS
        self._end = ceil(wanted / self._step) * self._step

    def x(self, ms: float) -> float:
        inside = min(max(ms, -BEFORE_MS), self._end)
        return (inside + BEFORE_MS) / (self._end + BEFORE_MS) * 100

    def labels(self) -> Html:
        texts = join(
            fill(
                '<text x="{x}%" y="12" text-anchor="{anchor}">{text}</text>',
                x=f"{self.x(ms):.2f}",
                anchor="middle",
                text=ms,
            )
            for ms in self._ticks[:-1]  # the last one would leave the picture
        )
        return fill(
            '<svg width="100%" height="16" aria-hidden="true"><text x="0" y="12">ms</text>{texts}'
            "</svg>",
            texts=texts,
        )

    def grid(self) -> Html:
        return join(
            fill(
                '<line class="{kind}" x1="{x}%" x2="{x}%" y1="0" y2="{height}"/>',
                kind="zero" if ms == 0 else "tick",
                x=f"{self.x(ms):.2f}",
                height=HEIGHT_PX,
            )
            for ms in self._ticks
        )

    @property
    def _ticks(self) -> list[int]:
        return list(range(0, self._end + 1, self._step))


def _row(number: int, answer: Answer, axis: _Axis, texts: Texts) -> Html:
    heard, said = answer.heard, answer.said
    speech_ms = (heard.ended_s - heard.started_s) * 1000
    speaking_ms = answer.wait_ms + (said.ended_s - said.started_s) * 1000
    bars = [
        _bar("caller", 0, axis.x(-speech_ms), axis.x(0), texts("speaker_caller")),
        _bar("bot", 0, axis.x(answer.wait_ms), axis.x(speaking_ms), texts("speaker_bot")),
    ]
    cut = answer.stages
    for lane, names in enumerate(LANES, 1):
        bars += [
            _bar(
                f"stage-{stage.name}",
                lane,
                axis.x(stage.from_ms),
                axis.x(stage.to_ms),
                f"{texts(f'stage_{stage.name}')}: {stage.ms:.0f} ms",
            )
            for stage in cut
            if stage.name in names and stage.ms >= 1
        ]
    slowest = _slowest(cut)
    total = f"{answer.wait_ms:.0f}"
    return fill(
        _ROW,
        number=number,
        time=length(answer.speech_ended_s),
        asked=f"{heard.state or '…'} → {said.prompt_id or said.state}",
        total=total,
        slowest=""
        if slowest is None
        else texts(
            "waterfall_slowest", stage=texts(f"stage_{slowest.name}"), ms=f"{slowest.ms:.0f}"
        ),
        label=texts("waterfall_row_label", number=number, ms=total),
        height=HEIGHT_PX,
        grid=axis.grid(),
        bars=join(bars),
    )


def _slowest(cut: Sequence[Stage]) -> Stage | None:
    """Recognition goes on beside the waiting; only what is left of it after that costs time."""
    ends = {stage.name: stage.to_ms for stage in cut}
    waits = [
        Stage(stage.name, max(stage.from_ms, ends.get("endpointing", 0.0)), stage.to_ms)
        if stage.name == "recognition"
        else stage
        for stage in cut
        if stage.name != "head_start"
    ]
    return max(waits, key=lambda stage: stage.ms, default=None)


def _bar(kind: str, lane: int, begin: float, end: float, title: str) -> Html:
    return fill(
        '<rect class="{kind}" x="{x}%" y="{y}" width="{width}%" height="{height}">'
        "<title>{title}</title></rect>",
        kind=kind,
        x=f"{begin:.3f}",
        y=lane * LANE_PX + 3,
        width=f"{max(end - begin, 0.15):.3f}",
        height=LANE_PX - 4,
        title=title,
    )


def _numbers(number: int, answer: Answer, texts: Texts) -> Html:
    cells = join(
        fill(
            '<td class="number">{value}</td>',
            value=f"{answer.timings_ms[key]:.0f}" if key in answer.timings_ms else "–",
        )
        for key in STEP_KEYS
    )
    return fill(
        '<tr><th scope="row"><a href="#answer-{number}">{number}</a></th>{cells}</tr>',
        number=number,
        cells=cells,
    )


def _overview(turns: Sequence[Turn], found: Sequence[Answer], texts: Texts) -> Html:
    """Who speaks when in the whole call, and the waits between."""
    end_s = max(turn.ended_s for turn in turns) or 1.0
    step = _tick(end_s, TICKS_S)

    def x(seconds: float) -> float:
        return min(max(seconds / end_s, 0.0), 1.0) * 96 + 1

    bars = [
        _bar(
            str(turn.speaker),
            0 if turn.speaker is Speaker.CALLER else 1,
            x(turn.started_s),
            x(turn.ended_s),
            f"{texts(f'speaker_{turn.speaker}')} {length(turn.started_s)}",
        )
        for turn in turns
    ]
    waits = [
        fill(
            '<a href="#answer-{number}">{bar}</a>',
            number=number,
            bar=_bar(
                "wait",
                2,
                x(answer.speech_ended_s),
                x(answer.speech_ended_s + answer.wait_ms / 1000),
                f"{number}: {answer.wait_ms:.0f} ms",
            ),
        )
        for number, answer in enumerate(found, 1)
    ]
    ticks = join(
        fill(
            '<line class="tick" x1="{x}%" x2="{x}%" y1="0" y2="52"/>'
            '<text x="{x}%" y="66" text-anchor="{anchor}">{text}</text>',
            x=f"{x(at):.2f}",
            anchor="start" if at == 0 else "middle",
            text=length(at),
        )
        for at in range(0, int(end_s) + 1, int(step))
    )
    return fill(
        '<svg class="lanes" width="100%" height="70" role="img" aria-label="{label}">'
        "{ticks}{bars}{waits}</svg>",
        label=texts("waterfall_overview"),
        ticks=ticks,
        bars=join(bars),
        waits=join(waits),
    )


def _tick(whole: float, steps: Sequence[int]) -> int:
    """The finest step that leaves room for its labels."""
    return next((step for step in steps if whole / step <= MOST_TICKS), steps[-1])
