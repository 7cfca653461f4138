"""Sound messages to damage; the torture messages join them where shared/ is at hand."""

from __future__ import annotations

from pathlib import Path

_TORTURE = Path(__file__).resolve().parents[2].parent / "shared" / "sip_torture"

SDP = (
    b"v=0\r\no=anna 1 2 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    b"m=audio 4000 RTP/AVP 8 0 97 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:97 pcmu/8000/1\r\n"
    b"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=rtcp:4001\r\n"
    b"a=sendonly\r\nm=video 4002/2 RTP/AVP 31\r\nc=IN IP6 2001:db8::1\r\n"
)
INVITE = (
    b"INVITE sip:infolinia;a=b@[2001:db8::10]:5070;transport=udp SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bK1;rport, SIP/2.0/TCP h;received=[::1]\r\n"
    b'From: "Za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87 \\"" <sip:%%61nna:pw@example.com>;tag=a1\r\n'
    b"t: <sip:infolinia@example.net>\r\nCall-ID: c1@192.0.2.1\r\nCSeq: 7 INVITE\r\n"
    b"Contact: <sip:anna@192.0.2.1:5062>;expires=60\r\nMax-Forwards: 70\r\n"
    b"Record-Route: <sip:p2.example.com;lr>,\r\n <sip:p1.example.com;lr>\r\n"
    b"Accept: application/sdp;q=0.5\r\nSupported: timer\r\nContent-Type: application/sdp\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(SDP), SDP)
)
RESPONSE = (
    b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;received=192.0.2.2;rport=9\r\n"
    b"From: <sip:a@h>;tag=1\r\nTo: <sip:b@h>;tag=2\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n"
    b"Contact: <sip:b@h>\r\nContent-Length: 0\r\n\r\n"
)


def sip_messages() -> list[bytes]:
    torture = [path.read_bytes() for path in sorted(_TORTURE.glob("*/*.dat"))]
    return [INVITE, RESPONSE, *torture]


def session_descriptions() -> list[bytes]:
    bodies = [data.partition(b"\r\n\r\n")[2] for data in sip_messages()]
    return [SDP, *(body for body in bodies if body.startswith(b"v=0"))]
