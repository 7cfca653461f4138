"""What may be known of a variable without knowing the call, and what conditions make of it.

A value is a real one (true, 'yes', 2, none) or one of the marks below. Conditions have three
outcomes: they hold, they don't, or (None) either may be. Where one is taken to hold or not,
`assume` tells what that says about its variables.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from voicebot.dialogue.expression import Expression


class Mark(Enum):
    """SET: some value. MAYBE: none or some value. ANY: nothing is known, nor worth telling."""

    SET = "set"
    MAYBE = "maybe"
    ANY = "any"

    # Values are hashed very often, and an Enum's own hash is slow.
    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True)
class AtLeast:
    """A counter that has passed everything it is compared with."""

    least: int


Values = Mapping[str, object]
Bound = tuple[str, str]
"""("upper" | "lower", variable): the variable is known to keep to a limit on that side."""

_UNKNOWN = (Mark.SET, Mark.MAYBE, Mark.ANY)
_WORDS: Mapping[str, object] = {"true": True, "false": False, "none": None}
_MIRRORED: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt,
    ast.Gt: ast.Lt,
    ast.LtE: ast.GtE,
    ast.GtE: ast.LtE,
}
_NEGATED: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


@lru_cache(maxsize=4096)
def tree_of(text: str) -> ast.expr:
    """The parsed text of an Expression, which has been found good before."""
    return ast.parse(text, mode="eval").body


def outcome(expression: Expression | None, values: Values) -> bool | None:
    """Whether a condition holds; None: that can't be known."""
    return True if expression is None else _truth(tree_of(expression.text), values)


def value_of(expression: Expression, values: Values) -> object:
    """What `set` makes of an expression."""
    return _value(tree_of(expression.text), values)


def assume(expression: Expression, holds: bool, values: Values) -> dict[str, object] | None:
    """What changes in `values` where the condition is taken to hold, or not to.

    None: it can't be so.
    """
    changes: dict[str, object] = {}
    if not _assume(tree_of(expression.text), holds, values, changes):
        return None
    return changes


def bounds(expression: Expression, holds: bool) -> frozenset[Bound]:
    """The variables that a condition, being so, keeps below or above something."""
    return _bounds(tree_of(expression.text), holds)


def name_in(node: ast.expr) -> str:
    """The variable an operand is: `x`, `mood.x`, `days_until(x)`; empty: none, or several."""
    match node:
        case ast.Name(id=name) if name not in _WORDS:
            return name
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            return f"{owner}.{name}"
        case ast.Call(func=ast.Name(id="days_until"), args=[argument]):
            return name_in(argument)
    return ""


# ---- three outcomes -------------------------------------------------------------------------


def _truth(node: ast.expr, values: Values) -> bool | None:
    match node:
        case ast.BoolOp(op=operator, values=parts):
            decides = isinstance(operator, ast.Or)
            outcomes = [_truth(part, values) for part in parts]
            return decides if decides in outcomes else None if None in outcomes else not decides
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            truth = _truth(operand, values)
            return None if truth is None else not truth
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            operands = [left, *comparators]
            outcomes = [
                _compare(op, one, other, values)
                for op, one, other in zip(ops, operands, comparators, strict=False)
            ]
            return False if False in outcomes else None if None in outcomes else True
    value = _value(node, values)
    if isinstance(value, AtLeast):
        return True
    return None if value in _UNKNOWN else bool(value)


def _compare(op: ast.cmpop, left: ast.expr, right: ast.expr, values: Values) -> bool | None:
    if isinstance(op, ast.In | ast.NotIn):
        among = _among(left, right, values)
        return among if among is None or isinstance(op, ast.In) else not among
    one, other = _value(left, values), _value(right, values)
    if isinstance(op, ast.Eq | ast.NotEq):
        equal = _equal(one, other)
        return equal if equal is None or isinstance(op, ast.Eq) else not equal
    if isinstance(other, AtLeast):
        one, other, op = other, one, _MIRRORED[type(op)]()
    if isinstance(one, AtLeast):
        return _compare_at_least(op, one.least, other)
    for value in (one, other):
        if value is None or isinstance(value, str):
            return False
    if one in _UNKNOWN or other in _UNKNOWN:
        return None
    if not isinstance(one, int | float) or not isinstance(other, int | float):
        return False
    match op:
        case ast.Lt():
            return one < other
        case ast.LtE():
            return one <= other
        case ast.Gt():
            return one > other
    return one >= other


def _compare_at_least(op: ast.cmpop, least: int, other: object) -> bool | None:
    if other is None or isinstance(other, str):
        return False
    if not isinstance(other, int | float):
        return None
    match op:
        case ast.Gt() if other < least:
            return True
        case ast.GtE() if other <= least:
            return True
        case ast.Lt() if other <= least:
            return False
        case ast.LtE() if other < least:
            return False
    return None


def _equal(one: object, other: object) -> bool | None:
    if isinstance(other, AtLeast):
        one, other = other, one
    if isinstance(one, AtLeast):
        is_number = isinstance(other, int | float) and not isinstance(other, bool)
        is_less = is_number and isinstance(other, int | float) and other < one.least
        return False if is_less or other is None or isinstance(other, str) else None
    if one in _UNKNOWN or other in _UNKNOWN:
        is_set_to_none = (one is Mark.SET and other is None) or (other is Mark.SET and one is None)
        return False if is_set_to_none else None
    return one == other


def _among(left: ast.expr, right: ast.expr, values: Values) -> bool | None:
    if not isinstance(right, ast.List | ast.Tuple):
        return False
    found = [_equal(_value(left, values), _value(item, values)) for item in right.elts]
    return True if True in found else None if None in found else False


def _value(node: ast.expr, values: Values) -> object:
    match node:
        case ast.Constant():
            return node.value
        case ast.Name(id=name):
            return _WORDS[name] if name in _WORDS else values.get(name, Mark.ANY)
        case ast.Attribute():
            return values.get(name_in(node), Mark.ANY)
        case ast.BoolOp() | ast.Compare() | ast.UnaryOp(op=ast.Not()):
            truth = _truth(node, values)
            return Mark.ANY if truth is None else truth
        case ast.UnaryOp(operand=operand):
            value = _value(operand, values)
            return -value if isinstance(value, int | float) else Mark.ANY
        case ast.BinOp(op=op, left=left, right=right):
            return _sum(_value(left, values), _value(right, values), isinstance(op, ast.Add))
        case ast.Call(func=ast.Name(id=function), args=[argument]):
            value = _value(argument, values)
            if function.startswith("is_"):
                return False if value is None else Mark.ANY
            return value if value is None or value in _UNKNOWN else Mark.SET
    return Mark.ANY


def _sum(one: object, other: object, is_added: bool) -> object:
    if one is None or other is None:
        return None
    if isinstance(one, AtLeast) and isinstance(other, int):
        return AtLeast(one.least + other) if is_added and other >= 0 else Mark.ANY
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one + other if is_added else one - other
    return Mark.SET if Mark.MAYBE not in (one, other) else Mark.MAYBE


# ---- what being so says about variables -----------------------------------------------------


def _assume(node: ast.expr, holds: bool, values: Values, changes: dict[str, object]) -> bool:
    """Whether it can be so; what is learnt goes into `changes`."""
    seen = {**values, **changes}
    truth = _truth(node, seen)
    if truth is not None:
        return truth is holds
    match node:
        case ast.BoolOp(op=operator, values=parts):
            if isinstance(operator, ast.And) is holds:
                return all(_assume(part, holds, values, changes) for part in parts)
            open_parts = [part for part in parts if _truth(part, seen) is None]
            if len(open_parts) == 1:
                return _assume(open_parts[0], holds, values, changes)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _assume(operand, not holds, values, changes)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            kind = type(op) if holds else _NEGATED[type(op)]
            _learn(kind, left, right, seen, changes, is_order_sure=holds)
        case ast.Name() | ast.Attribute():
            name = name_in(node)
            if seen.get(name, Mark.ANY) is Mark.ANY:
                changes[name] = holds
    return True


def _learn(
    op: type[ast.cmpop],
    left: ast.expr,
    right: ast.expr,
    seen: Values,
    changes: dict[str, object],
    *,
    is_order_sure: bool,
) -> None:
    """is_order_sure: an order was found, so neither side is none."""
    for name, other in ((name_in(left), right), (name_in(right), left)):
        if not name or seen.get(name, Mark.ANY) not in _UNKNOWN:
            continue
        constant = _value(other, seen)
        is_constant = constant not in _UNKNOWN and not isinstance(constant, AtLeast)
        is_itself = isinstance(left if other is right else right, ast.Name | ast.Attribute)
        if op is ast.Eq and is_constant and is_itself:
            changes[name] = constant
        elif (op is ast.NotEq and constant is None and is_constant) or (
            op in _MIRRORED and is_order_sure and seen.get(name) is Mark.MAYBE
        ):
            changes[name] = Mark.SET
        elif op is ast.In and isinstance(right, ast.List | ast.Tuple):
            only = right.elts[0] if len(right.elts) == 1 else None
            changes[name] = _value(only, seen) if only is not None else Mark.SET


def _bounds(node: ast.expr, holds: bool) -> frozenset[Bound]:
    match node:
        case ast.BoolOp(op=operator, values=parts):
            found = [_bounds(part, holds) for part in parts]
            if isinstance(operator, ast.And) is holds:
                return frozenset().union(*found)
            return frozenset.intersection(*found)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _bounds(operand, not holds)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            kind = type(op) if holds else _NEGATED[type(op)]
            if kind is ast.Eq:
                names = {name_in(left), name_in(right)} - {""}
                return frozenset((side, name) for side in ("upper", "lower") for name in names)
            return frozenset(
                (side, name)
                for side, name in (
                    (_SIDES.get(kind, ""), name_in(left)),
                    (_SIDES.get(_MIRRORED.get(kind, kind), ""), name_in(right)),
                )
                if side and name
            )
    return frozenset()


_SIDES: Mapping[type[ast.cmpop], str] = {
    ast.Lt: "upper",
    ast.LtE: "upper",
    ast.Gt: "lower",
    ast.GtE: "lower",
}
