from __future__ import annotations

import random
from collections import Counter

import pytest

from voicebot.errors import SettingsError
from voicebot.gateway.sip.trunks.trunk import TrunkDirectory
from voicebot.settings import TrunkSettings


def directory(**trunks: dict[str, object]) -> TrunkDirectory:
    settings = {
        name: TrunkSettings.model_validate({"host": f"{name}.example", **fields})
        for name, fields in trunks.items()
    }
    return TrunkDirectory(settings, now=0, chance=random.Random(7).random)


def names(trunks: TrunkDirectory, now: float = 0) -> list[str]:
    return [trunk.name for trunk in trunks.candidates(now)]


def test_lower_order_is_tried_first():
    trunks = directory(c={"order": 3}, a={"order": 1}, b={"order": 2})
    assert names(trunks) == ["a", "b", "c"]


def test_weight_is_the_share_of_calls():
    trunks = directory(small={"weight": 10}, big={"weight": 30})
    first = Counter(names(trunks)[0] for _ in range(2000))
    assert 1400 < first["big"] < 1600
    assert all(len(names(trunks)) == 2 for _ in range(10))


def test_trunk_that_is_out_is_passed_over_until_all_are():
    trunks = directory(a={"order": 1}, b={"order": 2})
    for name, expected in (("a", ["b"]), ("b", ["a", "b"])):
        trunk = trunks.get(name)
        assert trunk is not None
        for _ in range(3):
            trunk.health.note_answer(503, now=1)
        assert names(trunks, now=1) == expected


def test_requests_are_known_by_address():
    trunks = directory(
        a={"sources": ("192.0.2.0/24", "2001:db8::/32")}, b={"sources": ("198.51.100.7",)}
    )
    for host, expected in (
        ("192.0.2.99", "a"),
        ("2001:db8::1", "a"),
        ("198.51.100.7", "b"),
        ("198.51.100.8", None),
        ("a.example", None),
    ):
        found = trunks.of_source(host)
        assert (found.name if found else None) == expected


def test_who_we_register_with_calls_us_from_there():
    trunks = directory(a={}, b={})
    trunk = trunks.get("b")
    assert trunk is not None
    trunk.registrar_addresses = frozenset({"203.0.113.5"})
    assert trunks.of_source("203.0.113.5") is trunk


def test_a_trunk_without_user_or_password_is_known_to_nobody():
    trunks = directory(a={}, b={"inbound_username": "pbx"})
    assert trunks.of_user("") is None
    assert trunks.passwords() == {}


def test_addresses_of_a_trunk():
    trunks = directory(
        a={"port": 5070, "transport": "tcp", "outbound_proxy": "proxy.example:5080"}, b={}
    )
    a, b = trunks.get("a"), trunks.get("b")
    assert a is not None
    assert b is not None
    assert (
        str(a.uri_of("+48600100200")) == "sip:+48600100200@a.example:5070;transport=tcp;user=phone"
    )
    assert str(a.next_hop) == "sip:proxy.example:5080;lr"
    assert str(b.next_hop) == "sip:b.example"


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"host": ""}, "trunks.x.host: is missing"),
        ({"outbound_proxy": "sip:a b"}, "trunks.x.outbound_proxy: is no SIP URI"),
    ],
)
def test_unusable_settings_are_named(fields: dict[str, object], complaint: str):
    with pytest.raises(SettingsError, match=complaint):
        directory(x=fields)
