from __future__ import annotations

from voicebot.gateway.sip.trunks.trunk import Trunk
from voicebot.gateway.sip.trunks.trunk_terms import TrunkTerms
from voicebot.settings import TrunkSettings


def terms(**settings: object) -> TrunkTerms:
    values = {"host": "carrier.example", **settings}
    return TrunkTerms.of(Trunk("main", TrunkSettings.model_validate(values), now=0), "infolinia")


def test_number_is_shown_in_the_domain_of_the_trunk():
    ours = terms(caller_id="+48221234567", username="acct")
    assert str(ours.shown) == "<sip:+48221234567@carrier.example;user=phone>"
    assert ours.headers == ()
    assert ours.contact_user == "acct"


def test_without_a_number_the_account_or_our_user_is_shown():
    assert str(terms(username="acct").shown) == "<sip:acct@carrier.example>"
    assert str(terms(username="acct", user="100").shown) == "<sip:100@carrier.example>"
    assert terms(username="acct", user="100").contact_user == "100"
    assert str(terms().shown) == "<sip:infolinia@carrier.example>"


def test_identity_for_the_carrier():
    for kind, name in (
        ("p-asserted-identity", "P-Asserted-Identity"),
        ("p-preferred-identity", "P-Preferred-Identity"),
    ):
        headers = dict(terms(caller_id="+48221234567", identity=kind).headers)
        assert headers == {name: "<sip:+48221234567@carrier.example;user=phone>"}


def test_hidden_number_is_only_in_the_identity():
    ours = terms(caller_id="+48221234567", identity="p-asserted-identity", hide_number=True)
    assert str(ours.shown) == '"Anonymous" <sip:anonymous@anonymous.invalid>'
    headers = dict(ours.headers)
    assert headers["Privacy"] == "id"
    assert "+48221234567" in headers["P-Asserted-Identity"]


def test_outbound_proxy_is_a_loose_route():
    ours = terms(outbound_proxy="sip:sbc.example:5070;transport=tcp")
    assert dict(ours.headers)["Route"] == "<sip:sbc.example:5070;transport=tcp;lr>"
