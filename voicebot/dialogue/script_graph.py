"""Every way through a call script, spelled as the engine's trail spells it."""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.dialogue.script import AGAIN, LISTEN, Ladder, Rule, Script, State
from voicebot.dialogue.trail import Edge, EdgeKind


def edges(script: Script) -> frozenset[Edge]:
    """All edges that a conversation may pass. A rule that can't be reached for others which are
    tried before it is among them: which that are depends on more than the graph."""
    return frozenset(
        edge for state in script.states.values() for edge in _edges_from(script, state)
    )


def _edges_from(script: Script, state: State) -> Iterator[Edge]:
    if state.ending is not None:
        return
    if state.call is not None:
        target = script.dialogues[state.call.dialogue]
        yield Edge(state.name, "call", state.call.line, target)
        yield from _edges_of("return", state, state.rules)
    elif state.query is not None:
        yield from _edges_of("answer", state, state.rules)
        yield from _broken_off(script, state)
    elif state.listen is None:
        yield from _edges_of("branch", state, state.rules)
    else:
        yield from _edges_of("rule", state, script.rules_in(state))
        yield from _ladder("no_input", state, state.no_input, script.no_input)
        yield from _ladder("no_match", state, state.no_match, script.no_match)
        yield from _broken_off(script, state)
        if script.unsure_prompt:
            yield Edge(state.name, "no_match", 0, LISTEN)


def _edges_of(
    kind: EdgeKind, state: State, rules: Iterator[Rule] | tuple[Rule, ...]
) -> Iterator[Edge]:
    for rule in rules:
        yield Edge(state.name, kind, rule.line, rule.go)


def _ladder(kind: EdgeKind, state: State, own: Ladder | None, general: Ladder) -> Iterator[Edge]:
    """The steps of the state's own ladder or the general one; the general one's end anyway, for
    it is where too many failures in the whole call lead."""
    ladder = own or general
    if ladder.prompts:
        yield Edge(state.name, kind, ladder.line, AGAIN)
    yield Edge(state.name, kind, ladder.line, ladder.then)
    yield Edge(state.name, kind, general.line, general.then)


def _broken_off(script: Script, state: State) -> Iterator[Edge]:
    """What may happen whatever the state is: no time is left, or the system fails."""
    yield Edge(state.name, "too_long", 0, script.too_long_state)
    yield Edge(state.name, "failure", 0, script.failure_state)
