"""Fuzz targets of transfers and keys: header values, bodies, whole requests in a call."""

from __future__ import annotations

import contextlib
import re

from tests.fuzz.seeds import SDP
from voicebot.errors import SipParseError
from voicebot.gateway.sip.agent.sip_call import CallOffered, ReferReceived
from voicebot.gateway.sip.agent.user_agent import Profile, UserAgent
from voicebot.gateway.sip.messages.dtmf_info import DTMF_RELAY_TYPE, DTMF_TYPE, judge_info
from voicebot.gateway.sip.messages.message import Headers, SipRequest, parse_datagram
from voicebot.gateway.sip.messages.peer import Peer
from voicebot.gateway.sip.messages.refer import ReferTarget, find_referred_by
from voicebot.gateway.sip.messages.replaces import Replaces
from voicebot.gateway.sip.messages.sipfrag import parse_sipfrag
from voicebot.gateway.sip.messages.subscription_state import EventType, SubscriptionState
from voicebot.gateway.sip.messages.uri import SipUri
from voicebot.gateway.sip.sdp.media_negotiation import LocalMedia, MediaPolicy

_PHONE = Peer("UDP", "192.0.2.9", 5062)
_TAG = "ours"
_VALUES = (Replaces, ReferTarget, EventType, SubscriptionState)


def seeds() -> list[bytes]:
    """Requests inside the running call that `requests_in_a_call` has."""
    replaces = "call-1%3Bto-tag%3Dours%3Bfrom-tag%3Dtheirs"
    return [
        _request("REFER", "Refer-To: <sip:a@b>", "Referred-By: <sip:c@d>;cid=x"),
        _request("REFER", f"Refer-To: <sip:a@b?Replaces={replaces}>", "Refer-Sub: false"),
        _request(
            "NOTIFY",
            "Event: refer",
            "Subscription-State: terminated;reason=noresource",
            "Content-Type: message/sipfrag;version=2.0",
            body="SIP/2.0 603 Declined\r\n",
        ),
        _request("INFO", f"Content-Type: {DTMF_RELAY_TYPE}", body="Signal=5\r\nDuration=160\r\n"),
        _request("INFO", f"Content-Type: {DTMF_TYPE}", body="#"),
        _request(
            "INVITE",
            "Replaces: call-1;to-tag=ours;from-tag=theirs",
            "Contact: <sip:phone@192.0.2.9>",
            "Content-Type: application/sdp",
            body=SDP.decode(),
            call_id="call-2",
            to_tag="",
        ),
    ]


def transfer_values(data: bytes) -> None:
    """Each line as every value of a transfer, which reads again what it writes."""
    for line in re.split(rb"[\r\n]+", data)[:40]:
        text = line.decode("utf-8", "surrogateescape")
        for candidate in (text, text.partition(":")[2].strip(" ")):
            for kind in _VALUES:
                try:
                    value = kind.parse(candidate)
                except SipParseError:
                    continue
                assert kind.parse(str(value)) == value, kind
            found = SipRequest("REFER", SipUri("sip"), Headers([("Referred-By", candidate)]))
            find_referred_by(found)
    with contextlib.suppress(SipParseError):
        assert 100 <= parse_sipfrag(data) <= 699
    for kind_of_body in (DTMF_RELAY_TYPE, DTMF_TYPE):
        info = SipRequest("INFO", SipUri("sip"), Headers([("Content-Type", kind_of_body)]), data)
        assert judge_info(info).status in (200, 400)


def requests_in_a_call(data: bytes) -> None:
    """A request, most likely inside a call that is up and was referred: nothing is raised, and
    every request that is sent can be read."""
    tokens = iter([_TAG, "call"])
    profile = Profile("infolinia", 5060, MediaPolicy(("PCMA",)), 10, lambda host: "192.0.2.1")
    agent = UserAgent(profile, token=lambda: next(tokens, "more"))
    agent.receive(
        _request(
            "INVITE",
            "Contact: <sip:phone@192.0.2.9>",
            "Content-Type: application/sdp",
            body=SDP.decode(),
            to_tag="",
            cseq=1,
        ),
        _PHONE,
        0,
    )
    offered = agent.next_event()
    assert isinstance(offered, CallOffered)
    call = offered.call
    agent.answer(call, LocalMedia("192.0.2.1", 20000), 0)
    agent.receive(_request("ACK", cseq=1), _PHONE, 0)
    agent.referrals.send_refer(call, ReferTarget(SipUri("sip", "a", "b")), 30, 0)
    agent.datagrams_to_send()
    agent.receive(data, _PHONE, 1)
    while (event := agent.next_event()) is not None:
        if isinstance(event, ReferReceived):
            agent.referrals.accept(event.refer, 1)
            agent.referrals.tell(event.refer, 200, 1)
    sent = agent.datagrams_to_send()
    agent.handle_timeout(40)
    for message in sent + agent.datagrams_to_send():
        # An answer copies what it answers, faults and all.
        if not message.data.startswith(b"SIP/2.0"):
            parse_datagram(message.data)


def _request(
    method: str,
    *headers: str,
    body: str = "",
    call_id: str = "call-1",
    to_tag: str = f";tag={_TAG}",
    cseq: int = 2,
) -> bytes:
    lines = [
        f"{method} sip:infolinia@192.0.2.1 SIP/2.0",
        f"Via: SIP/2.0/UDP 192.0.2.9:5062;branch=z9hG4bK-{method}-{cseq}{call_id}",
        "From: <sip:phone@192.0.2.9>;tag=theirs",
        f"To: <sip:infolinia@192.0.2.1>{to_tag}",
        f"Call-ID: {call_id}",
        f"CSeq: {cseq} {method}",
        *headers,
        f"Content-Length: {len(body.encode())}",
        "",
        body,
    ]
    return "\r\n".join(lines).encode()
