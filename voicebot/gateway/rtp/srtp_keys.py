"""Cipher suites of SRTP and the keys that two sides agreed on."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SrtpSuite:
    """name: as in SDP. key_bytes, salt_bytes: lengths of master key and master salt."""

    name: str
    key_bytes: int
    salt_bytes: int

    @property
    def secret_bytes(self) -> int:
        """Length of key and salt together, as they are written one after the other."""
        return self.key_bytes + self.salt_bytes


SUITES = {
    suite.name: suite
    for suite in (
        # RFC 7714 section 14.2; cheaper than the ones below where the processor has AES.
        SrtpSuite("AEAD_AES_256_GCM", 32, 12),
        SrtpSuite("AEAD_AES_128_GCM", 16, 12),
        # RFC 4568 section 6.2; the first is the one that everybody must know.
        SrtpSuite("AES_CM_128_HMAC_SHA1_80", 16, 14),
        SrtpSuite("AES_CM_128_HMAC_SHA1_32", 16, 14),
    )
}
"""What we can speak, the preferred one first."""


@dataclass(frozen=True, slots=True)
class SrtpKeys:
    """One suite both ways, each direction with the secret (master key and salt) of its sender.

    The secrets stay out of `repr`, so that no log line or traceback gives a call away.
    """

    suite: str
    local_secret: bytes = field(repr=False)
    remote_secret: bytes = field(repr=False)
