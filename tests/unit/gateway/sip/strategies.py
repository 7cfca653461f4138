"""Generated SIP values for `parse(str(x)) == x`."""

from __future__ import annotations

import string

from hypothesis import strategies as st

from voicebot.gateway.sip.messages.message import Headers, SipRequest, SipResponse
from voicebot.gateway.sip.messages.uri import CSeq, NameAddr, SipUri, Via

# Any character, but no surrogates: those stand for octets that are no UTF-8.
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
some_text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
# What a header value can hold: no line ends.
line = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=12)
token = st.text(string.ascii_letters + string.digits + "-.!%*_+`'~", min_size=1, max_size=8)
lower_token = token.map(str.lower)
ports = st.none() | st.integers(1, 65535)
hosts = (
    st.from_regex(r"[a-z0-9]([a-z0-9\-]{0,5}[a-z0-9])?(\.[a-z]{1,4}){0,2}", fullmatch=True)
    | st.ip_addresses(v=4).map(str)
    | st.ip_addresses(v=6).map(str)
)


@st.composite
def sip_uris(draw: st.DrawFn) -> SipUri:
    user = draw(text)
    names = st.text(string.ascii_lowercase + "é;=?% ", min_size=1, max_size=6)
    return SipUri(
        scheme=draw(st.sampled_from(["sip", "sips"])),
        user=user,
        host=draw(hosts),
        port=draw(ports),
        params=tuple(draw(st.dictionaries(names, st.none() | text, max_size=3)).items()),
        headers=tuple(draw(st.lists(st.tuples(some_text, text), max_size=3))),
        password=draw(st.none() | text) if user else None,
    )


other_uris = st.builds(
    SipUri,
    scheme=st.sampled_from(["isbn", "soap.beep", "mailto"]),
    opaque=st.text(string.ascii_letters + "/:@;?=", min_size=1, max_size=12),
)

parameters = st.dictionaries(lower_token, st.none() | line, max_size=3)

name_addrs = st.builds(
    NameAddr,
    display_name=line,
    uri=sip_uris() | other_uris,
    params=parameters,
)

vias = st.builds(Via, transport=token.map(str.upper), host=hosts, port=ports, params=parameters)

cseqs = st.builds(CSeq, number=st.integers(0, 2**32 - 1), method=token)

_core_names = {"via", "from", "to", "call-id", "cseq", "content-length", *"vftil"}
_extra_fields = st.tuples(
    token.filter(lambda name: name.lower() not in _core_names and len(name) > 1),
    line.map(lambda value: value.strip(" \t")),
)


@st.composite
def headers(draw: st.DrawFn, method: str, body: bytes) -> Headers:
    pairs = [("Via", str(via)) for via in draw(st.lists(vias, min_size=1, max_size=3))]
    pairs += [
        ("From", str(draw(name_addrs))),
        ("To", str(draw(name_addrs))),
        ("Call-ID", draw(token)),
        ("CSeq", str(CSeq(draw(st.integers(0, 2**31)), method))),
    ]
    pairs += draw(st.lists(_extra_fields, max_size=4))
    pairs = draw(st.permutations(pairs))
    return Headers([*pairs, ("Content-Length", str(len(body)))])


@st.composite
def requests(draw: st.DrawFn) -> SipRequest:
    method, body = draw(token), draw(st.binary(max_size=40))
    return SipRequest(method, draw(sip_uris()), draw(headers(method, body)), body)


@st.composite
def responses(draw: st.DrawFn) -> SipResponse:
    body = draw(st.binary(max_size=40))
    return SipResponse(
        draw(st.integers(100, 699)), draw(line), draw(headers(draw(token), body)), body
    )
