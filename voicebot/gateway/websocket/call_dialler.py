"""Outgoing calls through a provider: none leaves before the dialling rules have agreed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from voicebot.errors import CallFailed

DialCheck = Callable[[str, str], str]
"""Number as somebody wrote it and the provider's name; the number to dial (E.164), counted.

Raises DialRefused.
"""


class ProviderDialler(Protocol):
    """One provider's way to start a call; its stream then comes in like any other."""

    async def start_call(self, number: str) -> str:
        """number: checked, in E.164. The provider's name of the call. Raises CallFailed."""


class CallDialler:
    """Starts outgoing calls through providers that have been set up."""

    def __init__(self, check: DialCheck) -> None:
        self._check = check
        self._providers: dict[str, ProviderDialler] = {}

    def add(self, name: str, provider: ProviderDialler) -> None:
        self._providers[name] = provider

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._providers)

    async def dial(self, number: str, provider: str) -> str:
        """Call somebody; the provider's name of the call. Raises DialRefused or CallFailed."""
        if provider not in self._providers:
            raise CallFailed("the provider has not been set up for outgoing calls")
        return await self._providers[provider].start_call(self._check(number, provider))
