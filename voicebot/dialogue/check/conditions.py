"""Conditions over a tuple of abstract values; each question is worked out once."""

from __future__ import annotations

from collections.abc import Mapping

from voicebot.dialogue.check.abstract_values import (
    AtLeast,
    Bound,
    Mark,
    assume,
    bounds,
    outcome,
    value_of,
)
from voicebot.dialogue.expression import Expression

Values = tuple[object, ...]


class Conditions:
    """names: what stands where in the values. constants: what is the same in every call."""

    def __init__(self, names: tuple[str, ...], constants: Mapping[str, object]) -> None:
        self._index = {name: n for n, name in enumerate(names)}
        self._constants = constants
        self._places: dict[str, tuple[int, ...]] = {}
        self._outcomes: dict[tuple[str, Values], bool | None] = {}
        self._assumed: dict[tuple[str, bool, Values], dict[str, object] | None] = {}
        self._bounds: dict[tuple[str, bool], frozenset[Bound]] = {}

    def outcome(self, condition: Expression | None, values: Values) -> bool | None:
        if condition is None:
            return True
        relevant = self._relevant(condition, values)
        key = (condition.text, relevant)
        if key not in self._outcomes:
            self._outcomes[key] = outcome(condition, self._scope(condition, values))
        return self._outcomes[key]

    def assume(self, condition: Expression, holds: bool, values: Values) -> Values | None:
        """The values where it is so; None: it can't be so."""
        key = (condition.text, holds, self._relevant(condition, values))
        if key not in self._assumed:
            self._assumed[key] = assume(condition, holds, self._scope(condition, values))
        changes = self._assumed[key]
        return None if changes is None else self.changed(values, changes)

    def bounds(self, condition: Expression, holds: bool) -> frozenset[Bound]:
        key = (condition.text, holds)
        if key not in self._bounds:
            self._bounds[key] = bounds(condition, holds)
        return self._bounds[key]

    def evaluated(
        self, expression: Expression, values: Values, cap: int | None, *, is_text_kept: bool
    ) -> object:
        """A value to be kept; a number of `cap` or more is only known to be that large."""
        value = value_of(expression, self._scope(expression, values))
        if isinstance(value, AtLeast) and cap is not None:
            return AtLeast(cap)
        if isinstance(value, bool) or value is None or isinstance(value, Mark):
            return value
        if isinstance(value, str):
            return value if is_text_kept else Mark.SET
        if cap is None or not isinstance(value, int):
            return Mark.SET
        return value if 0 <= value < cap else AtLeast(cap) if value >= cap else Mark.ANY

    def get(self, name: str, values: Values) -> object:
        place = self._index.get(name)
        return Mark.ANY if place is None else values[place]

    def changed(self, values: Values, changes: Mapping[str, object]) -> Values:
        """Values with some of them replaced; names that are not followed are left out."""
        if not changes:
            return values
        new = list(values)
        for name, value in changes.items():
            place = self._index.get(name)
            if place is not None:
                new[place] = value
        return tuple(new)

    def _relevant(self, condition: Expression, values: Values) -> Values:
        places = self._places.get(condition.text)
        if places is None:
            places = tuple(
                self._index[name] for name in sorted(condition.names) if name in self._index
            )
            self._places[condition.text] = places
        return tuple([values[place] for place in places])

    def _scope(self, condition: Expression, values: Values) -> dict[str, object]:
        scope = {name: self._constants[name] for name in condition.names & self._constants.keys()}
        for name in condition.names & self._index.keys():
            scope[name] = values[self._index[name]]
        return scope
