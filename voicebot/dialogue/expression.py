"""Conditions and values in call scripts: a tiny safe expression language.

`promise_amount > balance and not is_weekend(promise_date)`. Python's parser reads it, this
file evaluates it: names (`mood.anger`, `person.is_clear` and `experiment.opening` too), numbers,
'text', true, false, none, comparisons, and/or/not, in, + and -, and the functions below. Nothing
else exists, so a script can't reach the program.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta
from enum import Enum

from voicebot.dialogue.polish.feasts import add_business_days, is_business_day, is_holiday

_CONSTANTS: dict[str, object] = {"true": True, "false": False, "none": None}
_MAX_LENGTH = 300
_MAX_DAYS = 3660


class ExpressionError(ValueError):
    """The text is no expression of this language; says what is wrong."""


def _days_until(scope: Mapping[str, object], day: object) -> object:
    today = scope.get("today")
    return (day - today).days if isinstance(day, date) and isinstance(today, date) else None


def _is_weekend(scope: Mapping[str, object], day: object) -> object:
    return isinstance(day, date) and day.weekday() >= 5


def _date_in(scope: Mapping[str, object], n_days: object) -> object:
    today = scope.get("today")
    if isinstance(today, date) and isinstance(n_days, int) and abs(n_days) <= _MAX_DAYS:
        return today + timedelta(days=n_days)
    return None


def _is_holiday(scope: Mapping[str, object], day: object) -> object:
    return isinstance(day, date) and is_holiday(day)


def _next_business_day(scope: Mapping[str, object], day: object) -> object:
    """The day itself where it is one."""
    if not isinstance(day, date) or day.year >= MAXYEAR:
        return None
    return day if is_business_day(day) else add_business_days(day, 1)


FUNCTIONS: dict[str, Callable[[Mapping[str, object], object], object]] = {
    "days_until": _days_until,
    "is_weekend": _is_weekend,
    "date_in": _date_in,
    "is_holiday": _is_holiday,
    "next_business_day": _next_business_day,
}

_COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn)


class Unknown(Enum):
    """Stands for the value of a variable that the next turn will tell."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression. `names` are the variables it reads."""

    text: str
    names: frozenset[str]
    _tree: ast.expr

    def evaluate(self, scope: Mapping[str, object]) -> object:
        """Its value. Never raises: what can't be compared or added gives false or none."""
        return _evaluate(self._tree, scope)

    def requirements(self) -> list[str]:
        """Conditions that must all hold, in one spelling: `a and b == 'x'` gives both parts."""
        parts = (
            self._tree.values
            if isinstance(self._tree, ast.BoolOp) and isinstance(self._tree.op, ast.And)
            else [self._tree]
        )
        return [ast.unparse(part) for part in parts]

    def holds(self, scope: Mapping[str, object]) -> bool:
        return bool(self.evaluate(scope))

    def outcome(self, scope: Mapping[str, object]) -> bool | None:
        """Whether it holds; None where that depends on a variable that is UNKNOWN."""
        if all(scope.get(name) is not UNKNOWN for name in self.names):
            return self.holds(scope)
        return _outcome(self._tree, scope)

    def value(self, scope: Mapping[str, object]) -> object:
        """Its value; UNKNOWN where a variable in it is."""
        if any(scope.get(name) is UNKNOWN for name in self.names):
            return UNKNOWN
        return self.evaluate(scope)


def parse_expression(text: str) -> Expression:
    """Read an expression. Raises ExpressionError."""
    if len(text) > _MAX_LENGTH:
        raise ExpressionError(f"longer than {_MAX_LENGTH} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    # A NUL byte is a ValueError, thousands of brackets a MemoryError or RecursionError.
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ExpressionError(f"can't read the condition {text!r}") from None
    names: set[str] = set()
    _validate(tree, names)
    return Expression(text=text.strip(), names=frozenset(names), _tree=tree)


def _validate(node: ast.expr, names: set[str]) -> None:
    match node:
        case ast.Constant(value=bool()):
            raise ExpressionError("write true and false in small letters")
        case ast.Constant(value=int() | float() | str()):
            return
        case ast.Name(id=name):
            if name not in _CONSTANTS:
                names.add(name)
        case ast.Attribute(value=ast.Name(id="mood" | "experiment" as group), attr=name):
            names.add(f"{group}.{name}")
        case ast.Attribute(value=ast.Name(id=name), attr="is_clear"):
            names.add(f"{name}.is_clear")
        case ast.BoolOp(values=values):
            for value in values:
                _validate(value, names)
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            _validate(operand, names)
        case ast.BinOp(op=ast.Add() | ast.Sub(), left=left, right=right):
            _validate(left, names)
            _validate(right, names)
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            if not all(isinstance(op, _COMPARISONS) for op in ops):
                raise ExpressionError("compare with ==, !=, <, <=, >, >=, in, not in")
            for value in (left, *comparators):
                _validate(value, names)
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            for element in elements:
                _validate(element, names)
        case ast.Call(func=ast.Name(id=function), args=[argument], keywords=[]):
            if function not in FUNCTIONS:
                known = ", ".join(sorted(FUNCTIONS))
                raise ExpressionError(f"no such function: {function} (there are: {known})")
            _validate(argument, names)
        case _:
            raise ExpressionError(f"not allowed in a condition: {ast.unparse(node)}")


def _evaluate(node: ast.expr, scope: Mapping[str, object]) -> object:
    match node:
        case ast.Constant():
            return node.value
        case ast.Name(id=name):
            return _CONSTANTS[name] if name in _CONSTANTS else scope.get(name)
        case ast.Attribute(value=ast.Name(id=group), attr=name):
            return scope.get(f"{group}.{name}")
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_evaluate(value, scope) for value in values)
        case ast.BoolOp(values=values):
            return any(_evaluate(value, scope) for value in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _evaluate(operand, scope)
        case ast.UnaryOp(operand=operand):
            value = _evaluate(operand, scope)
            return -value if isinstance(value, int | float) else None
        case ast.BinOp(op=operator, left=left, right=right):
            return _add(_evaluate(left, scope), _evaluate(right, scope), operator)
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            current = _evaluate(left, scope)
            for op, comparator in zip(ops, comparators, strict=True):
                following = _evaluate(comparator, scope)
                if not _compare(op, current, following):
                    return False
                current = following
            return True
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return [_evaluate(element, scope) for element in elements]
        case ast.Call(func=ast.Name(id=function), args=[argument]):
            return FUNCTIONS[function](scope, _evaluate(argument, scope))
    return None


def _outcome(node: ast.expr, scope: Mapping[str, object]) -> bool | None:
    """And, or and not know what one unknown part leaves certain; nothing else does."""
    match node:
        case ast.BoolOp(op=operator, values=values):
            decides = isinstance(operator, ast.Or)
            parts = [_outcome(value, scope) for value in values]
            return decides if decides in parts else None if None in parts else not decides
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            part = _outcome(operand, scope)
            return None if part is None else not part
    if any(scope.get(name) is UNKNOWN for name in _names_in(node)):
        return None
    return bool(_evaluate(node, scope))


def _names_in(node: ast.expr) -> set[str]:
    names: set[str] = set()
    _validate(node, names)
    return names


def _add(left: object, right: object, operator: ast.operator) -> object:
    """Numbers only; none where one of them is unknown."""
    if not isinstance(left, int | float) or not isinstance(right, int | float):
        return None
    return left + right if isinstance(operator, ast.Add) else left - right


def _compare(op: ast.cmpop, left: object, right: object) -> bool:
    match op:
        case ast.Eq():
            return left == right
        case ast.NotEq():
            return left != right
        case ast.In():
            return isinstance(right, list) and left in right
        case ast.NotIn():
            return not (isinstance(right, list) and left in right)
    # Order exists only between two numbers or two dates; unknown values are in no order.
    if isinstance(left, int | float) and isinstance(right, int | float):
        pair: tuple[float, float] = (left, right)
    elif isinstance(left, date) and isinstance(right, date):
        pair = (left.toordinal(), right.toordinal())
    else:
        return False
    match op:
        case ast.Lt():
            return pair[0] < pair[1]
        case ast.LtE():
            return pair[0] <= pair[1]
        case ast.Gt():
            return pair[0] > pair[1]
    return pair[0] >= pair[1]
