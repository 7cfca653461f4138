"""How long the check takes on a script of 200 states: `python -m benchmarks.check_speed`.

Writes benchmarks/results/check_speed.md. The script is the small good one of the tests, its part
between proof and promise repeated one after the other.
"""

from __future__ import annotations

import re
import tempfile
import time
from pathlib import Path

from voicebot.dialogue.check.script_check import Check
from voicebot.dialogue.script_loader import load_script

_ROOT = Path(__file__).resolve().parents[1]
_FOLDER = _ROOT / "tests" / "data" / "scripts" / "broken"
_RESULT = _ROOT / "benchmarks" / "results" / "check_speed.md"
_REPEATED = ("when", "sure", "plan", "agree", "saved", "anything")


def large_script(n_states: int) -> str:
    """The base script with its middle part repeated until it has that many states."""
    text = (_FOLDER / "base.yaml").read_text(encoding="utf-8")
    start, end = text.index("  when:\n"), text.index("  stranger: {say")
    middle = text[start:end].replace("    do: [{set:", "    do: [{clear: [day, amount]}, {set:", 1)
    n_parts = max(1, -(-(n_states - 10) // len(_REPEATED)))
    parts = [middle]
    for n in range(2, n_parts + 1):
        part = middle
        for name in _REPEATED:
            places = re.compile(rf"(^  |go: |then: ){name}\b", re.MULTILINE)
            part = places.sub(rf"\g<1>{name}_{n}", part)
        parts.append(part)
    for n in range(len(parts) - 1):
        last = parts[n].rindex("go: bye")
        parts[n] = f"{parts[n][:last]}go: when_{n + 2}{parts[n][last + len('go: bye') :]}"
    return text[:start] + "".join(parts) + text[end:]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        intents = (_FOLDER / "intents.yaml").read_text(encoding="utf-8")
        (Path(folder) / "intents.yaml").write_text(intents, encoding="utf-8")
        path = Path(folder) / "large.yaml"
        path.write_text(large_script(200), encoding="utf-8")
        script = load_script(path)
        check = Check(script)
        cpu, wall = time.process_time(), time.perf_counter()
        problems = check.problems()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    line = (
        f"{len(script.states)} states, {check.n_nodes} nodes, {len(problems)} problems: "
        f"{cpu:.2f} s of CPU, {wall:.2f} s\n"
    )
    _RESULT.write_text(
        f"# Time of `voicebot check`\n\n`python -m benchmarks.check_speed`\n\n{line}",
        encoding="utf-8",
    )
    print(line, end="")


if __name__ == "__main__":
    main()
