"""REFER and NOTIFY of the user agent, in both directions."""

from __future__ import annotations

import pytest

from tests.sip_messages import describe, only, request, response, sdp
from tests.unit.gateway.sip.bench import Bench
from voicebot.gateway.sip.agent.referral import EXPIRES_S, LEFT_PATIENCE_S, ReceivedRefer
from voicebot.gateway.sip.agent.sip_call import (
    CallState,
    KeyReceived,
    ReferralEnded,
    ReferReceived,
    SipCall,
)
from voicebot.gateway.sip.messages.message import SipRequest, SipResponse
from voicebot.gateway.sip.messages.refer import ReferTarget
from voicebot.gateway.sip.messages.replaces import Replaces
from voicebot.gateway.sip.messages.uri import SipUri

AGENT = ReferTarget(SipUri("sip", "agent", "192.0.2.50"))
REFER_TO = "Refer-To: <sip:agent@192.0.2.50>"


@pytest.fixture
def bench() -> Bench:
    return Bench()


def notify(
    bench: Bench,
    call: SipCall,
    status: int,
    state: str,
    *,
    cseq: int = 2,
    event: str = "refer",
    kind: str = "message/sipfrag;version=2.0",
) -> SipResponse:
    """The other side tells something; our answer to it."""
    body = f"SIP/2.0 {status} Something\r\n"
    raw = request(
        "NOTIFY",
        to_tag=call.local_tag,
        branch=f"z9hG4bK-n{cseq}",
        cseq=cseq,
        body=body,
        extra=(f"Event: {event}", f"Subscription-State: {state}"),
    )
    bench.receive(raw.replace(b"application/sdp", kind.encode()))
    answer = only(bench.sent())
    assert isinstance(answer, SipResponse)
    return answer


def refer(bench: Bench, target: ReferTarget = AGENT, timeout_s: float = 30) -> SipCall:
    call = bench.running_call()
    bench.user_agent.referrals.send_refer(call, target, timeout_s, bench.now)
    return call


def outcome(bench: Bench) -> int | None:
    """Status of the outcome reported since the last look."""
    ended = [event for event in bench.events() if isinstance(event, ReferralEnded)]
    assert len(ended) <= 1
    if not ended:
        return None
    assert ended[0].referral.outcome is not None
    return ended[0].referral.outcome.status


# We refer


def test_refer_says_whom_to_call_and_who_asks(bench: Bench):
    refer(bench)
    sent = bench.sent_request()
    assert sent.method == "REFER"
    assert str(sent.uri) == "sip:phone@192.0.2.9:5062"
    assert sent.headers.get("Refer-To") == "<sip:agent@192.0.2.50>"
    assert sent.headers.get("Referred-By") == "<sip:infolinia@192.0.2.1:5060>"
    assert str(sent.contact) == "<sip:infolinia@192.0.2.1:5060>"


def test_attended_refer_names_the_call_to_replace(bench: Bench):
    refer(bench, ReferTarget(AGENT.uri, Replaces("call@7", "theirs", "ours")))
    assert bench.sent_request().headers.get("Refer-To") == (
        "<sip:agent@192.0.2.50?Replaces=call%407%3Bto-tag%3Dtheirs%3Bfrom-tag%3Dours>"
    )


def test_refused(bench: Bench):
    call = refer(bench)
    bench.receive(response(bench.sent_request(), 603))
    assert outcome(bench) == 603
    assert call.state is CallState.UP
    assert notify(bench, call, 200, "terminated").status == 481


def test_followed_to_its_end(bench: Bench):
    call = refer(bench)
    bench.receive(response(bench.sent_request(), 202))
    assert notify(bench, call, 100, "active;expires=60").status == 200
    assert outcome(bench) is None
    assert notify(bench, call, 200, "terminated;reason=noresource", cseq=3).status == 200
    assert outcome(bench) == 200
    assert notify(bench, call, 200, "terminated;reason=noresource", cseq=4).status == 481


def test_news_that_overtake_the_answer(bench: Bench):
    call = refer(bench)
    sent = bench.sent_request()
    assert notify(bench, call, 503, "terminated").status == 200
    assert outcome(bench) == 503
    bench.receive(response(sent, 202))
    assert outcome(bench) is None


def test_two_referrals_at_once_are_told_apart_by_id(bench: Bench):
    call = refer(bench)
    first = bench.sent_request()
    bench.user_agent.referrals.send_refer(call, AGENT, 30, bench.now)
    second = bench.sent_request()
    for sent in (first, second):
        bench.receive(response(sent, 202))
    assert notify(bench, call, 486, "terminated", event="refer;id=1").status == 481
    event = f"refer;id={first.cseq.number}"
    assert notify(bench, call, 486, "terminated", event=event, cseq=3).status == 200
    ended = bench.events()
    assert [type(one) for one in ended] == [ReferralEnded]
    assert ended[0].referral.event_id == str(first.cseq.number)


def test_who_never_answers_is_given_up(bench: Bench):
    call = refer(bench, timeout_s=10)
    bench.advance(9.9)
    assert outcome(bench) is None
    bench.advance(0.2)
    assert outcome(bench) == 408
    assert call.state is CallState.UP
    bench.advance(60)
    assert outcome(bench) is None


def test_news_come_after_the_bye_too(bench: Bench):
    call = refer(bench)
    bench.receive(response(bench.sent_request(), 202))
    bench.in_dialog("BYE", call, cseq=2)
    bench.sent()
    assert call.state is CallState.ENDED
    assert notify(bench, call, 200, "terminated", cseq=3).status == 200
    assert outcome(bench) == 200
    assert notify(bench, call, 200, "terminated", cseq=4).status == 481


def test_late_news_out_of_order_are_500(bench: Bench):
    call = refer(bench)
    bench.receive(response(bench.sent_request(), 202))
    bench.in_dialog("BYE", call, cseq=5)
    bench.sent()
    assert notify(bench, call, 200, "terminated", cseq=3).status == 500


def test_who_hangs_up_and_tells_nothing_is_where_he_was_sent(bench: Bench):
    call = refer(bench)
    bench.receive(response(bench.sent_request(), 202))
    bench.in_dialog("BYE", call, cseq=2)
    bench.advance(LEFT_PATIENCE_S - 0.1)
    assert outcome(bench) is None
    bench.advance(0.2)
    assert outcome(bench) == 202
    assert bench.user_agent.referrals.next_timeout() is None


def test_a_call_that_is_not_up_is_not_referred(bench: Bench):
    call = bench.offered_call()
    assert bench.user_agent.referrals.send_refer(call, AGENT, 30, bench.now) is None


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"event": "presence"}, 489),
        ({"event": ""}, 489),
        ({"event": ";"}, 489),
        ({"state": ""}, 400),
        ({"kind": "text/plain"}, 415),
    ],
)
def test_what_is_no_news_of_a_referral(bench: Bench, changes: dict[str, str], status: int):
    call = refer(bench)
    bench.receive(response(bench.sent_request(), 202))
    state = changes.pop("state", "active")
    answer = notify(bench, call, 200, state, **changes)
    if changes.get("event") == ";":
        status = 400
    assert answer.status == status
    assert outcome(bench) is None


def test_unasked_news(bench: Bench):
    call = bench.running_call()
    assert notify(bench, call, 200, "terminated").status == 481
    bench.receive(request("NOTIFY", branch="z9hG4bK-out"))
    assert bench.sent_lines() == ["481 NOTIFY"]


# We are referred


def referred(
    bench: Bench, *extra: str, call: SipCall | None = None, cseq: int = 2
) -> tuple[SipCall, ReceivedRefer]:
    call = call or bench.running_call()
    bench.in_dialog("REFER", call, cseq=cseq, extra=extra or (REFER_TO,))
    (event,) = bench.events()
    assert isinstance(event, ReferReceived)
    return call, event.refer


def news(message: SipRequest | SipResponse) -> tuple[str, str, str]:
    """A NOTIFY's event, state and body."""
    assert isinstance(message, SipRequest)
    assert message.method == "NOTIFY"
    assert message.content_type == "message/sipfrag"
    assert message.contact is not None
    fields = (message.headers.get("Event"), message.headers.get("Subscription-State"))
    return fields[0] or "", fields[1] or "", message.body.decode()


def test_accepted_and_told_how_it_goes(bench: Bench):
    call, received = referred(bench, REFER_TO, "Referred-By: <sip:boss@192.0.2.9>")
    assert received.target == AGENT
    assert received.referred_by == "<sip:boss@192.0.2.9>"
    assert bench.sent() == []
    bench.user_agent.referrals.accept(received, bench.now)
    answer, trying = bench.sent()
    assert describe(answer) == "202 REFER"
    assert answer.contact is not None
    assert news(trying) == ("refer", f"active;expires={EXPIRES_S}", "SIP/2.0 100 Trying\r\n")
    assert isinstance(trying, SipRequest)
    bench.receive(response(trying, 200))
    bench.user_agent.referrals.tell(received, 200, bench.now)
    done = bench.sent_request()
    assert news(done) == ("refer", "terminated;reason=noresource", "SIP/2.0 200 OK\r\n")
    bench.receive(response(done, 200))
    bench.user_agent.referrals.tell(received, 503, bench.now)
    assert bench.sent() == []
    assert call.state is CallState.UP


def test_refused_and_nothing_told(bench: Bench):
    _, received = referred(bench)
    bench.user_agent.referrals.refuse(received, 603, bench.now)
    assert bench.sent_lines() == ["603 REFER"]
    bench.user_agent.referrals.accept(received, bench.now)
    bench.user_agent.referrals.tell(received, 200, bench.now)
    bench.advance(EXPIRES_S + 1)
    assert bench.sent() == []


def test_later_referrals_of_a_call_have_an_id(bench: Bench):
    call, received = referred(bench)
    bench.user_agent.referrals.refuse(received, 603, bench.now)
    _, received = referred(bench, call=call, cseq=3)
    bench.sent()
    bench.user_agent.referrals.accept(received, bench.now)
    assert news(bench.sent()[1])[0] == "refer;id=3"


def test_one_referral_at_a_time(bench: Bench):
    call, _ = referred(bench)
    bench.sent()
    bench.in_dialog("REFER", call, cseq=3, extra=(REFER_TO,))
    assert bench.sent_lines() == ["491 REFER"]
    assert bench.events() == []


def test_without_subscription_nothing_is_told(bench: Bench):
    _, received = referred(bench, REFER_TO, "Refer-Sub: false")
    bench.user_agent.referrals.accept(received, bench.now)
    answer = only(bench.sent())
    assert (describe(answer), answer.headers.get("Refer-Sub")) == ("202 REFER", "false")
    bench.user_agent.referrals.tell(received, 200, bench.now)
    assert bench.sent() == []


def test_the_referrer_may_hang_up_first_and_still_is_told(bench: Bench):
    call, received = referred(bench)
    bench.user_agent.referrals.accept(received, bench.now)
    bench.in_dialog("BYE", call, cseq=3)
    bench.sent()
    bench.user_agent.referrals.tell(received, 200, bench.now)
    assert news(bench.sent_request())[2] == "SIP/2.0 200 OK\r\n"


def test_who_does_not_know_the_subscription_is_told_no_more(bench: Bench):
    _, received = referred(bench)
    bench.user_agent.referrals.accept(received, bench.now)
    _, trying = bench.sent()
    assert isinstance(trying, SipRequest)
    bench.receive(response(trying, 481))
    bench.user_agent.referrals.tell(received, 200, bench.now)
    assert bench.sent() == []


def test_a_call_that_takes_too_long_ends_the_subscription(bench: Bench):
    _, received = referred(bench)
    bench.user_agent.referrals.accept(received, bench.now)
    bench.receive(response(bench.sent()[1], 200))  # type: ignore[arg-type]
    bench.advance(EXPIRES_S - 1)
    assert bench.sent() == []
    bench.advance(1.2)
    assert news(bench.sent_request())[1] == "terminated;reason=timeout"


@pytest.mark.parametrize(
    ("extra", "status"),
    [(("X: y",), 400), (("Refer-To: <mailto:a@b>",), 416), ((REFER_TO, REFER_TO), 400)],
)
def test_a_refer_that_names_nobody(bench: Bench, extra: tuple[str, ...], status: int):
    call = bench.running_call()
    bench.in_dialog("REFER", call, extra=extra)
    assert bench.sent_lines() == [f"{status} REFER"]
    assert bench.events() == []


def test_a_refer_outside_any_call_is_declined(bench: Bench):
    bench.receive(request("REFER", extra=(REFER_TO,)))
    assert bench.sent_lines() == ["603 REFER"]
    assert bench.events() == []


def test_a_refer_before_the_answer_is_declined(bench: Bench):
    call = bench.offered_call()
    bench.sent()
    bench.in_dialog("REFER", call, extra=(REFER_TO,))
    assert bench.sent_lines() == ["603 REFER"]


# Replaces


def replacing(call: SipCall, flag: str = "", from_tag: str = "caller") -> tuple[str, ...]:
    return (f"Replaces: call-1;to-tag={call.local_tag};from-tag={from_tag}{flag}",)


def new_invite(bench: Bench, extra: tuple[str, ...]) -> None:
    bench.receive(
        request(
            "INVITE",
            call_id="call-2",
            from_tag="other",
            branch="z9hG4bK-other",
            body=sdp(),
            extra=extra,
        )
    )


def test_a_new_call_names_the_one_it_replaces(bench: Bench):
    call = bench.running_call()
    new_invite(bench, (*replacing(call), "Require: replaces"))
    assert bench.sent_lines() == ["100 INVITE"]
    (offered,) = bench.events()
    assert offered.call.replaces is call
    assert call.state is CallState.UP


def test_our_own_call_is_replaced_too(bench: Bench):
    call, invite = bench.taken_call()
    tag = invite.from_.tag
    new_invite(bench, (f"Replaces: {invite.call_id};to-tag={tag};from-tag=callee",))
    (offered,) = bench.events()
    assert offered.call.replaces is call


@pytest.mark.parametrize(
    ("extra", "status"),
    [
        (("Replaces: call-1;to-tag=guess;from-tag=caller",), 481),
        (("Replaces: call-1;to-tag={tag};from-tag=guess",), 481),
        (("Replaces: call-1;to-tag=0;from-tag=0",), 481),
        (("Replaces: call-0;to-tag={tag};from-tag=caller",), 481),
        (("Replaces: call-1;to-tag={tag};from-tag=caller;early-only",), 486),
        (("Replaces: call-1;to-tag={tag}",), 400),
        (("Replaces: call-1;to-tag={tag};from-tag=caller",) * 2, 400),
    ],
)
def test_who_names_no_running_call_exactly_gets_none(
    bench: Bench, extra: tuple[str, ...], status: int
):
    call = bench.running_call()
    new_invite(bench, tuple(line.format(tag=call.local_tag) for line in extra))
    assert bench.sent_lines() == [f"{status} INVITE"]
    assert bench.events() == []
    assert call.state is CallState.UP


def test_a_ringing_call_is_nobodys_to_take(bench: Bench):
    call = bench.offered_call()
    bench.user_agent.ring(call, bench.now)
    bench.sent()
    new_invite(bench, replacing(call))
    assert bench.sent_lines() == ["481 INVITE"]


def test_a_call_being_hung_up_is_not_replaced(bench: Bench):
    call = bench.running_call()
    bench.user_agent.hang_up(call, bench.now)
    bench.sent()
    new_invite(bench, replacing(call))
    assert bench.sent_lines() == ["603 INVITE"]


# INFO


def test_keys_in_info_requests(bench: Bench):
    call = bench.running_call()
    raw = request(
        "INFO", to_tag=call.local_tag, branch="z9hG4bK-i", cseq=2, body="Signal=5\r\nDuration=160"
    )
    bench.receive(raw.replace(b"application/sdp", b"application/dtmf-relay"))
    assert bench.sent_lines() == ["200 INFO"]
    assert bench.events() == [KeyReceived(call, "5")]


def test_info_of_other_kinds(bench: Bench):
    call = bench.running_call()
    bench.in_dialog("INFO", call, body=sdp())
    assert bench.sent_lines() == ["415 INFO"]
    bench.in_dialog("INFO", call, cseq=3)
    assert bench.sent_lines() == ["200 INFO"]
    bench.receive(request("INFO", branch="z9hG4bK-out"))
    assert bench.sent_lines() == ["481 INFO"]
    assert bench.events() == []
