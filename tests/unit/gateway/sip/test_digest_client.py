from __future__ import annotations

import itertools

import pytest

from tests.sip_messages import request as request_bytes
from tests.sip_messages import response as response_bytes
from voicebot.gateway.sip.digest import Account, Challenge, Credentials, digest_response
from voicebot.gateway.sip.digest_client import MAX_TRIES, DigestClient
from voicebot.gateway.sip.message import SipRequest, SipResponse, parse_datagram

PROXY = "Proxy-Authenticate"
SERVER = "WWW-Authenticate"


@pytest.fixture
def client() -> DigestClient:
    counter = itertools.count(1)
    return DigestClient(Account("bot", "secret"), lambda: f"cnonce{next(counter)}")


def invite(*credentials: tuple[str, str], method: str = "INVITE") -> SipRequest:
    message = parse_datagram(request_bytes(method, "sip:+48600100200@carrier.example"))
    assert isinstance(message, SipRequest)
    for name, value in credentials:
        message.headers.add(name, value)
    return message


def refusal(request: SipRequest, *challenges: tuple[str, Challenge | str]) -> SipResponse:
    status = 407 if all(name == PROXY for name, _ in challenges) else 401
    extra = tuple(f"{name}: {value}" for name, value in challenges)
    message = parse_datagram(response_bytes(request, status, extra=extra))
    assert isinstance(message, SipResponse)
    return message


def right(field: tuple[str, str], method: str = "INVITE", password: str = "secret") -> Credentials:
    """The credentials, which have to be computed rightly."""
    given = Credentials.parse(field[1])
    assert given.username == "bot"
    assert given.uri == "sip:+48600100200@carrier.example"
    assert given.response == digest_response(given, password, method)
    return given


def test_answers_with_realm_nonce_and_opaque_of_the_challenge(client: DigestClient):
    challenge = Challenge("carrier", "n1", "SHA-256", opaque="keep")
    fields = client.answer(invite(), refusal(invite(), (SERVER, challenge)), 0)
    assert fields is not None and [name for name, _ in fields] == ["Authorization"]
    given = right(fields[0])
    assert (given.realm, given.nonce, given.opaque) == ("carrier", "n1", "keep")
    assert (given.nonce_count, given.cnonce) == (1, "cnonce1")


def test_takes_the_first_algorithm_that_it_knows(client: DigestClient):
    response = refusal(
        invite(),
        (SERVER, 'Digest realm="r", nonce="n0", algorithm=SHA-512-256, qop="auth"'),
        (SERVER, Challenge("r", "n1", "SHA-256")),
        (SERVER, Challenge("r", "n2", "MD5")),
    )
    fields = client.answer(invite(), response, 0)
    assert fields is not None and len(fields) == 1
    assert right(fields[0]).algorithm == "SHA-256"


def test_nonce_count_rises_with_each_request(client: DigestClient):
    client.answer(invite(), refusal(invite(), (SERVER, Challenge("r", "n1"))), 0)
    counts = []
    for method in ("BYE", "UPDATE"):
        request = invite(method=method)
        client.authorize(request)
        counts.append(right(("", request.headers.get("Authorization") or ""), method).nonce_count)
    assert counts == [2, 3]


def test_proxy_and_server_are_both_answered(client: DigestClient):
    fields = client.answer(invite(), refusal(invite(), (PROXY, Challenge("proxy", "p1"))), 0)
    assert fields is not None
    second = invite(*fields)
    fields = client.answer(second, refusal(second, (SERVER, Challenge("server", "s1"))), 1)
    assert fields is not None
    found = {name: right((name, value)) for name, value in fields}
    assert found["Proxy-Authorization"].nonce_count == 2
    assert found["Authorization"].nonce == "s1"


def test_second_refusal_is_final(client: DigestClient):
    fields = client.answer(invite(), refusal(invite(), (SERVER, Challenge("r", "n1"))), 0)
    assert fields is not None
    second = invite(*fields)
    assert client.answer(second, refusal(second, (SERVER, Challenge("r", "n2"))), 1) is None


def test_stale_nonce_is_replaced_but_not_for_ever(client: DigestClient):
    request = invite()
    for n_tries in range(MAX_TRIES):
        challenge = Challenge("r", f"n{n_tries}", is_stale=n_tries > 0)
        fields = client.answer(request, refusal(request, (SERVER, challenge)), n_tries)
        assert fields is not None
        assert right(fields[0]).nonce == f"n{n_tries}"
        request = invite(*fields)
    stale = refusal(request, (SERVER, Challenge("r", "last", is_stale=True)))
    assert client.answer(request, stale, MAX_TRIES) is None


def test_nonce_of_an_earlier_request_may_have_expired_unsaid(client: DigestClient):
    client.answer(invite(), refusal(invite(), (SERVER, Challenge("r", "n1"))), 0)
    later = invite()
    client.authorize(later)
    fields = client.answer(later, refusal(later, (SERVER, Challenge("r", "n2"))), 0)
    assert fields is not None and right(fields[0]).nonce_count == 1


def test_same_nonce_refused_again_is_a_wrong_password(client: DigestClient):
    client.answer(invite(), refusal(invite(), (SERVER, Challenge("r", "n1"))), 0)
    later = invite()
    client.authorize(later)
    assert client.answer(later, refusal(later, (SERVER, Challenge("r", "n1"))), 0) is None


def test_without_qop_nothing_is_counted(client: DigestClient):
    response = refusal(invite(), (SERVER, Challenge("r", "n1", has_qop=False)))
    fields = client.answer(invite(), response, 0)
    assert fields is not None
    assert right(fields[0]).has_qop is False
    assert "nc=" not in fields[0][1] and "cnonce" not in fields[0][1]


def test_nothing_to_answer(client: DigestClient):
    assert client.answer(invite(), refusal(invite(), (SERVER, "Basic realm=r")), 0) is None
    assert client.answer(invite(), refusal(invite()), 0) is None


def test_realms_without_end_are_given_up(client: DigestClient):
    for number in range(100):
        challenges = [(SERVER, Challenge(f"r{number}", "n"))]
        client.answer(invite(), refusal(invite(), *challenges), 0)
    assert len(client.credentials(invite())) == 8
