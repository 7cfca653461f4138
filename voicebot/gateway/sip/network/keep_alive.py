"""Keeps a connection to a trunk alive and notices when it died (RFC 5626 4.4.1, 5.4)."""

from __future__ import annotations

PING = b"\r\n\r\n"

INTERVAL_S = 95.0
"""Between pings over TCP and TLS: the lower bound of RFC 5626 4.4.1."""

DATAGRAM_INTERVAL_S = 24.0
"""Over UDP, where NAT forgets sooner (RFC 5626 4.4.2). Nobody answers these."""

PONG_WAIT_S = 10.0
"""RFC 5626 4.4.1: without an answer within this, the flow is dead."""


class KeepAlive:
    """Decides when to ping one connection, and when its other end counts as gone."""

    def __init__(
        self, now: float, interval_s: float = INTERVAL_S, pong_wait_s: float = PONG_WAIT_S
    ) -> None:
        self._interval_s = interval_s
        self._pong_wait_s = pong_wait_s
        self._ping_at = now + interval_s
        self._pong_by: float | None = None

    @property
    def awaits_pong(self) -> bool:
        return self._pong_by is not None

    def heard(self, now: float) -> None:
        """Anything that arrives proves that the flow is alive; pings count from there."""
        self._pong_by = None
        self._ping_at = now + self._interval_s

    def next_timeout(self) -> float:
        return self._ping_at if self._pong_by is None else self._pong_by

    def is_ping_due(self, now: float) -> bool:
        """True: send PING now; its answer is awaited from here on."""
        if self._pong_by is not None or now < self._ping_at:
            return False
        self._pong_by = now + self._pong_wait_s
        return True

    def is_dead(self, now: float) -> bool:
        return self._pong_by is not None and now >= self._pong_by


def reconnect_delay_s(n_failures: int, jitter: float, base_s: float = 1.0) -> float:
    """How long to wait before the next attempt to connect (RFC 5626 4.5).

    jitter: 0 to 1, so that not everybody comes back at once. The bounds are shorter than the
    RFC's for phones: a trunk has few clients, and no calls come in meanwhile.
    """
    return min(base_s * 2.0 ** min(n_failures, 10), 60.0) * (0.5 + 0.5 * jitter)
