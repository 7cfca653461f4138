"""Conversations that several tests look at: some at once, so that they take as long as one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class Conversations(Generic[T]):
    """Each group is talked at once, when the first of it is asked for.

    A second attempt of a test has the conversation it asks for talked anew, alone: the first one
    may have suffered from what the machine did.
    """

    def __init__(
        self,
        groups: Sequence[Sequence[str]],
        talk: Callable[[Sequence[str]], Awaitable[Mapping[str, T | BaseException]]],
    ) -> None:
        """talk: has all these kinds of conversation at once."""
        self._groups = groups
        self._talk = talk
        self._held: dict[str, T | BaseException] = {}

    def of(self, kind: str, attempt: int = 1) -> T:
        """What came of it; raises what went wrong. Blocking. attempt: of the test that asks."""
        if kind not in self._held:
            (group,) = (group for group in self._groups if kind in group)
            self._held |= self._run(group)
        elif attempt > 1:
            self._held |= self._run([kind])
        result = self._held[kind]
        if isinstance(result, BaseException):
            raise result
        return result

    def _run(self, kinds: Sequence[str]) -> Mapping[str, T | BaseException]:
        async def talk() -> Mapping[str, T | BaseException]:
            return await self._talk(kinds)

        return asyncio.run(talk())


async def at_once(
    talks: Mapping[str, Awaitable[T]],
) -> dict[str, T | BaseException]:
    """One that goes wrong leaves the others alone."""
    results = await asyncio.gather(*talks.values(), return_exceptions=True)
    return dict(zip(talks, results, strict=True))
