from __future__ import annotations

import pytest

from tests.sip_messages import request, response, sdp
from tests.unit.gateway.sip.bench import MEDIA, Bench
from voicebot.gateway.sip.agent.sips import contact_uri, needs_sips, refuse_unprotected
from voicebot.gateway.sip.messages.message import SipRequest, SipResponse, parse_datagram
from voicebot.gateway.sip.messages.peer import Peer
from voicebot.gateway.sip.messages.uri import SipUri

TLS = Peer("TLS", "192.0.2.9", 40000, 7)
SIPS = "sips:infolinia@192.0.2.1"


def parsed(data: bytes) -> SipRequest:
    message = parse_datagram(data)
    assert isinstance(message, SipRequest)
    return message


@pytest.mark.parametrize(
    ("transport", "is_sips", "expected"),
    [
        ("UDP", False, "sip:me@192.0.2.1:5060"),
        ("TCP", False, "sip:me@192.0.2.1:5060;transport=tcp"),
        ("TLS", False, "sip:me@192.0.2.1:5071;transport=tls"),
        ("TLS", True, "sips:me@192.0.2.1:5071"),
    ],
)
def test_contact_says_how_we_are_reached(transport: str, is_sips: bool, expected: str):
    peer = Peer(transport, "192.0.2.9", 5060)  # type: ignore[arg-type]
    assert str(contact_uri("me", "192.0.2.1", peer, 5060, 5071, is_sips)) == expected


@pytest.mark.parametrize(
    ("fields", "is_needed"),
    [
        ({}, False),
        ({"uri": SIPS}, True),
        ({"contact": "sips:phone@192.0.2.9"}, True),
        ({"extra": ("Record-Route: <sips:p.example.com;lr>",)}, True),
        # The first hop's word counts, not the Contact behind it (RFC 3261 12.1.1).
        (
            {
                "contact": "sips:phone@192.0.2.9",
                "extra": ("Record-Route: <sip:p.example.com;lr>",),
            },
            False,
        ),
    ],
)
def test_when_our_contact_has_to_be_sips(fields: dict[str, object], is_needed: bool):
    invite = parsed(request("INVITE", **fields))  # type: ignore[arg-type]
    assert needs_sips(invite, is_inbound=True) is is_needed


def test_sips_in_the_clear_is_refused():
    invite = parsed(request("INVITE", SIPS))
    assert refuse_unprotected(invite, TLS, "192.0.2.1") is None
    status, headers = refuse_unprotected(invite, Peer("TCP", "192.0.2.9", 1), "::1") or (0, [])
    assert status == 480
    assert headers == [("Warning", '380 [::1] "SIPS Not Allowed"')]
    assert refuse_unprotected(parsed(request("INVITE")), Peer("UDP", "x", 1), "::1") is None


def receive(bench: Bench, data: bytes, source: Peer = TLS) -> list[SipRequest | SipResponse]:
    bench.receive(data, source)
    return bench.sent()


def test_without_tls_a_sips_uri_is_a_scheme_that_we_do_not_have():
    answers = receive(Bench(), request("INVITE", SIPS, body=sdp()))
    assert [answer.status for answer in answers if isinstance(answer, SipResponse)] == [416]


def test_call_to_a_sips_uri_stays_on_tls():
    bench = Bench(serves_tls=True)
    refused = receive(bench, request("INVITE", SIPS, body=sdp()), Peer("UDP", "192.0.2.9", 5062))
    assert [answer.status for answer in refused if isinstance(answer, SipResponse)] == [480]
    invite = request(
        "INVITE",
        SIPS,
        body=sdp(),
        call_id="secure",
        branch="z9hG4bK-secure",
        transport="TLS",
        contact="sip:phone@192.0.2.9:5062;transport=udp",
    )
    receive(bench, invite)
    call = next(event.call for event in bench.user_agent.core.events)
    bench.user_agent.answer(call, MEDIA, bench.now)
    answer = next(m for m in bench.sent() if isinstance(m, SipResponse) and m.status == 200)
    assert str(answer.contact) == "<sips:infolinia@192.0.2.1:5061>"
    call.unacknowledged.clear()
    bench.user_agent.hang_up(call, bench.now)
    bye = bench.sent_request()
    assert bye.method == "BYE"
    assert bye.via.transport == "TLS"
    # Its Contact wanted UDP: an attempt to take us off TLS.
    assert bench.sent_to[-1].transport == "TLS"


def test_call_of_ours_to_a_sips_uri():
    bench = Bench(serves_tls=True)
    uri = SipUri.parse("sips:anna@example.com")
    peer = Peer("TLS", "192.0.2.9", 5061, domain="example.com")
    bench.user_agent.place_call(uri, "600", MEDIA, peer, bench.now)
    invite = bench.sent_request()
    assert (invite.via.transport, invite.via.port) == ("TLS", 5061)
    assert "alias" in invite.via.params
    assert str(invite.from_.uri) == "sips:600@192.0.2.1:5061"
    assert str(invite.contact) == "<sips:infolinia@192.0.2.1:5061>"
    assert bench.sent_to == [peer]
    bench.receive(response(invite, 200, body=sdp(), contact="sip:anna@192.0.2.9:5099"), peer)
    ack = bench.sent_request()
    assert ack.via.transport == "TLS"
    assert bench.sent_to[-1].transport == "TLS"
