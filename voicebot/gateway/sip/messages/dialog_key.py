"""What names a dialog: how a request, and a Replaces header field, find it."""

from __future__ import annotations

from voicebot.gateway.sip.messages.message import SipRequest

DialogKey = tuple[str, str, str]
"""Call-ID, our tag, their tag."""


def dialog_key(request: SipRequest) -> DialogKey:
    """Which dialog a request of the other side belongs to. RFC 2543 peers may have no tag."""
    return (request.call_id, request.to.tag or "", request.from_.tag or "")
