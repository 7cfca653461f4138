from __future__ import annotations

import random
from collections import Counter

import pytest

from voicebot.gateway.sip.messages.peer import Peer
from voicebot.gateway.sip.messages.uri import SipUri
from voicebot.gateway.sip.network.server_location import (
    MAX_TARGETS,
    Naptr,
    Question,
    Records,
    ServerLocation,
    Srv,
    in_order,
)

ADDRESSES: dict[Question, Records] = {
    Question("ADDRESS", "example.com"): ["192.0.2.1"],
    Question("ADDRESS", "a.example.com"): ["192.0.2.10", "2001:db8::10"],
    Question("ADDRESS", "b.example.com"): ["192.0.2.11"],
}


def locate(
    uri: str, records: dict[Question, Records] | None = None
) -> tuple[list[tuple[str, str, int]], list[Question]]:
    """Targets, and what was asked for them."""
    known = ADDRESSES | (records or {})
    location = ServerLocation(SipUri.parse(uri), random.Random(1))
    asked: list[Question] = []
    while questions := location.questions():
        asked += questions
        for question in questions:
            location.receive(question, known.get(question, ()))
    peers = location.targets()
    assert all(peer.domain == SipUri.parse(uri).host for peer in peers)
    return [(peer.transport, peer.host, peer.port) for peer in peers], asked


@pytest.mark.parametrize(
    ("uri", "target"),
    [
        ("sip:192.0.2.7", ("UDP", "192.0.2.7", 5060)),
        ("sip:[2001:db8::7]:5070", ("UDP", "2001:db8::7", 5070)),
        ("sip:192.0.2.7;transport=tcp", ("TCP", "192.0.2.7", 5060)),
        ("sip:192.0.2.7;transport=tls", ("TLS", "192.0.2.7", 5061)),
        ("sip:192.0.2.7;transport=TLS", ("TLS", "192.0.2.7", 5061)),
        ("sips:192.0.2.7", ("TLS", "192.0.2.7", 5061)),
        ("sips:192.0.2.7:5060;transport=tcp", ("TLS", "192.0.2.7", 5060)),
    ],
)
def test_literal_address_needs_no_dns(uri: str, target: tuple[str, str, int]):
    assert locate(uri) == ([target], [])


@pytest.mark.parametrize(
    ("uri", "target"),
    [
        ("sip:example.com:5080", ("UDP", "192.0.2.1", 5080)),
        ("sip:example.com:5080;transport=tcp", ("TCP", "192.0.2.1", 5080)),
        ("sips:example.com:5080", ("TLS", "192.0.2.1", 5080)),
    ],
)
def test_name_with_a_port_needs_its_address_only(uri: str, target: tuple[str, str, int]):
    assert locate(uri) == ([target], [Question("ADDRESS", "example.com")])


@pytest.mark.parametrize("uri", ["sips:example.com;transport=udp", "sip:x;transport=sctp"])
def test_transport_that_we_do_not_have(uri: str):
    with pytest.raises(ValueError, match="transport"):
        ServerLocation(SipUri.parse(uri), random.Random(1))


NAPTRS: Records = [
    Naptr(90, 50, "s", "SIP+D2T", "_sip._tcp.example.com."),
    Naptr(100, 50, "s", "SIPS+D2T", "_sips._tcp.example.com."),
    Naptr(90, 10, "S", "sip+d2u", "_sip._udp.example.com."),
    Naptr(10, 10, "s", "SIP+D2S", "_sip._sctp.example.com."),
    Naptr(10, 10, "u", "SIP+D2U", "no.example.com."),
    Naptr(10, 10, "s", "E2U+sip", "no.example.com."),
]
SRVS: dict[Question, Records] = {
    Question("NAPTR", "example.com"): NAPTRS,
    Question("SRV", "_sip._udp.example.com"): [Srv(1, 1, 5060, "a.example.com.")],
    Question("SRV", "_sip._tcp.example.com"): [
        Srv(2, 1, 5070, "a.example.com."),
        Srv(1, 1, 5060, "b.example.com."),
    ],
    Question("SRV", "_sips._tcp.example.com"): [Srv(1, 1, 5061, "b.example.com.")],
}


def test_naptr_chooses_transports_in_its_order_among_ours():
    targets, _ = locate("sip:example.com", SRVS)
    assert targets == [
        ("UDP", "192.0.2.10", 5060),
        ("UDP", "2001:db8::10", 5060),
        ("TCP", "192.0.2.11", 5060),
        ("TCP", "192.0.2.10", 5070),
        ("TCP", "2001:db8::10", 5070),
        ("TLS", "192.0.2.11", 5061),
    ]


def test_sips_takes_nothing_less_than_tls():
    targets, _ = locate("sips:example.com", SRVS)
    assert targets == [("TLS", "192.0.2.11", 5061)]
    without_tls = {key: value for key, value in SRVS.items() if "_sips" not in key.name}
    without_tls[Question("NAPTR", "example.com")] = [NAPTRS[0]]  # type: ignore[list-item]
    targets, _ = locate("sips:example.com", without_tls)
    assert targets == [("TLS", "192.0.2.1", 5061)]


def test_named_transport_skips_naptr():
    targets, asked = locate("sip:example.com;transport=tcp", SRVS)
    assert targets[0] == ("TCP", "192.0.2.11", 5060)
    assert asked[0] == Question("SRV", "_sip._tcp.example.com")


def test_without_naptr_srv_is_asked_for_each_transport():
    records = {key: value for key, value in SRVS.items() if key.kind == "SRV"}
    targets, asked = locate("sip:example.com", records)
    assert targets[0] == ("UDP", "192.0.2.10", 5060)
    assert ("TCP", "192.0.2.11", 5060) in targets
    assert [question.kind for question in asked[:3]] == ["NAPTR", "SRV", "SRV"]


def test_without_any_srv_the_name_itself_at_the_default_port():
    assert locate("sip:example.com")[0] == [("UDP", "192.0.2.1", 5060)]
    assert locate("sip:example.com;transport=tls")[0] == [("TLS", "192.0.2.1", 5061)]
    assert locate("sips:example.com")[0] == [("TLS", "192.0.2.1", 5061)]


def test_srv_may_say_that_there_is_no_service():
    records: dict[Question, Records] = {
        Question("SRV", "_sip._udp.example.com"): [Srv(0, 0, 0, ".")]
    }
    assert locate("sip:example.com", records)[0] == []


def test_name_that_is_not_there():
    assert locate("sip:nowhere.example.com")[0] == []


def test_domain_with_hundreds_of_records_gives_a_few_targets():
    many: Records = [Srv(1, 1, 5060 + n, "a.example.com.") for n in range(500)]
    targets, _ = locate("sip:example.com", {Question("SRV", "_sip._udp.example.com"): many})
    assert len(targets) == MAX_TARGETS


def test_weights_share_the_calls_within_one_priority():
    records = [Srv(1, 30, 1, "x."), Srv(1, 10, 2, "y."), Srv(1, 0, 3, "z."), Srv(0, 0, 4, "w.")]
    rng = random.Random(2)
    firsts: Counter[int] = Counter()
    for _ in range(2000):
        order = [record.port for record in in_order(records, rng)]
        assert sorted(order) == [1, 2, 3, 4]
        assert order[0] == 4
        firsts[order[1]] += 1
    assert 1300 < firsts[1] < 1600
    assert 400 < firsts[2] < 600
    assert 0 < firsts[3] < 150, "weight 0 has a small chance, too"


def test_peer_of_a_domain_is_known_by_the_domains_name():
    assert Peer("TLS", "192.0.2.1", 5061, domain="example.com").tls_name == "example.com"
    assert Peer("TLS", "192.0.2.1", 5061).tls_name == "192.0.2.1"
