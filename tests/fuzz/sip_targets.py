"""Fuzz targets of the SIP parsers: hostile octets in, only documented errors out.

Each raises nothing for any input, or the assertion that shows the fault.
"""

from __future__ import annotations

import contextlib
import re

from voicebot.errors import SdpError, SipParseError
from voicebot.gateway.sip.agent.request_check import check_request
from voicebot.gateway.sip.messages.message import (
    MalformedRequest,
    SipMessage,
    SipRequest,
    SipResponse,
    make_response,
    parse_datagram,
)
from voicebot.gateway.sip.messages.stream import KeepAlivePing, StreamParser
from voicebot.gateway.sip.messages.uri import NameAddr, SipUri, Via
from voicebot.gateway.sip.sdp.offer_answer import (
    SessionDescription,
    accept_answer,
    make_answer,
    make_offer,
)
from voicebot.gateway.sip.sdp.sdp_body import find_sdp

_OFFER = make_offer("192.0.2.99", 5000)
_PROMISED = ("via", "vias", "call_id", "cseq", "from_", "to")
_CHECKED = ("contact", "contacts", "routes", "record_routes", "max_forwards", "require")


def sip_datagram(data: bytes) -> None:
    """A datagram, all its header values, and the response to it."""
    try:
        message = parse_datagram(data)
    except MalformedRequest as error:
        _answer(error.request, error.status_hint)
        return
    except SipParseError:
        return
    for name in _PROMISED:
        getattr(message, name)
    find_sdp(message)
    written = message.to_bytes()
    again = parse_datagram(written)
    assert again.to_bytes() == written
    assert again.body == message.body
    if isinstance(message, SipResponse):
        return
    refusal = check_request(message)
    if refusal is None:
        for name in _CHECKED:
            getattr(message, name)
    status, headers = refusal or (200, [])
    response = parse_datagram(make_response(message, status, None, "t", headers).to_bytes())
    assert isinstance(response, SipResponse)
    assert (response.vias, response.cseq) == (message.vias, message.cseq)
    assert response.to.tag is not None


def sip_stream(data: bytes) -> None:
    """A stream, whole and in pieces: both give the same."""
    whole = [_outcome(item) for item in StreamParser().feed(data)]
    parser = StreamParser()
    step = 1 + len(data) // 7
    pieces = [
        _outcome(item)
        for start in range(0, len(data), step)
        for item in parser.feed(data[start : start + step])
    ]
    assert whole == pieces


def sip_values(data: bytes) -> None:
    """Each line as every structured value, which reads again what it writes."""
    for line in re.split(rb"[\r\n]+", data)[:40]:
        text = line.decode("utf-8", "surrogateescape")
        for candidate in (text, text.partition(":")[2].strip(" ")):
            for kind in (SipUri, NameAddr, Via):
                try:
                    value = kind.parse(candidate)
                except SipParseError:
                    continue
                assert kind.parse(str(value)) == value, kind


def sdp(data: bytes) -> None:
    """A description as an offer to us, and as the answer to our offer."""
    try:
        description = SessionDescription.parse(data)
    except SdpError:
        return
    again = SessionDescription.parse(description.to_bytes())
    assert again == description
    try:
        answer, _ = make_answer(description, "192.0.2.99", 5000)
    except SdpError:
        pass
    else:
        ours = SessionDescription.parse(answer)
        assert len(ours.media) == len(description.media)
        assert sum(media.port != 0 for media in ours.media) == 1
    with contextlib.suppress(SdpError):
        accept_answer(_OFFER, description)


def _answer(request: SipRequest, status: int) -> None:
    response = make_response(request, status, to_tag="t")
    assert response.via == request.via
    assert response.cseq == request.cseq
    response.to_bytes()


def _outcome(item: SipMessage | SipParseError | KeepAlivePing) -> object:
    return str(item) if isinstance(item, SipParseError) else item
