"""Lets in whose requests are a trunk's, by address or by password (`sip.inbound`). No I/O."""

from __future__ import annotations

from collections.abc import Sequence

from voicebot.gateway.sip.auth.digest import Algorithm
from voicebot.gateway.sip.auth.digest_server import ALGORITHMS, DigestServer
from voicebot.gateway.sip.messages.message import Refusal, SipRequest
from voicebot.gateway.sip.messages.peer import Peer
from voicebot.gateway.sip.trunks.trunk import Trunk, TrunkDirectory


class InboundGate:
    """Judges requests outside any dialog; those inside one know tags that nobody can guess."""

    def __init__(
        self,
        trunks: TrunkDirectory,
        is_open: bool,
        realm: str,
        algorithms: Sequence[Algorithm] = ALGORITHMS,
    ) -> None:
        """is_open: strangers may call as well."""
        self._trunks = trunks
        self._is_open = is_open
        passwords = trunks.passwords()
        self._digest = DigestServer(realm, passwords, algorithms) if passwords else None

    def admit(self, request: SipRequest, source: Peer, now: float) -> Refusal | None:
        """The refusal to answer with; None: let it in."""
        if self._is_open or self._trunks.of_source(source.host) is not None:
            return None
        if self._digest is None:
            return 403, []
        verdict = self._digest.check(request, now)
        if verdict.username is not None:
            return None
        return 401, self._digest.challenge(now, verdict.is_stale)

    def trunk_of(self, request: SipRequest, source: Peer) -> Trunk | None:
        """Whose request this is; ask after `admit` has let it in."""
        by_address = self._trunks.of_source(source.host)
        if by_address is not None or self._is_open or self._digest is None:
            # Credentials prove nothing where nobody was asked for them.
            return by_address
        given = self._digest.credentials_in(request)
        return self._trunks.of_user(given.username) if given else None
