"""G.722, Opus and keys in offers and answers: numbers, clocks, parameters, order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.errors import SdpError
from voicebot.gateway.sip.sdp.media_negotiation import LocalMedia, MediaNegotiation, MediaPolicy
from voicebot.gateway.sip.sdp.offer_answer import (
    NegotiatedMedia,
    accept_answer,
    make_answer,
    make_offer,
)
from voicebot.gateway.sip.sdp.session_description import Encoding, SessionDescription

ALL = ("opus", "G722", "PCMA", "PCMU")
HEAD = "v=0\r\no=a 1 2 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"


def described(*lines: str) -> SessionDescription:
    return SessionDescription.parse((HEAD + "\r\n".join([*lines, ""])).encode())


def answer_to(*lines: str, codecs=ALL) -> tuple[SessionDescription, NegotiatedMedia]:
    data, media = make_answer(described(*lines), "198.51.100.1", 5000, codecs)
    return SessionDescription.parse(data), media


def test_offer_of_all_codecs():
    ours = SessionDescription.parse(make_offer("192.0.2.9", 4000, ALL))
    (audio,) = ours.media
    assert audio.payload_types == [96, 9, 8, 0, 101, 102]
    assert audio.rtpmap[96] == Encoding("OPUS", 48000, 2)
    assert audio.rtpmap[9] == Encoding("G722", 8000)
    assert audio.rtpmap[101] == Encoding("TELEPHONE-EVENT", 8000)
    assert audio.rtpmap[102] == Encoding("TELEPHONE-EVENT", 48000)
    assert audio.fmtp[96] == (
        "maxplaybackrate=8000;sprop-maxcapturerate=8000;useinbandfec=1;usedtx=0"
    )
    assert "a=rtpmap:96 opus/48000/2\r\n" in str(ours)


def test_keys_of_48_khz_are_offered_with_opus_alone():
    (audio,) = SessionDescription.parse(make_offer("192.0.2.9", 4000, ("G722", "PCMA"))).media
    assert audio.payload_types == [9, 8, 101]


def test_answer_takes_their_first_and_their_numbers():
    answer, media = answer_to(
        "m=audio 4000 RTP/AVP 111 9 8 110 126",
        "a=rtpmap:111 opus/48000/2",
        "a=fmtp:111 minptime=10;useinbandfec=1",
        "a=rtpmap:110 telephone-event/48000",
        "a=rtpmap:126 telephone-event/8000",
    )
    assert (media.codec, media.payload_type) == ("opus", 111)
    assert (media.dtmf_payload_type, media.dtmf_clock_rate) == (110, 48000)
    (audio,) = answer.media
    assert audio.payload_types == [111, 110]
    assert audio.rtpmap[111] == Encoding("OPUS", 48000, 2)


def test_g722_needs_no_rtpmap_and_has_keys_of_8_khz():
    _, media = answer_to(
        "m=audio 4000 RTP/AVP 9 0 110 126",
        "a=rtpmap:110 telephone-event/48000",
        "a=rtpmap:126 telephone-event/8000",
    )
    assert (media.codec, media.payload_type) == ("G722", 9)
    assert (media.dtmf_payload_type, media.dtmf_clock_rate) == (126, 8000)


def test_opus_with_keys_of_8_khz_alone():
    _, media = answer_to(
        "m=audio 4000 RTP/AVP 96 101",
        "a=rtpmap:96 OPUS/48000/2",
        "a=rtpmap:101 telephone-event/8000",
    )
    assert (media.codec, media.dtmf_payload_type, media.dtmf_clock_rate) == ("opus", 101, 8000)


@pytest.mark.parametrize("rtpmap", ["opus/48000", "opus/16000/2", "opus/48000/1", "G722/16000"])
def test_other_clocks_and_channels_are_other_codecs(rtpmap):
    with pytest.raises(SdpError):
        answer_to("m=audio 4000 RTP/AVP 96", f"a=rtpmap:96 {rtpmap}")


def test_what_we_do_not_want_is_passed_over():
    _, media = answer_to(
        "m=audio 4000 RTP/AVP 96 9 8", "a=rtpmap:96 opus/48000/2", codecs=("PCMA",)
    )
    assert media.codec == "PCMA"


@pytest.mark.parametrize(
    ("lines", "ptime_ms"),
    [
        ((), 20),
        (("a=ptime:40",), 40),
        (("a=ptime:60", "a=maxptime:40"), 40),
        (("a=maxptime:10",), 10),
        (("a=ptime:5",), 20),
        (("a=maxptime:0",), 20),
        (("a=ptime:1000",), 20),
    ],
)
def test_packets_as_they_wish(lines, ptime_ms):
    assert answer_to("m=audio 4000 RTP/AVP 8", *lines)[1].ptime_ms == ptime_ms


@given(st.permutations(ALL), st.integers(1, 4), st.permutations(ALL), st.integers(1, 4))
def test_two_of_us_agree_on_the_same(theirs, n_theirs, ours, n_ours):
    offer = make_offer("192.0.2.1", 4000, theirs[:n_theirs])
    common = [codec for codec in theirs[:n_theirs] if codec in ours[:n_ours]]
    description = SessionDescription.parse(offer)
    if not common:
        with pytest.raises(SdpError):
            make_answer(description, "192.0.2.2", 5000, ours[:n_ours])
        return
    answer, at_answerer = make_answer(description, "192.0.2.2", 5000, ours[:n_ours])
    at_offerer = accept_answer(offer, answer)
    for media in (at_answerer, at_offerer):
        assert media.codec == common[0]
        assert media.dtmf_clock_rate == (48000 if common[0] == "opus" else 8000)
    assert at_answerer.payload_type == at_offerer.payload_type
    assert at_answerer.dtmf_payload_type == at_offerer.dtmf_payload_type


def test_numbers_keep_their_meaning_in_later_offers():
    negotiation = MediaNegotiation(1, MediaPolicy(("opus", "PCMA")))
    local = LocalMedia("192.0.2.9", 4000)
    theirs = described(
        "m=audio 4000 RTP/AVP 101 96",
        "a=rtpmap:101 opus/48000/2",
        "a=rtpmap:96 telephone-event/48000",
    )
    negotiation.answer(theirs.to_bytes(), local)
    (audio,) = SessionDescription.parse(negotiation.offer(local)).media
    assert audio.rtpmap[101] == Encoding("OPUS", 48000, 2)
    assert audio.rtpmap[96] == Encoding("TELEPHONE-EVENT", 48000)
    # 101 is taken, so keys of 8 kHz get another number.
    events = [n for n, e in audio.rtpmap.items() if e == Encoding("TELEPHONE-EVENT", 8000)]
    assert len(events) == 1
    assert events[0] not in (96, 101)


def test_codec_changes_in_a_re_invite():
    negotiation = MediaNegotiation(1, MediaPolicy(ALL))
    local = LocalMedia("192.0.2.9", 4000)
    codecs = []
    for lines in (
        ("m=audio 4000 RTP/AVP 8 101", "a=rtpmap:101 telephone-event/8000"),
        ("m=audio 4000 RTP/AVP 96", "a=rtpmap:96 opus/48000/2"),
        ("m=audio 4000 RTP/AVP 9 8",),
    ):
        _, media = negotiation.answer(described(*lines).to_bytes(), local)
        codecs.append(media.codec)
    assert codecs == ["PCMA", "opus", "G722"]
