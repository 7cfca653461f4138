"""Leaves out what a caller took back: "nie w piątek, tylko w poniedziałek"."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from voicebot.dialogue.polish.words import Token, word_set

_TAKES_BACK = word_set(
    "przepraszam znaczy pomylka wroc sorry lepiej raczej poprawka tfu wlasciwie pomylilem pomylilam"
)
_MOST_READINGS = 10
_UNDONE = word_set("mialem mialam mielismy mialo mial miala")
_KEPT = word_set(
    "zaplace zaplacimy przeleje przelejemy wplace wplacimy bedzie ureguluje dam zrobie"
)
_CLAUSE_STARTS = word_set("zamiast ale lecz a , bedzie")
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
    is_undone = bool(_UNDONE & set(words))
    for at, word in enumerate(words):
        if (word == "zamiast" or (is_undone and at)) and word in _CLAUSE_STARTS:
            tail = _after_undone(tokens, at, has_value)
            if tail:
                return _leave_out(tail, has_value)
        if word == "nie" and at and words[at - 1] in ("a", "albo", "chociaz", "choc", "jednak"):
            head, tail = tokens[: at - 1], tokens[at + 1 :]
            if words[at - 1] != "a":
                if has_value(head) and has_value(tail):
                    return tail
            elif at + 1 < len(tokens) and tokens[at + 1].is_mark and has_value(tail):
                # "dwudziestego, a nie, dwudziestego drugiego"
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


def _after_undone(
    tokens: Sequence[Token], at: int, has_value: Callable[[Sequence[Token]], bool]
) -> Sequence[Token]:
    """What is meant after "zamiast w piątek to …", "miałem w piątek, ale zapłacę …"."""
    if tokens[at].text != "zamiast":
        tail = tokens[at + 1 :]
        is_kept = any(token.text in _KEPT for token in tokens[at:])
        return tail if is_kept and has_value(tokens[:at]) and has_value(tail) else ()
    for mark in range(at + 2, len(tokens) - 1):
        if tokens[mark].text in ("to", ","):
            tail = tokens[mark + 1 :]
            return tail if has_value(tokens[at:mark]) and has_value(tail) else ()
    return ()


def _is_aside(tokens: Sequence[Token], at: int) -> bool:
    """Whether "nie" ends a clause, as in "w piątek, nie, w poniedziałek" and "pięćset nie, sto"."""
    return at + 1 < len(tokens) and tokens[at + 1].is_mark
