"""What two session descriptions agree on (RFC 3264): one audio stream of G.711 and its keys."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from voicebot.errors import SdpError
from voicebot.gateway.rtp.srtp_keys import SrtpKeys
from voicebot.gateway.sip import sdp_crypto
from voicebot.gateway.sip.sdp_crypto import CryptoAttribute, SrtpKeyring, SrtpPolicy
from voicebot.gateway.sip.session_description import (
    Attribute,
    Encoding,
    MediaDescription,
    Origin,
    SessionDescription,
)

__all__ = [
    "CODECS",
    "NegotiatedMedia",
    "SessionDescription",
    "accept_answer",
    "make_answer",
    "make_offer",
]

CODECS = ("PCMA", "PCMU")
TELEPHONE_EVENT_PAYLOAD_TYPE = 101
PTIME_MS = 20

_PAYLOAD_TYPES = {"PCMU": 0, "PCMA": 8}
_PLAIN = "RTP/AVP"
_SECURE = "RTP/SAVP"
# RFC 4733: 0-9 * # A-D and flash.
_EVENTS = "0-16"
# (may send, may receive) by direction
_RIGHTS = {
    "sendrecv": (True, True),
    "sendonly": (True, False),
    "recvonly": (False, True),
    "inactive": (False, False),
}
_DIRECTION_OF = {rights: direction for direction, rights in _RIGHTS.items()}


@dataclass(frozen=True, slots=True)
class NegotiatedMedia:
    """What both sides agreed on.

    remote_address: a literal address; 0.0.0.0 or :: while the other side holds the old way.
    payload_type: the number to send with. dtmf_payload_type: the number with which keys
    arrive; None: the other side sends none. direction: ours. ptime_ms: what the other side
    would like to receive. srtp: None: in the clear. is_rtcp_muxed: RTCP goes to the port of RTP.
    """

    remote_address: str
    remote_port: int
    codec: str
    payload_type: int
    dtmf_payload_type: int | None
    direction: str
    remote_rtcp: tuple[str, int] | None
    ptime_ms: int = PTIME_MS
    srtp: SrtpKeys | None = None
    is_rtcp_muxed: bool = False

    @property
    def may_send(self) -> bool:
        return _RIGHTS[self.direction][0]

    @property
    def may_receive(self) -> bool:
        return _RIGHTS[self.direction][1]


def make_offer(
    address: str,
    rtp_port: int,
    codecs: Sequence[str] = CODECS,
    session_id: int = 0,
    version: int = 0,
    direction: str = "sendrecv",
    ptime_ms: int = PTIME_MS,
    previous: SessionDescription | None = None,
    srtp: SrtpPolicy = "off",
    keyring: SrtpKeyring | None = None,
) -> bytes:
    """A description that offers these codecs, the preferred one first, and keys.

    version: one more than before whenever the description changes (§8). previous: what we
    sent last in this dialog; its refused m= lines stay, as their number may not shrink, and
    so does the payload type of keys (§8.3.2). srtp: optional offers keys on a plain m= line
    (RFC 8643), mandatory takes nothing else. keyring: our keys of the call, where there are any.
    """
    payload_types = [(_PAYLOAD_TYPES[codec], Encoding(codec, 8000)) for codec in codecs]
    accepted = [old for old in previous.media if old.port] if previous is not None else []
    dtmf_payload_type = _dtmf_payload_type(accepted[0].encodings) if accepted else None
    if dtmf_payload_type in _PAYLOAD_TYPES.values():
        dtmf_payload_type = None  # the other side bent the meaning of a static number
    audio = _audio(
        rtp_port,
        payload_types,
        TELEPHONE_EVENT_PAYLOAD_TYPE if dtmf_payload_type is None else dtmf_payload_type,
        direction,
        ptime_ms=ptime_ms,
        proto=_SECURE if srtp == "mandatory" else _PLAIN,
        crypto=[] if srtp == "off" else (keyring or SrtpKeyring()).offer(),
    )
    media: list[MediaDescription] = [audio]
    if previous is not None and accepted:
        media = [audio if old.port else old for old in previous.media]
    return SessionDescription(
        origin=Origin("-", str(session_id), str(version), address),
        address=address,
        media=tuple(media),
    ).to_bytes()


def make_answer(
    offer: SessionDescription,
    address: str,
    rtp_port: int,
    codecs: Sequence[str] = CODECS,
    session_id: int = 0,
    version: int = 0,
    direction: str = "sendrecv",
    ptime_ms: int = PTIME_MS,
    srtp: SrtpPolicy = "off",
    keyring: SrtpKeyring | None = None,
) -> tuple[bytes, NegotiatedMedia]:
    """The answer to an offer: its first m= line that we can serve, the others refused.

    The codec is the first of the offer that is in `codecs`, as the order of the offer is the
    other side's wish. direction: what we want at most. Raises SdpError (488) when nothing is
    in common.
    """
    chosen = _choose(offer, codecs, srtp)
    if chosen is None:
        raise SdpError("no audio in common", 488)
    index, payload_type, codec = chosen
    theirs = offer.media[index]
    dtmf_payload_type = _dtmf_payload_type(theirs.encodings)
    ours = _our_direction(offer, theirs, direction)
    media = _negotiated(offer, theirs, codec, payload_type, dtmf_payload_type, ours, address)
    crypto: list[CryptoAttribute] = []
    if srtp != "off" and (their_key := sdp_crypto.choose(theirs)) is not None:
        crypto = [(keyring or SrtpKeyring()).answer(their_key)]
        media = replace(media, srtp=sdp_crypto.keys_of(crypto[0], their_key))
    audio = _audio(
        rtp_port,
        [(payload_type, Encoding(codec, 8000))],
        dtmf_payload_type,
        ours,
        ptime_ms=ptime_ms,
        proto=theirs.proto,
        crypto=crypto,
        is_rtcp_muxed=media.is_rtcp_muxed,
    )
    lines = [
        audio if position == index else _refused(other)
        for position, other in enumerate(offer.media)
    ]
    answer = SessionDescription(
        origin=Origin("-", str(session_id), str(version), address),
        address=address,
        media=tuple(lines),
        timing=offer.timing,  # §6: equal to that of the offer
    )
    return answer.to_bytes(), media


def accept_answer(
    offer: SessionDescription | bytes, answer: SessionDescription | bytes
) -> NegotiatedMedia:
    """What an answer to our offer agreed on. Raises SdpError (488) when that is nothing."""
    if isinstance(offer, bytes):
        offer = SessionDescription.parse(offer)
    if isinstance(answer, bytes):
        answer = SessionDescription.parse(answer)
    if len(answer.media) != len(offer.media):
        raise SdpError("the answer has another number of media than the offer", 488)
    for ours, theirs in zip(offer.media, answer.media, strict=True):
        if ours.port == 0 or not _is_audio(theirs) or theirs.proto.upper() != ours.proto:
            continue
        meant_by_offer = ours.encodings
        offered = {
            encoding.name: payload_type
            for payload_type, encoding in meant_by_offer.items()
            if encoding is not None
        }
        # Without an rtpmap of its own a number means what the offer gave it.
        answered = {
            payload_type: encoding or meant_by_offer.get(payload_type)
            for payload_type, encoding in theirs.encodings.items()
        }
        for payload_type, encoding in answered.items():
            codec = _codec(encoding)
            if codec is None or codec not in offered:
                continue
            # §6.1: the other side sends with the numbers of the offer.
            has_keys = _dtmf_payload_type(answered) is not None
            media = _negotiated(
                answer,
                theirs,
                codec,
                payload_type,
                offered.get("TELEPHONE-EVENT") if has_keys else None,
                _our_direction(answer, theirs, offer.direction_of(ours)),
                offer.address_of(ours),
            )
            return replace(media, srtp=_accepted_keys(ours, theirs))
    raise SdpError("the answer accepts no audio that was offered", 488)


def _choose(
    offer: SessionDescription, codecs: Sequence[str], srtp: SrtpPolicy
) -> tuple[int, int, str] | None:
    """Index of the m= line, payload type, codec. Some offer the same audio in the clear too."""
    servable = [
        (index, media) for index, media in enumerate(offer.media) if _is_servable(media, srtp)
    ]
    for index, media in sorted(servable, key=lambda line: line[1].proto.upper() != _SECURE):
        for payload_type, encoding in media.encodings.items():
            codec = _codec(encoding)
            if codec is not None and codec in codecs:
                return index, payload_type, codec
    return None


def _is_audio(media: MediaDescription) -> bool:
    return media.kind == "audio" and media.port != 0


def _is_servable(media: MediaDescription, srtp: SrtpPolicy) -> bool:
    if not _is_audio(media):
        return False
    if media.proto.upper() == _SECURE:
        return srtp != "off" and sdp_crypto.choose(media) is not None
    return srtp != "mandatory" and media.proto.upper() == _PLAIN


def _accepted_keys(ours: MediaDescription, theirs: MediaDescription) -> SrtpKeys | None:
    """None: the other side left keys on a plain m= line alone, as RFC 8643 lets it."""
    offered = sdp_crypto.crypto_attributes(ours)
    has_answered = any(name == "crypto" for name, _ in theirs.attributes)
    if not offered or (ours.proto == _PLAIN and not has_answered):
        return None
    return sdp_crypto.keys_of(*sdp_crypto.accept(offered, theirs))


def _codec(encoding: Encoding | None) -> str | None:
    if encoding is None or encoding.clock_rate != 8000 or encoding.channels != 1:
        return None
    return encoding.name if encoding.name in _PAYLOAD_TYPES else None


def _dtmf_payload_type(encodings: Mapping[int, Encoding | None]) -> int | None:
    for payload_type, encoding in encodings.items():
        if encoding == Encoding("TELEPHONE-EVENT", 8000):
            return payload_type
    return None


def _our_direction(remote: SessionDescription, theirs: MediaDescription, wanted: str) -> str:
    """The mirror of their direction, and no more than we want."""
    they_send, they_receive = _RIGHTS[remote.direction_of(theirs)]
    address = remote.address_of(theirs)
    if address is not None and _is_unspecified(address):
        they_receive = False  # the hold of RFC 2543 (§8.4)
    we_send, we_receive = _RIGHTS[wanted]
    return _DIRECTION_OF[(we_send and they_receive, we_receive and they_send)]


def _negotiated(
    remote: SessionDescription,
    theirs: MediaDescription,
    codec: str,
    payload_type: int,
    dtmf_payload_type: int | None,
    direction: str,
    our_address: str | None,
) -> NegotiatedMedia:
    address_text = remote.address_of(theirs)
    if address_text is None:
        raise SdpError("audio without a c= line")
    address = _usable_address(address_text, our_address)
    return NegotiatedMedia(
        remote_address=address,
        remote_port=theirs.port,
        codec=codec,
        payload_type=payload_type,
        dtmf_payload_type=dtmf_payload_type,
        direction=direction,
        remote_rtcp=_remote_rtcp(theirs, address, our_address),
        ptime_ms=_usable_ptime_ms(theirs),
        is_rtcp_muxed=any(name == "rtcp-mux" for name, _ in theirs.attributes),
    )


def _usable_address(text: str, our_address: str | None) -> str:
    """The address to send media to. Raises SdpError (488) for one that takes no phone call.

    Names are refused too: looking one up would hold every call on this node. A stranger must
    not be able to point our audio at a whole network, so neither are multicast and broadcast.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise SdpError("media address is no literal address", 488) from None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_multicast or str(address) == "255.255.255.255":
        raise SdpError("media address is multicast or broadcast", 488)
    if our_address is not None and (":" in our_address) != (address.version == 6):
        raise SdpError("media address of another IP version than ours", 488)
    return str(address)


def _is_unspecified(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).is_unspecified
    except ValueError:
        return False


def _remote_rtcp(
    theirs: MediaDescription, address: str, our_address: str | None
) -> tuple[str, int] | None:
    if _is_unspecified(address):
        return None
    if theirs.rtcp is not None:
        rtcp_address, port = theirs.rtcp
        if rtcp_address is None:
            return address, port
        try:
            return _usable_address(rtcp_address, our_address), port
        except SdpError:
            return None  # audio works without reports
    return (address, theirs.port + 1) if theirs.port < 65535 else None


def _usable_ptime_ms(theirs: MediaDescription) -> int:
    wanted = theirs.ptime_ms
    return wanted if wanted is not None and 10 <= wanted <= 120 else PTIME_MS


def _audio(
    rtp_port: int,
    payload_types: Sequence[tuple[int, Encoding]],
    dtmf_payload_type: int | None,
    direction: str,
    *,
    ptime_ms: int,
    proto: str = _PLAIN,
    crypto: Sequence[CryptoAttribute] = (),
    is_rtcp_muxed: bool = False,
) -> MediaDescription:
    formats = [str(payload_type) for payload_type, _ in payload_types]
    attributes: list[Attribute] = [
        ("rtpmap", f"{payload_type} {encoding.name}/{encoding.clock_rate}")
        for payload_type, encoding in payload_types
    ]
    if dtmf_payload_type is not None:
        formats.append(str(dtmf_payload_type))
        attributes += [
            ("rtpmap", f"{dtmf_payload_type} telephone-event/8000"),
            ("fmtp", f"{dtmf_payload_type} {_EVENTS}"),
        ]
    attributes += [("ptime", str(ptime_ms)), (direction, None)]
    attributes += sdp_crypto.as_attributes(crypto)
    if is_rtcp_muxed:
        attributes.append(("rtcp-mux", None))
    return MediaDescription("audio", rtp_port, proto, tuple(formats), None, tuple(attributes))


def _refused(media: MediaDescription) -> MediaDescription:
    """§6: port 0, the formats of the offer, nothing else."""
    return replace(media, port=0, n_ports=1, address=None, attributes=())
