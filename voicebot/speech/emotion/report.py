"""What training came to, as a page of markdown with two pictures (SVG, drawn here)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voicebot.speech.emotion.emotion import EMOTIONS
from voicebot.speech.emotion.evaluation import (
    ANY_BASELINE,
    GROUP_NAMES,
    GROUP_OF,
    Bin,
    Outcome,
    calibration,
)

_CELL = 64
_LEFT = 96
_TOP = 40
_PLOT = 320
_FONT = 'font-family="sans-serif" font-size="13"'


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """What the outcomes do not say. command: with which the page was made."""

    title: str
    command: str
    speakers: Sequence[str]
    n_utterances: int
    training: str
    notes: Sequence[str] = ()


def write_report(path: Path, outcomes: Sequence[Outcome], facts: ReportFacts) -> None:
    """Write the page and its pictures beside it. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    main = _find(outcomes, outcomes[0].condition, ANY_BASELINE)
    pictures = {
        f"{path.stem}-confusion.svg": confusion_picture(main.confusion()),
        f"{path.stem}-calibration.svg": calibration_picture(
            calibration(main.probabilities, main.emotions),
            calibration(main.group_probabilities, GROUP_OF[main.emotions]),
        ),
    }
    for name, picture in pictures.items():
        (path.parent / name).write_text(picture, encoding="utf-8")
    confusion, calibrated = pictures
    lines = [
        f"# {facts.title}",
        "",
        f"Made with `{facts.command}`.",
        "",
        f"{facts.n_utterances} utterances of {len(facts.speakers)} speakers, each at telephone "
        "quality (8 kHz, A-law). Each speaker is left out in turn: all figures are of people the "
        f"head had never heard. Trained on {facts.training}.",
        "",
        "*Recall* is the mean of the classes' recalls (UAR; guessing gives 17 % of six emotions, "
        f"25 % of the four groups {', '.join(GROUP_NAMES)}). *Baseline* is what was known of the "
        "caller: nothing, three other utterances of his of any mood, or three neutral ones. "
        "*Calibration error* is the mean distance between stated probability and truth, with the "
        "temperature taken from the other speakers.",
        "",
        *facts.notes,
        *([""] if facts.notes else []),
        "## All figures",
        "",
        "| Heard | Baseline | Recall of 6 | Recall of 4 | Anger AUC | Calibration error of 6 "
        "| of 4 |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(_row(one) for one in outcomes),
        "",
        "## By speaker",
        "",
        f"Recall of 6 / of 4, {main.condition}.",
        "",
        *_by_speaker(outcomes, facts.speakers),
        "",
        "## How sure it is",
        "",
        f"With a baseline ({ANY_BASELINE}): answers kept above a confidence, and how many of those "
        "have the right group.",
        "",
        "| Confidence at least | Answers kept | Right group |",
        "| --- | --- | --- |",
        *(_sure_row(main, threshold) for threshold in (0.4, 0.5, 0.6, 0.7, 0.8)),
        "",
        f"![Calibration]({calibrated})",
        "",
        "## What is taken for what",
        "",
        f"With a baseline ({ANY_BASELINE}); rows are what it was, in % of the row.",
        "",
        f"![Confusion matrix]({confusion})",
        "",
        *_confusion_table(main.confusion()),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def confusion_picture(table: npt.NDArray[np.int64]) -> str:
    """Rows: what it was. Columns: what was read."""
    shares = _row_shares(table)
    size = len(EMOTIONS) * _CELL
    parts = []
    for row, truth in enumerate(EMOTIONS):
        y = _TOP + row * _CELL
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 37}" text-anchor="end">{truth}</text>')
        parts.append(
            f'<text x="{_LEFT + row * _CELL + 32}" y="{_TOP - 12}" '
            f'text-anchor="middle">{truth}</text>'
        )
        for column in range(len(EMOTIONS)):
            x = _LEFT + column * _CELL
            share = float(shares[row, column])
            ink = "#fff" if share > 0.5 else "#222"
            parts.append(
                f'<rect x="{x}" y="{y}" width="{_CELL - 2}" height="{_CELL - 2}" '
                f'fill="#1f5f99" fill-opacity="{share:.3f}"/>'
                f'<text x="{x + 31}" y="{y + 37}" text-anchor="middle" fill="{ink}">'
                f"{100 * share:.0f}</text>"
            )
    return _svg(_LEFT + size + 8, _TOP + size + 8, parts)


def calibration_picture(emotions: Sequence[Bin], groups: Sequence[Bin]) -> str:
    """Stated probability to the right, truth upwards; a dot's area is its share of answers."""
    left, top = 56, 16
    bottom, right = top + _PLOT, left + _PLOT
    parts = [
        f'<rect x="{left}" y="{top}" width="{_PLOT}" height="{_PLOT}" fill="none" stroke="#999"/>',
        f'<line x1="{left}" y1="{bottom}" x2="{right}" y2="{top}" stroke="#999" '
        'stroke-dasharray="4 4"/>',
        f'<text x="{left + _PLOT // 2}" y="{bottom + 36}" text-anchor="middle">confidence</text>',
        f'<text x="16" y="{top + _PLOT // 2}" text-anchor="middle" '
        f'transform="rotate(-90 16 {top + _PLOT // 2})">right</text>',
    ]
    for tick in range(0, 101, 20):
        x, y = left + tick * _PLOT / 100, bottom - tick * _PLOT / 100
        parts.append(f'<text x="{x:.0f}" y="{bottom + 18}" text-anchor="middle">{tick}</text>')
        parts.append(f'<text x="{left - 6}" y="{y + 4:.0f}" text-anchor="end">{tick}</text>')
    for name, bins, colour, at in (
        ("six emotions", emotions, "#1f5f99", 34),
        ("four groups", groups, "#c0561a", 54),
    ):
        points = [(left + b.confidence * _PLOT, bottom - b.accuracy * _PLOT, b) for b in bins]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}"/>')
        parts += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{2 + 16 * b.share**0.5:.1f}" '
            f'fill="{colour}" fill-opacity="0.5"/>'
            for x, y, b in points
        ]
        parts.append(f'<text x="{left + 12}" y="{at}" fill="{colour}">{name}</text>')
    return _svg(right + 16, bottom + 48, parts)


def _svg(width: int, height: int, parts: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" {_FONT}>'
    )
    ground = f'<rect width="{width}" height="{height}" fill="#fff"/>'
    return "\n".join([head, ground, *parts, "</svg>"]) + "\n"


def _row(one: Outcome) -> str:
    return (
        f"| {one.condition} | {one.baseline} | {_percent(one.recall)} | "
        f"{_percent(one.group_recall)} | {one.anger_auc:.2f} | "
        f"{_percent(one.calibration_error)} | {_percent(one.group_calibration_error)} |"
    )


def _by_speaker(outcomes: Sequence[Outcome], speakers: Sequence[str]) -> list[str]:
    first = [one for one in outcomes if one.condition == outcomes[0].condition]
    lines = [
        "| Speaker | Utterances | "
        + " | ".join(f"Baseline: {one.baseline}" for one in first)
        + " |",
        "| --- |" + " --- |" * (len(first) + 1),
    ]
    for number, name in enumerate(speakers):
        cells = [one.of_speaker(number) for one in first]
        figures = [f"{_percent(one.recall)} / {_percent(one.group_recall)}" for one in cells]
        lines.append(f"| {name} | {len(cells[0].emotions)} | {' | '.join(figures)} |")
    return lines


def _sure_row(outcome: Outcome, threshold: float) -> str:
    kept, right = outcome.sure_of_group(threshold)
    return f"| {threshold} | {_percent(kept)} | {_percent(right)} |"


def _confusion_table(table: npt.NDArray[np.int64]) -> list[str]:
    shares = _row_shares(table)
    return [
        "| | " + " | ".join(EMOTIONS) + " |",
        "| --- |" + " --- |" * len(EMOTIONS),
        *(
            f"| {name} | " + " | ".join(f"{100 * share:.0f}" for share in shares[row]) + " |"
            for row, name in enumerate(EMOTIONS)
        ),
    ]


def _row_shares(table: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    shares: npt.NDArray[np.float64] = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    return shares


def _find(outcomes: Sequence[Outcome], condition: str, baseline: str) -> Outcome:
    return next(o for o in outcomes if (o.condition, o.baseline) == (condition, baseline))


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
