"""The messages of RFC 4475 and RFC 5118 against EXPECT.tsv, as far as parsing decides.

What only the state of calls decides (481, 486 ...) is left to the user agent: here such a
request must reach it, or be refused with a status that EXPECT allows.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shared import shared_path
from voicebot.errors import SdpError, SipParseError
from voicebot.gateway.sip.agent.request_check import check_request
from voicebot.gateway.sip.messages.message import (
    MalformedRequest,
    SipMessage,
    SipRequest,
    SipResponse,
    make_response,
    parse_datagram,
)
from voicebot.gateway.sip.messages.stream import StreamParser
from voicebot.gateway.sip.sdp.offer_answer import SessionDescription, make_answer
from voicebot.gateway.sip.sdp.sdp_body import find_sdp

GOES_ON = "goes on"
DROPPED = "none"

# Strict where EXPECT also allows to be liberal: one reading is safer than two.
OURS = {
    "badinv01": DROPPED,
    "scalar02": DROPPED,
    "scalarlg": DROPPED,
    "bigcode": DROPPED,
    "clerr": "400",
    "ncl": "400",
    "quotbal": "400",
    "ltgtruri": "400",
    "lwsruri": "400",
    "lwsstart": "400",
    "trws": "400",
    "escruri": "400",
    "badaspec": "400",
    "baddn": "400",
    "mismatch01": "400",
    "mismatch02": "400",
    "insuf": "400",
    "multi01": "400",
    "mcl01": "400",
    "ipv6-bad": "400",
    "badvers": "505",
    "unkscm": "416",
    "novelsc": "416",
    "bext01": "420",
    "invut": "415",
    "sdp01": "406",
    "intmeth": "501",
    "esc02": "501",
    "mpart01": "405",
    "regbadct": "405",
    "baddate": GOES_ON,
    "badbranch": GOES_ON,
    "zeromf": GOES_ON,
    "inv2543": GOES_ON,
    "longreq": GOES_ON,
    "wsinv": GOES_ON,
}


def expectations() -> Iterator[tuple[Path, str, str]]:
    """File, class, acceptable answers."""
    for folder in ("rfc4475", "rfc5118"):
        table = shared_path(f"sip_torture/{folder}/EXPECT.tsv")
        for line in table.read_text(encoding="utf-8").splitlines():
            if not line.startswith("#"):
                name, _, kind, acceptable, _ = line.split("\t", 4)
                yield table.parent / name, kind, acceptable


def torture(name: str) -> bytes:
    for folder in ("rfc4475", "rfc5118"):
        path = shared_path(f"sip_torture/{folder}") / f"{name}.dat"
        if path.exists():
            return path.read_bytes()
    raise AssertionError(f"no torture message {name}")


def outcome_of(data: bytes) -> str:
    """A status, DROPPED, or GOES_ON."""
    try:
        message = parse_datagram(data)
    except MalformedRequest as error:
        return str(error.status_hint)
    except SipParseError:
        return DROPPED
    if isinstance(message, SipResponse):
        return GOES_ON
    refusal = check_request(message)
    return GOES_ON if refusal is None else str(refusal[0])


def request(name: str) -> SipRequest:
    message = parse_datagram(torture(name))
    assert isinstance(message, SipRequest)
    return message


def parsed(name: str) -> SipMessage:
    return parse_datagram(torture(name))


def test_every_message_gets_an_answer_that_is_expected():
    n_messages = 0
    for path, kind, acceptable in expectations():
        outcome = outcome_of(path.read_bytes())
        n_messages += 1
        if outcome == GOES_ON:
            # A response goes on to be dropped for want of a transaction.
            is_response = path.read_bytes().startswith(b"SIP/")
            assert is_response or "2xx" in acceptable or "481" in acceptable, path.name
        else:
            assert outcome in acceptable.split(","), (path.name, outcome)
        if kind == "valid":
            assert outcome not in ("400", DROPPED), path.name
    assert n_messages == 49 + 12


@pytest.mark.parametrize(("name", "outcome"), OURS.items())
def test_our_choice_among_the_answers_is(name, outcome):
    assert outcome_of(torture(name)) == outcome


def test_archived_lengths_that_count_lf_endings_do_not_matter():
    for name in ("ipv6-in-sdp", "mult-ip-in-sdp", "ipv4-mapped-ipv6"):
        assert outcome_of(torture(name)) == outcome_of(torture(f"{name}.fixed")) == GOES_ON
        SessionDescription.parse(parsed(name).body)


def test_all_but_lost_framing_is_found_on_a_stream_too():
    broken = {"ncl", "mcl01", "inv2543"}  # inv2543 has no Content-Length
    for path, _, _ in expectations():
        parser = StreamParser()
        results = parser.feed(path.read_bytes())
        if path.stem in ("clerr", "baddn"):
            assert results == []  # waits for the rest
            assert parser.has_partial
        elif path.stem in broken:
            assert parser.is_broken
        elif path.stem not in ("dblreq", "bigcode"):
            assert len(results) == 1, path.name


def test_a_second_request_in_a_datagram_is_ignored():
    message = request("dblreq")
    assert (message.method, message.body) == ("REGISTER", b"")


def test_wsinv_is_read_as_it_is_meant():
    message = request("wsinv")
    assert message.uri.params == (("unknownparam", None),)
    assert message.to.tag == "1918181833n"
    assert (message.from_.display_name, message.from_.tag) == ('J Rosenberg \\"', "98asjd8")
    assert (message.max_forwards, message.cseq.number) == (68, 9)
    assert [(via.transport, via.host, via.branch) for via in message.vias] == [
        ("UDP", "192.0.2.2", "390skdjuw"),
        ("TCP", "spindle.example.com", "z9hG4bK9ikj8"),
        ("UDP", "192.168.255.111", "z9hG4bK30239"),
    ]
    assert message.contact is not None
    assert message.contact.display_name == 'Quoted string ""'
    assert message.contact.params == {"newparam": "newvalue", "secondparam": None, "q": "0.33"}
    assert message.routes[0].uri.params == (
        ("lr", None),
        ("unknownwith", "value"),
        ("unknown-no-value", None),
    )
    assert message.headers.get("NewFangledHeader") == "newfangled value continued newfangled value"
    assert len(message.body) == 150


def test_intmeth_keeps_every_odd_character():
    message = request("intmeth")
    assert message.method == "!interesting-Method0123456789_*+`.%indeed'~"
    assert message.cseq.method == message.method
    assert message.to.display_name == "BEL:\x07 NUL:\x00 DEL:\x7f"
    assert message.from_.display_name == "token1~` token2'+_ token3*%!.-"
    assert message.from_.params["fromparam''~+*_!.-%"] == "работающий"
    assert message.headers.get("extensionHeader-!.%*+_`'~") == "\ufeff大停電"
    assert message.uri.user == "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"
    assert message.uri.password == "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"
    assert message.call_id == "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{"


def test_escapes_are_undone_once_and_only_in_uris():
    message = request("esc01")
    assert (message.uri.user, message.uri.host) == ("sips:user@example.com", "example.net")
    assert message.to.uri.user == "user"
    assert message.from_.uri.user == "I have spaces"
    assert message.contact is not None
    assert message.contact.uri.params == (("lr", None), ("name", "value%41"))
    odd = request("esc02")
    assert odd.method == "RE%47IST%45R"
    assert odd.to.display_name == "%Z%45"
    assert len(odd.contacts) == 2
    assert [contact.uri.user for contact in request("escnull").contacts] == ["\x00", "\x00\x00"]


def test_parameters_belong_where_they_stand():
    assert request("cparam01").contacts[0].params == {"unknownparam": None}
    assert request("cparam02").contacts[0].uri.params == (("unknownparam", None),)
    assert request("regescrt").contacts[0].uri.headers == (("Route", "<sip:sip.example.com>"),)
    assert request("semiuri").uri.user == "user;par=u@example.net"


def test_octets_of_a_binary_body_are_not_cut():
    message = request("mpart01")
    assert len(message.body) == 553
    assert b"\x00" in message.body
    assert message.to_bytes().endswith(message.body)


def test_reasons_are_text_and_may_be_empty():
    unreason, noreason = parsed("unreason"), parsed("noreason")
    assert isinstance(unreason, SipResponse)
    assert isinstance(noreason, SipResponse)
    assert unreason.reason == "= 2**3 * 5**2 но сто девяносто девять - простое"
    assert (noreason.status, noreason.reason) == (100, "")


def test_odd_transports_and_ipv6_vias_are_read():
    assert [via.transport for via in parsed("transports").vias] == [
        "UDP",
        "SCTP",
        "TLS",
        "UNKNOWN",
        "TCP",
    ]
    assert [via.host for via in parsed("mult-ip-in-header").vias] == [
        "2001:db8::9:1",
        "192.0.2.1",
        "2001:db8::9:255",
    ]
    for name in ("via-received-param-with-delim", "via-received-param-no-delim"):
        assert parsed(name).via.received == "2001:db8::9:255"
    assert request("port-ambiguous").uri.port is None
    assert request("port-unambiguous").uri.port == 5070
    assert not parsed("badbranch").via.has_unique_branch


def test_unknown_schemes_are_kept():
    message = request("unksm2")
    assert str(message.to.uri) == "isbn:2983792873"
    assert str(message.from_) == "<http://www.example.com>;tag=3234233"
    assert str(message.contacts[0].uri) == "name:John_Smith"


def test_refusals_carry_what_the_rfc_asks_for():
    assert check_request(request("bext01")) == (
        420,
        [("Unsupported", "nothingSupportsThis, nothingSupportsThisEither")],
    )
    assert check_request(request("invut")) == (415, [("Accept", "application/sdp")])
    refusal = check_request(request("intmeth"))
    assert refusal is not None
    assert refusal[1][0][0] == "Allow"


def test_a_refused_request_is_answered_along_its_vias():
    with pytest.raises(MalformedRequest) as caught:
        parsed("badvers")
    response = make_response(caught.value.request, 505, to_tag="t")
    assert response.via.branch == "z9hG4bKkdjuw"
    assert response.headers.get("To") == "T. Watson <sip:t.watson@example.org>;tag=t"


def test_offers_with_g711_are_answered_and_others_refused():
    for name in ("longreq", "wsinv", "esc01", "inv2543", "baddate", "mult-ip-in-sdp"):
        body = find_sdp(parsed(name))
        assert body is not None
        _, media = make_answer(SessionDescription.parse(body), "198.51.100.1", 5000)
        assert media.codec == "PCMU"
    for name in ("ipv6-in-sdp", "ipv4-mapped-ipv6"):
        body = find_sdp(parsed(name))
        assert body is not None
        with pytest.raises(SdpError) as caught:
            make_answer(SessionDescription.parse(body), "198.51.100.1", 5000)
        assert caught.value.status_hint == 488
