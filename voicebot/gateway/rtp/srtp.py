"""Encryption of one leg's RTP and RTCP (RFC 3711, RFC 7714), by libsrtp."""

from __future__ import annotations

from pylibsrtp import Error, Policy, Session

from voicebot.gateway.rtp.packet import HEADER_BYTES, RTCP_TYPES
from voicebot.gateway.rtp.srtp_keys import SrtpKeys

_PROFILES = {
    "AEAD_AES_256_GCM": Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
    "AEAD_AES_128_GCM": Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    "AES_CM_128_HMAC_SHA1_80": Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    "AES_CM_128_HMAC_SHA1_32": Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
}

REPLAY_WINDOW_PACKETS = 1024
"""20 s of audio: no network delays a packet for longer, and none older is let in."""

_RTCP_HEADER_BYTES = 8


class SrtpContext:
    """Encrypts what one leg sends, and lets in only what the other side's key has signed.

    What does not bear the right tag, or has been seen before, is dropped and counted, never
    raised. Our SSRC must stay the same while a key is in use; theirs may change at any time
    (each one gets a context of its own, made only once a packet of it has proved genuine, so
    that a flood of invented ones takes no memory).
    """

    __slots__ = (
        "_former_inbound",
        "_inbound",
        "_keys",
        "_outbound",
        "refused_packets",
        "unprotected_packets",
    )

    def __init__(self, keys: SrtpKeys) -> None:
        self._keys = keys
        self._outbound = _session(keys.suite, keys.local_secret, Policy.SSRC_ANY_OUTBOUND)
        self._inbound = _session(keys.suite, keys.remote_secret, Policy.SSRC_ANY_INBOUND)
        self._former_inbound: Session | None = None
        self.refused_packets = 0
        """Came with a bad tag, twice, too old, or as no SRTP at all."""
        self.unprotected_packets = 0
        """Of ours, not sent because they could not be encrypted."""

    def rekey(self, keys: SrtpKeys) -> None:
        """Take over what a re-INVITE agreed on; a direction whose key is the same goes on.

        To start that one anew would lose the rollover counter and the memory of replays.
        """
        former, self._keys = self._keys, keys
        if (keys.suite, keys.local_secret) != (former.suite, former.local_secret):
            self._outbound = _session(keys.suite, keys.local_secret, Policy.SSRC_ANY_OUTBOUND)
        if (keys.suite, keys.remote_secret) != (former.suite, former.remote_secret):
            # What they sent before they changed over is still on its way.
            self._former_inbound = self._inbound
            self._inbound = _session(keys.suite, keys.remote_secret, Policy.SSRC_ANY_INBOUND)

    def protect(self, datagram: bytes) -> bytes | None:
        """One RTP packet of ours, encrypted; None where that can't be done: do not send it."""
        try:
            return self._outbound.protect(datagram)
        except (Error, ValueError):  # the key is used up, or the packet is too long
            self.unprotected_packets += 1
            return None

    def protect_rtcp(self, datagram: bytes) -> bytes | None:
        """The same for RTCP."""
        try:
            return self._outbound.protect_rtcp(datagram)
        except (Error, ValueError):
            self.unprotected_packets += 1
            return None

    def unprotect(self, datagram: bytes) -> bytes | None:
        """What came on the RTP port, in the clear, where it is genuine; RTCP may be among it."""
        if len(datagram) > 1 and datagram[1] in RTCP_TYPES:  # RFC 5761 section 4
            return self.unprotect_rtcp(datagram)
        try:
            packet = self._inbound.unprotect(datagram)
        except (Error, ValueError):
            return self._unprotect_former(datagram)
        self._former_inbound = None
        return packet

    def unprotect_rtcp(self, datagram: bytes) -> bytes | None:
        """The same for what came on the RTCP port."""
        if len(datagram) >= _RTCP_HEADER_BYTES:
            for session in (self._inbound, self._former_inbound):
                if session is not None:
                    try:
                        return session.unprotect_rtcp(datagram)
                    except (Error, ValueError):
                        continue
        self.refused_packets += 1
        return None

    def _unprotect_former(self, datagram: bytes) -> bytes | None:
        """By the key before the last change, until the new one has been heard."""
        if self._former_inbound is not None and len(datagram) >= HEADER_BYTES:
            try:
                return self._former_inbound.unprotect(datagram)
            except (Error, ValueError):
                pass
        self.refused_packets += 1
        return None


def _session(suite: str, secret: bytes, ssrc_type: int) -> Session:
    policy = Policy(secret, ssrc_type, 0, _PROFILES[suite])
    policy.window_size = REPLAY_WINDOW_PACKETS
    return Session(policy)
