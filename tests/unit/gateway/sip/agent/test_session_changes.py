"""Our own changes of a running call: hold, resume, move, refresh."""

from __future__ import annotations

import pytest

from tests.sip_messages import G729_ONLY, describe, request, response, sdp
from tests.unit.gateway.sip.bench import Bench
from voicebot.gateway.sip.agent.sip_call import (
    CallAnswered,
    CallEnded,
    CallState,
    HangUpCompleted,
    MediaChanged,
    SessionChangeEnded,
    SipCall,
)
from voicebot.gateway.sip.messages.message import SipRequest
from voicebot.gateway.sip.sdp.media_negotiation import LocalMedia

ALLOWS_UPDATE = "Allow: INVITE, ACK, BYE, CANCEL, UPDATE"


@pytest.fixture
def bench() -> Bench:
    return Bench()


def hold(bench: Bench, call: SipCall) -> SipRequest:
    bench.user_agent.change_session(call, bench.now, "sendonly")
    return bench.sent_request()


def theirs(bench: Bench, call: SipCall, method: str, cseq: int = 2, body: str = "") -> None:
    """A request of the side that we called."""
    bench.receive(
        request(
            method,
            call_id=call.invite.call_id,
            from_tag="callee",
            to_tag=call.local_tag,
            branch=f"z9hG4bK-{method}{cseq}",
            cseq=cseq,
            body=body,
        )
    )


# Hold and resume


def test_hold_offers_sendonly_and_resume_sendrecv(bench: Bench):
    call, _ = bench.taken_call()
    invite = hold(bench, call)
    assert invite.method == "INVITE"
    assert (invite.from_.tag, invite.to.tag) == (call.local_tag, "callee")
    assert b"a=sendonly" in invite.body
    assert invite.contact is not None
    bench.receive(response(invite, 200, body=sdp(direction="recvonly")))
    assert bench.sent_lines() == ["ACK"]
    changed, ended = bench.events()
    assert isinstance(changed, MediaChanged)
    assert changed.media.direction == "sendonly"
    assert ended == SessionChangeEnded(call, 200)
    bench.user_agent.change_session(call, bench.now, "sendrecv")
    again = bench.sent_request()
    assert b"a=sendrecv" in again.body
    assert again.cseq.number == invite.cseq.number + 1
    bench.receive(response(again, 200, body=sdp()))
    assert call.media is not None
    assert call.media.direction == "sendrecv"


def test_who_holds_while_he_is_held_offers_inactive(bench: Bench):
    call = bench.running_call()
    bench.in_dialog("INVITE", call, cseq=2, body=sdp(direction="sendonly"))
    bench.ack(call, cseq=2)
    bench.sent()
    assert b"a=inactive" in hold(bench, call).body


def test_their_reinvite_does_not_end_our_hold(bench: Bench):
    call, _ = bench.taken_call()
    bench.receive(response(hold(bench, call), 200, body=sdp(direction="recvonly")))
    bench.sent()
    theirs(bench, call, "INVITE", body=sdp())
    assert b"a=sendonly" in bench.sent()[0].body


def test_hold_by_address_of_old_phones(bench: Bench):
    call = bench.running_call()
    old = sdp().replace("c=IN IP4 127.0.0.1", "c=IN IP4 0.0.0.0")
    bench.in_dialog("INVITE", call, cseq=2, body=old)
    event = bench.events()[0]
    assert isinstance(event, MediaChanged)
    assert event.media.may_send is False


def test_move_offers_the_new_address(bench: Bench):
    call, _ = bench.taken_call()
    bench.user_agent.change_session(call, bench.now, media=LocalMedia("192.0.2.77", 20200))
    invite = bench.sent_request()
    assert b"c=IN IP4 192.0.2.77" in invite.body
    assert b"m=audio 20200 " in invite.body


def test_version_grows_with_each_change(bench: Bench):
    call, first = bench.taken_call()
    held = hold(bench, call)

    def origin(message: SipRequest) -> list[bytes]:
        return next(line for line in message.body.splitlines() if line[:2] == b"o=").split()

    assert origin(held)[1] == origin(first)[1]
    assert int(origin(held)[2]) == int(origin(first)[2]) + 1


def test_refused_hold_leaves_the_call_as_it_was(bench: Bench):
    call, _ = bench.taken_call()
    before = call.media
    bench.receive(response(hold(bench, call), 488))
    assert bench.sent_lines() == ["ACK"]
    assert bench.events() == [SessionChangeEnded(call, 488)]
    assert call.media == before
    assert call.state is CallState.UP
    theirs(bench, call, "INVITE", body=sdp())
    assert b"a=sendrecv" in bench.sent()[0].body


@pytest.mark.parametrize("status", [408, 481])
def test_who_does_not_know_the_call_any_more_is_told_bye(bench: Bench, status: int):
    call, _ = bench.taken_call()
    bench.receive(response(hold(bench, call), status))
    assert bench.sent_lines() == ["ACK", "BYE"]
    assert bench.events() == [CallEnded(call, "session_expired")]


def test_who_never_answers_our_reinvite_is_gone(bench: Bench):
    call, _ = bench.taken_call()
    hold(bench, call)
    bench.advance(33)
    assert "BYE" in bench.sent_lines()
    assert bench.events() == [CallEnded(call, "session_expired")]


def test_repeated_answer_is_acknowledged_again(bench: Bench):
    call, _ = bench.taken_call()
    answer = response(hold(bench, call), 200, body=sdp(direction="recvonly"))
    bench.receive(answer)
    bench.events()
    bench.sent()
    bench.receive(answer)
    assert bench.sent_lines() == ["ACK"]
    assert bench.events() == []


def test_useless_answer_to_our_offer_ends_the_call(bench: Bench):
    call, _ = bench.taken_call()
    bench.receive(response(hold(bench, call), 200, body=G729_ONLY))
    ack, bye = bench.sent()
    assert [describe(ack), describe(bye)] == ["ACK", "BYE"]
    assert bye.headers.get("Reason") == 'SIP;cause=488;text="No usable answer to our offer"'
    assert bench.events() == [CallEnded(call, "error")]


def test_nothing_changes_in_a_call_that_is_not_up(bench: Bench):
    call = bench.offered_call()
    bench.sent()
    bench.user_agent.change_session(call, bench.now, "sendonly")
    assert bench.sent_lines() == []
    assert bench.events() == [SessionChangeEnded(call, 481)]


def test_change_waits_for_the_ack_of_our_answer(bench: Bench):
    call = bench.answered_call()
    bench.sent()
    bench.user_agent.change_session(call, bench.now, "sendonly")
    assert bench.sent_lines() == []
    bench.ack(call)
    assert bench.sent_lines() == ["INVITE"]


def test_second_change_waits_for_the_first(bench: Bench):
    call, _ = bench.taken_call()
    invite = hold(bench, call)
    bench.user_agent.change_session(call, bench.now, "sendrecv")
    assert bench.sent_lines() == []
    bench.receive(response(invite, 200, body=sdp(direction="recvonly")))
    ack, second = bench.sent()
    assert [describe(ack), describe(second)] == ["ACK", "INVITE"]
    assert b"a=sendrecv" in second.body
    assert isinstance(second, SipRequest)
    bench.receive(response(second, 200, body=sdp()))
    assert bench.events()[-1] == SessionChangeEnded(call, 200)


def test_answer_after_we_hung_up_is_acknowledged_only(bench: Bench):
    call, _ = bench.taken_call()
    invite = hold(bench, call)
    bench.user_agent.hang_up(call, bench.now)
    bye = bench.sent_request()
    bench.receive(response(invite, 200, body=sdp()))
    assert bench.sent_lines() == ["ACK"]
    bench.receive(response(bye, 200))
    assert bench.events() == [HangUpCompleted(call)]


# Glare


def test_reinvite_that_meets_ours_is_491_and_so_is_ours(bench: Bench):
    call, _ = bench.taken_call()
    invite = hold(bench, call)
    theirs(bench, call, "INVITE", body=sdp())
    assert bench.sent_lines() == ["491 INVITE"]
    bench.receive(response(invite, 491))
    assert bench.sent_lines() == ["ACK"]
    # We made the Call-ID, so we wait the longer: 2.1 to 4 s (14.1).
    bench.advance(2.05)
    assert "INVITE" not in bench.sent_lines()
    bench.advance(2)
    invites = [message for message in bench.sent() if describe(message) == "INVITE"]
    assert b"a=sendonly" in invites[0].body
    assert isinstance(invites[0], SipRequest)
    bench.receive(response(invites[0], 200, body=sdp(direction="recvonly")))
    assert SessionChangeEnded(call, 200) in bench.events()


def test_who_was_called_waits_less_after_a_glare(bench: Bench):
    call = bench.running_call()
    invite = hold(bench, call)
    bench.receive(response(invite, 491))
    bench.sent()
    bench.advance(2.01)
    assert "INVITE" in bench.sent_lines()


def test_after_a_glare_the_other_sides_offer_is_answered(bench: Bench):
    call, _ = bench.taken_call()
    invite = hold(bench, call)
    bench.receive(response(invite, 491))
    bench.sent()
    theirs(bench, call, "INVITE", body=sdp())
    assert bench.sent_lines() == ["200 INVITE"]


def test_glare_without_end_is_a_refusal(bench: Bench):
    call, _ = bench.taken_call()
    bench.user_agent.change_session(call, bench.now, "sendonly")
    for _ in range(10):
        invites = [m for m in bench.sent() if describe(m) == "INVITE"]
        if not invites:
            break
        assert isinstance(invites[0], SipRequest)
        bench.receive(response(invites[0], 491))
        bench.sent()
        bench.advance(4.1)
    assert bench.events() == [SessionChangeEnded(call, 491)]


# Session timer


def test_we_refresh_by_update_where_the_other_side_takes_it(bench: Bench):
    call = bench.running_call(extra=("Supported: timer", "Session-Expires: 200", ALLOWS_UPDATE))
    bench.advance(100.1)
    update = bench.sent_request()
    assert update.method == "UPDATE"
    assert update.body == b""
    assert update.headers.get("Session-Expires") == "200;refresher=uac"
    bench.receive(response(update, 200, extra=("Session-Expires: 200;refresher=uac",)))
    bench.advance(99)
    assert bench.sent_lines() == []
    bench.advance(1.5)
    assert bench.sent_lines()[0] == "UPDATE"
    assert bench.events() == []
    assert call.state is CallState.UP


def test_we_refresh_by_reinvite_where_it_does_not(bench: Bench):
    call = bench.answered_call(
        extra=("Supported: timer", "Session-Expires: 200", "Allow: INVITE, BYE")
    )
    answer = bench.sent()[-1]
    bench.ack(call)
    bench.events()
    bench.advance(100.1)
    invite = bench.sent_request()
    assert invite.method == "INVITE"
    assert invite.body == answer.body  # not even the version changes
    bench.receive(response(invite, 200, body=sdp(), extra=("Session-Expires: 200;refresher=uac",)))
    assert bench.sent_lines() == ["ACK"]
    assert bench.events() == []


def test_refused_update_is_followed_by_reinvite(bench: Bench):
    bench.running_call(extra=("Supported: timer", "Session-Expires: 200", ALLOWS_UPDATE))
    bench.advance(100.1)
    bench.receive(response(bench.sent_request(), 405))
    assert bench.sent_lines() == ["INVITE"]


def test_refresh_that_nobody_answers_ends_the_call(bench: Bench):
    call = bench.running_call(extra=("Supported: timer", "Session-Expires: 200", ALLOWS_UPDATE))
    bench.advance(140)
    assert bench.events() == [CallEnded(call, "session_expired")]
    assert "BYE" in bench.sent_lines()


def test_refresh_refused_for_another_reason_is_tried_again_until_the_end(bench: Bench):
    call = bench.running_call(extra=("Supported: timer", "Session-Expires: 200", ALLOWS_UPDATE))
    n_refreshes = 0
    for _ in range(300):
        bench.advance(1)
        for message in bench.sent():
            if isinstance(message, SipRequest) and message.method == "UPDATE":
                n_refreshes += 1
                bench.receive(response(message, 500))
    assert 2 < n_refreshes < 12
    assert bench.events()[0] == CallEnded(call, "session_expired")


def test_other_side_that_does_not_refresh_is_gone(bench: Bench):
    call = bench.running_call(
        extra=("Supported: timer", "Session-Expires: 200;refresher=uac", ALLOWS_UPDATE)
    )
    bench.advance(167)
    assert bench.events() == []
    bench.advance(2)
    bye = bench.sent()[0]
    assert describe(bye) == "BYE"
    assert bye.headers.get("Reason") == 'SIP;cause=408;text="Session timer expired"'
    assert bench.events() == [CallEnded(call, "session_expired")]


def test_refresh_of_the_other_side_keeps_the_call(bench: Bench):
    call = bench.running_call(
        extra=("Supported: timer", "Session-Expires: 200;refresher=uac", ALLOWS_UPDATE)
    )
    for cseq in range(2, 8):
        bench.advance(100)
        bench.in_dialog(
            "UPDATE",
            call,
            cseq=cseq,
            extra=("Supported: timer", "Session-Expires: 200;refresher=uac"),
        )
        answer = bench.sent()[0]
        assert describe(answer) == "200 UPDATE"
        assert answer.headers.get("Session-Expires") == "200;refresher=uac"
        assert answer.headers.get("Require") == "timer"
    assert bench.events() == []


def test_our_invite_asks_for_a_timer_and_refreshes_when_told_so(bench: Bench):
    call, invite = bench.placed_call()
    assert invite.headers.get("Session-Expires") == "1800"
    assert "timer" in invite.supported
    told = ("Session-Expires: 300;refresher=uac", "Require: timer", ALLOWS_UPDATE)
    bench.receive(response(invite, 200, body=sdp(), extra=told))
    assert isinstance(bench.events()[0], CallAnswered)
    bench.sent()
    bench.advance(150.1)
    assert bench.sent_request().method == "UPDATE"
    assert call.state is CallState.UP


def test_too_short_a_timer_is_422(bench: Bench):
    bench.receive(request("INVITE", body=sdp(), extra=("Supported: timer", "Session-Expires: 60")))
    refused = bench.sent()[0]
    assert describe(refused) == "422 INVITE"
    assert refused.headers.get("Min-SE") == "90"
    assert bench.events() == []


def test_too_short_a_timer_in_a_refresh_is_422(bench: Bench):
    call = bench.running_call()
    bench.in_dialog("UPDATE", call, extra=("Supported: timer", "Session-Expires: 60"))
    assert bench.sent_lines() == ["422 UPDATE"]


def test_422_to_our_invite_is_followed_by_one_that_asks_for_more(bench: Bench):
    call, invite = bench.placed_call()
    bench.receive(response(invite, 422, extra=("Min-SE: 3600",)))
    ack, second = bench.sent()
    assert describe(ack) == "ACK"
    assert isinstance(second, SipRequest)
    assert second.headers.get("Session-Expires") == "3600"
    assert second.headers.get("Min-SE") == "3600"
    assert second.call_id == invite.call_id
    assert second.cseq.number == invite.cseq.number + 1
    assert second.via.branch != invite.via.branch
    assert second.body == invite.body
    bench.receive(response(second, 200, body=sdp()))
    assert isinstance(bench.events()[0], CallAnswered)
    assert call.state is CallState.UP


@pytest.mark.parametrize("lines", [(), ("Min-SE: 3600",)])
def test_422_that_says_nothing_new_is_a_refusal(bench: Bench, lines: tuple[str, ...]):
    call, invite = bench.placed_call()
    bench.receive(response(invite, 422, extra=("Min-SE: 3600",)))
    second = bench.sent()[1]
    assert isinstance(second, SipRequest)
    bench.receive(response(second, 422, extra=lines))
    assert [type(event).__name__ for event in bench.events()] == ["CallRefused"]
    assert call.state is CallState.ENDED


def test_422_to_our_refresh_is_followed_by_a_longer_one(bench: Bench):
    bench.running_call(extra=("Supported: timer", "Session-Expires: 200", ALLOWS_UPDATE))
    bench.advance(100.1)
    bench.receive(response(bench.sent_request(), 422, extra=("Min-SE: 500",)))
    again = bench.sent_request()
    assert again.headers.get("Session-Expires") == "500;refresher=uac"
    assert again.headers.get("Min-SE") == "500"


# UPDATE of the other side (RFC 3311)


def test_update_changes_the_session(bench: Bench):
    call = bench.running_call()
    bench.in_dialog(
        "UPDATE", call, body=sdp(direction="sendonly"), contact="sip:phone@192.0.2.10:5099"
    )
    answer = bench.sent()[0]
    assert describe(answer) == "200 UPDATE"
    assert b"a=recvonly" in answer.body
    assert answer.contact is not None
    event = bench.events()[0]
    assert isinstance(event, MediaChanged)
    assert event.media.direction == "recvonly"
    bench.user_agent.hang_up(call, bench.now)
    assert str(bench.sent_request().uri) == "sip:phone@192.0.2.10:5099"


def test_update_without_offer_refreshes_only(bench: Bench):
    call = bench.running_call()
    bench.in_dialog("UPDATE", call)
    answer = bench.sent()[0]
    assert describe(answer) == "200 UPDATE"
    assert answer.body == b""
    assert bench.events() == []


def test_update_with_a_useless_offer_is_488(bench: Bench):
    call = bench.running_call()
    bench.in_dialog("UPDATE", call, body=G729_ONLY)
    assert bench.sent_lines() == ["488 UPDATE"]
    assert bench.events() == []


def test_update_that_meets_our_offer_is_491(bench: Bench):
    call, _ = bench.taken_call()
    hold(bench, call)
    theirs(bench, call, "UPDATE", body=sdp())
    assert bench.sent_lines() == ["491 UPDATE"]


def test_offer_in_update_before_the_first_is_answered_is_500(bench: Bench):
    call = bench.offered_call()
    bench.user_agent.ring(call, bench.now)
    bench.sent()
    bench.in_dialog("UPDATE", call, body=sdp())
    refused = bench.sent()[0]
    assert describe(refused) == "500 UPDATE"
    assert 0 <= int(refused.headers.get("Retry-After") or "-1") <= 10
    bench.in_dialog("UPDATE", call, cseq=3)
    assert bench.sent_lines() == ["200 UPDATE"]


def test_update_outside_a_call_is_481(bench: Bench):
    bench.receive(request("UPDATE", body=sdp()))
    assert bench.sent_lines() == ["481 UPDATE"]
