from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.errors import SipParseError
from voicebot.gateway.sip.auth.digest import Account, Challenge, Credentials, digest_response

TEXT = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x17F), max_size=30)


def example(algorithm: str) -> Credentials:
    """RFC 7616 3.9.1."""
    return Credentials.parse(
        'Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", '
        f"algorithm={algorithm}, "
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, '
        'cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, '
        'response="", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_example_of_rfc_7616(algorithm: str, expected: str):
    assert digest_response(example(algorithm), "Circle of Life", "GET") == expected


def test_example_of_rfc_2617():
    given = Credentials(
        username="Mufasa",
        realm="testrealm@host.com",
        nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",
        uri="/dir/index.html",
        response="",
        cnonce="0a4f113b",
        nonce_count=1,
    )
    expected = "6629fae49393a05397450978507c4ef1"
    assert digest_response(given, "Circle Of Life", "GET") == expected


def test_without_qop_it_is_the_digest_of_rfc_2069():
    # RFC 2069 2.4, with the digest of erratum 749.
    given = Credentials(
        "Mufasa",
        "testrealm@host.com",
        "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        "/dir/index.html",
        "",
        has_qop=False,
    )
    expected = "1949323746fe6a43ef61f9606e7febea"
    assert digest_response(given, "CircleOfLife", "GET") == expected


def test_challenge_as_carriers_write_it():
    challenge = Challenge.parse(
        'DIGEST Realm="a \\"b\\", c",NONCE="n,1" , algorithm=sha-256, qop="auth-int, AUTH", '
        'opaque="", stale=TRUE, domain="sip:x"',
        is_proxy=True,
    )
    assert challenge == Challenge(
        'a "b", c', "n,1", "SHA-256", opaque="", is_stale=True, is_proxy=True
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Basic realm=a",
        "Digest",
        'Digest realm="a"',
        'Digest realm="a", nonce="b", algorithm=MD5-sess',
        'Digest realm="a", nonce="b", qop="auth-int"',
        'Digest realm="a", nonce="b", nonce="c"',
        'Digest realm="a, nonce="b"',
        'Digest realm="a", nonce',
    ],
)
def test_challenge_that_has_no_answer_of_ours(text: str):
    with pytest.raises(SipParseError):
        Challenge.parse(text)


@pytest.mark.parametrize("count", ["1", "0000000g", "00000000", "-0000001", "+0000001", " 0000001"])
def test_malformed_nonce_count_is_refused(count: str):
    text = str(example("MD5")).replace("nc=00000001", f"nc={count}")
    with pytest.raises(SipParseError):
        Credentials.parse(text)


@given(TEXT, TEXT, st.booleans(), st.one_of(st.none(), TEXT))
def test_challenge_round_trip(realm: str, nonce: str, has_qop: bool, opaque: str | None):
    challenge = Challenge(realm, nonce, "SHA-256", has_qop, opaque)
    assert Challenge.parse(str(challenge)) == challenge


@given(TEXT, TEXT, TEXT, st.integers(1, 2**32 - 1))
def test_credentials_round_trip(username: str, realm: str, cnonce: str, count: int):
    credentials = Credentials(
        username, realm, "n", "sip:a", "0f", "MD5", cnonce=cnonce, nonce_count=count
    )
    assert Credentials.parse(str(credentials)) == credentials


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str):
    for prefix in ("", "Digest ", 'Digest realm="a", nonce="b", '):
        for reader in (Challenge.parse, Credentials.parse):
            try:
                reader(prefix + text)
            except SipParseError:
                continue


def test_secrets_are_not_shown():
    assert "secret" not in repr(Account("user", "secret"))
    assert "Mufasa" not in repr(example("MD5"))
