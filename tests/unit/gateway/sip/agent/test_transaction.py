from __future__ import annotations

import pytest

from tests.sip_messages import request, response
from voicebot.gateway.sip.agent.transaction import (
    InviteClientTransaction,
    InviteServerTransaction,
    NonInviteClientTransaction,
    NonInviteServerTransaction,
    State,
    Timers,
    Transaction,
)
from voicebot.gateway.sip.agent.transaction_layer import TransactionLayer, server_key
from voicebot.gateway.sip.messages.message import (
    SipRequest,
    SipResponse,
    make_response,
    parse_datagram,
)
from voicebot.gateway.sip.messages.peer import Peer

UDP = Peer("UDP", "192.0.2.9", 5062)
TCP = Peer("TCP", "192.0.2.9", 5062, 1)
TIMERS = Timers()


def parsed(data: bytes) -> SipRequest:
    message = parse_datagram(data)
    assert isinstance(message, SipRequest)
    return message


def answer_to(sent: SipRequest, status: int, to_tag: str = "callee") -> SipResponse:
    message = parse_datagram(response(sent, status, to_tag=to_tag))
    assert isinstance(message, SipResponse)
    return message


def send_times(transaction: Transaction, until: float) -> list[float]:
    """When it sends something by itself, starting from its next timeout."""
    times: list[float] = []
    while (due := transaction.next_timeout()) is not None and due <= until:
        transaction.handle_timeout(due)
        times += [due] * len(transaction.messages_to_send())
    return times


def invite_client(peer: Peer = UDP) -> InviteClientTransaction:
    return InviteClientTransaction(("key",), parsed(request("INVITE")), peer, TIMERS, now=0)


def bye_client(peer: Peer = UDP) -> NonInviteClientTransaction:
    return NonInviteClientTransaction(("key",), parsed(request("BYE")), peer, TIMERS, now=0)


def invite_server(peer: Peer = UDP) -> InviteServerTransaction:
    return InviteServerTransaction(("key",), parsed(request("INVITE")), peer, TIMERS)


def bye_server(peer: Peer = UDP) -> NonInviteServerTransaction:
    return NonInviteServerTransaction(("key",), parsed(request("BYE")), peer, TIMERS)


# INVITE client


def test_unanswered_invite_is_repeated_at_doubling_intervals_until_timer_b():
    transaction = invite_client()
    assert len(transaction.messages_to_send()) == 1
    assert send_times(transaction, 31.9) == [0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert transaction.next_timeout() == 32
    assert transaction.handle_timeout(32) is True
    assert transaction.is_terminated


def test_invite_over_tcp_is_sent_once_and_still_times_out():
    transaction = invite_client(TCP)
    assert len(transaction.messages_to_send()) == 1
    assert transaction.next_timeout() == 32
    assert transaction.handle_timeout(32) is True


def test_ringing_stops_repetition_and_the_timeout():
    transaction = invite_client()
    assert transaction.receive_response(answer_to(transaction.request, 180), now=1) is True
    assert transaction.next_timeout() is None


def test_failure_is_acknowledged_on_the_same_branch_each_time_it_comes():
    transaction = invite_client()
    transaction.messages_to_send()
    busy = answer_to(transaction.request, 486, to_tag="busy")
    assert transaction.receive_response(busy, now=1) is True
    ack = parsed(transaction.messages_to_send()[0])
    assert ack.method == "ACK"
    assert ack.via == transaction.request.via
    assert ack.to.tag == "busy"
    assert (ack.cseq.number, ack.cseq.method) == (1, "ACK")
    assert transaction.receive_response(busy, now=2) is False
    assert len(transaction.messages_to_send()) == 1
    assert transaction.next_timeout() == 33  # timer D
    transaction.handle_timeout(33)
    assert transaction.is_terminated


def test_failure_over_tcp_ends_the_transaction_at_once():
    transaction = invite_client(TCP)
    transaction.receive_response(answer_to(transaction.request, 486), now=1)
    assert transaction.is_terminated


def test_every_2xx_reaches_the_user_agent_until_timer_m():
    transaction = invite_client()
    transaction.messages_to_send()
    ok = answer_to(transaction.request, 200)
    assert transaction.receive_response(ok, now=1) is True
    assert transaction.receive_response(ok, now=2) is True
    assert transaction.receive_response(answer_to(transaction.request, 486), now=3) is False
    assert transaction.messages_to_send() == []  # the user agent acknowledges 2xx
    assert transaction.handle_timeout(33) is False
    assert transaction.is_terminated


# Non-INVITE client


def test_unanswered_bye_is_repeated_up_to_every_t2_until_timer_f():
    transaction = bye_client()
    transaction.messages_to_send()
    assert send_times(transaction, 31.9) == [
        0.5,
        1.5,
        3.5,
        7.5,
        11.5,
        15.5,
        19.5,
        23.5,
        27.5,
        31.5,
    ]
    assert transaction.handle_timeout(32) is True


def test_provisional_answer_slows_a_non_invite_down_to_t2():
    transaction = bye_client()
    transaction.messages_to_send()
    transaction.receive_response(answer_to(transaction.request, 100), now=0.1)
    assert send_times(transaction, 9) == [0.5, 4.5, 8.5]
    assert transaction.handle_timeout(32) is True


def test_final_answer_to_a_non_invite_is_seen_once_and_timer_k_absorbs_the_rest():
    transaction = bye_client()
    ok = answer_to(transaction.request, 200)
    assert transaction.receive_response(ok, now=1) is True
    assert transaction.receive_response(ok, now=2) is False
    assert transaction.next_timeout() == 6
    assert transaction.handle_timeout(6) is False
    assert transaction.is_terminated


@pytest.mark.parametrize("make", [invite_client, bye_client])
def test_transport_failure_is_reported_only_while_an_answer_is_awaited(make):
    waiting = make()
    assert waiting.transport_failed() is True
    assert waiting.is_terminated
    done = make()
    done.receive_response(answer_to(done.request, 200), now=1)
    assert done.transport_failed() is False


# INVITE server


def test_repeated_invite_gets_the_last_provisional_answer_again():
    transaction = invite_server()
    transaction.receive_repetition()
    assert transaction.messages_to_send() == []
    transaction.respond(make_response(transaction.request, 180, to_tag="t"), now=0)
    first = transaction.messages_to_send()
    transaction.receive_repetition()
    assert transaction.messages_to_send() == first


def test_failure_answer_is_repeated_until_acknowledged():
    transaction = invite_server()
    transaction.respond(make_response(transaction.request, 486, to_tag="t"), now=0)
    transaction.messages_to_send()
    assert send_times(transaction, 8) == [0.5, 1.5, 3.5, 7.5]
    assert transaction.receive_ack(now=8) is False
    assert transaction.state is State.CONFIRMED
    assert transaction.next_timeout() == 13  # timer I
    assert send_times(transaction, 13) == []
    assert transaction.is_terminated


def test_failure_answer_without_ack_is_given_up_at_timer_h():
    transaction = invite_server()
    transaction.respond(make_response(transaction.request, 486, to_tag="t"), now=0)
    transaction.messages_to_send()
    assert send_times(transaction, 31.9)[-1] == 31.5
    transaction.handle_timeout(32)
    assert transaction.is_terminated


def test_failure_answer_over_tcp_is_sent_once():
    transaction = invite_server(TCP)
    transaction.respond(make_response(transaction.request, 486, to_tag="t"), now=0)
    transaction.messages_to_send()
    assert transaction.next_timeout() == 32
    transaction.receive_ack(now=1)
    assert transaction.is_terminated


def test_accepted_invite_absorbs_repetitions_and_lets_acks_through():
    transaction = invite_server()
    ok = make_response(transaction.request, 200, to_tag="t")
    transaction.respond(ok, now=0)
    assert len(transaction.messages_to_send()) == 1
    transaction.receive_repetition()
    assert transaction.messages_to_send() == []
    transaction.respond(ok, now=1)  # by the user agent, as RFC 6026 has it
    assert len(transaction.messages_to_send()) == 1
    assert transaction.receive_ack(now=2) is True
    assert transaction.next_timeout() == 32  # timer L
    transaction.handle_timeout(32)
    assert transaction.is_terminated


def test_second_final_answer_to_an_invite_is_dropped():
    transaction = invite_server()
    transaction.respond(make_response(transaction.request, 486, to_tag="t"), now=0)
    transaction.messages_to_send()
    transaction.respond(make_response(transaction.request, 200, to_tag="t"), now=0)
    assert transaction.messages_to_send() == []


# Non-INVITE server


def test_repeated_bye_gets_the_same_answer_until_timer_j():
    transaction = bye_server()
    transaction.receive_repetition()
    assert transaction.messages_to_send() == []
    transaction.respond(make_response(transaction.request, 200, to_tag="t"), now=0)
    first = transaction.messages_to_send()
    transaction.receive_repetition()
    assert transaction.messages_to_send() == first
    transaction.respond(make_response(transaction.request, 481, to_tag="t"), now=1)
    assert transaction.messages_to_send() == []
    assert transaction.next_timeout() == 32
    transaction.handle_timeout(32)
    assert transaction.is_terminated


def test_answered_bye_over_tcp_is_forgotten_at_once():
    transaction = bye_server(TCP)
    transaction.respond(make_response(transaction.request, 200, to_tag="t"), now=0)
    assert transaction.is_terminated


# Matching


def test_repetition_matches_by_branch_sent_by_and_method():
    layer = TransactionLayer(TIMERS)
    transaction = layer.create_server(parsed(request("INVITE")), UDP, now=0)
    assert layer.find_server(parsed(request("INVITE"))) is transaction
    assert layer.find_server(parsed(request("ACK"))) is transaction
    assert layer.find_server(parsed(request("CANCEL")), "INVITE") is transaction
    assert layer.find_server(parsed(request("CANCEL"))) is None
    assert layer.find_server(parsed(request("INVITE", branch="z9hG4bK-2"))) is None
    assert layer.find_server(parsed(request("INVITE", sent_by="192.0.2.10:5062"))) is None


def test_branch_reused_by_another_call_is_another_transaction():
    first, second = parsed(request("BYE")), parsed(request("BYE", call_id="call-2"))
    assert server_key(first) != server_key(second)


def test_rfc2543_request_matches_without_a_branch():
    via = "Via: SIP/2.0/UDP 192.0.2.9:5062"
    layer = TransactionLayer(TIMERS)
    transaction = layer.create_server(parsed(request("INVITE", via=via)), UDP, now=0)
    assert layer.find_server(parsed(request("INVITE", via=via))) is transaction
    assert layer.find_server(parsed(request("INVITE", via=via, cseq=2))) is None
    assert layer.find_server(parsed(request("INVITE", via=via, from_tag="other"))) is None


def test_rfc2543_ack_matches_the_answer_whose_tag_it_has():
    via = "Via: SIP/2.0/UDP 192.0.2.9:5062"
    layer = TransactionLayer(TIMERS)
    invite = parsed(request("INVITE", via=via))
    transaction = layer.create_server(invite, UDP, now=0)
    layer.respond(transaction, make_response(invite, 486, to_tag="ours"), now=0)
    assert layer.find_server(parsed(request("ACK", via=via, to_tag="ours"))) is transaction
    assert layer.find_server(parsed(request("ACK", via=via, to_tag="other"))) is None


def test_cookie_alone_is_no_branch():
    via = "Via: SIP/2.0/UDP 192.0.2.9:5062;branch=z9hG4bK"
    one = server_key(parsed(request("INVITE", via=via)))
    other = server_key(parsed(request("INVITE", via=via, from_tag="other")))
    assert one != other


def test_response_needs_branch_method_and_call_id_of_a_request():
    layer = TransactionLayer(TIMERS)
    bye = parsed(request("BYE"))
    transaction = layer.send_request(bye, UDP, now=0)
    assert layer.receive_response(answer_to(parsed(request("INVITE")), 200), now=1) is None
    assert (
        layer.receive_response(answer_to(parsed(request("BYE", call_id="x")), 200), now=1) is None
    )
    assert layer.receive_response(answer_to(bye, 200), now=1) is transaction


def test_fork_of_a_request_is_seen_as_merged_until_the_first_is_forgotten():
    layer = TransactionLayer(TIMERS)
    first = parsed(request("OPTIONS"))
    transaction = layer.create_server(first, UDP, now=0)
    fork = parsed(request("OPTIONS", branch="z9hG4bK-2"))
    assert layer.is_merged(fork)
    layer.respond(transaction, make_response(first, 200, to_tag="t"), now=0)
    layer.handle_timeout(32)
    assert not layer.is_merged(fork)
    assert len(layer) == 0


def test_layer_wakes_each_transaction_at_its_own_time():
    layer = TransactionLayer(TIMERS)
    layer.send_request(parsed(request("BYE")), UDP, now=0)
    layer.send_request(parsed(request("BYE", branch="z9hG4bK-2")), UDP, now=0.2)
    assert len(layer.datagrams_to_send()) == 2
    assert layer.next_timeout() == 0.5
    layer.handle_timeout(0.5)
    assert len(layer.datagrams_to_send()) == 1
    assert layer.next_timeout() == pytest.approx(0.7)


def test_nothing_is_left_of_ten_thousand_strangers():
    layer = TransactionLayer(TIMERS, max_server_transactions=10_000)
    for number in range(10_000):
        options = parsed(request("OPTIONS", branch=f"z9hG4bK-{number}", call_id=f"c{number}"))
        transaction = layer.create_server(options, UDP, now=number / 1000)
        layer.respond(transaction, make_response(options, 200, to_tag="t"), now=number / 1000)
    assert layer.is_full
    assert len(layer.datagrams_to_send()) == 10_000
    layer.handle_timeout(100)
    assert len(layer) == 0
    assert layer.next_timeout() is None
    assert not layer.is_full


@pytest.mark.parametrize(
    ("via", "expected"),
    [
        # RFC 3581: with rport, back to where it came from.
        ("Via: SIP/2.0/UDP 10.0.0.1:5070;branch=z9hG4bK-1;rport", ("192.0.2.9", 5062)),
        # 18.2.2: without, to the source address and the port in sent-by.
        ("Via: SIP/2.0/UDP 10.0.0.1:5070;branch=z9hG4bK-1", ("192.0.2.9", 5070)),
        ("Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK-1", ("192.0.2.9", 5060)),
        # Never where a stranger points us.
        ("Via: SIP/2.0/UDP 10.0.0.1;maddr=192.0.2.77;branch=z9hG4bK-1", ("192.0.2.9", 5060)),
    ],
)
def test_answers_take_the_way_of_18_2_2(via: str, expected: tuple[str, int]):
    layer = TransactionLayer(TIMERS)
    transaction = layer.create_server(parsed(request("OPTIONS", via=via)), UDP, now=0)
    assert (transaction.peer.host, transaction.peer.port) == expected


def test_answer_over_tcp_goes_back_on_its_connection_or_to_sent_by():
    layer = TransactionLayer(TIMERS)
    via = "Via: SIP/2.0/TCP 192.0.2.9:5070;branch=z9hG4bK-1"
    source = Peer("TCP", "192.0.2.9", 33333, 7)
    transaction = layer.create_server(parsed(request("OPTIONS", via=via)), source, now=0)
    assert transaction.peer == Peer("TCP", "192.0.2.9", 5070, 7)
