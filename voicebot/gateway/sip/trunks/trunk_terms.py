"""What a call takes from the trunk that it goes through, in either direction."""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.gateway.sip.auth.digest import Account
from voicebot.gateway.sip.messages.uri import NameAddr
from voicebot.gateway.sip.sdp.media_negotiation import MediaPolicy
from voicebot.gateway.sip.trunks.caller_identity import identity_headers, shown_address
from voicebot.gateway.sip.trunks.trunk import Trunk


@dataclass(frozen=True, slots=True)
class TrunkTerms:
    """Kept with the call.

    shown: From of an INVITE of ours, without a tag. headers: its Route, identity and Privacy.
    account: answers challenges to requests of ours.
    """

    trunk: str
    shown: NameAddr
    headers: tuple[tuple[str, str], ...]
    account: Account | None
    contact_user: str
    media_policy: MediaPolicy

    @classmethod
    def of(cls, trunk: Trunk, user: str) -> TrunkTerms:
        """user: our own user part, where the trunk has no other for us."""
        settings = trunk.settings
        headers = identity_headers(trunk, user)
        if trunk.proxy is not None:
            headers.append(("Route", str(NameAddr("", trunk.proxy))))
        return cls(
            trunk.name,
            shown_address(trunk, user),
            tuple(headers),
            trunk.account,
            trunk.user(user),
            MediaPolicy(settings.codecs, settings.srtp),
        )
