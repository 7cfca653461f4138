from __future__ import annotations

from tests.sip_messages import request as request_bytes
from voicebot.gateway.sip.auth.digest import Challenge, Credentials, digest_response
from voicebot.gateway.sip.messages.message import SipRequest, parse_datagram
from voicebot.gateway.sip.messages.peer import Peer
from voicebot.gateway.sip.trunks.inbound_gate import InboundGate
from voicebot.gateway.sip.trunks.trunk import TrunkDirectory
from voicebot.settings import TrunkSettings

STRANGER = Peer("UDP", "203.0.113.66", 5060)
CARRIER = Peer("UDP", "192.0.2.10", 5060)
URI = "sip:infolinia@192.0.2.1"


def gate(is_open: bool = False, with_password: bool = True) -> InboundGate:
    pbx = TrunkSettings(
        host="pbx.example", inbound_username="pbx", inbound_password="secret" * with_password
    )
    carrier = TrunkSettings(host="carrier.example", sources=("192.0.2.0/24",))
    trunks = TrunkDirectory({"pbx": pbx, "carrier": carrier}, now=0)
    return InboundGate(trunks, is_open, "bot")


def invite(*extra: str) -> SipRequest:
    message = parse_datagram(request_bytes("INVITE", URI, extra=extra))
    assert isinstance(message, SipRequest)
    return message


def answer(headers: list[tuple[str, str]], password: str = "secret") -> str:
    challenge = Challenge.parse(headers[0][1])
    given = Credentials("pbx", "bot", challenge.nonce, URI, "", challenge.algorithm, True, "c", 1)
    response = digest_response(given, password, "INVITE")
    return str(given).replace('response=""', f'response="{response}"')


def name_of(gate: InboundGate, request: SipRequest, source: Peer) -> str | None:
    trunk = gate.trunk_of(request, source)
    return trunk.name if trunk else None


def test_trunk_is_let_in_by_its_address():
    ours = gate()
    assert ours.admit(invite(), CARRIER, now=0) is None
    assert name_of(ours, invite(), CARRIER) == "carrier"


def test_others_are_asked_for_a_password_where_one_would_do():
    ours = gate()
    refusal = ours.admit(invite(), STRANGER, now=0)
    assert refusal is not None
    status, headers = refusal
    assert status == 401
    request = invite(f"Authorization: {answer(headers)}")
    assert ours.admit(request, STRANGER, now=1) is None
    assert name_of(ours, request, STRANGER) == "pbx"


def test_wrong_password_and_replay_are_challenged_again():
    ours = gate()
    refusal = ours.admit(invite(), STRANGER, now=0)
    assert refusal is not None
    wrong = ours.admit(invite(f"Authorization: {answer(refusal[1], 'no')}"), STRANGER, now=1)
    assert wrong is not None
    assert not Challenge.parse(wrong[1][0][1]).is_stale
    right = f"Authorization: {answer(refusal[1])}"
    assert ours.admit(invite(right), STRANGER, now=1) is None
    replayed = ours.admit(invite(right), STRANGER, now=2)
    assert replayed is not None
    assert replayed[0] == 401


def test_without_any_password_strangers_get_403():
    assert gate(with_password=False).admit(invite(), STRANGER, now=0) == (403, [])


def test_open_door_lets_everybody_in_but_takes_nobody_for_a_trunk():
    ours = gate(is_open=True)
    claim = 'Authorization: Digest username="pbx", realm="bot", nonce="n", uri="u", response="0"'
    assert ours.admit(invite(claim), STRANGER, now=0) is None
    assert name_of(ours, invite(claim), STRANGER) is None
    assert name_of(ours, invite(), CARRIER) == "carrier"
