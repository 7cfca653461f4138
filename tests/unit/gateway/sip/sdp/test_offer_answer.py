import pytest

from voicebot.errors import SdpError
from voicebot.gateway.sip.sdp.offer_answer import (
    NegotiatedMedia,
    SessionDescription,
    accept_answer,
    make_answer,
    make_offer,
)
from voicebot.gateway.sip.sdp.session_description import Encoding

HEAD = "v=0\r\no=anna 1 2 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=5 9\r\n"


def offer(*media_lines: str) -> SessionDescription:
    return SessionDescription.parse("\r\n".join([HEAD.rstrip(), *media_lines, ""]).encode())


def answer_to(*media_lines: str, **wishes) -> tuple[SessionDescription, NegotiatedMedia]:
    data, media = make_answer(offer(*media_lines), "198.51.100.1", 5000, **wishes)
    return SessionDescription.parse(data), media


def refusal_of(*media_lines: str, **wishes) -> int:
    with pytest.raises(SdpError) as caught:
        answer_to(*media_lines, **wishes)
    return caught.value.status_hint


def test_an_offer_names_our_codecs_in_order_and_keys():
    ours = SessionDescription.parse(
        make_offer("2001:db8::1", 4000, ("PCMU", "PCMA"), session_id=11, version=3)
    )
    (audio,) = ours.media
    assert audio.payload_types == [0, 8, 101]
    assert audio.encodings[101] == Encoding("TELEPHONE-EVENT", 8000)
    assert audio.fmtp == {101: "0-16"}
    assert (audio.ptime_ms, ours.direction_of(audio)) == (20, "sendrecv")
    assert (ours.address, ours.origin.session_id, ours.origin.version) == ("2001:db8::1", "11", "3")
    assert "c=IN IP6 2001:db8::1" in str(ours)


def test_the_first_common_codec_of_the_offer_is_taken_with_its_numbers():
    answer, media = answer_to(
        "m=audio 4000 RTP/AVP 18 97 0 96",
        "a=rtpmap:97 pcma/8000",
        "a=rtpmap:96 telephone-event/8000",
        "a=fmtp:96 0-15",
        "a=ptime:40",
    )
    assert media == NegotiatedMedia(
        remote_address="192.0.2.1",
        remote_port=4000,
        codec="PCMA",
        payload_type=97,
        dtmf_payload_type=96,
        direction="sendrecv",
        remote_rtcp=("192.0.2.1", 4001),
        ptime_ms=40,
    )
    (audio,) = answer.media
    assert audio.payload_types == [97, 96]
    assert audio.encodings[97] == Encoding("PCMA", 8000)
    assert audio.fmtp == {96: "0-16"}
    assert audio.ptime_ms == 20
    assert (audio.port, answer.address, answer.timing) == (5000, "198.51.100.1", "5 9")


def test_static_payload_types_need_no_rtpmap():
    _, media = answer_to("m=audio 4000 RTP/AVP 0 8")
    assert (media.codec, media.payload_type, media.dtmf_payload_type) == ("PCMU", 0, None)
    _, media = answer_to("m=audio 4000 RTP/AVP 0 8", codecs=("PCMA",))
    assert (media.codec, media.payload_type) == ("PCMA", 8)


@pytest.mark.parametrize(
    "media_line",
    [
        "m=audio 4000 RTP/AVP 18",
        "m=audio 4000 RTP/SAVP 0",
        "m=audio 4000 UDP/TLS/RTP/SAVPF 0",
        "m=audio 0 RTP/AVP 0",
        "m=video 4000 RTP/AVP 0",
        "m=audio 4000 RTP/AVP 96",
        "m=audio 4000 RTP/AVP 200",
    ],
)
def test_nothing_in_common_is_not_acceptable(media_line):
    assert refusal_of(media_line) == 488
    assert refusal_of() == 488


def test_g711_at_another_rate_is_another_codec():
    assert refusal_of("m=audio 4000 RTP/AVP 96", "a=rtpmap:96 PCMA/16000") == 488
    assert refusal_of("m=audio 4000 RTP/AVP 96", "a=rtpmap:96 PCMA/8000/2") == 488
    assert refusal_of("m=audio 4000 RTP/AVP 0", "a=rtpmap:0 G729/8000") == 488


def test_other_media_are_refused_in_their_place():
    answer, media = answer_to(
        "m=video 3000 RTP/AVP 31",
        "a=rtpmap:31 LPC/90000",
        "m=audio 4000 RTP/SAVP 0",
        "m=audio 4002 RTP/AVP 8",
        "m=audio 4004 RTP/AVP 8",
        "m=message 5/2 TCP/MSRP *",
    )
    assert media.remote_port == 4002
    assert [(m.kind, m.port, m.proto) for m in answer.media] == [
        ("video", 0, "RTP/AVP"),
        ("audio", 0, "RTP/SAVP"),
        ("audio", 5000, "RTP/AVP"),
        ("audio", 0, "RTP/AVP"),
        ("message", 0, "TCP/MSRP"),
    ]
    assert answer.media[0].formats == ("31",)
    assert answer.media[0].attributes == ()


@pytest.mark.parametrize(
    ("theirs", "wanted", "ours"),
    [
        ("sendrecv", "sendrecv", "sendrecv"),
        ("sendonly", "sendrecv", "recvonly"),
        ("recvonly", "sendrecv", "sendonly"),
        ("inactive", "sendrecv", "inactive"),
        ("sendrecv", "sendonly", "sendonly"),
        ("sendonly", "sendonly", "inactive"),
    ],
)
def test_the_direction_is_mirrored_and_no_more_than_wanted(theirs, wanted, ours):
    answer, media = answer_to("m=audio 4000 RTP/AVP 0", f"a={theirs}", direction=wanted)
    assert media.direction == ours
    assert answer.direction_of(answer.media[0]) == ours
    assert media.may_send is (ours in ("sendrecv", "sendonly"))
    assert media.may_receive is (ours in ("sendrecv", "recvonly"))


def test_the_direction_of_the_session_holds_where_the_media_has_none():
    description = SessionDescription.parse(
        (HEAD + "a=sendonly\r\nm=audio 4000 RTP/AVP 0\r\n").encode()
    )
    _, media = make_answer(description, "198.51.100.1", 5000)
    assert media.direction == "recvonly"


def test_the_old_way_to_hold_stops_our_audio():
    _, media = answer_to("m=audio 4000 RTP/AVP 0", "c=IN IP4 0.0.0.0")
    assert (media.direction, media.remote_address, media.remote_rtcp) == (
        "recvonly",
        "0.0.0.0",
        None,
    )


def test_ipv6_is_answered_over_ipv6_and_mapped_addresses_count_as_ipv4():
    description = offer("m=audio 4000 RTP/AVP 0", "c=IN IP6 2001:db8::7")
    _, media = make_answer(description, "2001:db8::1", 5000)
    assert media.remote_address == "2001:db8::7"
    _, media = answer_to("m=audio 4000 RTP/AVP 0", "c=IN IP6 ::ffff:192.0.2.2")
    assert media.remote_address == "192.0.2.2"


@pytest.mark.parametrize(
    "address",
    [
        "IP4 phone.example.com",
        "IP4 224.2.0.1/127",
        "IP4 255.255.255.255",
        "IP6 ff02::1",
        "IP6 2001:db8::7",
        "IP6 ::ffff:224.0.0.1",
    ],
)
def test_addresses_that_take_no_phone_call_are_not_acceptable(address):
    assert refusal_of("m=audio 4000 RTP/AVP 0", f"c=IN {address}") == 488


def test_media_without_any_address_is_malformed():
    description = SessionDescription.parse(
        b"v=0\r\no=a 1 2 IN IP4 h\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
    )
    with pytest.raises(SdpError) as caught:
        make_answer(description, "198.51.100.1", 5000)
    assert caught.value.status_hint == 400


@pytest.mark.parametrize(
    ("line", "rtcp"),
    [
        ("a=rtcp:4010", ("192.0.2.1", 4010)),
        ("a=rtcp:4010 IN IP4 192.0.2.9", ("192.0.2.9", 4010)),
        ("a=rtcp:4010 IN IP4 224.0.0.1", None),
        ("a=rtcp:0", ("192.0.2.1", 4001)),
    ],
)
def test_reports_go_where_the_description_says(line, rtcp):
    _, media = answer_to("m=audio 4000 RTP/AVP 0", line)
    assert media.remote_rtcp == rtcp


def test_there_is_no_port_for_reports_above_the_last():
    _, media = answer_to("m=audio 65535 RTP/AVP 0")
    assert media.remote_rtcp is None


def test_an_absurd_ptime_is_not_followed():
    _, media = answer_to("m=audio 4000 RTP/AVP 0", "a=ptime:9000")
    assert media.ptime_ms == 20


def test_both_sides_of_a_negotiation_agree():
    data = make_offer("198.51.100.1", 5000, session_id=1)
    reply, theirs = make_answer(
        SessionDescription.parse(data), "198.51.100.2", 6000, ("PCMU",), session_id=2
    )
    ours = accept_answer(data, SessionDescription.parse(reply))
    assert (ours.codec, theirs.codec) == ("PCMU", "PCMU")
    assert (ours.payload_type, theirs.payload_type) == (0, 0)
    assert (ours.dtmf_payload_type, theirs.dtmf_payload_type) == (101, 101)
    assert (ours.remote_address, ours.remote_port) == ("198.51.100.2", 6000)
    assert (theirs.remote_address, theirs.remote_port) == ("198.51.100.1", 5000)


def test_an_answer_with_numbers_of_its_own_is_understood():
    data = make_offer("198.51.100.1", 5000)
    media = accept_answer(
        data,
        offer(
            "m=audio 4000 RTP/AVP 98 99",
            "a=rtpmap:98 PCMU/8000",
            "a=rtpmap:99 telephone-event/8000",
            "a=recvonly",
        ),
    )
    # We send with its number; its keys come with ours.
    assert (media.codec, media.payload_type, media.dtmf_payload_type) == ("PCMU", 98, 101)
    assert media.direction == "sendonly"


def test_an_answer_may_leave_out_the_meaning_of_our_numbers():
    data = make_offer("198.51.100.1", 5000)
    media = accept_answer(data, offer("m=audio 4000 RTP/AVP 8 101"))
    assert (media.codec, media.dtmf_payload_type) == ("PCMA", 101)
    assert accept_answer(data, offer("m=audio 4000 RTP/AVP 8")).dtmf_payload_type is None


@pytest.mark.parametrize(
    "media_lines",
    [
        ["m=audio 0 RTP/AVP 8"],
        ["m=audio 4000 RTP/AVP 18"],
        ["m=audio 4000 RTP/AVP 0"],  # not offered
        ["m=audio 4000 RTP/SAVP 8"],
        ["m=audio 4000 RTP/AVP 8", "m=video 4002 RTP/AVP 31"],
        [],
        ["m=audio 4000 RTP/AVP 8", "c=IN IP6 2001:db8::1"],
    ],
)
def test_an_answer_that_accepts_nothing_of_ours_is_refused(media_lines):
    data = make_offer("198.51.100.1", 5000, ("PCMA",))
    with pytest.raises(SdpError) as caught:
        accept_answer(data, offer(*media_lines))
    assert caught.value.status_hint == 488


def test_a_later_offer_keeps_the_media_that_were_refused():
    answer, _ = answer_to("m=video 3000 RTP/AVP 31", "m=audio 4000 RTP/AVP 8")
    again = SessionDescription.parse(make_offer("198.51.100.1", 5000, version=1, previous=answer))
    assert [(m.kind, m.port) for m in again.media] == [("video", 0), ("audio", 5000)]
    media = accept_answer(again, offer("m=video 0 RTP/AVP 31", "m=audio 4000 RTP/AVP 8"))
    assert media.remote_port == 4000


def test_a_later_offer_keeps_the_number_of_keys():
    answer, _ = answer_to("m=audio 4000 RTP/AVP 8 96", "a=rtpmap:96 telephone-event/8000")
    again = SessionDescription.parse(make_offer("198.51.100.1", 5000, version=1, previous=answer))
    assert again.media[0].payload_types == [8, 0, 96]
    answer, _ = answer_to("m=audio 4000 RTP/AVP 0 8", "a=rtpmap:8 telephone-event/8000")
    again = SessionDescription.parse(make_offer("198.51.100.1", 5000, version=1, previous=answer))
    assert again.media[0].payload_types == [8, 0, 101]


def test_comfort_noise_is_taken_where_it_is_offered():
    answer, media = answer_to("m=audio 4000 RTP/AVP 13 0 101", "a=rtpmap:101 telephone-event/8000")
    assert media.codec == "PCMU"
    assert answer.media[0].payload_types == [0, 13, 101]
    assert answer.media[0].rtpmap[13] == Encoding("CN", 8000)
    answer, _ = answer_to("m=audio 4000 RTP/AVP 0")
    assert 13 not in answer.media[0].payload_types
    ours = SessionDescription.parse(make_offer("192.0.2.9", 4000))
    assert 13 not in ours.media[0].payload_types
