"""What two session descriptions agree on (RFC 3264): one audio stream and its keys."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, replace

from voicebot.errors import SdpError
from voicebot.gateway.rtp.srtp_keys import SrtpKeys
from voicebot.gateway.sip.sdp import audio_formats, sdp_crypto
from voicebot.gateway.sip.sdp.audio_formats import (
    Format,
    codec_of,
    formats_to_offer,
    telephone_events,
)
from voicebot.gateway.sip.sdp.sdp_crypto import CryptoAttribute, SrtpKeyring, SrtpPolicy
from voicebot.gateway.sip.sdp.session_description import (
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
PTIME_MS = 20

_PLAIN = "RTP/AVP"
_SECURE = "RTP/SAVP"
_COMFORT_NOISE = (13, Encoding("CN", 8000))
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
    arrive; None: the other side sends none. dtmf_clock_rate: of the keys, in Hz. direction:
    ours. ptime_ms: what the other side would like to receive. srtp: None: in the clear.
    is_rtcp_muxed: RTCP goes to the port of RTP.
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
    dtmf_clock_rate: int = 8000

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
    so do the payload types (§8.3.2). srtp: optional offers keys on a plain m= line
    (RFC 8643), mandatory takes nothing else. keyring: our keys of the call, where there are any.
    """
    accepted = [old for old in previous.media if old.port] if previous is not None else []
    audio = _audio(
        rtp_port,
        formats_to_offer(codecs, accepted[0].encodings if accepted else {}),
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
    events = telephone_events(theirs.encodings, codec)
    ours = _our_direction(offer, theirs, direction)
    media = _negotiated(offer, theirs, codec, payload_type, events, ours, address)
    crypto: list[CryptoAttribute] = []
    if srtp != "off" and (their_key := sdp_crypto.choose(theirs)) is not None:
        crypto = [(keyring or SrtpKeyring()).answer(their_key)]
        media = replace(media, srtp=sdp_crypto.keys_of(crypto[0], their_key))
    audio = _audio(
        rtp_port,
        [
            (payload_type, audio_formats.encoding_of(codec)),
            *_comfort_noise(theirs, codec),
            *([events] if events else []),
        ],
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
        offered = {codec_of(encoding) for encoding in meant_by_offer.values()}
        # Without an rtpmap of its own a number means what the offer gave it.
        answered = {
            payload_type: encoding or meant_by_offer.get(payload_type)
            for payload_type, encoding in theirs.encodings.items()
        }
        for payload_type, encoding in answered.items():
            codec = codec_of(encoding)
            if codec is None or codec not in offered:
                continue
            events = telephone_events(answered, codec)
            if events is not None:
                # §6.1: the other side sends with the numbers of the offer.
                number = audio_formats.find(meant_by_offer, events[1])
                events = None if number is None else (number, events[1])
            media = _negotiated(
                answer,
                theirs,
                codec,
                payload_type,
                events,
                _our_direction(answer, theirs, offer.direction_of(ours)),
                offer.address_of(ours),
            )
            keys = _accepted_keys(ours, theirs)
            return replace(media, srtp=keys, is_rtcp_muxed=False)  # which we never offer
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
            codec = codec_of(encoding)
            if codec is not None and codec in codecs:
                return index, payload_type, codec
    return None


def _comfort_noise(theirs: MediaDescription, codec: str) -> list[Format]:
    """Taken where it is offered: who leaves its silence out shall fill it (RFC 3389 section 6).

    We never offer it, for that would invite the other side to leave it out.
    """
    is_of_its_rate = audio_formats.encoding_of(codec).clock_rate == _COMFORT_NOISE[1].clock_rate
    has_noise = _COMFORT_NOISE[0] in theirs.payload_types
    return [_COMFORT_NOISE] if is_of_its_rate and has_noise else []


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
    events: Format | None,
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
        dtmf_payload_type=events[0] if events else None,
        dtmf_clock_rate=events[1].clock_rate if events else 8000,
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
    usable = wanted if wanted is not None and 10 <= wanted <= 120 else PTIME_MS
    return min(usable, max(theirs.max_ptime_ms or usable, 10))


def _audio(
    rtp_port: int,
    formats: Sequence[Format],
    direction: str,
    *,
    ptime_ms: int,
    proto: str = _PLAIN,
    crypto: Sequence[CryptoAttribute] = (),
    is_rtcp_muxed: bool = False,
) -> MediaDescription:
    numbers = tuple(str(payload_type) for payload_type, _ in formats)
    attributes: list[Attribute] = audio_formats.attributes(formats)
    attributes += [("ptime", str(ptime_ms)), (direction, None)]
    attributes += sdp_crypto.as_attributes(crypto)
    if is_rtcp_muxed:
        attributes.append(("rtcp-mux", None))
    return MediaDescription("audio", rtp_port, proto, numbers, None, tuple(attributes))


def _refused(media: MediaDescription) -> MediaDescription:
    """§6: port 0, the formats of the offer, nothing else."""
    return replace(media, port=0, n_ports=1, address=None, attributes=())
