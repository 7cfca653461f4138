"""Measures what guessing costs the dialogue, and how much of what it says was foreseen.

Calls are played by chance over the hotline's script. Before each turn of the caller the prompts
that may come next are asked for; afterwards it is counted which of those that came, and whose
text is not always the same, were among them. A guess is a copy of the engine that judges a text
whole and handles it; the texts are the labelled answers, none of them read before.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks.completeness import labelled
from tests.unit.dialogue.dialogue_driver import NOW, WARSAW, Conversation, infolinia
from tests.unit.dialogue.random_calls import random_event
from voicebot.dialogue.actions import HangUp, NoInput, Say, UserTurn
from voicebot.dialogue.engine import DialogueEngine
from voicebot.dialogue.polish import dates
from voicebot.dialogue.polish.words import tokenize

_CHECKOUT = Path(__file__).resolve().parents[1]
_RESULT = _CHECKOUT / "benchmarks" / "results" / "speculation.md"
_MOST_EVENTS = 40
_ALTERNATIVES = ("tak, w piątek", "sto złotych")


@dataclass
class Foreseen:
    """Prompts with variables. known: all their values were known before the caller's turn."""

    n_came: int = 0
    n_foreseen: int = 0
    n_known: int = 0
    n_known_foreseen: int = 0
    n_turns: int = 0
    n_offered: int = 0
    first_ranks: list[int] = field(default_factory=list)


def _new_call() -> DialogueEngine:
    script, classifier = infolinia()
    given = {"company": "Windykacja Przykładowa", "is_recorded": True, "caller_known": True}
    return DialogueEngine(script, classifier, given, WARSAW)


def walk(seed: int, foreseen: Foreseen, look_ahead_ms: list[float]) -> None:
    """One call; what was foreseen in it is added to `foreseen`."""
    chance = random.Random(seed)
    engine = _new_call()
    actions = engine.start(NOW)
    script, _ = infolinia()
    says: list[Say] = []
    before: dict[str, object] = {}
    for _ in range(_MOST_EVENTS):
        event = random_event(chance, engine, actions)
        if isinstance(event, UserTurn | NoInput):
            started = time.process_time()
            says = engine.possible_says(NOW)
            look_ahead_ms.append(1000 * (time.process_time() - started))
            before = dict(engine.variables)
            foreseen.n_turns += 1
            foreseen.n_offered += len(says)
        actions = engine.handle(event, NOW)
        for say in actions:
            if not isinstance(say, Say) or say.is_static:
                continue
            names = script.prompts[say.prompt_id].template.names
            is_known = all(
                before.get(name) is not None and before[name] == engine.variables.get(name)
                for name in names
            )
            is_foreseen = say in says
            foreseen.n_came += 1
            foreseen.n_foreseen += is_foreseen
            foreseen.n_known += is_known
            foreseen.n_known_foreseen += is_known and is_foreseen
            if is_foreseen:
                foreseen.first_ranks.append(says.index(say) + 1)
        if isinstance(actions[-1], HangUp):
            return


def guess(engine: DialogueEngine, text: str) -> None:
    """What the session does with a text that may not be the last one."""
    twin = engine.copy()
    twin.completeness(text, NOW)
    twin.handle(UserTurn(text, 0.9, _ALTERNATIVES), NOW)


def _places() -> dict[str, DialogueEngine]:
    """Engines that listen at different questions."""
    call = Conversation()
    places = {"case number": call.engine.copy()}
    call.play("dwa zero dwa sześć zero zero jeden siedem")
    places["birth date"] = call.engine.copy()
    call.play("ósmy maja siedemdziesiąty piąty", "zero zero dziewięćset pięćdziesiąt")
    places["day"] = call.engine.copy()
    call.play("całość w piątek")
    places["read back"] = call.engine.copy()
    return places


def _timed(work: Callable[[], None]) -> tuple[float, float]:
    """Milliseconds of CPU and of wall time, with nothing remembered of earlier texts."""
    tokenize.cache_clear()
    dates.forget_texts()
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return 1000 * (time.process_time() - cpu), 1000 * (time.perf_counter() - wall)


def _row(name: str, cpu_ms: Sequence[float], wall_ms: Sequence[float]) -> str:
    p95 = sorted(cpu_ms)[int(0.95 * len(cpu_ms))]
    return (
        f"| {name} | {len(cpu_ms)} | {statistics.mean(cpu_ms):.2f} | {p95:.2f} "
        f"| {statistics.mean(wall_ms):.2f} |"
    )


def report(n_calls: int) -> str:
    foreseen, look_ahead_ms = Foreseen(), list[float]()
    for seed in range(n_calls):
        walk(seed, foreseen, look_ahead_ms)
    lines = [
        "# Guessing: what is foreseen, and what it costs",
        "",
        f"Command: `python -m benchmarks.speculation --calls {n_calls}`.",
        "",
        "| prompts with variables | came | were foreseen |",
        "|---|---|---|",
        f"| all | {foreseen.n_came} | {_percent(foreseen.n_foreseen, foreseen.n_came)} |",
        f"| all values known before the turn | {foreseen.n_known} "
        f"| {_percent(foreseen.n_known_foreseen, foreseen.n_known)} |",
        "",
        f"Offered before a turn: {foreseen.n_offered / foreseen.n_turns:.1f} prompts on average; "
        f"the one that came stood at place {statistics.mean(foreseen.first_ranks):.1f} "
        f"on average. Looking ahead took {statistics.mean(look_ahead_ms):.2f} ms of CPU, mean.",
        "",
        "A guess: copy the engine, judge whether the text is whole, handle it (two alternatives).",
        "",
        "| question | texts | CPU ms, mean | CPU ms, p95 | wall ms, mean |",
        "|---|---|---|---|---|",
    ]
    texts = list(dict.fromkeys(answer.said for answer in labelled()))
    for name, engine in _places().items():
        times = [_timed(partial(guess, engine, text)) for text in texts]
        lines.append(_row(name, [cpu for cpu, _ in times], [wall for _, wall in times]))
    return "\n".join([*lines, ""])


def _percent(part: int, of: int) -> str:
    return f"{part} ({100 * part / of:.0f} %)" if of else "none"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=150)
    parser.add_argument("--output", type=Path, default=_RESULT)
    options = parser.parse_args()
    text = report(options.calls)
    print(text)
    options.output.write_text(text, encoding="utf-8")
    print(f"written: {options.output}", file=sys.stderr)


if __name__ == "__main__":
    main()
