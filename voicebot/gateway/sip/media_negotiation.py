"""Our side of offer and answer over the whole of one call (RFC 3264 section 8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from voicebot.errors import SdpError
from voicebot.gateway.sip.sdp import (
    CODECS,
    NegotiatedMedia,
    accept_answer,
    make_answer,
    make_offer,
)
from voicebot.gateway.sip.session_description import SessionDescription


@dataclass(frozen=True, slots=True)
class MediaPolicy:
    """What we offer and accept: settings of a trunk, or of the endpoint.

    codecs: names in order of preference. srtp: `mandatory` refuses plain RTP, `off` refuses
    SRTP, `optional` takes what the other side offers.
    """

    codecs: tuple[str, ...] = CODECS
    srtp: Literal["off", "optional", "mandatory"] = "off"


@dataclass(frozen=True, slots=True)
class LocalMedia:
    """Where our RTP line listens, as it is told to the other side."""

    host: str
    port: int


class MediaNegotiation:
    """Keeps the identity and version of what we send, and the offer that awaits its answer."""

    def __init__(self, session_id: int, policy: MediaPolicy) -> None:
        self._session_id = session_id
        self._policy = policy
        self._version = 0
        self._last_sent = b""
        self._offer: bytes | None = None

    def offer(self, local: LocalMedia) -> bytes:
        """A new offer; its answer goes to `accept`."""
        previous = SessionDescription.parse(self._last_sent) if self._last_sent else None

        def write(version: int) -> bytes:
            return make_offer(
                local.host,
                local.port,
                self._policy.codecs,
                self._session_id,
                version,
                previous=previous,
            )

        self._offer = self._versioned(write(self._version), write(self._version + 1))
        return self._offer

    def accept(self, answer: bytes | None) -> NegotiatedMedia:
        """What the answer to our offer agreed on. Raises SdpError."""
        offer, self._offer = self._offer, None
        if offer is None or answer is None:
            raise SdpError("no answer to our offer", 488)
        return accept_answer(offer, answer)

    def answer(self, offer: bytes, local: LocalMedia) -> tuple[bytes, NegotiatedMedia]:
        """Our answer and what it agrees on. Raises SdpError, and then nothing has changed."""
        theirs = SessionDescription.parse(offer)

        def write(version: int) -> tuple[bytes, NegotiatedMedia]:
            return make_answer(
                theirs, local.host, local.port, self._policy.codecs, self._session_id, version
            )

        same, media = write(self._version)
        changed, _ = write(self._version + 1)
        return self._versioned(same, changed), media

    def _versioned(self, same: bytes, changed: bytes) -> bytes:
        """The version grows by one exactly when something else in the description changes."""
        if self._last_sent and same != self._last_sent:
            self._version += 1
            same = changed
        self._last_sent = same
        return same


def check_offer(offer: bytes, local_host: str, policy: MediaPolicy) -> None:
    """Whether an offer can be answered at all, before a port is taken for it. Raises SdpError."""
    # 9 is the discard port: nothing listens there, and nothing of this answer is sent.
    make_answer(SessionDescription.parse(offer), local_host, 9, policy.codecs)
