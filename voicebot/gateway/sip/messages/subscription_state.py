"""Event and Subscription-State, the header fields that a NOTIFY must have (RFC 6665 8.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from voicebot.errors import SipParseError
from voicebot.gateway.sip.messages import syntax

MAX_DELTA_SECONDS = 2**32 - 1

_TOKEN = re.compile(rf"[ \t]*([{syntax.TOKEN_CHARACTERS}]+)")


@dataclass(frozen=True, slots=True)
class EventType:
    """An Event value: the package and which of several subscriptions in the dialog is meant."""

    package: str
    event_id: str | None = None

    @classmethod
    def parse(cls, text: str) -> EventType:
        """Raises SipParseError."""
        package, parameters = _token_and_parameters(text, "Event")
        return cls(package.lower(), parameters.get("id") or None)

    def __str__(self) -> str:
        return self.package + (f";id={self.event_id}" if self.event_id else "")


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    """state: active, pending or terminated, in lower case; another one counts as active."""

    state: str
    reason: str = ""
    expires_s: int | None = None

    @classmethod
    def parse(cls, text: str) -> SubscriptionState:
        """Raises SipParseError."""
        state, parameters = _token_and_parameters(text, "Subscription-State")
        expires = parameters.get("expires")
        return cls(
            state.lower(),
            (parameters.get("reason") or "").lower(),
            None
            if expires is None
            else syntax.parse_number(expires, MAX_DELTA_SECONDS, "Subscription-State expires"),
        )

    def __str__(self) -> str:
        parts = [self.state]
        if self.expires_s is not None:
            parts.append(f"expires={self.expires_s}")
        if self.reason:
            parts.append(f"reason={self.reason}")
        return ";".join(parts)

    @property
    def is_terminated(self) -> bool:
        return self.state == "terminated"


def _token_and_parameters(text: str, name: str) -> tuple[str, dict[str, str | None]]:
    match = _TOKEN.match(text)
    if match is None:
        raise SipParseError(f"malformed {name}")
    return match[1], syntax.parse_parameters(text, match.end())
