"""Provisional answers that must arrive (RFC 3262), and audio before the answer."""

from __future__ import annotations

import pytest

from tests.sip_messages import describe, request, response, sdp
from tests.unit.gateway.sip.bench import MEDIA, Bench
from voicebot.errors import SdpError
from voicebot.gateway.sip.agent.sip_call import (
    CallAnswered,
    CallEnded,
    CallProgressed,
    CallRefused,
    CallState,
    MediaChanged,
    SipCall,
)
from voicebot.gateway.sip.messages.message import SipRequest, SipResponse
from voicebot.gateway.sip.messages.reason_header import Reason

REQUIRED = ("Require: 100rel",)
SUPPORTED = ("Supported: 100rel",)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def prack(bench: Bench, call: SipCall, answer: object, cseq: int = 2, body: str = "") -> None:
    assert isinstance(answer, SipResponse)
    rack = f"RAck: {answer.headers.get('RSeq')} {answer.cseq}"
    bench.in_dialog("PRACK", call, cseq=cseq, extra=(rack,), body=body)


# As who is called


def test_required_ringing_is_repeated_until_its_prack(bench: Bench):
    call = bench.offered_call(extra=REQUIRED)
    bench.sent()
    bench.user_agent.ring(call, bench.now)
    ringing = bench.sent()[0]
    assert describe(ringing) == "180 INVITE"
    assert ringing.headers.get("Require") == "100rel"
    assert 1 <= int(ringing.headers.get("RSeq") or "0") < 2**31
    bench.advance(0.5)
    assert bench.sent_lines() == ["180 INVITE"]
    bench.advance(1)
    assert bench.sent_lines() == ["180 INVITE"]
    prack(bench, call, ringing)
    assert bench.sent_lines() == ["200 PRACK"]
    bench.advance(20)
    assert bench.sent_lines() == []
    bench.user_agent.answer(call, MEDIA, bench.now)
    assert bench.sent_lines() == ["200 INVITE"]


def test_supported_ringing_is_not_made_reliable(bench: Bench):
    call = bench.offered_call(extra=SUPPORTED)
    bench.sent()
    bench.user_agent.ring(call, bench.now)
    assert bench.sent()[0].headers.get("RSeq") is None


def test_ringing_without_prack_is_504_in_the_end(bench: Bench):
    call = bench.offered_call(extra=REQUIRED)
    bench.user_agent.ring(call, bench.now)
    bench.advance(33)
    assert "504 INVITE" in bench.sent_lines()
    assert bench.events() == [CallEnded(call, "cancelled")]


@pytest.mark.parametrize(
    ("rack", "status"), [("1 1 INVITE", 481), ("x", 400), ("", 400), ("1 2 3 4", 400)]
)
def test_prack_of_nothing(bench: Bench, rack: str, status: int):
    call = bench.offered_call(extra=REQUIRED)
    bench.user_agent.ring(call, bench.now)
    bench.sent()
    bench.in_dialog("PRACK", call, extra=(f"RAck: {rack}",))
    assert bench.sent_lines() == [f"{status} PRACK"]


def test_prack_outside_a_call_is_481(bench: Bench):
    bench.receive(request("PRACK", extra=("RAck: 1 1 INVITE",)))
    assert bench.sent_lines() == ["481 PRACK"]


def test_early_audio_and_the_answer_waits_for_its_prack(bench: Bench):
    call = bench.offered_call(extra=SUPPORTED)
    bench.sent()
    media = bench.user_agent.answer_early(call, MEDIA, bench.now)
    assert media is not None
    progress = bench.sent()[0]
    assert describe(progress) == "183 INVITE"
    assert b"m=audio 20000" in progress.body
    assert bench.user_agent.answer(call, MEDIA, bench.now) == media
    assert bench.sent_lines() == []
    prack(bench, call, progress)
    acknowledged, answer = bench.sent()
    assert [describe(acknowledged), describe(answer)] == ["200 PRACK", "200 INVITE"]
    assert answer.body == b""  # it was in the 183, which has arrived
    bench.ack(call)
    bench.advance(40)
    assert bench.sent_lines() == []
    assert call.state is CallState.UP


def test_early_audio_without_100rel_is_said_again_in_the_answer(bench: Bench):
    call = bench.offered_call()
    bench.sent()
    bench.user_agent.answer_early(call, MEDIA, bench.now)
    progress = bench.sent()[0]
    assert progress.headers.get("RSeq") is None
    bench.user_agent.answer(call, MEDIA, bench.now)
    assert bench.sent()[0].body == progress.body


def test_second_reliable_answer_waits_for_the_first(bench: Bench):
    call = bench.offered_call(extra=REQUIRED)
    bench.sent()
    bench.user_agent.ring(call, bench.now)
    bench.user_agent.answer_early(call, MEDIA, bench.now)
    ringing = bench.sent()
    assert [describe(message) for message in ringing] == ["180 INVITE"]
    prack(bench, call, ringing[0])
    _, progress = bench.sent()
    assert describe(progress) == "183 INVITE"
    first, second = (int(m.headers.get("RSeq") or "0") for m in (ringing[0], progress))
    assert second == first + 1


def test_offer_in_prack_is_answered(bench: Bench):
    call = bench.offered_call(extra=SUPPORTED)
    bench.user_agent.answer_early(call, MEDIA, bench.now)
    bench.events()
    prack(bench, call, bench.sent()[-1], body=sdp(port=41000))
    answer = bench.sent()[0]
    assert describe(answer) == "200 PRACK"
    assert b"m=audio 20000" in answer.body
    event = bench.events()[0]
    assert isinstance(event, MediaChanged)
    assert event.media.remote_port == 41000


def test_delayed_offer_goes_into_the_183_and_its_answer_into_the_prack(bench: Bench):
    call = bench.offered_call(body="", extra=REQUIRED)
    bench.sent()
    bench.user_agent.ring(call, bench.now)
    assert bench.sent_lines() == []  # it would have to carry an offer
    assert bench.user_agent.answer_early(call, MEDIA, bench.now) is None
    progress = bench.sent()[0]
    prack(bench, call, progress, body=sdp(formats="0"))
    event = bench.events()[0]
    assert isinstance(event, MediaChanged)
    assert event.media.codec == "PCMU"
    bench.sent()
    bench.user_agent.answer(call, MEDIA, bench.now)
    assert bench.sent()[0].body == b""


def test_no_early_offer_without_100rel(bench: Bench):
    call = bench.offered_call(body="")
    with pytest.raises(SdpError):
        bench.user_agent.answer_early(call, MEDIA, bench.now)
    assert bench.user_agent.answer(call, MEDIA, bench.now) is None


def test_update_before_the_answer_moves_early_audio(bench: Bench):
    call = bench.offered_call(extra=SUPPORTED)
    bench.user_agent.answer_early(call, MEDIA, bench.now)
    prack(bench, call, bench.sent()[-1])
    bench.sent()
    bench.in_dialog("UPDATE", call, cseq=3, body=sdp(port=41000))
    answer = bench.sent()[0]
    assert describe(answer) == "200 UPDATE"
    event = bench.events()[0]
    assert isinstance(event, MediaChanged)
    assert event.media.remote_port == 41000


def test_cancel_while_the_answer_waits_for_a_prack(bench: Bench):
    call = bench.offered_call(extra=SUPPORTED)
    bench.user_agent.answer_early(call, MEDIA, bench.now)
    bench.user_agent.answer(call, MEDIA, bench.now)
    bench.sent()
    bench.receive(request("CANCEL", extra=('Reason: SIP;cause=200;text="elsewhere"',)))
    assert bench.sent_lines() == ["200 CANCEL", "487 INVITE"]
    assert bench.events() == [CallEnded(call, "cancelled", Reason("SIP", 200, "elsewhere"))]


def test_answer_whose_early_audio_never_gets_a_prack_is_504(bench: Bench):
    call = bench.offered_call(extra=SUPPORTED)
    bench.user_agent.answer_early(call, MEDIA, bench.now)
    bench.user_agent.answer(call, MEDIA, bench.now)
    bench.advance(33)
    assert bench.sent_lines()[-1] == "504 INVITE"
    assert bench.events() == [CallEnded(call, "lost_prack")]


def test_hanging_up_an_answer_that_waits_for_its_prack(bench: Bench):
    call = bench.offered_call(extra=SUPPORTED)
    bench.user_agent.answer_early(call, MEDIA, bench.now)
    progress = bench.sent()[-1]
    bench.user_agent.answer(call, MEDIA, bench.now)
    bench.user_agent.hang_up(call, bench.now)
    assert bench.sent_lines() == []
    prack(bench, call, progress)
    assert bench.sent_lines() == ["200 PRACK", "200 INVITE"]
    bench.ack(call)
    assert bench.sent_lines() == ["BYE"]


def test_invite_that_expires_is_487(bench: Bench):
    call = bench.offered_call(extra=("Expires: 20",))
    bench.user_agent.ring(call, bench.now)
    bench.sent()
    bench.advance(19.9)
    assert bench.sent_lines() == []
    bench.advance(0.2)
    assert bench.sent_lines() == ["487 INVITE"]
    assert bench.events() == [CallEnded(call, "expired")]


def test_answered_invite_does_not_expire(bench: Bench):
    call = bench.running_call(extra=("Expires: 20",))
    bench.advance(30)
    assert call.state is CallState.UP
    assert bench.events() == []


# As who calls


def reliable(invite: SipRequest, rseq: int, status: int = 183, **fields: object) -> bytes:
    extra = ("Require: 100rel", f"RSeq: {rseq}")
    return response(invite, status, extra=extra, **fields)  # type: ignore[arg-type]


def test_reliable_answer_gets_its_prack(bench: Bench):
    call, invite = bench.placed_call()
    assert "100rel" in invite.supported
    bench.receive(reliable(invite, 500, 180))
    ack = bench.sent_request()
    assert ack.method == "PRACK"
    assert ack.headers.get("RAck") == f"500 {invite.cseq.number} INVITE"
    assert ack.cseq.number == invite.cseq.number + 1
    assert ack.to.tag == "callee"
    assert bench.events() == [CallProgressed(call, 180)]


def test_repeated_and_unordered_answers_get_no_prack(bench: Bench):
    _, invite = bench.placed_call()
    bench.receive(reliable(invite, 500, 180))
    bench.sent()
    bench.events()
    bench.receive(reliable(invite, 500, 180))
    bench.receive(reliable(invite, 502, 183))
    assert bench.sent_lines() == []
    assert bench.events() == []
    bench.receive(reliable(invite, 501, 183))
    assert bench.sent_lines() == ["PRACK"]


def test_early_audio_is_told_with_the_progress(bench: Bench):
    call, invite = bench.placed_call()
    bench.receive(response(invite, 183, body=sdp(port=41000)))
    event = bench.events()[0]
    assert isinstance(event, CallProgressed)
    assert event.media is not None
    assert event.media.remote_port == 41000
    bench.receive(response(invite, 200, body=sdp(port=42000)))
    answered = bench.events()[0]
    assert isinstance(answered, CallAnswered)
    assert answered.media.remote_port == 42000
    assert call.state is CallState.UP


@pytest.mark.parametrize("body", ["", sdp(port=42000)])
def test_reliable_description_is_the_answer(bench: Bench, body: str):
    _, invite = bench.placed_call()
    bench.receive(reliable(invite, 1, body=sdp(port=41000)))
    bench.sent()
    bench.receive(response(invite, 200, body=body))
    assert bench.sent_lines() == ["ACK"]
    answered = bench.events()[-1]
    assert isinstance(answered, CallAnswered)
    assert answered.media.remote_port == 41000


def test_numbers_go_on_in_the_answered_dialog(bench: Bench):
    call, invite = bench.placed_call()
    bench.receive(reliable(invite, 1, body=sdp()))
    acknowledged = bench.sent_request()
    bench.receive(response(invite, 200))
    bench.sent()
    bench.user_agent.hang_up(call, bench.now)
    assert bench.sent_request().cseq.number == acknowledged.cseq.number + 1


def test_forks_have_their_own_dialogs(bench: Bench):
    call, invite = bench.placed_call()
    bench.receive(reliable(invite, 7, body=sdp(port=41000), to_tag="one"))
    bench.receive(reliable(invite, 90, body=sdp(port=42000), to_tag="two"))
    first, second = bench.sent()
    assert isinstance(first, SipRequest)
    assert isinstance(second, SipRequest)
    assert (first.to.tag, second.to.tag) == ("one", "two")
    bench.events()
    bench.receive(response(invite, 200, to_tag="two"))
    answered = bench.events()[0]
    assert isinstance(answered, CallAnswered)
    assert answered.media.remote_port == 42000
    bench.sent()
    # The other one answers as well: acknowledged and ended.
    bench.receive(response(invite, 200, to_tag="one"))
    assert bench.sent_lines() == ["ACK", "BYE"]
    assert bench.events() == []
    assert call.state is CallState.UP


def test_update_in_an_early_dialog_is_answered(bench: Bench):
    call, invite = bench.placed_call()
    bench.receive(reliable(invite, 7, body=sdp(port=41000)))
    bench.sent()
    bench.events()
    fields = {"call_id": invite.call_id, "from_tag": "callee", "to_tag": call.local_tag}
    bench.receive(request("UPDATE", body=sdp(port=43000), branch="z9hG4bK-u", **fields))  # type: ignore[arg-type]
    assert bench.sent_lines() == ["200 UPDATE"]
    bench.receive(response(invite, 200))
    answered = bench.events()[-1]
    assert isinstance(answered, CallAnswered)
    assert answered.media.remote_port == 43000


def test_update_with_an_offer_before_ours_is_answered_is_491(bench: Bench):
    call, invite = bench.placed_call()
    bench.receive(response(invite, 180))
    fields = {"call_id": invite.call_id, "from_tag": "callee", "to_tag": call.local_tag}
    bench.receive(request("UPDATE", body=sdp(), branch="z9hG4bK-u", **fields))  # type: ignore[arg-type]
    assert bench.sent_lines() == ["491 UPDATE"]


def test_nothing_is_left_of_forks(bench: Bench):
    call, invite = bench.placed_call()
    for number in range(40):
        bench.receive(response(invite, 180, to_tag=f"fork{number}"))
    bench.receive(response(invite, 486))
    assert bench.events()[-1] == CallRefused(call, 486)
    assert bench.user_agent.core.dialogs == {}


def test_cancel_is_sent_once_however_often_it_rings(bench: Bench):
    call, invite = bench.placed_call()
    bench.user_agent.hang_up(call, bench.now)
    bench.receive(response(invite, 180))
    bench.receive(response(invite, 183))
    assert bench.sent_lines() == ["CANCEL"]


# Refusals and reasons


def test_redirection_names_its_targets_by_preference(bench: Bench):
    call, invite = bench.placed_call()
    others = "Contact: <sip:second@192.0.2.44>;q=0.2, <sip:first@192.0.2.45?Route=x>;q=0.9"
    bench.receive(response(invite, 302, extra=(others,), contact="sip:foremost@192.0.2.46"))
    event = bench.events()[0]
    assert isinstance(event, CallRefused)
    assert event.status == 302
    assert [str(uri) for uri in event.targets] == [
        "sip:foremost@192.0.2.46",
        "sip:first@192.0.2.45",
        "sip:second@192.0.2.44",
    ]
    assert call.state is CallState.ENDED


def test_refusal_tells_reason_and_when_to_come_back(bench: Bench):
    call, invite = bench.placed_call()
    extra = ("Retry-After: 120 (maintenance);duration=60", 'Reason: Q.850;cause=17;text="Busy"')
    bench.receive(response(invite, 503, extra=extra))
    assert bench.events() == [
        CallRefused(call, 503, cause=Reason("Q.850", 17, "Busy"), retry_after_s=120)
    ]


def test_reason_of_their_bye_is_told(bench: Bench):
    call = bench.running_call()
    bench.in_dialog("BYE", call, extra=("Reason: Q.850;cause=31",))
    assert bench.events() == [CallEnded(call, "hangup", Reason("Q.850", 31))]


def test_our_bye_and_cancel_say_why(bench: Bench):
    call = bench.running_call()
    bench.user_agent.hang_up(call, bench.now, Reason("SIP", 408, "Media timeout"))
    assert bench.sent_request().headers.get("Reason") == 'SIP;cause=408;text="Media timeout"'
    other, invite = bench.placed_call()
    bench.receive(response(invite, 180))
    bench.user_agent.hang_up(other, bench.now, Reason("Q.850", 19))
    assert bench.sent_request().headers.get("Reason") == "Q.850;cause=19"
