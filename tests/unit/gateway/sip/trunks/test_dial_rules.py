from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.errors import DialRefused
from voicebot.gateway.sip.messages.uri import SipUri
from voicebot.gateway.sip.trunks.dial_rules import (
    DAY_S,
    MINUTE_S,
    CallCap,
    DialRules,
    PastCall,
    normalise,
)
from voicebot.settings import DialSettings, TrunkSettings

MOBILE = "+48600100200"


def rules(trunk: dict[str, object] | None = None, **settings: object) -> DialRules:
    trunks = {
        "main": TrunkSettings.model_validate({"host": "carrier.example", **(trunk or {})}),
        "spare": TrunkSettings(host="spare.example"),
    }
    return DialRules(DialSettings.model_validate(settings), trunks)


def refused(rules: DialRules, number: str = MOBILE, **fields: object) -> str:
    with pytest.raises(DialRefused) as caught:
        rules.check(number, **{"trunk": "main", "campaign": "", "now": 0.0, **fields})  # type: ignore[arg-type]
    assert number.strip("+") not in str(caught.value)
    return caught.value.rule


@pytest.mark.parametrize(
    "written",
    [
        "+48600100200",
        "+48 600 100 200",
        " +48 600-100-200 ",
        "0048600100200",
        "00 48 600 100 200",
        "48600100200",
        "600100200",
        "600 100 200",
        "600-100-200",
        "(600) 100/200",
        "600.100.200",
    ],
)
def test_numbers_as_people_write_them(written: str):
    assert normalise(written, "PL") == MOBILE


@pytest.mark.parametrize(
    "written",
    [
        "",
        "+",
        "112",
        "999",
        "9000",
        "+48CALLME",
        "CALL 600100200 NOW",
        "+48600100200;ext=5",
        "+48600100200 x5",
        "+48600100200,,1",
        "tel:+48600100200",
        "sip:600100200@h",
        "*21*600100200#",
        "\u0666\u0660\u0660100200",
        "+4848600100200",
        "+48070112233",
        "+486001002000",
        "+48\n600100200",
        "+" + "1" * 60,
    ],
)
def test_what_is_no_number(written: str):
    with pytest.raises(DialRefused) as caught:
        normalise(written, "PL")
    assert caught.value.rule == "number"
    assert not caught.value.retryable


def test_country_decides_about_numbers_without_plus():
    assert normalise("030 901820", "DE") == "+4930901820"
    assert normalise("0039 06 6982", "PL").startswith("+3906")


@given(st.text(max_size=30))
def test_any_text_is_refused_or_in_e164(text: str):
    try:
        number = normalise(text, "PL")
    except DialRefused:
        return
    assert number.startswith("+")
    assert number[1:].isdecimal()


def test_only_allowed_prefixes_and_none_of_the_blocked():
    ours = rules(allowed_prefixes=("+48", "+49"), blocked_prefixes=("+4870", "+49900"))
    assert ours.permitted("+49 30 901820") == "+4930901820"
    assert refused(ours, "+447911123456") == "prefix"
    assert refused(ours, "+48701234567") == "prefix"
    assert refused(ours, "0048 70 123 45 67") == "prefix"
    assert refused(ours, "+4990012345678") in ("prefix", "number")


def test_premium_rate_numbers_are_refused_whatever_the_prefixes_say():
    ours = rules(allowed_prefixes=("+44", "+48"), blocked_prefixes=())
    assert refused(ours, "+449098790000") == "premium"
    assert refused(ours, "+48701234567") == "premium"


def test_cap_of_a_minute_passes_with_time():
    ours = rules(max_calls_per_minute=2)
    for _ in range(2):
        ours.check(MOBILE, "main", "", now=0)
    assert refused(ours, now=MINUTE_S - 1) == "minute"
    with pytest.raises(DialRefused) as caught:
        ours.check(MOBILE, "spare", "", now=1)
    assert caught.value.retryable
    assert ours.check(MOBILE, "main", "", now=MINUTE_S + 1) == MOBILE


def test_cap_of_a_day_is_that_of_24_hours():
    ours = rules(max_calls_per_day=3)
    for hour in range(3):
        ours.check(MOBILE, "main", "", now=hour * 3600)
    assert refused(ours, now=DAY_S - 1) == "day"
    assert ours.check(MOBILE, "main", "", now=DAY_S + 1) == MOBILE
    assert refused(ours, now=DAY_S + 2) == "day"


def test_caps_of_a_campaign_hold_for_it_alone():
    ours = rules(max_campaign_calls_per_minute=1, max_campaign_calls_per_day=2)
    ours.check(MOBILE, "main", "march", now=0)
    assert refused(ours, campaign="march", now=1) == "campaign_minute"
    ours.check(MOBILE, "main", "april", now=1)
    ours.check(MOBILE, "main", "", now=1)
    ours.check(MOBILE, "main", "march", now=100)
    assert refused(ours, campaign="march", now=1000) == "campaign_day"


def test_caps_of_a_trunk_hold_for_it_alone():
    ours = rules(trunk={"max_calls_per_minute": 1, "max_calls_per_day": 2})
    ours.check(MOBILE, "main", "", now=0)
    assert refused(ours, now=1) == "trunk_minute"
    ours.check(MOBILE, "spare", "", now=1)
    ours.check(MOBILE, "main", "", now=100)
    assert refused(ours, now=1000) == "trunk_day"


def test_a_refused_call_counts_nowhere():
    ours = rules(trunk={"max_calls_per_minute": 1}, max_calls_per_minute=2)
    ours.check(MOBILE, "main", "", now=0)
    for _ in range(5):
        assert refused(ours, now=1) == "trunk_minute"
        assert refused(ours, "+447911123456", now=1) == "prefix"
    assert ours.check(MOBILE, "spare", "", now=2) == MOBILE


def test_another_try_of_a_call_counts_for_its_trunk_alone():
    ours = rules(max_calls_per_minute=1, max_campaign_calls_per_minute=1)
    ours.check(MOBILE, "main", "march", now=0)
    assert ours.check(MOBILE, "spare", "march", now=1, is_retry=True) == MOBILE
    assert refused(ours, trunk="spare", now=2) == "minute"


def test_calls_of_before_can_be_counted():
    ours = rules(max_calls_per_day=2, max_campaign_calls_per_day=1)
    ours.restore([PastCall(3600, "main", "march"), PastCall(DAY_S + 1, "gone")], now=10)
    assert refused(ours, campaign="march", now=10) == "campaign_day"
    ours.check(MOBILE, "main", "", now=10)
    assert refused(ours, now=11) == "day"


def test_memory_of_a_cap_is_bounded_by_the_cap():
    cap = CallCap(per_minute=5, per_day=10)
    n_counted = 0
    for second in range(100_000):
        if cap.reached(second) is None:
            cap.count(second)
            n_counted += 1
    assert n_counted == 20
    assert len(cap._times) <= 10


@pytest.mark.parametrize(
    ("uri", "number"),
    [
        ("tel:+48600100200", "+48600100200"),
        ("tel:+48-600-100-200;phone-context=x", "+48-600-100-200"),
        ("sip:+48600100200@carrier.example;user=phone", "+48600100200"),
        ("sip:600100200@CARRIER.example:5070", "600100200"),
        ("sip:+48600100200;npdi@spare.example", "+48600100200"),
        ("sip:+48600100200@proxy.example", "+48600100200"),
        ("sip:+48600100200@192.0.2.77", "+48600100200"),
    ],
)
def test_number_in_an_address_from_the_far_end(uri: str, number: str):
    ours = rules(trunk={"outbound_proxy": "sip:proxy.example;lr", "sources": ("192.0.2.0/24",)})
    assert ours.number_in(SipUri.parse(uri)) == number


@pytest.mark.parametrize(
    "uri",
    [
        "sip:+48600100200@evil.example",
        "sip:+48600100200@203.0.113.9",
        "sip:+48600100200@carrier.example.evil.example",
        "sip:carrier.example",
        "sips:+48600100200@evil.example",
        "mailto:anna@carrier.example",
    ],
)
def test_address_on_a_strange_host_is_refused(uri: str):
    with pytest.raises(DialRefused) as caught:
        rules().number_in(SipUri.parse(uri))
    assert caught.value.rule == "host"
