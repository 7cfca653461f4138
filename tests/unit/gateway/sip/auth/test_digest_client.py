from __future__ import annotations

import itertools

import pytest

from tests.sip_messages import request as request_bytes
from tests.sip_messages import response as response_bytes
from voicebot.gateway.sip.auth.digest import Account, Challenge, Credentials, digest_response
from voicebot.gateway.sip.auth.digest_client import AUTHORIZATION_FIELDS, MAX_TRIES, DigestClient
from voicebot.gateway.sip.messages.message import SipRequest, SipResponse, parse_datagram

PROXY = "Proxy-Authenticate"
SERVER = "WWW-Authenticate"


@pytest.fixture
def client() -> DigestClient:
    counter = itertools.count(1)
    return DigestClient(Account("bot", "secret"), lambda: f"cnonce{next(counter)}")


def bare(method: str = "INVITE") -> SipRequest:
    message = parse_datagram(request_bytes(method, "sip:+48600100200@carrier.example"))
    assert isinstance(message, SipRequest)
    return message


def refusal(request: SipRequest, *challenges: tuple[str, Challenge | str]) -> SipResponse:
    status = 407 if all(name == PROXY for name, _ in challenges) else 401
    extra = tuple(f"{name}: {value}" for name, value in challenges)
    message = parse_datagram(response_bytes(request, status, extra=extra))
    assert isinstance(message, SipResponse)
    return message


def learn(
    client: DigestClient,
    request: SipRequest,
    *challenges: tuple[str, Challenge | str],
    n_tries: int = 0,
) -> bool:
    return client.learn(request, refusal(request, *challenges), n_tries)


def authorized(client: DigestClient, method: str = "INVITE") -> SipRequest:
    request = bare(method)
    client.authorize(request)
    return request


def given_in(request: SipRequest) -> dict[str, Credentials]:
    """By field; every one has to be computed rightly."""
    found = {}
    for name in AUTHORIZATION_FIELDS:
        for value in request.headers.get_all(name):
            given = Credentials.parse(value)
            assert given.username == "bot"
            assert given.uri == "sip:+48600100200@carrier.example"
            assert given.response == digest_response(given, "secret", request.method)
            found[name] = given
    return found


def test_answers_with_realm_nonce_and_opaque_of_the_challenge(client: DigestClient):
    assert learn(client, bare(), (SERVER, Challenge("carrier", "n1", "SHA-256", opaque="keep")))
    (given,) = given_in(authorized(client)).values()
    assert (given.realm, given.nonce, given.opaque) == ("carrier", "n1", "keep")
    assert (given.nonce_count, given.cnonce) == (1, "cnonce1")


def test_takes_the_first_algorithm_that_it_knows(client: DigestClient):
    assert learn(
        client,
        bare(),
        (SERVER, 'Digest realm="r", nonce="n0", algorithm=SHA-512-256, qop="auth"'),
        (SERVER, Challenge("r", "n1", "SHA-256")),
        (SERVER, Challenge("r", "n2", "MD5")),
    )
    (given,) = given_in(authorized(client)).values()
    assert given.algorithm == "SHA-256"


def test_nonce_count_rises_with_each_request(client: DigestClient):
    learn(client, bare(), (SERVER, Challenge("r", "n1")))
    requests = [authorized(client, method) for method in ("INVITE", "BYE", "UPDATE")]
    counts = [given_in(request)["Authorization"].nonce_count for request in requests]
    assert counts == [1, 2, 3]


def test_proxy_and_server_are_both_answered(client: DigestClient):
    assert learn(client, bare(), (PROXY, Challenge("proxy", "p1")))
    second = authorized(client)
    assert learn(client, second, (SERVER, Challenge("server", "s1")), n_tries=1)
    client.authorize(second)
    found = given_in(second)
    assert found["Proxy-Authorization"].nonce_count == 2
    assert found["Authorization"].nonce == "s1"


def test_second_refusal_is_final(client: DigestClient):
    assert learn(client, bare(), (SERVER, Challenge("r", "n1")))
    second = authorized(client)
    assert not learn(client, second, (SERVER, Challenge("r", "n2")), n_tries=1)


def test_stale_nonce_is_replaced_but_not_for_ever(client: DigestClient):
    request = bare()
    for n_tries in range(MAX_TRIES):
        challenge = Challenge("r", f"n{n_tries}", is_stale=n_tries > 0)
        assert learn(client, request, (SERVER, challenge), n_tries=n_tries)
        request = authorized(client)
        assert given_in(request)["Authorization"].nonce == f"n{n_tries}"
    last = Challenge("r", "last", is_stale=True)
    assert not learn(client, request, (SERVER, last), n_tries=MAX_TRIES)


def test_nonce_of_an_earlier_request_may_have_expired_unsaid(client: DigestClient):
    learn(client, bare(), (SERVER, Challenge("r", "n1")))
    authorized(client)
    later = authorized(client)
    assert learn(client, later, (SERVER, Challenge("r", "n2")))
    client.authorize(later)
    assert given_in(later)["Authorization"].nonce_count == 1


def test_same_nonce_refused_again_is_a_wrong_password(client: DigestClient):
    learn(client, bare(), (SERVER, Challenge("r", "n1")))
    later = authorized(client)
    assert not learn(client, later, (SERVER, Challenge("r", "n1")))


def test_without_qop_nothing_is_counted(client: DigestClient):
    assert learn(client, bare(), (SERVER, Challenge("r", "n1", has_qop=False)))
    request = authorized(client)
    assert given_in(request)["Authorization"].has_qop is False
    value = request.headers.get("Authorization") or ""
    assert "nc=" not in value
    assert "cnonce" not in value


def test_nothing_to_answer(client: DigestClient):
    assert not learn(client, bare(), (SERVER, "Basic realm=r"))
    assert not learn(client, bare())


def test_realms_without_end_are_given_up(client: DigestClient):
    for number in range(100):
        learn(client, bare(), (SERVER, Challenge(f"r{number}", "n")))
    assert len(authorized(client).headers.get_all("Authorization")) == 8
