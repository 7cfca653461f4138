"""Our side of offer and answer over the whole of one call (RFC 3264 section 8)."""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.errors import SdpError
from voicebot.gateway.sip.sdp.offer_answer import (
    CODECS,
    NegotiatedMedia,
    accept_answer,
    make_answer,
    make_offer,
)
from voicebot.gateway.sip.sdp.sdp_crypto import SrtpKeyring, SrtpPolicy
from voicebot.gateway.sip.sdp.session_description import SessionDescription


@dataclass(frozen=True, slots=True)
class MediaPolicy:
    """What we offer and accept: settings of a trunk, or of the endpoint.

    codecs: names in order of preference. srtp: `mandatory` refuses plain RTP, `off` refuses
    SRTP, `optional` takes what the other side offers.
    """

    codecs: tuple[str, ...] = CODECS
    srtp: SrtpPolicy = "off"


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
        self._last_agreed = b""
        self._offer: bytes | None = None
        self._keyring = SrtpKeyring()

    @property
    def has_open_offer(self) -> bool:
        """An offer of ours is not answered yet: no other may be made or taken (RFC 3264 4)."""
        return self._offer is not None

    def offer(self, local: LocalMedia, direction: str = "sendrecv") -> bytes:
        """A new offer; its answer goes to `accept`."""
        previous = SessionDescription.parse(self._last_sent) if self._last_sent else None

        def write(version: int) -> bytes:
            return make_offer(
                local.host,
                local.port,
                self._policy.codecs,
                self._session_id,
                version,
                direction,
                previous=previous,
                srtp=self._policy.srtp,
                keyring=self._keyring,
            )

        self._offer = self._versioned(write(self._version), write(self._version + 1))
        return self._offer

    def repeat(self, local: LocalMedia, direction: str = "sendrecv") -> bytes:
        """Offer what was agreed on last, unchanged where that can be (RFC 4028 7.4)."""
        if not self._last_sent or self._last_agreed != self._last_sent:
            return self.offer(local, direction)
        self._offer = self._last_sent
        return self._offer

    def accept(self, answer: bytes | None) -> NegotiatedMedia:
        """What the answer to our offer agreed on. Raises SdpError."""
        offer, self._offer = self._offer, None
        if offer is None or answer is None:
            raise SdpError("no answer to our offer", 488)
        media = accept_answer(offer, answer)
        self._agreed(media)
        return media

    def preview(self, answer: bytes) -> NegotiatedMedia | None:
        """What a provisional answer would agree on; our offer stays open for the final one."""
        if self._offer is None:
            return None
        try:
            return accept_answer(self._offer, answer)
        except SdpError:
            return None

    def settle(self, media: NegotiatedMedia) -> None:
        """Let what `preview` found be what is agreed: the final answer said nothing else."""
        self._offer = None
        self._agreed(media)

    def withdraw(self) -> None:
        """Our offer was refused: what was agreed before still holds (RFC 3261 14.1)."""
        self._offer = None

    def answer(
        self, offer: bytes, local: LocalMedia, direction: str = "sendrecv"
    ) -> tuple[bytes, NegotiatedMedia]:
        """Our answer and what it agrees on. Raises SdpError, and then nothing has changed.

        direction: what we want at most.
        """
        theirs = SessionDescription.parse(offer)

        def write(version: int) -> tuple[bytes, NegotiatedMedia]:
            return make_answer(
                theirs,
                local.host,
                local.port,
                self._policy.codecs,
                self._session_id,
                version,
                direction,
                srtp=self._policy.srtp,
                keyring=self._keyring,
            )

        same, media = write(self._version)
        changed, _ = write(self._version + 1)
        body = self._versioned(same, changed)
        self._agreed(media)
        return body, media

    def _agreed(self, media: NegotiatedMedia) -> None:
        self._keyring.agreed(media.srtp)
        self._last_agreed = self._last_sent

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
    make_answer(SessionDescription.parse(offer), local_host, 9, policy.codecs, srtp=policy.srtp)
