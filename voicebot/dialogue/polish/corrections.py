"""Leaves out what a caller took back: "nie w piątek, tylko w poniedziałek"."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from voicebot.dialogue.polish.words import Token, word_set

_TAKES_BACK = word_set("przepraszam znaczy pomylka wroc sorry lepiej raczej poprawka tfu")
_MOST_READINGS = 10
_INSTEAD = word_set("tylko lecz ale a")


def without_corrected(
    tokens: Sequence[Token], has_value: Callable[[Sequence[Token]], bool]
) -> Sequence[Token]:
    """The tokens that hold what was meant in the end.

    has_value: whether some tokens hold a value of the kind that is sought. Nothing is left out
    unless a value is on both sides, or refused on one side and given on the other.
    """
    return _leave_out(tokens, _Budgeted(has_value))


class _Budgeted:
    """Answers a few times and then with no: a sentence of corrections only is not worth more.

    Each answer reads the sentence again, on the event loop that paces the audio of all calls.
    """

    def __init__(self, has_value: Callable[[Sequence[Token]], bool]) -> None:
        self._has_value = has_value
        self._left = _MOST_READINGS

    def __call__(self, tokens: Sequence[Token]) -> bool:
        self._left -= 1
        return self._left >= 0 and self._has_value(tokens)


def _leave_out(
    tokens: Sequence[Token], has_value: Callable[[Sequence[Token]], bool]
) -> Sequence[Token]:
    words = [token.text for token in tokens]
    for at, word in enumerate(words):
        if word == "nie" and at and words[at - 1] in ("a", "albo", "chociaz", "choc", "jednak"):
            head, tail = tokens[: at - 1], tokens[at + 1 :]
            if words[at - 1] != "a":
                if has_value(head) and has_value(tail):
                    return tail
            elif has_value(head):
                return head
        elif (word in _TAKES_BACK and at) or (word == "nie" and at and _is_aside(tokens, at)):
            tail = tokens[at + 1 :]
            if has_value(tokens[:at]) and has_value(tail):
                return _leave_out(tail, has_value)
        elif word in _INSTEAD and "nie" in words[:at] and at + 1 < len(words):
            refused = words.index("nie")
            tail = tokens[at + 1 :]
            is_replaced = word in ("tylko", "lecz") or has_value(tokens[refused:at])
            if words[at + 1] != "nie" and is_replaced and has_value(tail):
                return tail
    return tokens


def _is_aside(tokens: Sequence[Token], at: int) -> bool:
    """Whether "nie" stands between two marks, as in "w piątek, nie, w poniedziałek"."""
    return tokens[at - 1].is_mark and at + 1 < len(tokens) and tokens[at + 1].is_mark
