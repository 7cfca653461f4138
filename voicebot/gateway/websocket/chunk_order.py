"""Puts numbered pieces back in order; what is missing is waited for only shortly."""

from __future__ import annotations

from typing import Generic, TypeVar

Piece = TypeVar("Piece")

MAX_WAITING = 5
"""100 ms of 20 ms pieces: a piece that is later than that counts as lost."""

MAX_JUMP = 500
"""Numbers that are further away than 10 s are another count."""


class ChunkOrder(Generic[Piece]):
    """Takes pieces as they come, and gives them out in the order of their numbers."""

    def __init__(self) -> None:
        self._next: int | None = None
        self._waiting: dict[int, Piece] = {}

    def receive(self, number: int | None, piece: Piece) -> list[Piece]:
        """What can be given out now. number: None where it is not told; twice or late: nothing."""
        if number is None:
            return [piece]
        if self._next is None or abs(number - self._next) > MAX_JUMP:
            self._waiting.clear()
            self._next = number
        if number < self._next:
            return []
        self._waiting[number] = piece
        if len(self._waiting) > MAX_WAITING:
            self._next = min(self._waiting)
        ready = []
        while self._next in self._waiting:
            ready.append(self._waiting.pop(self._next))
            self._next += 1
        return ready
