import pytest
from hypothesis import given

from tests.unit.gateway.sip import strategies
from voicebot.errors import SipParseError
from voicebot.gateway.sip.messages.syntax import MAX_PARAMETERS
from voicebot.gateway.sip.messages.uri import CSeq, NameAddr, SipUri, Via


@given(strategies.sip_uris())
def test_a_sip_uri_survives_writing_and_reading(uri):
    assert SipUri.parse(str(uri)) == uri


@given(strategies.other_uris)
def test_a_uri_of_another_scheme_survives_writing_and_reading(uri):
    assert SipUri.parse(str(uri)) == uri


@given(strategies.name_addrs)
def test_an_address_survives_writing_and_reading(address):
    assert NameAddr.parse(str(address)) == address


@given(strategies.vias)
def test_a_via_survives_writing_and_reading(via):
    assert Via.parse(str(via)) == via


@given(strategies.cseqs)
def test_a_cseq_survives_writing_and_reading(cseq):
    assert CSeq.parse(str(cseq)) == cseq


def test_all_parts_of_a_uri_are_read():
    uri = SipUri.parse("sips:anna:haslo@example.com:5061;transport=TCP;lr?Subject=dzie%C5%84&a=")
    assert uri == SipUri(
        scheme="sips",
        user="anna",
        password="haslo",
        host="example.com",
        port=5061,
        params=(("transport", "TCP"), ("lr", None)),
        headers=(("Subject", "dzień"), ("a", "")),
    )
    assert uri.is_loose_router
    assert uri.param("transport") == "TCP"


def test_escapes_equal_the_characters_they_stand_for():
    assert SipUri.parse("sip:%75se%72@h").user == "user"
    # RFC 4475 3.1.1.3: this user part is no URI of its own.
    assert SipUri.parse("sip:sips%3Auser%40example.com@example.net").host == "example.net"
    assert SipUri.parse("sip:null-%00-null@h").user == "null-\x00-null"


def test_raw_octets_and_their_escapes_give_the_same_user():
    raw = "sip:" + b"\xc5\xff".decode("utf-8", "surrogateescape") + "@h"
    assert SipUri.parse(raw) == SipUri.parse("sip:%C5%FF@h")
    assert str(SipUri.parse(raw)) == "sip:%C5%FF@h"


def test_a_semicolon_before_the_at_belongs_to_the_user():
    uri = SipUri.parse("sip:user;par=u%40example.net@example.com")
    assert (uri.user, uri.host, uri.params) == ("user;par=u@example.net", "example.com", ())


def test_ipv6_hosts_are_kept_without_brackets_and_written_with_them():
    with_port = SipUri.parse("sip:[2001:db8::10]:5070")
    assert (with_port.host, with_port.port) == ("2001:db8::10", 5070)
    without = SipUri.parse("sip:[2001:db8::10:5070]")
    assert (without.host, without.port) == ("2001:db8::10:5070", None)
    assert str(with_port) == "sip:[2001:db8::10]:5070"
    # RFC 5118 4.10
    assert SipUri.parse("sip:u@[2001:db8:::192.0.2.1]").host == "2001:db8::192.0.2.1"


def test_other_schemes_keep_their_content():
    assert SipUri.parse("nobodyKnowsThisScheme:totallyopaquecontent") == SipUri(
        scheme="nobodyknowsthisscheme", opaque="totallyopaquecontent"
    )
    tel = SipUri.parse("tel:+48221234567;phone-context=x")
    assert (tel.user, str(tel)) == ("+48221234567", "tel:+48221234567;phone-context=x")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sip",
        "sip:",
        "sip:@h",
        "sip:a@",
        "sip:a@b@c",
        "sip:h:",
        "sip:h:0",
        "sip:h:65536",
        "sip:h:99999999999999999999",
        "sip:h:５",
        "sip:2001:db8::10",
        "sip:[2001:db8::10",
        "sip:[xyz]",
        "sip:a..b",
        "sip:.",
        "sip:" + "a" * 64 + ".pl",
        "sip:" + "a." * 127,
        "sip:[::::1]",
        "sip:[1:::2:::3]",
        "sip:[192.0.2.1]",
        "sip:u@h;",
        "sip:u@h;;a",
        "sip:u@h;a=1;a=2",
        "sip:u@h?",
        "sip:u@h?a",
        "sip:u%4@h",
        "sip:u%ZZ@h",
        "sip:u s@h",
        " sip:u@h",
        "<sip:u@h>",
        "sip:u@h\r\nVia: x",
        'sip:u"@h',
        "sip:u@h" + ";a" * (MAX_PARAMETERS + 1),
        "sip:u@h?" + "a=b&" * MAX_PARAMETERS + "a=b",
        "isbn:",
        "1sip:u@h",
    ],
)
def test_malformed_uris_are_refused(text):
    with pytest.raises(SipParseError):
        SipUri.parse(text)


@pytest.mark.parametrize(
    ("one", "other", "is_equivalent"),
    [  # RFC 3261 §19.1.4
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp", True),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", True),
        ("sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
         "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com", True),
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP", False),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", False),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", False),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting", False),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off", False),
        ("sip:a@h", "sips:a@h", False),
        ("tel:1", "tel:1", True),
    ],
)  # fmt: skip
def test_uris_compare_as_the_rfc_says(one, other, is_equivalent):
    assert SipUri.parse(one).is_equivalent(SipUri.parse(other)) is is_equivalent


def test_addresses_are_read_with_and_without_a_name():
    quoted = NameAddr.parse('"Bell, \\"A\\"" <sip:a@h;user=phone>;tag=1;x')
    assert quoted.display_name == 'Bell, "A"'
    assert quoted.uri.param("user") == "phone"
    assert quoted.params == {"tag": "1", "x": None}
    assert NameAddr.parse("caller<sip:c@h>;tag=3").display_name == "caller"
    assert NameAddr.parse("Bell, Alexander <sip:c@h>").display_name == "Bell, Alexander"
    assert NameAddr.parse("<sip:c@h>").display_name == ""


def test_parameters_outside_brackets_belong_to_the_header():
    plain = NameAddr.parse("sip:+16505552222@h;user=phone")
    assert plain.uri.params == ()
    assert plain.params == {"user": "phone"}


def test_white_space_and_case_around_parameters_do_not_matter():
    address = NameAddr.parse("sip:vivekg@h ;   TAG    = 1918181833n")
    assert address.tag == "1918181833n"


def test_with_tag_leaves_the_rest():
    address = NameAddr.parse('"A" <sip:a@h>;x=1')
    assert str(address.with_tag("t1")) == '"A" <sip:a@h>;x=1;tag=t1'
    assert address.tag is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*",
        '"Mr. J. User <sip:j@h>',
        '"A" sip:a@h',
        '"A" b <sip:a@h>',
        "<sip:a@h",
        "< sip:a@h >",
        "sip:a@h?Route=x",
        "sip:a,b@h",
        "<sip:a@h>;;;;",
        "<sip:a@h> x",
        "<sip:a@h>;tag=1;tag=2",
        '<sip:a@h>;tag="x',
        "<sip:a@h>" + ";a" * (MAX_PARAMETERS + 1),
    ],
)
def test_malformed_addresses_are_refused(text):
    with pytest.raises(SipParseError):
        NameAddr.parse(text)


def test_a_via_is_read_with_folded_white_space():
    via = Via.parse("SIP  /    2.0   / udp  192.168.255.111:5070   ; branch= z9hG4bK30239;rport")
    assert (via.transport, via.host, via.port) == ("UDP", "192.168.255.111", 5070)
    assert via.branch == "z9hG4bK30239"
    assert via.wants_rport
    assert via.rport is None


def test_received_is_read_with_and_without_brackets():
    bare = Via.parse("SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3")
    assert (bare.host, bare.received) == ("2001:db8::9:1", "2001:db8::9:255")
    bracketed = Via.parse("SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255]")
    assert bracketed.received == "2001:db8::9:255"


def test_via_parameters_are_filled_in_in_place():
    via = Via.parse("SIP/2.0/UDP h;rport;branch=z9hG4bK1")
    filled = via.with_params(received="192.0.2.1", rport=5062)
    assert str(filled) == "SIP/2.0/UDP h;rport=5062;branch=z9hG4bK1;received=192.0.2.1"
    assert filled.rport == 5062


def test_a_branch_of_the_cookie_alone_is_not_unique():
    assert Via.parse("SIP/2.0/UDP h;branch=z9hG4bK1").has_unique_branch
    assert not Via.parse("SIP/2.0/UDP h;branch=z9hG4bK").has_unique_branch
    assert not Via.parse("SIP/2.0/UDP h;branch=390skdjuw").has_unique_branch
    assert not Via.parse("SIP/2.0/UDP h").has_unique_branch


def test_the_default_port_of_a_via_depends_on_its_transport():
    assert Via.parse("SIP/2.0/UDP h").sent_by == ("h", 5060)
    assert Via.parse("SIP/2.0/TLS h").sent_by == ("h", 5061)
    assert Via.parse("SIP/2.0/TLS h:99").sent_by == ("h", 99)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SIP/2.0/UDP",
        "SIP/2.0 h",
        "HTTP/1.1/TCP h",
        "SIP/2.0/UDP h:0",
        "SIP/2.0/UDP h:70000",
        "SIP/2.0/UDP h;;,;,,",
        "SIP/2.0/UDP [zz]",
        "SIP/2.0/UDP 2001:db8::1",
        "SIP/2.0/UDP h x",
    ],
)
def test_malformed_vias_are_refused(text):
    with pytest.raises(SipParseError):
        Via.parse(text)


def test_an_unreadable_rport_counts_as_none():
    assert Via.parse("SIP/2.0/UDP h;rport=99999").rport is None


@pytest.mark.parametrize("text", ["", "1", "INVITE", "x INVITE", "-1 INVITE", "4294967296 INVITE"])
def test_malformed_cseqs_are_refused(text):
    with pytest.raises(SipParseError):
        CSeq.parse(text)


def test_leading_zeros_of_a_cseq_do_not_count():
    assert CSeq.parse("0009  INVITE") == CSeq(9, "INVITE")
