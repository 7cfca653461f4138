"""SIP messages as a phone writes them, for tests on either side of a socket."""

from __future__ import annotations

from voicebot.gateway.sip.messages.message import SipRequest, SipResponse

OFFER = (
    "v=0\r\n"
    "o=phone 1 1 IN IP4 127.0.0.1\r\n"
    "s=-\r\n"
    "c=IN IP4 127.0.0.1\r\n"
    "t=0 0\r\n"
    "m=audio {port} RTP/AVP {formats}\r\n"
    "a=rtpmap:8 PCMA/8000\r\n"
    "a=rtpmap:0 PCMU/8000\r\n"
    "a={direction}\r\n"
)


def sdp(port: int = 40000, formats: str = "8 0", direction: str = "sendrecv") -> str:
    return OFFER.format(port=port, formats=formats, direction=direction)


G729_ONLY = sdp(formats="18").replace("a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n", "")


def request(
    method: str,
    uri: str = "sip:infolinia@192.0.2.1",
    *,
    call_id: str = "call-1",
    cseq: int = 1,
    branch: str = "z9hG4bK-1",
    from_tag: str = "caller",
    to_tag: str = "",
    body: str = "",
    via: str = "",
    contact: str = "sip:phone@192.0.2.9:5062",
    extra: tuple[str, ...] = (),
    transport: str = "UDP",
    sent_by: str = "192.0.2.9:5062",
) -> bytes:
    """One request. extra: whole header lines. via: in place of the usual one."""
    lines = [
        f"{method} {uri} SIP/2.0",
        via or f"Via: SIP/2.0/{transport} {sent_by};branch={branch};rport",
        "Max-Forwards: 70",
        f"From: <sip:600100200@192.0.2.9>{f';tag={from_tag}' if from_tag else ''}",
        f"To: <{uri}>{f';tag={to_tag}' if to_tag else ''}",
        f"Call-ID: {call_id}",
        f"CSeq: {cseq} {method}",
        f"Contact: <{contact}>",
        *extra,
    ]
    if body:
        lines.append("Content-Type: application/sdp")
    lines += [f"Content-Length: {len(body.encode())}", "", body]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape")


def response(
    request: SipRequest,
    status: int,
    *,
    to_tag: str = "callee",
    body: str = "",
    contact: str = "sip:phone@192.0.2.9:5062",
    extra: tuple[str, ...] = (),
) -> bytes:
    """An answer to a request that we received."""
    to = str(request.to)
    lines = [
        f"SIP/2.0 {status} Whatever",
        *(f"Via: {value}" for value in request.headers.get_all("Via")),
        f"From: {request.headers.get('From')}",
        f"To: {to}" + (f";tag={to_tag}" if request.to.tag is None and to_tag else ""),
        f"Call-ID: {request.call_id}",
        f"CSeq: {request.cseq}",
        f"Contact: <{contact}>",
        *extra,
    ]
    if body:
        lines.append("Content-Type: application/sdp")
    lines += [f"Content-Length: {len(body.encode())}", "", body]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape")


def only(messages: list[SipRequest | SipResponse]) -> SipRequest | SipResponse:
    assert len(messages) == 1, [describe(message) for message in messages]
    return messages[0]


def describe(message: SipRequest | SipResponse) -> str:
    """`INVITE`, or `200 INVITE`."""
    if isinstance(message, SipRequest):
        return message.method
    return f"{message.status} {message.cseq.method}"
