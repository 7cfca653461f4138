"""Only the provider's own requests are believed: vectors of their libraries, and forgeries."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from voicebot.gateway.websocket.stream_ticket import LIFETIME_S, StreamTickets
from voicebot.gateway.websocket.telnyx_signature import TOLERANCE_S, TelnyxSignatures
from voicebot.gateway.websocket.twilio_signature import is_from_twilio, twilio_signature
from voicebot.gateway.websocket.vonage_signature import is_from_vonage

NOW = 1_771_200_000.0

# ---- Twilio: vectors of github.com/twilio/twilio-python, tests/unit/test_request_validator.py

URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
PARAMETERS = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
    ("Caller", "+14158675309"),
]
SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_twilio_signature() -> None:
    assert twilio_signature("12345", URL, PARAMETERS) == SIGNATURE
    assert is_from_twilio("12345", SIGNATURE, URL, reversed(PARAMETERS))


def test_twilio_signature_with_the_default_port() -> None:
    assert is_from_twilio("12345", "kvajT1Ptam85bY51eRf/AJRuM3w=", URL, PARAMETERS)
    with_port = URL.replace(".com", ".com:443")
    assert is_from_twilio("12345", SIGNATURE, with_port, PARAMETERS)


def test_twilio_parameter_that_comes_twice() -> None:
    pairs = [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234")]
    assert is_from_twilio("12345", "IK+Dwps556ElfBT0I3Rgjkr1wJU=", URL, pairs)


def test_twilio_websocket_is_signed_with_a_slash_behind_it() -> None:
    url = "wss://bot.example/streams/twilio/stream/ticket"
    for signed in (url, url + "/", "wss://bot.example:443/streams/twilio/stream/ticket"):
        assert is_from_twilio("12345", twilio_signature("12345", signed), url)
    assert not is_from_twilio("12345", twilio_signature("12345", url + "2"), url)


@pytest.mark.parametrize(
    ("token", "signature", "url"),
    [
        ("", twilio_signature("", URL, PARAMETERS), URL),
        ("12346", SIGNATURE, URL),
        ("12345", "", URL),
        ("12345", SIGNATURE.lower(), URL),
        ("12345", SIGNATURE + "=", URL),
        ("12345", "ż\ud800", URL),
        ("12345", SIGNATURE, URL + "3"),
        ("12345", SIGNATURE, URL.replace("https", "http")),
    ],
)
def test_forged_twilio_signatures(token: str, signature: str, url: str) -> None:
    assert not is_from_twilio(token, signature, url, PARAMETERS)


def test_a_changed_parameter_is_seen() -> None:
    changed = [*PARAMETERS[:-1], ("Caller", "+48600100200")]
    assert not is_from_twilio("12345", SIGNATURE, URL, changed)
    assert not is_from_twilio("12345", SIGNATURE, URL, PARAMETERS[:-1])


# ---- Telnyx

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC_KEY = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()
BODY = b'{"data": {"event_type": "call.initiated"}}'


def signed(timestamp: str, body: bytes = BODY) -> str:
    return base64.b64encode(KEY.sign(timestamp.encode() + b"|" + body)).decode()


def test_telnyx_signature() -> None:
    signatures = TelnyxSignatures(PUBLIC_KEY)
    timestamp = str(int(NOW))
    assert signatures.is_genuine(signed(timestamp), timestamp, BODY, NOW)
    assert signatures.is_genuine(signed(timestamp), timestamp, BODY, NOW + TOLERANCE_S)
    assert not signatures.is_genuine(signed(timestamp), timestamp, BODY, NOW + TOLERANCE_S + 1)
    assert not signatures.is_genuine(signed(timestamp), timestamp, BODY, NOW - TOLERANCE_S - 1)
    assert not signatures.is_genuine(signed(timestamp), timestamp, BODY + b" ", NOW)
    assert not signatures.is_genuine(signed(timestamp), str(int(NOW) + 1), BODY, NOW)
    assert not signatures.is_genuine("", timestamp, BODY, NOW)


@given(st.text(max_size=100), st.text(max_size=20))
def test_forged_telnyx_signatures(signature: str, timestamp: str) -> None:
    assert not TelnyxSignatures(PUBLIC_KEY).is_genuine(signature, timestamp, BODY, NOW)
    assert not TelnyxSignatures(PUBLIC_KEY).is_genuine(signature, str(int(NOW)), BODY, NOW)


@pytest.mark.parametrize("key", ["", "short", "ż" * 43, base64.b64encode(b"x" * 31).decode()])
def test_what_is_no_key(key: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        TelnyxSignatures(key)


# ---- Vonage

SECRET = "a signature secret of thirty-two"


def token(
    body: bytes = BODY,
    secret: str = SECRET,
    algorithm: str = "HS256",
    digest: str = "sha256",
    **claims: object,
) -> str:
    def encoded(content: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    content = {
        "iat": NOW,
        "jti": "8a9b",
        "iss": "Vonage",
        "payload_hash": hashlib.sha256(body).hexdigest(),
        "api_key": "a1b2c3d",
        **claims,
    }
    text = f"{encoded({'alg': algorithm, 'typ': 'JWT'})}.{encoded(content)}"
    signature = hmac.digest(secret.encode(), text.encode(), digest)
    return f"Bearer {text}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def test_vonage_token() -> None:
    assert is_from_vonage(SECRET, token(), BODY, NOW)
    assert is_from_vonage(SECRET, token().replace("Bearer", "bearer"), BODY, NOW + 200)
    assert is_from_vonage(SECRET, token(payload_hash=None), b"", NOW)


@pytest.mark.parametrize(
    ("authorization", "body"),
    [
        (token(), BODY + b" "),
        (token(), b""),
        (token(secret="another"), BODY),
        (token(secret=""), BODY),
        (token(algorithm="none"), BODY),
        (token(digest="sha512"), BODY),
        (token(iat=NOW - 301), BODY),
        (token(iat=NOW + 301), BODY),
        (token(iat=None), BODY),
        (token(iat="now"), BODY),
        (token(payload_hash=None), BODY),
        (token(payload_hash=7), BODY),
        (token()[:-3], BODY),
        (token().removeprefix("Bearer "), BODY),
        ("", BODY),
        ("Bearer ", BODY),
        ("Bearer ..", BODY),
        ("Bearer " + "a" * 5000, BODY),
    ],
)
def test_forged_vonage_tokens(authorization: str, body: bytes) -> None:
    assert not is_from_vonage(SECRET, authorization, body, NOW)
    assert not is_from_vonage("", authorization, body, NOW)


@given(st.text())
def test_any_authorization_is_refused_calmly(text: str) -> None:
    assert not is_from_vonage(SECRET, "Bearer " + text, BODY, NOW)


# ---- tickets


def test_a_ticket_is_good_once_and_not_for_long() -> None:
    tickets = StreamTickets("secret")
    ticket = tickets.issue(NOW)
    assert tickets.redeem(ticket, NOW + 1)
    assert not tickets.redeem(ticket, NOW + 2)
    late = tickets.issue(NOW)
    assert not tickets.redeem(late, NOW + LIFETIME_S + 2)


def test_a_ticket_of_another_node_is_good_that_of_another_secret_is_not() -> None:
    assert StreamTickets("secret").redeem(StreamTickets("secret").issue(NOW), NOW)
    assert not StreamTickets("secret").redeem(StreamTickets("secrets").issue(NOW), NOW)


def test_a_ticket_cannot_be_made_to_last() -> None:
    tickets = StreamTickets("secret")
    expires, rest = tickets.issue(NOW).split(".", 1)
    assert not tickets.redeem(f"{int(expires) + 1000}.{rest}", NOW)


@given(st.text())
def test_invented_tickets(ticket: str) -> None:
    assert not StreamTickets("secret").redeem(ticket, NOW)
