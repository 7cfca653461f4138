"""A dialog that a provisional answer to our INVITE has begun (RFC 3261 12.1, RFC 3262)."""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.gateway.sip.agent.sip_dialog import SipDialog
from voicebot.gateway.sip.sdp.offer_answer import NegotiatedMedia


@dataclass(eq=False)
class EarlyDialog:
    """One fork of a call that is not answered.

    last_rseq: of the reliable answers taken in so far, None before the first. media: what its
    session description agreed on. is_settled: that came reliably, so the fork may change it.
    """

    dialog: SipDialog
    last_rseq: int | None = None
    media: NegotiatedMedia | None = None
    is_settled: bool = False
