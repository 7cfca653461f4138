"""telnyx-signature-ed25519: proves that a webhook comes from Telnyx.

developers.telnyx.com, "Webhook signing": Ed25519 over `telnyx-timestamp`, `|` and the body.
"""

from __future__ import annotations

import base64

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TOLERANCE_S = 300.0
"""Of Telnyx's own libraries: an older webhook is a replay."""


class TelnyxSignatures:
    """Checks webhooks against the account's public key."""

    def __init__(self, public_key: str) -> None:
        """public_key: base64 of its 32 octets; ValueError for anything else."""
        try:
            octets = base64.b64decode(public_key, validate=True)
        except ValueError:
            raise ValueError("a Telnyx public key is base64 of 32 octets") from None
        self._key = Ed25519PublicKey.from_public_bytes(octets)

    def is_genuine(self, signature: str, timestamp: str, body: bytes, now: float) -> bool:
        """signature, timestamp: the header fields. now: seconds since the epoch."""
        if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 15):
            return False
        if abs(now - int(timestamp)) > TOLERANCE_S:
            return False
        try:
            octets = base64.b64decode(signature, validate=True)
            self._key.verify(octets, timestamp.encode("ascii") + b"|" + body)
        except (ValueError, InvalidSignature):
            return False
        return True
