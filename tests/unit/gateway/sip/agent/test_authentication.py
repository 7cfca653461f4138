"""The user agent answers challenges to the requests of its calls."""

from __future__ import annotations

import pytest

from tests.sip_messages import response, sdp
from tests.unit.gateway.sip.bench import MEDIA, PHONE, Bench
from voicebot.gateway.sip.agent.sip_call import CallAnswered, CallRefused, SipCall
from voicebot.gateway.sip.auth.digest import Challenge, Credentials, digest_response
from voicebot.gateway.sip.messages.message import SipRequest
from voicebot.gateway.sip.messages.uri import SipUri
from voicebot.gateway.sip.trunks.trunk import Trunk
from voicebot.gateway.sip.trunks.trunk_terms import TrunkTerms
from voicebot.settings import TrunkSettings

URI = "sip:+48600100200@192.0.2.9:5062"
ASKED = f"WWW-Authenticate: {Challenge('carrier', 'n1')}"


class TrunkBench(Bench):
    def placed(self, **settings: object) -> tuple[SipCall, SipRequest]:
        values = {"host": "192.0.2.9", "username": "bot", "password": "secret", **settings}
        trunk = Trunk("carrier", TrunkSettings.model_validate(values), now=0)
        terms = TrunkTerms.of(trunk, "infolinia")
        call = self.user_agent.place_call(
            SipUri.parse(URI), "x", MEDIA, PHONE, self.now, terms=terms
        )
        return call, self.sent_request()

    def requests(self, method: str) -> list[SipRequest]:
        return [
            message
            for message in self.sent()
            if isinstance(message, SipRequest) and message.method == method
        ]

    def taken(self) -> tuple[SipCall, SipRequest]:
        """A call that was challenged and then answered."""
        call, invite = self.placed()
        self.receive(response(invite, 401, extra=(ASKED,)))
        (again,) = self.requests("INVITE")
        self.receive(response(again, 200, body=sdp()))
        assert any(isinstance(event, CallAnswered) for event in self.events())
        return call, again


@pytest.fixture
def bench() -> TrunkBench:
    return TrunkBench()


def given_in(request: SipRequest) -> Credentials:
    given = Credentials.parse(request.headers.get("Authorization") or "")
    assert given.response == digest_response(given, "secret", request.method)
    return given


def test_challenged_invite_is_sent_again_as_a_new_transaction(bench: TrunkBench):
    _, invite = bench.placed()
    bench.receive(response(invite, 401, extra=(ASKED,)))
    sent = bench.sent()
    assert [type(message).__name__ for message in sent] == ["SipRequest"] * 2
    again = next(m for m in sent if isinstance(m, SipRequest) and m.method == "INVITE")
    assert again.call_id == invite.call_id
    assert again.from_.tag == invite.from_.tag
    assert again.cseq.number == invite.cseq.number + 1
    assert again.via.branch != invite.via.branch
    assert given_in(again).nonce_count == 1
    assert bench.events() == []


def test_ack_of_the_answer_has_the_credentials_of_its_invite(bench: TrunkBench):
    call, invite = bench.placed()
    bench.receive(response(invite, 401, extra=(ASKED,)))
    (again,) = bench.requests("INVITE")
    bench.receive(response(again, 200, body=sdp()))
    (ack,) = bench.requests("ACK")
    assert ack.cseq.number == again.cseq.number
    assert ack.headers.get("Authorization") == again.headers.get("Authorization")
    assert call.trunk == "carrier"


def test_bye_uses_the_known_nonce_and_answers_a_new_one(bench: TrunkBench):
    call, _ = bench.taken()
    bench.sent()
    bench.user_agent.hang_up(call, bench.now)
    (bye,) = bench.requests("BYE")
    assert (given_in(bye).nonce, given_in(bye).nonce_count) == ("n1", 2)
    stale = Challenge("carrier", "n2", is_stale=True)
    bench.receive(response(bye, 401, extra=(f"WWW-Authenticate: {stale}",)))
    (again,) = bench.requests("BYE")
    assert again.cseq.number == bye.cseq.number + 1
    assert (given_in(again).nonce, given_in(again).nonce_count) == ("n2", 1)
    bench.receive(response(again, 200))
    assert bench.event_names() == ["HangUpCompleted"]


def test_wrong_password_ends_the_call_with_401(bench: TrunkBench):
    _, invite = bench.placed(password="guess")
    bench.receive(response(invite, 401, extra=(ASKED,)))
    (again,) = bench.requests("INVITE")
    bench.receive(response(again, 401, extra=(ASKED,)))
    assert bench.requests("INVITE") == []
    (refused,) = bench.events()
    assert isinstance(refused, CallRefused)
    assert refused.status == 401


def test_a_call_that_was_given_up_is_not_sent_again(bench: TrunkBench):
    call, invite = bench.placed()
    bench.receive(response(invite, 100))
    bench.user_agent.hang_up(call, bench.now)
    bench.sent()
    bench.receive(response(invite, 401, extra=(ASKED,)))
    assert bench.requests("INVITE") == []
    assert bench.event_names() == ["CallRefused"]


def test_without_an_account_a_challenge_is_a_refusal(bench: TrunkBench):
    _, invite = bench.placed(username="")
    bench.receive(response(invite, 407, extra=(ASKED.replace("WWW-Auth", "Proxy-Auth"),)))
    assert bench.requests("INVITE") == []
    assert bench.event_names() == ["CallRefused"]


def test_contact_names_the_account(bench: TrunkBench):
    _, invite = bench.placed()
    assert invite.contact is not None
    assert invite.contact.uri.user == "bot"
