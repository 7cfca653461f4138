"""What `voicebot simulate` tells: a document for machines, tables for people."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from rich.console import Console
from rich.table import Table

from voicebot.dialogue.simulation.simulation import SimulationResult
from voicebot.dialogue.trail import Edge

_SHOWN = 12
_STORY_LINES = 10


def as_document(
    result: SimulationResult, cpu_s: float, threshold: float, needs_edges: bool
) -> dict[str, Any]:
    """JSON-able. `passed`: no breach, and what is needed is covered to `threshold` percent."""
    coverage = result.coverage
    states = _share(coverage.known_states, coverage.missing_states)
    edges = _share(coverage.known_edges, coverage.missing_edges)
    is_covered = states["percent"] >= threshold and (
        not needs_edges or edges["percent"] >= threshold
    )
    n_breaches = sum(result.n_breaches.values())
    return {
        "script": result.script,
        "seed": result.seed,
        "rules": "business" if result.is_business else "consumer",
        "calls": result.n_calls,
        "calls_continued": result.n_continued,
        "cpu_s": round(cpu_s, 2),
        "calls_per_cpu_minute": round(result.n_calls / cpu_s * 60) if cpu_s else 0,
        "caller_turns_per_call": round(result.n_caller_turns / max(result.n_calls, 1), 2),
        "longest_call_turns": result.longest_call_turns,
        "threshold_percent": threshold,
        "states": {**states, "missing": coverage.missing_states},
        "edges": {
            **edges,
            "missing": [_edge(edge) for edge in coverage.missing_edges],
            "unreachable": [
                {**_edge(proven.edge), "reason": proven.reason} for proven in coverage.unreachable
            ],
            "unforeseen": [_edge(edge) for edge in coverage.unforeseen_edges],
        },
        "intents": {
            **_share(coverage.known_intents, coverage.missing_intents),
            "missing": coverage.missing_intents,
        },
        "outcomes": {name: dict(counts.most_common()) for name, counts in result.outcomes.items()},
        "n_breaches": n_breaches,
        "breaches": dict(result.n_breaches),
        "examples": [
            {
                "kind": found.breach.kind,
                "detail": found.breach.detail,
                "prompt": found.breach.prompt_id,
                "persona": found.persona,
                "call": found.call,
                "story": list(found.story),
            }
            for found in result.breaches
        ],
        "passed": is_covered and not n_breaches and not coverage.unforeseen_edges,
    }


def print_report(document: dict[str, Any], console: Console) -> None:
    console.print(
        f"[bold]{document['script']}[/bold]: {document['calls']} calls "
        f"({document['calls_continued']} went on from a moment of an earlier one), "
        f"{document['caller_turns_per_call']} turns a call, longest "
        f"{document['longest_call_turns']}; {document['cpu_s']} s of CPU, "
        f"{document['calls_per_cpu_minute']} calls a minute; judged by the rules for "
        f"{'companies' if document['rules'] == 'business' else 'consumers'}",
        highlight=False,
    )
    table = Table("covered", "of", "percent", "missing", title="Coverage", title_justify="left")
    for what in ("states", "edges", "intents"):
        share = document[what]
        table.add_row(
            f"{share['covered']} {what}",
            str(share["known"]),
            f"{share['percent']:.1f}",
            ", ".join(map(_shown, share["missing"][:_SHOWN])),
        )
    console.print(table)
    edges = document["edges"]
    if edges["unreachable"]:
        console.print(
            f"{len(edges['unreachable'])} more edges are proven to be out of every call's reach "
            "(why: --json)",
            highlight=False,
        )
    for edge in edges["unforeseen"][:_SHOWN]:
        console.print(f"taken, though nobody should be able to: {_shown(edge)}", style="red")
    console.print(_outcome_table(document))
    if document["n_breaches"]:
        console.print(f"[red]{document['n_breaches']} breaches[/red]")
        for kind, count in document["breaches"].items():
            console.print(f"  {count} x {kind}", style="red", highlight=False)
        for example in document["examples"]:
            where = f"{example['kind']} (persona {example['persona']}, call {example['call']})"
            console.print(f"\n{where}: {example['detail']}", style="red", markup=False)
            for line in example["story"][-_STORY_LINES:]:
                console.print(f"    {line}", highlight=False, markup=False)
    else:
        console.print("no breach", style="green")
    verdict = "passed" if document["passed"] else "failed"
    console.print(
        f"{verdict} (at least {document['threshold_percent']:g} % are to be covered)",
        style="green" if document["passed"] else "red",
        highlight=False,
    )


def _edge(edge: Edge) -> dict[str, Any]:
    return {"state": edge.state, "kind": edge.kind, "line": edge.line, "target": edge.target}


def _outcome_table(document: dict[str, Any]) -> Table:
    outcomes = document["outcomes"]
    names = sorted({name for counts in outcomes.values() for name in counts})
    table = Table("outcome", *outcomes, title="Outcomes by persona", title_justify="left")
    for name in names:
        table.add_row(name, *(str(counts.get(name, "")) for counts in outcomes.values()))
    return table


def _share(known: Collection[object], missing: Collection[object]) -> dict[str, Any]:
    covered = len(known) - len(missing)
    percent = 100.0 * covered / len(known) if known else 100.0
    return {"covered": covered, "known": len(known), "percent": round(percent, 2)}


def _shown(missing: str | dict[str, Any]) -> str:
    if isinstance(missing, str):
        return missing
    return f"{missing['state']} {missing['kind']}:{missing['line']} → {missing['target']}"
