"""Draws a confusion matrix as SVG, with nothing but text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from xml.sax.saxutils import escape

_CELL, _MARGIN, _FONT = 14, 190, 10


def confusion_svg(pairs: Sequence[tuple[str, str]]) -> str:
    """pairs: what was meant and what was understood. Rows are what was meant; each row's shares
    are shades, and what is off the diagonal is red."""
    names = sorted({name for pair in pairs for name in pair})
    place = {name: n for n, name in enumerate(names)}
    count = Counter(pairs)
    of_row = Counter(meant for meant, _ in pairs)
    size = _MARGIN + _CELL * len(names) + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" '
        f'viewBox="0 0 {size} {size}" font-family="sans-serif" font-size="{_FONT}">',
        f'<rect width="{size}" height="{size}" fill="white"/>',
        f'<text x="4" y="14">rows: meant; columns: understood; {len(pairs)} sentences</text>',
    ]
    for name, n in place.items():
        at = _MARGIN + n * _CELL
        middle = at + _CELL - 4
        parts.append(
            f'<text x="{_MARGIN - 4}" y="{middle}" text-anchor="end">{escape(name)}</text>'
            f'<text transform="translate({middle},{_MARGIN - 4}) rotate(-90)">{escape(name)}</text>'
            f'<path d="M{_MARGIN} {at}H{size - 10}M{at} {_MARGIN}V{size - 10}" stroke="#eee"/>'
        )
    for (meant, understood), n in count.items():
        share = n / of_row[meant]
        colour = "#1b6e3c" if meant == understood else "#c0281c"
        x, y = _MARGIN + place[understood] * _CELL, _MARGIN + place[meant] * _CELL
        parts.append(
            f'<rect x="{x}" y="{y}" width="{_CELL}" height="{_CELL}" fill="{colour}" '
            f'fill-opacity="{0.15 + 0.85 * share:.2f}">'
            f"<title>{escape(meant)} → {escape(understood)}: {n} of {of_row[meant]}</title></rect>"
            f'<text x="{x + _CELL / 2}" y="{y + _CELL - 4}" text-anchor="middle">{n}</text>'
        )
    return "\n".join((*parts, "</svg>\n"))
