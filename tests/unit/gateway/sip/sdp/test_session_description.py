import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.errors import SdpError
from voicebot.gateway.sip.sdp.session_description import (
    MAX_FORMATS,
    MAX_LINES,
    MAX_MEDIA,
    MAX_SDP_BYTES,
    Encoding,
    MediaDescription,
    Origin,
    SessionDescription,
)

HEAD = "v=0\r\no=anna 1 2 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"

_word = st.text(string.ascii_letters + string.digits, min_size=1, max_size=8)
_line = (
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
    .map(str.strip)
    .filter(bool)
)
_address = st.ip_addresses(v=4).map(str) | st.ip_addresses(v=6).map(str) | _word
_attributes = st.lists(st.tuples(_word.map(str.lower), st.none() | _line), max_size=4).map(tuple)
_media = st.builds(
    MediaDescription,
    kind=_word.map(str.lower),
    port=st.integers(0, 65535),
    proto=_word,
    formats=st.lists(_word, min_size=1, max_size=4).map(tuple),
    address=st.none() | _address,
    attributes=_attributes,
    n_ports=st.integers(1, 9),
)
_descriptions = st.builds(
    SessionDescription,
    origin=st.builds(Origin, _word, _word, _word, _address),
    address=st.none() | _address,
    media=st.lists(_media, max_size=3).map(tuple),
    attributes=_attributes,
    name=_line,
    timing=st.just("3149328700 0"),
)


def parse(text: str) -> SessionDescription:
    return SessionDescription.parse(text.encode())


@given(_descriptions)
def test_a_description_survives_writing_and_reading(description):
    assert SessionDescription.parse(description.to_bytes()) == description


def test_all_that_concerns_audio_is_read():
    description = parse(
        HEAD + "a=recvonly\r\nm=audio 4000/2 RTP/AVP 96 0 101\r\ni=x\r\nc=IN IP6 2001:db8::1\r\n"
        "b=AS:64\r\na=rtpmap:96 pcma/8000/1\r\na=rtpmap:101 telephone-event/8000\r\n"
        "a=fmtp:101 0-15\r\na=ptime:30\r\na=rtcp:4005 IN IP4 192.0.2.7\r\na=sendonly\r\n"
        "m=video 6024 RTP/AVP 107\r\n"
    )
    audio, video = description.media
    assert description.origin == Origin("anna", "1", "2", "192.0.2.1")
    assert (audio.kind, audio.port, audio.n_ports, audio.proto) == ("audio", 4000, 2, "RTP/AVP")
    assert audio.payload_types == [96, 0, 101]
    assert audio.rtpmap == {96: Encoding("PCMA", 8000), 101: Encoding("TELEPHONE-EVENT", 8000)}
    assert audio.encodings[0] == Encoding("PCMU", 8000)
    assert list(audio.encodings) == [96, 0, 101]
    assert audio.fmtp == {101: "0-15"}
    assert (audio.ptime_ms, audio.rtcp) == (30, ("192.0.2.7", 4005))
    assert description.address_of(audio) == "2001:db8::1"
    assert description.direction_of(audio) == "sendonly"
    assert description.address_of(video) == "192.0.2.1"
    assert description.direction_of(video) == "recvonly"


def test_what_does_not_concern_audio_may_be_missing_or_odd():
    description = parse("v=0\no=a 1 2 IN IP4 h\nz=0 0\nm=audio 4000 RTP/AVP 0\na=rtpmap:0\na=\n")
    assert description.timing == "0 0"
    assert description.media[0].rtpmap == {}
    assert description.direction_of(description.media[0]) == "sendrecv"
    assert parse(HEAD).media == ()


@pytest.mark.parametrize("value", ["", "x", "0", "-20", "99999", "٢٠"])
def test_an_unreadable_ptime_counts_as_none(value):
    description = parse(f"{HEAD}m=audio 4 RTP/AVP 0\r\na=ptime:{value}\r\n")
    assert description.media[0].ptime_ms is None


@pytest.mark.parametrize("value", ["0", "70000", "x", "4000x"])
def test_an_unreadable_rtcp_counts_as_none(value):
    description = parse(f"{HEAD}m=audio 4 RTP/AVP 0\r\na=rtcp:{value}\r\n")
    assert description.media[0].rtcp is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n",
        b"v=1\r\n",
        b"o=a 1 2 IN IP4 h\r\nv=0\r\n",
        b"v=0\r\n",
        b"v=0\r\no=a 1 2 IN IP4\r\n",
        HEAD.encode() + b"m =video 3227 RTP/AVP 31\r\n",
        HEAD.encode() + b"?=x\r\n",
        HEAD.encode() + b"a=x\x00y\r\n",
        HEAD.encode() + b"c=IN IP4\r\n",
        HEAD.encode() + b"c=IN ATM x\r\n",
        HEAD.encode() + b"c=IN IP4 a b\r\n",
        HEAD.encode() + b"m=audio 65536 RTP/AVP 0\r\n",
        HEAD.encode() + b"m=audio 999999 RTP/AVP 0\r\n",
        HEAD.encode() + b"m=audio -1 RTP/AVP 0\r\n",
        HEAD.encode() + b"m=audio 4/0 RTP/AVP 0\r\n",
        HEAD.encode() + b"m=audio 4 RTP/AVP\r\n",
        HEAD.encode() + b"m=audio 4 RTP/AVP 0\r\n" * (MAX_MEDIA + 1),
        HEAD.encode() + b"m=audio 4 RTP/AVP" + b" 0" * (MAX_FORMATS + 1) + b"\r\n",
        HEAD.encode() + b"a=x\r\n" * MAX_LINES,
        HEAD.encode() + b"a=" + b"x" * MAX_SDP_BYTES,
    ],
)
def test_malformed_descriptions_are_refused(data):
    with pytest.raises(SdpError):
        SessionDescription.parse(data)
