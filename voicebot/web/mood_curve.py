"""The caller's mood over a call, drawn: one column a turn that could be read."""

from __future__ import annotations

from collections.abc import Sequence

from voicebot.records import Turn, TurnMood
from voicebot.web.formats import length
from voicebot.web.markup import Html, fill, join
from voicebot.web.texts import Texts

CLEAR = 0.6
"""Below this confidence a reading counted as nothing, and is shown pale."""

GROUPS = ("calm", "positive", "distress", "anger")

_WIDTH, _HEIGHT = 320.0, 96.0

_SECTION = """<section class="mood" aria-labelledby="mood-title">
<h2 id="mood-title">{title}</h2>
<svg viewBox="0 0 {width} {height}" role="img" aria-label="{summary}">{columns}</svg>
<p class="legend">{keys}</p>
<p class="quiet">{caution}</p></section>"""

_PART = '<rect class="mood-{group}" x="{x}" y="{y}" width="{width}" height="{height}"/>'


def mood_section(turns: Sequence[Turn], texts: Texts) -> Html:
    """Nothing where no voice was read."""
    read = [(turn, turn.mood) for turn in turns if turn.mood is not None]
    if not read:
        return Html("")
    width = _WIDTH / max(len(read), 8)
    return fill(
        _SECTION,
        title=texts("mood"),
        width=f"{_WIDTH:g}",
        height=f"{_HEIGHT:g}",
        summary="; ".join(f"{length(turn.started_s)} {mood_text(m, texts)}" for turn, m in read),
        columns=join(
            _column(turn, mood, n * width, width - 2, texts) for n, (turn, mood) in enumerate(read)
        ),
        keys=join(
            (
                fill('<span class="key mood-{g}">{name}</span>', g=group, name=_name(group, texts))
                for group in GROUPS
            ),
            " ",
        ),
        caution=texts("mood_caution"),
    )


def mood_text(mood: TurnMood, texts: Texts) -> str:
    """What a turn sounded like, in words."""
    if mood.confidence < CLEAR:
        return texts("mood_unclear")
    return f"{_name(mood.group, texts)} {mood.confidence:.0%}"


def _column(turn: Turn, mood: TurnMood, x: float, width: float, texts: Texts) -> Html:
    parts = []
    bottom = _HEIGHT
    for group in GROUPS:
        height = mood.probabilities.get(group, 0.0) * _HEIGHT
        bottom -= height
        parts.append(
            fill(
                _PART,
                group=group,
                x=f"{x:.1f}",
                y=f"{bottom:.1f}",
                width=f"{width:.1f}",
                height=f"{height:.1f}",
            )
        )
    return fill(
        '<g class="{clear}"><title>{label}</title>{parts}</g>',
        clear="clear" if mood.confidence >= CLEAR else "unclear",
        label=f"{length(turn.started_s)} {mood_text(mood, texts)}",
        parts=join(parts),
    )


def _name(group: str, texts: Texts) -> str:
    return texts.get(f"mood_{group}", group)
