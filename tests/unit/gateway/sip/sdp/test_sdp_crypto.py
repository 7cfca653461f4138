from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.errors import SdpError
from voicebot.gateway.rtp.srtp_keys import SUITES, SrtpKeys
from voicebot.gateway.sip.sdp.sdp_crypto import (
    MAX_CRYPTO_ATTRIBUTES,
    OFFERED_SUITES,
    CryptoAttribute,
    SrtpKeyring,
    accept,
    choose,
    crypto_attributes,
    keys_of,
)
from voicebot.gateway.sip.sdp.session_description import MediaDescription

CM_80 = "AES_CM_128_HMAC_SHA1_80"
SECRET = bytes(range(30))
KEY = base64.b64encode(SECRET).decode()

attributes = st.sampled_from(list(SUITES.values())).flatmap(
    lambda suite: st.builds(
        CryptoAttribute,
        tag=st.integers(0, 999_999_999),
        suite=st.just(suite.name),
        secret=st.binary(min_size=suite.secret_bytes, max_size=suite.secret_bytes),
        lifetime=st.none() | st.integers(1, 1 << 48),
    )
)


def media(*values: str, proto: str = "RTP/SAVP") -> MediaDescription:
    lines = tuple(("crypto", value) for value in values)
    return MediaDescription("audio", 4000, proto, ("8",), None, lines)


@given(attributes)
def test_what_is_written_is_read_back(attribute: CryptoAttribute):
    assert CryptoAttribute.parse(str(attribute)) == attribute


@given(st.text(max_size=200) | st.from_regex(r"[0-9]{1,3} AES_CM_128_HMAC_SHA1_(80|32) .*"))
def test_any_text_gives_an_attribute_or_the_documented_error(text: str):
    try:
        attribute = CryptoAttribute.parse(text)
    except SdpError:
        return
    assert CryptoAttribute.parse(str(attribute)) == attribute


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # RFC 4568 section 9.2 and phones in the field
        (f"1 {CM_80} inline:{KEY}|2^20", CryptoAttribute(1, CM_80, SECRET, 1 << 20)),
        (f"1 {CM_80} inline:{KEY}|1048576", CryptoAttribute(1, CM_80, SECRET, 1 << 20)),
        (f"7 {CM_80}  inline:{KEY}", CryptoAttribute(7, CM_80, SECRET)),
        (f"7 {CM_80.lower()} INLINE:{KEY}", CryptoAttribute(7, CM_80, SECRET)),
        (f"7 {CM_80} inline:{KEY} WSH=64 -XY=1", CryptoAttribute(7, CM_80, SECRET)),
    ],
)
def test_attributes_as_phones_write_them(value: str, expected: CryptoAttribute):
    assert CryptoAttribute.parse(value) == expected


def test_padding_of_the_key_may_be_missing():
    secret = bytes(28)  # 28 octets need "=="; AEAD_AES_128_GCM
    text = base64.b64encode(secret).decode().rstrip("=")
    attribute = CryptoAttribute.parse(f"1 AEAD_AES_128_GCM inline:{text}")
    assert attribute.secret == secret


@pytest.mark.parametrize(
    "value",
    [
        "",
        "1",
        f"x {CM_80} inline:{KEY}",
        f"1234567890 {CM_80} inline:{KEY}",
        f"1 F8_128_HMAC_SHA1_80 inline:{KEY}",
        f"1 {CM_80} outline:{KEY}",
        f"1 {CM_80} inline:{KEY[:-4]}",
        f"1 {CM_80} inline:{KEY}AAAA",
        f"1 {CM_80} inline:{KEY[:-1]}*",
        f"1 {CM_80} inline:{KEY[:-1]}",
        f"1 AEAD_AES_256_GCM inline:{KEY}",
        f"1 {CM_80} inline:{KEY}|0",
        f"1 {CM_80} inline:{KEY}|2^49",
        f"1 {CM_80} inline:{KEY}|2^20|1:4",  # a master key identifier
        f"1 {CM_80} inline:{KEY}|1:4",
        f"1 {CM_80} inline:{KEY};inline:{KEY}",
        f"1 {CM_80} inline:{KEY} UNENCRYPTED_SRTP",
        f"1 {CM_80} inline:{KEY} UNENCRYPTED_SRTCP",
        f"1 {CM_80} inline:{KEY} UNAUTHENTICATED_SRTP",
        f"1 {CM_80} inline:{KEY} KDR=1",
        f"1 {CM_80} inline:{KEY} FEC_ORDER=FEC_SRTP",
        f"1 {CM_80} inline:{KEY} WSH=63",
        f"1 {CM_80} inline:{KEY} UNKNOWN",
        f"1 {CM_80} inline:{KEY}" + " -X" * 200,
        f"1 {CM_80} inline:{KEY}|२^20",
    ],
)
def test_what_can_not_be_done_is_refused(value: str):
    with pytest.raises(SdpError) as caught:
        CryptoAttribute.parse(value)
    assert caught.value.status_hint == 488


def test_first_usable_line_of_an_offer_is_chosen():
    offer = media(
        f"1 F8_128_HMAC_SHA1_80 inline:{KEY}",
        f"2 {CM_80} inline:{KEY}|2^20|1:4",
        f"3 AES_CM_128_HMAC_SHA1_32 inline:{KEY}",
        f"4 {CM_80} inline:{KEY}",
    )
    assert [attribute.tag for attribute in crypto_attributes(offer)] == [3, 4]
    chosen = choose(offer)
    assert chosen is not None
    assert (chosen.tag, chosen.suite) == (3, "AES_CM_128_HMAC_SHA1_32")


def test_without_a_usable_line_nothing_is_chosen():
    assert choose(media("1 nonsense")) is None
    assert choose(media()) is None


def test_flood_of_lines_is_not_read():
    flood = ["nonsense"] * MAX_CRYPTO_ATTRIBUTES + [f"1 {CM_80} inline:{KEY}"]
    assert choose(media(*flood)) is None


def test_keys_stay_the_same_over_the_call_and_differ_between_calls():
    ring = SrtpKeyring()
    first = ring.offer()
    assert tuple(line.suite for line in first) == OFFERED_SUITES
    assert ring.offer() == first
    assert SrtpKeyring().offer()[0].secret != first[0].secret
    assert len({line.secret for line in first}) == len(first)


def test_only_the_agreed_suite_is_offered_again():
    ring = SrtpKeyring()
    *_, second = ring.offer()
    ring.agreed(SrtpKeys(second.suite, second.secret, b"theirs"))
    (again,) = ring.offer()
    assert (again.suite, again.secret) == (second.suite, second.secret)


def test_encryption_that_ended_begins_anew_with_other_keys():
    ring = SrtpKeyring()
    first = ring.offer()
    ring.agreed(None)  # best effort that was not taken up
    assert ring.offer() == first
    ring.agreed(SrtpKeys(first[0].suite, first[0].secret, b"theirs"))
    ring.agreed(None)
    assert ring.offer()[0].secret != first[0].secret


def test_answer_has_the_tag_and_suite_of_the_offer_and_a_key_of_ours():
    offered = CryptoAttribute(42, CM_80, SECRET)
    ring = SrtpKeyring()
    ours = ring.answer(offered)
    assert (ours.tag, ours.suite) == (42, CM_80)
    assert ours.secret != SECRET
    assert ring.answer(offered) == ours


def test_answer_to_our_offer():
    offered = SrtpKeyring().offer()
    tag = offered[1].tag
    ours, theirs = accept(offered, media(f"{tag} {CM_80} inline:{KEY}"))
    assert (ours, theirs.secret) == (offered[1], SECRET)
    assert keys_of(ours, theirs) == SrtpKeys(CM_80, offered[1].secret, SECRET)


@pytest.mark.parametrize(
    "values",
    [
        (),
        (f"1 {CM_80} inline:{KEY}",),  # tag 1 was another suite
        (f"9 {CM_80} inline:{KEY}",),
        (f"2 {CM_80} inline:{KEY}",) * 2,
        (f"2 {CM_80} inline:{KEY} UNENCRYPTED_SRTP",),
    ],
)
def test_answer_that_was_not_offered_is_refused(values: tuple[str, ...]):
    with pytest.raises(SdpError):
        accept(SrtpKeyring().offer(), media(*values))


def test_own_key_sent_back_is_refused():
    line = CryptoAttribute(1, CM_80, SECRET)
    with pytest.raises(SdpError):
        keys_of(line, line)


def test_secret_is_not_shown():
    assert KEY not in repr(CryptoAttribute(1, CM_80, SECRET))
    assert repr(SECRET)[2:20] not in repr(CryptoAttribute(1, CM_80, SECRET))
