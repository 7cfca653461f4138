from __future__ import annotations

import itertools

import pytest

from tests.sip_messages import response as response_bytes
from voicebot.gateway.sip.auth.digest import Account, Challenge, Credentials, digest_response
from voicebot.gateway.sip.messages.message import (
    SipRequest,
    SipResponse,
    make_response,
    parse_datagram,
)
from voicebot.gateway.sip.messages.uri import SipUri
from voicebot.gateway.sip.trunks.registration import LONGEST_WAIT_S, Registration, RegistrationState

CONTACT = "sip:bot@192.0.2.1:5060"


class Registrar:
    """Speaks for the other side, and moves the time."""

    def __init__(self, expires_s: int = 600, route: str = "") -> None:
        counter = itertools.count(1)
        self.now = 1000.0
        self.registration = Registration(
            registrar=SipUri.parse("sip:carrier.example"),
            address_of_record=SipUri.parse("sip:bot@carrier.example"),
            contact=SipUri.parse(CONTACT),
            expires_s=expires_s,
            account=Account("bot", "secret"),
            token=lambda: f"token{next(counter)}",
            now=self.now,
            route=SipUri.parse(route) if route else None,
            chance=lambda low, high: (low + high) / 2,
        )

    def next_request(self) -> SipRequest:
        """Waits until the registration wants something."""
        due = self.registration.next_timeout()
        if due is not None:
            self.now = max(due, self.now)
            self.registration.handle_timeout(self.now)
        request = self.registration.request_to_send()
        assert request is not None
        request.headers.prepend("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx")
        return request

    def answer(self, request: SipRequest, status: int, *extra: str, contact: str = "") -> None:
        data = response_bytes(request, status, extra=extra, contact=contact or CONTACT)
        message = parse_datagram(data)
        assert isinstance(message, SipResponse)
        self.registration.receive_response(message, self.now)

    def challenge(self, request: SipRequest, nonce: str = "n1", is_stale: bool = False) -> None:
        challenge = Challenge("carrier", nonce, is_stale=is_stale)
        self.answer(request, 401, f"WWW-Authenticate: {challenge}")

    def register(self) -> None:
        self.challenge(self.next_request())
        self.answer(self.next_request(), 200, "Expires: 600")
        assert self.registration.state is RegistrationState.REGISTERED


@pytest.fixture
def registrar() -> Registrar:
    return Registrar()


def nonce_in(request: SipRequest) -> tuple[str, int]:
    given = Credentials.parse(request.headers.get("Authorization") or "")
    assert given.response == digest_response(given, "secret", "REGISTER")
    return given.nonce, given.nonce_count


def test_registers_at_once_with_the_fields_of_10_2(registrar: Registrar):
    request = registrar.next_request()
    assert registrar.now == 1000
    assert str(request.uri) == "sip:carrier.example"
    assert str(request.to) == "<sip:bot@carrier.example>"
    assert request.from_.uri == request.to.uri
    assert str(request.contact) == f"<{CONTACT}>"
    assert request.headers.get("Expires") == "600"


def test_challenge_is_answered_with_the_same_call_id_and_the_next_cseq(registrar: Registrar):
    first = registrar.next_request()
    registrar.challenge(first)
    second = registrar.next_request()
    assert second.call_id == first.call_id
    assert second.cseq.number == first.cseq.number + 1
    assert nonce_in(second) == ("n1", 1)
    registrar.answer(second, 200, "Expires: 600")
    assert registrar.registration.is_registered(registrar.now + 599)
    assert not registrar.registration.is_registered(registrar.now + 600)


def test_refreshes_before_it_expires_with_the_known_nonce(registrar: Registrar):
    registrar.register()
    registered_at = registrar.now
    refresh = registrar.next_request()
    assert registered_at + 400 < registrar.now < registered_at + 550
    assert nonce_in(refresh) == ("n1", 2)
    registrar.challenge(refresh, "n2", is_stale=True)
    again = registrar.next_request()
    assert nonce_in(again) == ("n2", 1)
    registrar.answer(again, 200, "Expires: 600")
    assert registrar.registration.is_registered(registrar.now + 599)


def test_expiry_of_our_own_contact_counts_most(registrar: Registrar):
    registrar.challenge(registrar.next_request())
    other = "<sip:bot@192.0.2.77:5060>;expires=3600"
    registrar.answer(
        registrar.next_request(),
        200,
        "Expires: 1800",
        contact=f"sip:bot@192.0.2.9>;expires=20, {other}, <{CONTACT};x=y>;expires=120;q=1, <sip:z",
    )
    assert registrar.registration.is_registered(registrar.now + 119)
    assert not registrar.registration.is_registered(registrar.now + 121)


def test_wrong_password_is_final_and_not_tried_in_a_hurry(registrar: Registrar):
    registrar.challenge(registrar.next_request(), "n1")
    registrar.challenge(registrar.next_request(), "n2")
    assert registrar.registration.state is RegistrationState.REFUSED
    assert registrar.registration.request_to_send() is None
    due = registrar.registration.next_timeout()
    assert due is not None
    assert due - registrar.now >= LONGEST_WAIT_S / 2


def test_too_brief_an_interval_is_lengthened(registrar: Registrar):
    registrar.answer(registrar.next_request(), 423, "Min-Expires: 1200")
    again = registrar.next_request()
    assert again.headers.get("Expires") == "1200"
    registrar.answer(again, 423, "Min-Expires: 1200")
    # The same again would go on for ever.
    assert registrar.registration.request_to_send() is None
    assert registrar.registration.state is RegistrationState.FAILING


def test_waits_double_up_to_the_longest(registrar: Registrar):
    waits = []
    for _ in range(9):
        before = registrar.now
        request = registrar.next_request()
        waits.append(registrar.now - before)
        registrar.registration.receive_response(make_response(request, 408), registrar.now)
    assert waits[:5] == [0, 45, 90, 180, 360]
    assert waits[-1] == LONGEST_WAIT_S * 0.75
    assert registrar.registration.state is RegistrationState.FAILING


def test_retry_after_is_waited_for(registrar: Registrar):
    registrar.answer(registrar.next_request(), 503, "Retry-After: 900 (busy)")
    due = registrar.registration.next_timeout()
    assert due is not None
    assert due - registrar.now == 900


def test_success_forgets_the_failures(registrar: Registrar):
    for _ in range(5):
        registrar.answer(registrar.next_request(), 500)
    registrar.register()
    failed_at = registrar.now
    registrar.answer(registrar.next_request(), 500)
    failed_at = registrar.now
    registrar.next_request()
    assert registrar.now - failed_at == 45


def test_a_failed_refresh_leaves_the_rest_of_the_registration(registrar: Registrar):
    registrar.register()
    registered_at = registrar.now
    registrar.answer(registrar.next_request(), 500)
    assert registrar.registration.is_registered(registered_at + 599)


def test_stop_takes_the_address_back(registrar: Registrar):
    registrar.register()
    registrar.registration.stop(registrar.now)
    request = registrar.next_request()
    assert request.headers.get("Expires") == "0"
    registrar.challenge(request, "n2", is_stale=True)
    again = registrar.next_request()
    assert again.headers.get("Expires") == "0"
    registrar.answer(again, 200)
    assert registrar.registration.state is RegistrationState.STOPPED
    assert not registrar.registration.is_registered(registrar.now)
    assert registrar.registration.next_timeout() is None


def test_stop_with_an_answer_on_its_way_takes_back_what_may_have_been_granted(
    registrar: Registrar,
):
    registrar.next_request()
    registrar.registration.stop(registrar.now)
    assert registrar.next_request().headers.get("Expires") == "0"


def test_stop_without_a_registration_says_nothing(registrar: Registrar):
    registrar.answer(registrar.next_request(), 403)
    registrar.registration.stop(registrar.now)
    assert registrar.registration.request_to_send() is None
    assert registrar.registration.state is RegistrationState.STOPPED


def test_proxy_stands_in_the_route():
    registrar = Registrar(route="sip:proxy.example;lr")
    assert [str(route) for route in registrar.next_request().routes] == ["<sip:proxy.example;lr>"]


def test_stray_answers_change_nothing(registrar: Registrar):
    request = registrar.next_request()
    registrar.answer(request, 200, "Expires: 600")
    registrar.answer(request, 403)
    assert registrar.registration.state is RegistrationState.REGISTERED
