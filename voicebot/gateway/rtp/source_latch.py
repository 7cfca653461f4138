"""Decides whose packets belong to a call, and whither ours go (symmetric RTP)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum

Address = tuple[str, int]

STRANGER_PACKETS = 3
"""Packets in a row that a source other than the signalled address needs to be believed."""

PATIENCE_S = 0.2
"""So long another port of the signalled host waits for the signalled one to speak: nearly every
phone does at once, and then whoever else is on its host (or behind its NAT) gets nothing."""

RESTART_PACKETS = 2
"""The same for a new SSRC of the source that is believed already (RFC 3550 A.1)."""

MAX_CANDIDATES = 8
"""So many sources can be waiting to be believed; more is a flood."""


class _Trust(IntEnum):
    """How much signalling says for a source; one with more takes the place of one with less."""

    NONE = 0
    ANYBODY = 1
    KNOWN_HOST = 2
    SIGNALLED_HOST = 3
    SIGNALLED_ADDRESS = 4


@dataclass(slots=True)
class _Candidate:
    """A source, or a new SSRC, that must send a few packets in order before it counts."""

    ssrc: int
    next_sequence: int
    since: float
    n_packets: int = 1


class SourceLatch:
    """Lets one source at a time into a call: the signalled address, or one that stands for it.

    Media goes to the signalled address until a source has been believed; then to that source,
    and every other one is ignored. Behind a NAT a phone sends from another port, or from the
    address that its signalling comes from (`known_hosts`): it is believed after a few packets in
    order. Whoever comes from a host that signalling knows nothing of is a stranger and never
    gets in, nor any audio (RTP bleed), unless `accepts_strangers` (asymmetric networks): then
    the first one does, and gives way as soon as somebody better known sends.
    """

    __slots__ = (
        "_accepts_strangers",
        "_candidates",
        "_known_hosts",
        "_signalled",
        "_trust",
        "source",
    )

    def __init__(self) -> None:
        self._signalled: Address | None = None
        self._known_hosts: frozenset[str] = frozenset()
        self._accepts_strangers = False
        self._trust = _Trust.NONE
        self._candidates: dict[Address, _Candidate] = {}
        self.source: Address | None = None
        """Who has been believed."""

    def configure(
        self,
        signalled: Address,
        known_hosts: Collection[str] = (),
        accepts_strangers: bool = False,
    ) -> bool:
        """Set what signalling says; True: a new address, so nobody is believed any more."""
        self._known_hosts = frozenset(known_hosts)
        self._accepts_strangers = accepts_strangers
        if signalled == self._signalled:
            return False
        self._signalled = signalled
        self.source = None
        self._trust = _Trust.NONE
        self._candidates.clear()
        return True

    @property
    def remote(self) -> Address | None:
        """Where our media goes."""
        return self.source or self._signalled

    @property
    def is_where_signalled(self) -> bool:
        """Nobody has been believed whose host is another than the signalled one."""
        return self.source is None or self._trust >= _Trust.SIGNALLED_HOST

    def admits(self, source: Address, ssrc: int, sequence_number: int, now: float) -> bool:
        """Whether a packet of a source that is not believed yet makes it so."""
        trust = self._trust_in(source)
        if trust <= self._trust:
            return False
        if trust < _Trust.SIGNALLED_ADDRESS:
            patience_s = PATIENCE_S if trust == _Trust.SIGNALLED_HOST else 0.0
            candidate = self._heard(source, ssrc, sequence_number, now)
            if candidate.n_packets < STRANGER_PACKETS or now < candidate.since + patience_s:
                return False
        self.source = source
        self._trust = trust
        self._candidates.clear()
        return True

    def admits_ssrc(self, source: Address, ssrc: int, sequence_number: int, now: float) -> bool:
        """Whether a packet with a new SSRC from the source that is believed may be taken."""
        if self._heard(source, ssrc, sequence_number, now).n_packets < RESTART_PACKETS:
            return False
        self._candidates.clear()
        return True

    def _trust_in(self, source: Address) -> _Trust:
        if source == self._signalled:
            return _Trust.SIGNALLED_ADDRESS
        if self._signalled is not None and source[0] == self._signalled[0]:
            return _Trust.SIGNALLED_HOST
        if source[0] in self._known_hosts:
            return _Trust.KNOWN_HOST
        return _Trust.ANYBODY if self._accepts_strangers else _Trust.NONE

    def _heard(self, source: Address, ssrc: int, sequence_number: int, now: float) -> _Candidate:
        """Count one more packet of a candidate, or its first."""
        next_sequence = (sequence_number + 1) & 0xFFFF
        candidate = self._candidates.get(source)
        if (
            candidate is None
            or candidate.ssrc != ssrc
            or candidate.next_sequence != sequence_number
        ):
            if candidate is None and len(self._candidates) >= MAX_CANDIDATES:
                del self._candidates[next(iter(self._candidates))]
            candidate = self._candidates[source] = _Candidate(ssrc, next_sequence, now)
        else:
            candidate.n_packets += 1
            candidate.next_sequence = next_sequence
        return candidate
