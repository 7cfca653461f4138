from __future__ import annotations

from tests.sip_messages import request, response
from voicebot.gateway.sip.agent.large_request import MAX_DATAGRAM_BYTES, REMEMBER_S, LargeRequests
from voicebot.gateway.sip.agent.transaction import Timers
from voicebot.gateway.sip.agent.transaction_layer import TransactionLayer
from voicebot.gateway.sip.messages.message import SipRequest, SipResponse, parse_datagram
from voicebot.gateway.sip.messages.peer import OutgoingMessage, Peer

UDP = Peer("UDP", "192.0.2.9", 5060)
TCP = Peer("TCP", "192.0.2.9", 5060)


def of_length(n_bytes: int, method: str = "INVITE", **fields: str) -> SipRequest:
    empty = len(request(method, extra=("X-Fill: ",), **fields))  # type: ignore[arg-type]
    filling = "x" * (n_bytes - empty)
    message = parse_datagram(request(method, extra=(f"X-Fill: {filling}",), **fields))  # type: ignore[arg-type]
    assert isinstance(message, SipRequest)
    assert len(message.to_bytes()) == n_bytes
    return message


def via_transports(messages: list[OutgoingMessage]) -> list[tuple[str, str]]:
    """Transport that each message takes, and the one it names."""
    result = []
    for message in messages:
        parsed = parse_datagram(message.data)
        result.append((message.peer.transport, parsed.via.transport))
    return result


def test_longest_datagram():
    large = LargeRequests()
    fits = of_length(MAX_DATAGRAM_BYTES)
    assert large.way_of(fits, UDP, now=0) == UDP
    assert fits.via.transport == "UDP"
    too_long = of_length(MAX_DATAGRAM_BYTES + 1)
    assert large.way_of(too_long, UDP, now=0) == TCP
    assert too_long.via.transport == "TCP"
    assert "rport" in too_long.via.params


def test_peer_without_tcp_is_remembered_for_a_while():
    large = LargeRequests()
    large.tcp_failed(UDP, now=0)
    assert large.way_of(of_length(2000), UDP, now=1) == UDP
    assert large.way_of(of_length(2000), Peer("UDP", "192.0.2.8", 5060), now=1).transport == "TCP"
    assert large.way_of(of_length(2000), UDP, now=REMEMBER_S) == TCP


def test_large_invite_goes_back_to_udp_where_no_connection_can_be_made():
    layer = TransactionLayer(Timers())
    invite = layer.send_request(of_length(2000), UDP, now=0)
    sent = layer.datagrams_to_send()
    assert via_transports(sent) == [("TCP", "TCP")]
    layer.handle_timeout(now=1)
    assert layer.datagrams_to_send() == [], "nothing is repeated over TCP"
    assert layer.transport_failed(sent[0].key, now=2) is None, "nobody needs to know"
    assert via_transports(layer.datagrams_to_send()) == [("UDP", "UDP")]
    layer.handle_timeout(now=2.5)
    assert via_transports(layer.datagrams_to_send()) == [("UDP", "UDP")]
    ringing = parse_datagram(response(invite.request, 180))
    assert isinstance(ringing, SipResponse)
    assert layer.receive_response(ringing, now=3) is invite
    assert layer.transport_failed(sent[0].key, now=4) is invite, "now it does count"


def test_cancel_takes_the_way_of_its_invite():
    layer = TransactionLayer(Timers())
    layer.send_request(of_length(2000), UDP, now=0)
    cancel = parse_datagram(request("CANCEL"))
    assert isinstance(cancel, SipRequest)
    layer.send_request(cancel, UDP, now=1)
    assert via_transports(layer.datagrams_to_send()) == [("TCP", "TCP"), ("TCP", "TCP")]
