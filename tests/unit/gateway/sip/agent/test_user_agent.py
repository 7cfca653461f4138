from __future__ import annotations

import random

import pytest

from tests.sip_messages import G729_ONLY, describe, only, request, response, sdp
from tests.unit.gateway.sip.bench import MEDIA, PHONE, Bench
from voicebot.gateway.sip.agent.request_check import ALLOWED_METHODS, SUPPORTED_EXTENSIONS
from voicebot.gateway.sip.agent.sip_call import (
    CallAnswered,
    CallEnded,
    CallOffered,
    CallProgressed,
    CallRefused,
    CallState,
    HangUpCompleted,
    MediaChanged,
)
from voicebot.gateway.sip.messages.message import SipRequest, SipResponse
from voicebot.gateway.sip.messages.peer import OutgoingMessage, Peer
from voicebot.gateway.sip.messages.uri import SipUri


@pytest.fixture
def bench() -> Bench:
    return Bench()


# A call comes in


def test_invite_is_answered_with_trying_at_once_and_offered_to_the_application(bench: Bench):
    bench.receive(request("INVITE", body=sdp()))
    assert bench.sent_lines() == ["100 INVITE"]
    assert bench.event_names() == ["CallOffered"]


def test_repeated_invite_is_one_call(bench: Bench):
    call = bench.offered_call()
    for _ in range(5):
        bench.receive(request("INVITE", body=sdp()))
    assert bench.events() == []
    bench.user_agent.answer(call, MEDIA, bench.now)
    bench.receive(request("INVITE", body=sdp()))
    assert bench.events() == []
    assert bench.user_agent.n_calls == 1


def test_ringing_and_answer_form_a_dialog(bench: Bench):
    routes = ("Record-Route: <sip:p1.example.com;lr>, <sip:p2.example.com;lr>",)
    call = bench.offered_call(extra=routes)
    bench.sent()
    bench.user_agent.ring(call, bench.now)
    media = bench.user_agent.answer(call, MEDIA, bench.now)
    ringing, answer = bench.sent()
    for message in (ringing, answer):
        assert isinstance(message, SipResponse)
        assert message.to.tag == call.local_tag
        assert str(message.contact) == "<sip:infolinia@192.0.2.1:5060>"
        assert [route.uri.host for route in message.record_routes] == [
            "p1.example.com",
            "p2.example.com",
        ]
    assert [describe(message) for message in (ringing, answer)] == ["180 INVITE", "200 INVITE"]
    assert b"m=audio 20000 RTP/AVP 8" in answer.body
    assert "INVITE" in (answer.headers.get("Allow") or "")
    assert media is not None
    assert (media.remote_address, media.remote_port, media.codec) == ("127.0.0.1", 40000, "PCMA")


def test_answer_is_repeated_until_it_is_acknowledged(bench: Bench):
    call = bench.answered_call()
    bench.sent()
    bench.advance(0.5)
    assert bench.sent_lines() == ["200 INVITE"]
    bench.advance(1)
    assert bench.sent_lines() == ["200 INVITE"]
    bench.ack(call)
    bench.advance(40)
    assert bench.sent_lines() == []
    assert bench.user_agent.n_calls == 1


def test_answer_is_repeated_over_tcp_too():
    # 13.3.1.4: the ACK comes from the far end, whatever the transport of this hop.
    bench = Bench()
    bench.receive(request("INVITE", body=sdp(), transport="TCP"), Peer("TCP", "192.0.2.9", 3, 1))
    event = bench.events()[0]
    assert isinstance(event, CallOffered)
    bench.user_agent.answer(event.call, MEDIA, bench.now)
    bench.sent()
    bench.advance(0.5)
    assert bench.sent_lines() == ["200 INVITE"]


def test_lost_ack_ends_the_call_with_bye(bench: Bench):
    call = bench.answered_call()
    bench.sent()
    bench.advance(31.9)
    assert bench.event_names() == []
    assert set(bench.sent_lines()) == {"200 INVITE"}
    bench.advance(0.2)
    assert bench.events() == [CallEnded(call, "lost_ack")]
    assert bench.sent_lines() == ["BYE"]
    assert bench.user_agent.n_calls == 0


def test_rejected_call_is_repeated_until_acknowledged_by_transaction(bench: Bench):
    call = bench.offered_call()
    bench.sent()
    bench.user_agent.reject(call, 486, bench.now)
    assert bench.sent_lines() == ["486 INVITE"]
    bench.advance(0.5)
    assert bench.sent_lines() == ["486 INVITE"]
    bench.receive(request("ACK", to_tag=call.local_tag))
    bench.advance(60)
    assert bench.sent_lines() == []
    assert bench.user_agent.n_transactions == 0


def test_cancel_before_the_answer_ends_the_call_with_487(bench: Bench):
    call = bench.offered_call()
    bench.sent()
    bench.receive(request("CANCEL"))
    cancelled, terminated = bench.sent()
    assert [describe(message) for message in (cancelled, terminated)] == [
        "200 CANCEL",
        "487 INVITE",
    ]
    assert cancelled.to.tag == terminated.to.tag == call.local_tag
    assert bench.events() == [CallEnded(call, "cancelled")]
    assert bench.user_agent.answer(call, MEDIA, bench.now) is None
    assert bench.sent_lines() == []


def test_cancel_after_the_answer_changes_nothing(bench: Bench):
    bench.answered_call()
    bench.sent()
    bench.receive(request("CANCEL"))
    assert bench.sent_lines() == ["200 CANCEL"]
    assert bench.events() == []
    assert bench.user_agent.n_calls == 1


def test_cancel_of_nothing_is_481(bench: Bench):
    bench.receive(request("CANCEL"))
    assert bench.sent_lines() == ["481 CANCEL"]


def test_bye_of_the_caller_ends_the_call(bench: Bench):
    call = bench.running_call()
    bench.in_dialog("BYE", call)
    assert bench.sent_lines() == ["200 BYE"]
    assert bench.events() == [CallEnded(call, "hangup")]
    bench.in_dialog("BYE", call)
    assert bench.sent_lines() == ["200 BYE"]  # a repetition
    bench.in_dialog("BYE", call, cseq=3)
    assert bench.sent_lines() == ["481 BYE"]
    assert bench.events() == []


def test_bye_that_overtakes_the_ack_stops_the_answer(bench: Bench):
    call = bench.answered_call()
    bench.sent()
    bench.in_dialog("BYE", call)
    assert bench.sent_lines() == ["200 BYE"]
    bench.ack(call)
    bench.advance(40)
    assert bench.sent_lines() == []
    assert bench.events() == [CallEnded(call, "hangup")]


def test_bye_of_an_unanswered_call_is_answered_and_so_is_the_invite(bench: Bench):
    call = bench.offered_call()
    bench.user_agent.ring(call, bench.now)
    bench.sent()
    bench.in_dialog("BYE", call)
    assert bench.sent_lines() == ["200 BYE", "487 INVITE"]
    assert bench.events() == [CallEnded(call, "cancelled")]


def test_bye_outside_a_dialog_is_481(bench: Bench):
    bench.receive(request("BYE", to_tag="nobody"))
    bench.receive(request("BYE", branch="z9hG4bK-2", call_id="other"))
    assert bench.sent_lines() == ["481 BYE", "481 BYE"]


def test_hanging_up_waits_for_the_ack(bench: Bench):
    call = bench.answered_call()
    bench.sent()
    bench.user_agent.hang_up(call, bench.now)
    assert bench.sent_lines() == []
    bench.ack(call)
    bye = bench.sent_request()
    assert bye.method == "BYE"
    assert (bye.from_.tag, bye.to.tag) == (call.local_tag, "caller")
    bench.receive(response(bye, 200))
    assert bench.events() == [HangUpCompleted(call)]


def test_hanging_up_is_complete_when_the_other_side_is_gone(bench: Bench):
    call = bench.running_call()
    bench.user_agent.hang_up(call, bench.now)
    bench.advance(31.9)
    assert bench.events() == []
    bench.advance(0.2)
    assert bench.events() == [HangUpCompleted(call)]


def test_crossing_byes_are_both_answered(bench: Bench):
    call = bench.running_call()
    bench.user_agent.hang_up(call, bench.now)
    ours = bench.sent_request()
    bench.in_dialog("BYE", call)
    assert bench.sent_lines() == ["200 BYE"]
    bench.receive(response(ours, 481))
    assert bench.events() == [HangUpCompleted(call)]


def test_no_codec_in_common_is_488_before_the_application_is_asked(bench: Bench):
    bench.receive(request("INVITE", body=G729_ONLY))
    assert bench.sent_lines() == ["488 INVITE"]
    assert bench.events() == []


def test_unreadable_offer_is_400(bench: Bench):
    bench.receive(request("INVITE", body="this is no sdp"))
    assert bench.sent_lines() == ["400 INVITE"]


def test_above_the_limit_calls_get_503_with_retry_after():
    bench = Bench(max_calls=1)
    call = bench.running_call()
    bench.receive(request("INVITE", body=sdp(), call_id="c2", branch="z9hG4bK-c2"))
    refused = only(bench.sent())
    assert describe(refused) == "503 INVITE"
    assert refused.headers.get("Retry-After")
    bench.in_dialog("BYE", call)
    bench.sent()
    bench.receive(request("INVITE", body=sdp(), call_id="c3", branch="z9hG4bK-c3"))
    assert bench.sent_lines() == ["100 INVITE"]


def test_closing_endpoint_takes_no_new_calls_and_keeps_the_running_ones(bench: Bench):
    call = bench.running_call()
    bench.user_agent.is_draining = True
    bench.receive(request("INVITE", body=sdp(), call_id="c2", branch="z9hG4bK-c2"))
    bench.receive(request("OPTIONS", call_id="c3", branch="z9hG4bK-c3"))
    assert bench.sent_lines() == ["503 INVITE", "503 OPTIONS"]
    bench.in_dialog("OPTIONS", call)
    assert bench.sent_lines() == ["200 OPTIONS"]


def test_merged_request_is_482(bench: Bench):
    bench.offered_call()
    bench.sent()
    bench.receive(request("INVITE", body=sdp(), branch="z9hG4bK-fork"))
    assert bench.sent_lines() == ["482 INVITE"]
    assert bench.events() == []


# Delayed offer


def test_invite_without_offer_gets_ours_and_the_ack_brings_the_answer(bench: Bench):
    call = bench.offered_call(body="")
    bench.sent()
    assert bench.user_agent.answer(call, MEDIA, bench.now) is None
    answer = only(bench.sent())
    assert b"m=audio 20000 RTP/AVP 8 0" in answer.body
    bench.ack(call, body=sdp(formats="0"))
    events = bench.events()
    assert len(events) == 1
    assert isinstance(events[0], MediaChanged)
    assert events[0].media.codec == "PCMU"
    bench.advance(40)
    assert bench.sent_lines() == []


@pytest.mark.parametrize("body", ["", G729_ONLY, "no sdp at all"])
def test_missing_or_useless_answer_in_the_ack_ends_the_call(bench: Bench, body: str):
    call = bench.offered_call(body="")
    bench.user_agent.answer(call, MEDIA, bench.now)
    bench.sent()
    bench.ack(call, body=body)
    assert bench.sent_lines() == ["BYE"]
    assert bench.events() == [CallEnded(call, "error")]


def test_reinvite_while_our_offer_is_open_is_491(bench: Bench):
    call = bench.offered_call(body="")
    bench.user_agent.answer(call, MEDIA, bench.now)
    bench.sent()
    bench.in_dialog("INVITE", call, body=sdp())
    assert bench.sent_lines() == ["491 INVITE"]


# Inside a call


def test_hold_and_resume(bench: Bench):
    call = bench.running_call()
    bench.in_dialog("INVITE", call, cseq=2, body=sdp(direction="sendonly"))
    assert b"a=recvonly" in only(bench.sent()).body
    event = bench.events()[0]
    assert isinstance(event, MediaChanged)
    assert event.media.direction == "recvonly"
    bench.ack(call, cseq=2)
    bench.in_dialog("INVITE", call, cseq=3, body=sdp())
    assert b"a=sendrecv" in only(bench.sent()).body
    bench.ack(call, cseq=3)
    bench.advance(40)
    assert bench.sent_lines() == []


def test_codec_and_address_may_change_in_a_call(bench: Bench):
    call = bench.running_call()
    bench.in_dialog(
        "INVITE", call, body=sdp(port=41000, formats="0"), contact="sip:phone@192.0.2.10:5099"
    )
    bench.ack(call, cseq=2)
    event = bench.events()[0]
    assert isinstance(event, MediaChanged)
    assert (event.media.codec, event.media.remote_port) == ("PCMU", 41000)
    bench.sent()
    bench.user_agent.hang_up(call, bench.now)
    assert str(bench.sent_request().uri) == "sip:phone@192.0.2.10:5099"
    assert bench.sent_to[-1] == Peer("UDP", "192.0.2.10", 5099)


def test_version_of_our_description_grows_only_with_changes(bench: Bench):
    call = bench.answered_call()
    first = bench.sent()[-1].body
    bench.ack(call)
    bench.in_dialog("INVITE", call, cseq=2, body=sdp())
    assert only(bench.sent()).body == first
    bench.ack(call, cseq=2)
    bench.in_dialog("INVITE", call, cseq=3, body=sdp(formats="0"))
    changed = only(bench.sent()).body
    bench.ack(call, cseq=3)
    bench.in_dialog("INVITE", call, cseq=4, body=sdp())
    changed_back = only(bench.sent()).body

    def origin(body: bytes) -> list[bytes]:
        return next(line for line in body.splitlines() if line.startswith(b"o=")).split()

    assert origin(changed)[1] == origin(first)[1]
    assert int(origin(changed)[2]) == int(origin(first)[2]) + 1
    assert int(origin(changed_back)[2]) == int(origin(first)[2]) + 2


def test_useless_reinvite_is_488_and_the_call_goes_on(bench: Bench):
    call = bench.running_call()
    bench.in_dialog("INVITE", call, body=G729_ONLY)
    assert bench.sent_lines() == ["488 INVITE"]
    assert bench.events() == []
    assert call.state is CallState.UP


def test_reinvite_without_offer_gets_ours(bench: Bench):
    call = bench.running_call()
    bench.in_dialog("INVITE", call)
    assert b"m=audio 20000 RTP/AVP 8 0" in only(bench.sent()).body
    bench.ack(call, cseq=2, body=sdp(formats="0"))
    event = bench.events()[0]
    assert isinstance(event, MediaChanged)
    assert event.media.codec == "PCMU"


def test_lost_ack_of_a_reinvite_ends_the_call(bench: Bench):
    call = bench.running_call()
    bench.in_dialog("INVITE", call, body=sdp())
    bench.advance(33)
    assert bench.events() == [CallEnded(call, "lost_ack")]


def test_second_invite_before_the_first_is_answered_is_500_with_retry_after(bench: Bench):
    call = bench.offered_call()
    bench.user_agent.ring(call, bench.now)
    bench.sent()
    bench.in_dialog("INVITE", call, body=sdp())
    refused = only(bench.sent())
    assert describe(refused) == "500 INVITE"
    assert 0 <= int(refused.headers.get("Retry-After") or "-1") <= 10


def test_request_out_of_order_is_500(bench: Bench):
    call = bench.running_call(cseq=5)
    bench.in_dialog("BYE", call, cseq=4)
    assert bench.sent_lines() == ["500 BYE"]
    assert bench.events() == []


# Requests of no call


def test_options_say_what_we_can(bench: Bench):
    bench.receive(request("OPTIONS"))
    answer = only(bench.sent())
    assert describe(answer) == "200 OPTIONS"
    assert answer.headers.get("Allow") == ", ".join(ALLOWED_METHODS)
    assert answer.headers.get("Accept") == "application/sdp"
    assert set(answer.headers.values("Supported")) == SUPPORTED_EXTENSIONS


@pytest.mark.parametrize(
    ("method", "status"),
    [("REGISTER", 405), ("SUBSCRIBE", 405), ("MESSAGE", 405), ("PUBLISH", 405), ("FLY", 501)],
)
def test_methods_not_offered_are_refused_with_allow(bench: Bench, method: str, status: int):
    bench.receive(request(method))
    answer = only(bench.sent())
    assert describe(answer) == f"{status} {method}"
    assert "INVITE" in (answer.headers.get("Allow") or "")


@pytest.mark.parametrize("method", ["MESSAGE", "PUBLISH", "SUBSCRIBE"])
def test_methods_not_offered_are_refused_in_a_call_too(bench: Bench, method: str):
    call = bench.running_call()
    bench.in_dialog(method, call)
    assert bench.sent_lines() == [f"405 {method}"]
    assert call.state is CallState.UP


def test_required_extension_is_420(bench: Bench):
    bench.receive(request("INVITE", body=sdp(), extra=("Require: 100rel, path, magic",)))
    answer = only(bench.sent())
    assert describe(answer) == "420 INVITE"
    assert answer.headers.get("Unsupported") == "path, magic"


def test_last_hop_needs_no_forwards(bench: Bench):
    bench.receive(request("OPTIONS").replace(b"Max-Forwards: 70", b"Max-Forwards: 0"))
    assert bench.sent_lines() == ["200 OPTIONS"]


def test_via_of_the_answer_says_where_the_request_came_from(bench: Bench):
    bench.receive(request("OPTIONS", sent_by="10.0.0.1:5070"), Peer("UDP", "203.0.113.7", 61000))
    answer = only(bench.sent())
    assert answer.via.received == "203.0.113.7"
    assert answer.via.rport == 61000
    assert bench.sent_to == [Peer("UDP", "203.0.113.7", 61000)]


def test_what_a_sender_claims_about_its_source_is_not_repeated(bench: Bench):
    via = "Via: SIP/2.0/UDP 192.0.2.9:5062;branch=z9hG4bK-1;received=198.51.100.1"
    bench.receive(request("OPTIONS", via=via))
    assert only(bench.sent()).via.received is None
    assert bench.sent_to == [PHONE]


def test_stray_responses_and_acks_are_dropped(bench: Bench):
    _, invite = Bench().placed_call()
    bench.receive(response(invite, 200, body=sdp()))
    bench.receive(request("ACK", to_tag="nobody"))
    assert bench.sent() == []
    assert bench.events() == []


def test_full_table_of_transactions_answers_503_without_keeping_anything():
    bench = Bench(max_server_transactions=2)
    for number in range(4):
        bench.receive(request("OPTIONS", call_id=f"c{number}", branch=f"z9hG4bK-{number}"))
    assert bench.sent_lines() == ["200 OPTIONS", "200 OPTIONS", "503 OPTIONS", "503 OPTIONS"]
    assert bench.user_agent.n_transactions == 2
    bench.advance(33)
    bench.receive(request("OPTIONS", call_id="c9", branch="z9hG4bK-9"))
    assert bench.sent_lines() == ["200 OPTIONS"]


def test_stateless_refusal_repeated_has_the_same_tag():
    # 8.2.7: nothing is kept, yet each repetition is answered alike; other requests are not.
    bench = Bench(max_server_transactions=0)
    for branch, call_id in (("1", "a"), ("1", "a"), ("2", "a"), ("1", "b")):
        bench.receive(request("OPTIONS", branch=f"z9hG4bK-{branch}", call_id=call_id))
    first, again, *others = [message.to.tag for message in bench.sent()]
    assert first
    assert first == again
    assert len({first, *others}) == 3


def test_malformed_request_repeated_is_answered_with_the_same_tag():
    bench = Bench()
    for _ in range(2):
        bench.receive(request("OPTIONS").replace(b"Content-Length: 0", b"Content-Length: 99"))
    first, again = bench.sent()
    assert describe(first) == describe(again) == "400 OPTIONS"
    assert first.to.tag == again.to.tag


def test_tag_of_a_stateless_refusal_can_not_be_foretold():
    tags = set()
    for _ in range(2):
        bench = Bench(max_server_transactions=0)
        bench.receive(request("OPTIONS"))
        tags.add(only(bench.sent()).to.tag)
    assert len(tags) == 2


def test_damaged_messages_never_raise_and_never_touch_a_running_call(bench: Bench):
    call = bench.running_call()
    rng = random.Random(4475)
    seeds = [
        request("INVITE", body=sdp(), call_id="x", extra=("Record-Route: <sip:p;lr>",)),
        request("BYE", to_tag="t", call_id="y"),
        request("CANCEL", call_id="z"),
        request("ACK", call_id="z", to_tag="t"),
        response(Bench().placed_call()[1], 200, body=sdp()),
    ]
    for _ in range(1500):
        data = bytearray(rng.choice(seeds))
        for _ in range(rng.randrange(1, 6)):
            position = rng.randrange(len(data))
            data[position : position + rng.randrange(3)] = rng.randbytes(rng.randrange(3))
        bench.receive(bytes(data))
        bench.user_agent.datagrams_to_send()
    bench.events()
    assert call.state is CallState.UP
    bench.in_dialog("BYE", call)
    assert "200 BYE" in bench.sent_lines()


# A call goes out


def test_invite_carries_our_offer_and_address(bench: Bench):
    _, invite = bench.placed_call()
    assert str(invite.uri) == "sip:600100200@192.0.2.9:5062"
    assert str(invite.from_.uri) == "sip:bot@192.0.2.1:5060"
    assert invite.to.tag is None
    assert b"m=audio 20000 RTP/AVP 8 0" in invite.body
    assert invite.via.has_unique_branch
    assert bench.sent_to == [PHONE]


def test_answered_call_is_acknowledged_and_every_repeated_answer_again(bench: Bench):
    call, invite = bench.placed_call()
    bench.receive(response(invite, 100, to_tag=""))
    bench.receive(response(invite, 180))
    assert bench.events() == [CallProgressed(call, 180)]
    bench.receive(response(invite, 200, body=sdp(), contact="sip:desk@192.0.2.44:5064"))
    ack = bench.sent_request()
    assert ack.method == "ACK"
    assert str(ack.uri) == "sip:desk@192.0.2.44:5064"
    assert ack.cseq.number == invite.cseq.number
    assert ack.via.branch != invite.via.branch
    assert bench.sent_to[-1] == Peer("UDP", "192.0.2.44", 5064)
    event = bench.events()[0]
    assert isinstance(event, CallAnswered)
    assert event.media.codec == "PCMA"
    bench.receive(response(invite, 200, body=sdp(), contact="sip:desk@192.0.2.44:5064"))
    assert bench.sent_lines() == ["ACK"]
    assert bench.events() == []


@pytest.mark.parametrize("status", [404, 486, 503, 603])
def test_refused_call_is_acknowledged_and_reported(bench: Bench, status: int):
    call, invite = bench.placed_call()
    bench.receive(response(invite, status))
    assert bench.sent_lines() == ["ACK"]
    assert bench.events() == [CallRefused(call, status)]
    assert bench.user_agent.n_calls == 0


def test_call_that_nobody_answers_at_all_fails_with_408(bench: Bench):
    call, _ = bench.placed_call()
    bench.advance(33)
    assert bench.events() == [CallRefused(call, 408)]


def test_call_that_cannot_be_sent_fails_with_503(bench: Bench):
    call = bench.user_agent.place_call(
        SipUri.parse("sip:x@192.0.2.9"), "bot", MEDIA, PHONE, bench.now
    )
    message: OutgoingMessage = bench.user_agent.datagrams_to_send()[0]
    bench.user_agent.transport_failed(message, bench.now)
    assert bench.events() == [CallRefused(call, 503)]


def test_answer_without_usable_audio_ends_the_call(bench: Bench):
    call, invite = bench.placed_call()
    bench.receive(response(invite, 200, body=G729_ONLY))
    assert bench.sent_lines() == ["ACK", "BYE"]
    assert bench.events() == [CallRefused(call, 488)]


def test_second_fork_that_answers_is_ended(bench: Bench):
    call, invite = bench.placed_call()
    bench.receive(response(invite, 200, to_tag="one", body=sdp()))
    bench.sent()
    bench.receive(response(invite, 200, to_tag="two", body=sdp()))
    ack, bye = bench.sent()
    assert [describe(message) for message in (ack, bye)] == ["ACK", "BYE"]
    assert ack.to.tag == bye.to.tag == "two"
    assert call.state is CallState.UP
    bench.receive(response(invite, 200, to_tag="two", body=sdp()))
    assert bench.sent_lines() == ["ACK"]


def test_cancel_waits_for_a_provisional_answer(bench: Bench):
    call, invite = bench.placed_call()
    bench.user_agent.hang_up(call, bench.now)
    assert bench.sent_lines() == []
    bench.receive(response(invite, 180))
    cancel = bench.sent_request()
    assert cancel.method == "CANCEL"
    assert cancel.via == invite.via
    assert cancel.cseq.number == invite.cseq.number
    bench.receive(response(cancel, 200))
    bench.receive(response(invite, 487))
    assert bench.sent_lines() == ["ACK"]
    assert bench.events() == [CallRefused(call, 487)]


def test_answer_that_crosses_our_cancel_is_acknowledged_and_ended(bench: Bench):
    call, invite = bench.placed_call()
    bench.receive(response(invite, 180))
    bench.user_agent.hang_up(call, bench.now)
    bench.sent()
    bench.receive(response(invite, 200, body=sdp()))
    ack, bye = bench.sent()
    assert [describe(message) for message in (ack, bye)] == ["ACK", "BYE"]
    assert CallRefused(call, 487) in bench.events()
    assert isinstance(bye, SipRequest)
    bench.receive(response(bye, 200))
    assert bench.user_agent.n_calls == 0


def test_cancel_that_is_never_answered_counts_as_done(bench: Bench):
    call, invite = bench.placed_call()
    bench.receive(response(invite, 180))
    bench.user_agent.hang_up(call, bench.now)
    bench.events()
    bench.advance(33)
    assert bench.events() == [CallRefused(call, 487)]


def test_called_side_hangs_up(bench: Bench):
    call, invite = bench.taken_call()
    bench.receive(
        request(
            "BYE",
            call_id=invite.call_id,
            from_tag="callee",
            to_tag=invite.from_.tag or "",
            branch="z9hG4bK-bye",
        )
    )
    assert bench.sent_lines() == ["200 BYE"]
    assert bench.events() == [CallEnded(call, "hangup")]


def test_we_hang_up_along_the_route_set(bench: Bench):
    call, invite = bench.placed_call()
    routes = ("Record-Route: <sip:p1.example.com;lr>, <sip:p2.example.com;lr>",)
    bench.receive(response(invite, 200, body=sdp(), extra=routes))
    bench.sent()
    bench.user_agent.hang_up(call, bench.now)
    bye = bench.sent_request()
    assert [route.uri.host for route in bye.routes] == ["p2.example.com", "p1.example.com"]
    assert bye.cseq.number == invite.cseq.number + 1
    assert bench.sent_to[-1] == Peer("UDP", "p2.example.com", 0)


def test_nothing_is_left_of_ended_calls(bench: Bench):
    for number in range(20):
        call = bench.running_call(call_id="call-1", branch=f"z9hG4bK-{number}", cseq=1)
        bench.in_dialog("BYE", call, cseq=2)
        bench.advance(40)
    assert bench.user_agent.n_calls == 0
    assert bench.user_agent.n_transactions == 0
    assert bench.user_agent.next_timeout() is None
