from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from tests.sip_messages import request as request_bytes
from voicebot.gateway.sip.auth.digest import Challenge, Credentials, digest_response
from voicebot.gateway.sip.auth.digest_server import DigestServer, Verdict
from voicebot.gateway.sip.messages.message import SipRequest, parse_datagram

URI = "sip:infolinia@bot.example"
YES = Verdict("pbx")
NO = Verdict(None)
STALE = Verdict(None, is_stale=True)


@pytest.fixture
def server() -> DigestServer:
    return DigestServer("bot.example", {"pbx": "secret"}, nonce_lifetime_s=300)


def nonce_of(server: DigestServer, now: float = 0.0) -> str:
    return Challenge.parse(server.challenge(now)[0][1]).nonce


def credentials(
    nonce: str,
    password: str = "secret",
    method: str = "INVITE",
    **fields: object,
) -> Credentials:
    given = Credentials("pbx", "bot.example", nonce, URI, "", "SHA-256", True, "cnonce", 1)
    given = replace(given, **fields)
    return replace(given, response=digest_response(given, password, method))


def request(given: Credentials | str | None, method: str = "INVITE", uri: str = URI) -> SipRequest:
    extra = () if given is None else (f"Authorization: {given}",)
    message = parse_datagram(request_bytes(method, uri, extra=extra))
    assert isinstance(message, SipRequest)
    return message


def test_both_algorithms_are_offered_the_stronger_first(server: DigestServer):
    challenges = [Challenge.parse(value) for name, value in server.challenge(0.0)]
    assert [challenge.algorithm for challenge in challenges] == ["SHA-256", "MD5"]
    assert {challenge.realm for challenge in challenges} == {"bot.example"}
    assert all(challenge.has_qop for challenge in challenges)


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_right_password(server: DigestServer, algorithm: str):
    given = credentials(nonce_of(server), algorithm=algorithm)
    assert server.check(request(given), now=1) == YES


def test_wrong_password_user_and_none(server: DigestServer):
    nonce = nonce_of(server)
    assert server.check(request(credentials(nonce, "guess")), now=1) == NO
    assert server.check(request(credentials(nonce, username="root")), now=1) == NO
    assert server.check(request(None), now=1) == NO
    assert server.check(request("Digest nonsense"), now=1) == NO
    assert server.n_nonces == 0


def test_replay_is_refused_though_the_digest_is_right(server: DigestServer):
    given = credentials(nonce_of(server))
    assert server.check(request(given), now=1) == YES
    assert server.check(request(given), now=2) == STALE


def test_counts_must_rise(server: DigestServer):
    nonce = nonce_of(server)
    assert server.check(request(credentials(nonce, nonce_count=2)), now=1) == YES
    assert server.check(request(credentials(nonce, nonce_count=1)), now=1) == STALE
    assert server.check(request(credentials(nonce, nonce_count=3)), now=1) == YES


def test_without_qop_a_nonce_serves_once(server: DigestServer):
    given = credentials(nonce_of(server), has_qop=False, cnonce="", nonce_count=0)
    assert server.check(request(given), now=1) == YES
    assert server.check(request(given), now=1) == STALE
    assert server.check(request(credentials(given.nonce, nonce_count=7)), now=1) == STALE


def test_invented_nonce_is_refused_with_the_right_password(server: DigestServer):
    real = base64.b64decode(nonce_of(server))
    forged = base64.b64encode(bytes([real[0] ^ 1]) + real[1:]).decode()
    longer = base64.b64encode(real + b"x").decode()
    other = nonce_of(DigestServer("bot.example", {"pbx": "secret"}))
    for nonce in ("", "nonce", "żółw", forged, longer, other, nonce_of(server) + "\n"):
        assert server.check(request(credentials(nonce)), now=1) == NO
    assert server.n_nonces == 0


def test_nonce_has_one_spelling(server: DigestServer):
    nonce = nonce_of(server)
    assert server.check(request(credentials(nonce)), now=1) == YES
    # 36 octets need no padding; with it some decoders would take the same nonce anew.
    for other in (nonce + "====", nonce + "=", f" {nonce}"):
        assert server.check(request(credentials(other)), now=1) == NO


def test_old_nonce_is_stale_only_for_who_knows_the_password(server: DigestServer):
    nonce = nonce_of(server, now=0)
    assert server.check(request(credentials(nonce)), now=301) == STALE
    assert server.check(request(credentials(nonce, "guess")), now=301) == NO
    value = server.challenge(now=301, is_stale=True)[0][1]
    assert Challenge.parse(value).is_stale


def test_credentials_hold_for_their_method_and_number_alone(server: DigestServer):
    given = credentials(nonce_of(server))
    assert server.check(request(given, method="OPTIONS"), now=1) == NO
    assert server.check(request(given, uri="sip:+4915112345678@bot.example"), now=1) == NO
    assert server.check(request(given, uri="sip:infolinia@other.example"), now=1) == NO
    # A proxy on the way may have added these.
    assert server.check(request(given, uri=f"{URI}:5060;transport=udp"), now=1) == YES


def test_memory_is_bounded_and_forgetting_opens_no_replay():
    server = DigestServer("bot.example", {"pbx": "secret"}, max_nonces=10)
    answered = []
    for second in range(50):
        given = credentials(nonce_of(server, now=second))
        assert server.check(request(given), now=second) == YES
        answered.append(given)
    assert server.n_nonces == 10
    for given in answered:
        assert server.check(request(given), now=50) == STALE


def test_used_nonces_are_forgotten_when_they_have_expired():
    server = DigestServer("bot.example", {"pbx": "secret"}, nonce_lifetime_s=5, max_nonces=3)
    for second in range(0, 100, 10):
        assert server.check(request(credentials(nonce_of(server, second))), second) == YES
    assert server.n_nonces <= 3


def test_no_algorithm_is_taken_that_was_not_offered():
    server = DigestServer("bot.example", {"pbx": "secret"}, ("SHA-256",))
    nonce = nonce_of(server)
    assert server.check(request(credentials(nonce, algorithm="MD5")), now=1) == NO
    assert server.check(request(credentials(nonce)), now=1) == YES
