"""A script's states and ways as one HTML file: layers from the start, red where a problem is."""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import escape
from pathlib import Path

from voicebot.dialogue.check.problem import Problem
from voicebot.dialogue.script import Script, State
from voicebot.dialogue.script_graph import edges

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y = 190, 30, 50, 14
_STYLE = """body{font:14px sans-serif;margin:1rem}svg text{font:12px sans-serif}
rect{fill:#eef3fb;stroke:#5b7db1}.ends rect{fill:#e9f7ec;stroke:#3d8b54}
.listens rect{fill:#fff7df;stroke:#b38a1d}.wrong rect{stroke:#c0392b;stroke-width:3}
path{fill:none;stroke:#9aa7b8}path.passed{stroke:#3d8b54}path.missed{stroke:#c0392b}
@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}}"""


def passed_in(path: Path) -> frozenset[tuple[str, str]]:
    """From what `voicebot simulate --json` wrote: the ways that were taken, state by state."""
    found: set[tuple[str, str]] = set()
    _collect(json.loads(path.read_text(encoding="utf-8")), found)
    return frozenset(found)


def _collect(value: object, found: set[tuple[str, str]]) -> None:
    """Edges are objects with state and target, wherever they stand; those missed are left out."""
    if isinstance(value, list):
        for item in value:
            _collect(item, found)
    elif isinstance(value, dict):
        state, target = value.get("state"), value.get("target")
        if isinstance(state, str) and isinstance(target, str):
            found.add((state, target))
            return
        for key, item in value.items():
            if "miss" not in str(key) and "not_" not in str(key):
                _collect(item, found)


def graph_page(
    script: Script, problems: Iterable[Problem], passed: frozenset[tuple[str, str]] | None
) -> str:
    """passed: (state, target) of the ways that calls took; None: not known."""
    ways = sorted({(edge.state, edge.target) for edge in edges(script)})
    ways = [(state, target) for state, target in ways if target in script.states]
    places = _places(script, ways)
    wrong = {(problem.file, problem.line): problem for problem in problems}
    drawn = [_way(places, state, target, passed) for state, target in ways]
    drawn += [
        _box(state, places[name], wrong.get((state.file or script.path, state.line)))
        for name, state in script.states.items()
    ]
    width = max(x for x, _ in places.values()) + _WIDTH + 20
    height = max(y for _, y in places.values()) + _HEIGHT + 20
    told = "".join(f"<li><pre>{escape(str(problem))}</pre></li>" for problem in problems)
    title = escape(script.title or script.name)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style><h1>{title}</h1>"
        f"<p>{len(script.states)} states, {len(ways)} ways between them.</p><ul>{told}</ul>"
        f'<svg width="{width}" height="{height}" role="img">{"".join(drawn)}</svg></html>\n'
    )


def _places(script: Script, ways: list[tuple[str, str]]) -> dict[str, tuple[int, int]]:
    """Each state in the layer of its distance from the start, in the order of the script."""
    depth = {script.start: 0}
    layer = [script.start]
    following: dict[str, list[str]] = {}
    for state, target in ways:
        following.setdefault(state, []).append(target)
    while layer:
        reached = [target for name in layer for target in following.get(name, [])]
        layer = [name for name in dict.fromkeys(reached) if name not in depth]
        depth.update(dict.fromkeys(layer, max(depth.values()) + 1))
    last = max(depth.values()) + 1
    rows: dict[int, int] = {}
    places: dict[str, tuple[int, int]] = {}
    for name in script.states:
        column = depth.get(name, last)
        row = rows.get(column, 0)
        rows[column] = row + 1
        places[name] = (10 + column * (_WIDTH + _GAP_X), 10 + row * (_HEIGHT + _GAP_Y))
    return places


def _way(
    places: dict[str, tuple[int, int]],
    state: str,
    target: str,
    passed: frozenset[tuple[str, str]] | None,
) -> str:
    (x1, y1), (x2, y2) = places[state], places[target]
    x1, y1, y2 = x1 + _WIDTH, y1 + _HEIGHT // 2, y2 + _HEIGHT // 2
    kind = "" if passed is None else "passed" if (state, target) in passed else "missed"
    bend = max(30, abs(x2 - x1) // 2)
    return (
        f'<path class="{kind}" d="M{x1},{y1} C{x1 + bend},{y1} {x2 - bend},{y2} {x2},{y2}">'
        f"<title>{escape(f'{state} → {target}')}</title></path>"
    )


def _box(state: State, place: tuple[int, int], problem: Problem | None) -> str:
    x, y = place
    kind = "ends" if state.ending is not None else "listens" if state.listen is not None else ""
    kind += " wrong" if problem is not None else ""
    note = f"{state.name} (line {state.line})" + (f": {problem.reason}" if problem else "")
    return (
        f'<g class="{kind}"><title>{escape(note)}</title>'
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="5"/>'
        f'<text x="{x + 8}" y="{y + 19}">{escape(state.name[:28])}</text></g>'
    )
