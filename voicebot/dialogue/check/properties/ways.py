"""Every state is used and leads to an end, and no way goes round for ever."""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.dialogue.check.explorer import Exploration, Node
from voicebot.dialogue.check.properties.property import Finding, Property
from voicebot.dialogue.check.reading import ScriptReading


def _unused_states(reading: ScriptReading, found: Exploration) -> Iterator[Finding]:
    for state in reading.script.states.values():
        if state.name not in found.states:
            yield Finding(state.line, f"state {state.name} can't be reached", state.file)


def _unused_rules(reading: ScriptReading, found: Exploration) -> Iterator[Finding]:
    """Rules of included files are left out: what one script needs of them another may not."""
    script = reading.script
    for state, rule in reading.rules():
        is_reached = state is None or state.name in found.states
        is_own = rule.file in ("", script.path)
        if is_reached and is_own and (rule.file, rule.line) not in found.followed:
            where = "anywhere" if state is None else f"state {state.name}"
            yield Finding(
                rule.line,
                f"{where}: this rule can never be followed",
                rule.file,
                "warning",
            )


def _dead_ends(reading: ScriptReading, _: ScriptReading) -> Iterator[Finding]:
    script = reading.script
    ends = [name for name, state in script.states.items() if state.ending is not None]
    leading = reading.leading_to(ends)
    by_answers = reading.leading_to(ends, own_only=True)
    for name, state in script.states.items():
        if name not in leading:
            yield Finding(state.line, f"from state {name} no hang_up can be reached", state.file)
        elif name not in by_answers:
            yield Finding(
                state.line,
                f"from state {name} no answer to what is asked leads to an end: the call goes "
                "round until limits.turns",
                state.file,
                "warning",
            )


def _circles(reading: ScriptReading, found: Exploration) -> Iterator[Finding]:
    told: set[str] = set()
    for node in _on_circles(found.passed_on):
        if node.state not in told:
            told.add(node.state)
            state = reading.script.states[node.state]
            reason = f"state {state.name} leads to itself without listening"
            yield Finding(state.line, reason, state.file, node=node)


def _on_circles(following: dict[Node, set[Node]]) -> list[Node]:
    """What is left when nodes that lead nowhere, or that nothing leads to, are taken off."""
    left = dict(following)
    size = len(left) + 1
    while len(left) < size:
        size = len(left)
        left = {node: follow & left.keys() for node, follow in left.items() if follow & left.keys()}
        led_to = {after for follow in left.values() for after in follow}
        left = {node: follow for node, follow in left.items() if node in led_to}
    return list(left)


def _end_of_too_long(reading: ScriptReading, _: ScriptReading) -> Iterator[Finding]:
    state = reading.script.states[reading.script.too_long_state]
    if state.ending is None:
        yield Finding(state.line, f"too_long: state {state.name} must hang up itself", state.file)


PROPERTIES = (
    Property("unreachable state", Exploration, _unused_states),
    Property("unreachable rule", Exploration, _unused_rules),
    Property("dead end", ScriptReading, _dead_ends),
    Property("loop without listening", Exploration, _circles),
    Property("too long a call goes on", ScriptReading, _end_of_too_long),
)
