"""Offer and answer with SRTP: what each policy offers, takes and refuses."""

from __future__ import annotations

import pytest

from voicebot.errors import SdpError
from voicebot.gateway.sip.sdp.media_negotiation import (
    LocalMedia,
    MediaNegotiation,
    MediaPolicy,
    check_offer,
)
from voicebot.gateway.sip.sdp.offer_answer import NegotiatedMedia, SessionDescription
from voicebot.gateway.sip.sdp.sdp_crypto import CryptoAttribute, SrtpPolicy

HOST = "198.51.100.1"
HERE, THERE = LocalMedia(HOST, 5000), LocalMedia("192.0.2.1", 4000)
SECRET = bytes(range(30))
CRYPTO = f"a=crypto:{CryptoAttribute(1, 'AES_CM_128_HMAC_SHA1_80', SECRET)}"
PLAIN, SECURE = "m=audio 4000 RTP/AVP 8", "m=audio 4000 RTP/SAVP 8"


def offer(*lines: str) -> bytes:
    head = ["v=0", "o=a 1 2 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0"]
    return "\r\n".join([*head, *lines, ""]).encode()


def side(srtp: SrtpPolicy) -> MediaNegotiation:
    return MediaNegotiation(1, MediaPolicy(srtp=srtp))


def answered(srtp: SrtpPolicy, *lines: str) -> tuple[SessionDescription, NegotiatedMedia]:
    data, media = side(srtp).answer(offer(*lines), HERE)
    return SessionDescription.parse(data), media


@pytest.mark.parametrize("ours", ["off", "optional", "mandatory"])
@pytest.mark.parametrize("theirs", ["off", "optional", "mandatory"])
def test_two_of_us(ours: SrtpPolicy, theirs: SrtpPolicy):
    """Encrypted where both can, in the clear where one can't, nothing where one must."""
    caller, callee = side(ours), side(theirs)
    offered = caller.offer(HERE)
    if {ours, theirs} == {"off", "mandatory"} or (ours, theirs) == ("optional", "mandatory"):
        # A plain m= line with keys is best effort only: who must have SRTP wants RTP/SAVP.
        with pytest.raises(SdpError) as caught:
            callee.answer(offered, THERE)
        assert caught.value.status_hint == 488
        return
    answer, at_callee = callee.answer(offered, THERE)
    at_caller = caller.accept(answer)
    if "off" in (ours, theirs):
        assert at_caller.srtp is at_callee.srtp is None
        return
    assert at_caller.srtp is not None
    assert at_callee.srtp is not None
    assert at_caller.srtp.suite == at_callee.srtp.suite == "AEAD_AES_256_GCM"
    assert at_caller.srtp.local_secret == at_callee.srtp.remote_secret
    assert at_callee.srtp.local_secret == at_caller.srtp.remote_secret


def test_plain_offer_where_srtp_is_mandatory_gets_488():
    for lines in ((PLAIN,), (PLAIN, CRYPTO), (SECURE,), (SECURE, "a=crypto:1 X inline:AAAA")):
        with pytest.raises(SdpError) as caught:
            answered("mandatory", *lines)
        assert caught.value.status_hint == 488
        with pytest.raises(SdpError):  # before a port is taken for it
            check_offer(offer(*lines), HOST, MediaPolicy(srtp="mandatory"))


def test_secure_offer_where_srtp_is_off_gets_488():
    with pytest.raises(SdpError) as caught:
        answered("off", SECURE, CRYPTO)
    assert caught.value.status_hint == 488


def test_keys_on_a_plain_line_are_passed_over_where_srtp_is_off():
    answer, media = answered("off", PLAIN, CRYPTO)
    assert media.srtp is None
    assert b"crypto" not in answer.to_bytes()


@pytest.mark.parametrize("line", [PLAIN, SECURE])
def test_answer_keeps_the_profile_and_the_tag(line: str):
    answer, media = answered("optional", line, CRYPTO.replace(":1 ", ":77 "))
    (audio,) = answer.media
    assert audio.proto == line.split()[2]
    (value,) = [value for name, value in audio.attributes if name == "crypto"]
    assert value is not None
    ours = CryptoAttribute.parse(value)
    assert (ours.tag, ours.suite) == (77, "AES_CM_128_HMAC_SHA1_80")
    assert media.srtp is not None
    assert (media.srtp.local_secret, media.srtp.remote_secret) == (ours.secret, SECRET)


def test_encrypted_one_of_two_lines_is_taken():
    answer, media = answered("optional", PLAIN, "m=audio 4002 RTP/SAVP 8", CRYPTO)
    assert [audio.port for audio in answer.media] == [0, 5000]
    assert (media.remote_port, media.srtp is not None) == (4002, True)
    answer, media = answered("off", "m=audio 4002 RTP/SAVP 8", CRYPTO, PLAIN)
    assert [audio.port for audio in answer.media] == [0, 5000]
    assert (media.remote_port, media.srtp) == (4000, None)


def test_secure_line_without_a_usable_key_gives_way_to_the_plain_one():
    _, media = answered("optional", SECURE, "a=crypto:1 X inline:AAAA", PLAIN.replace("4000", "6"))
    assert (media.remote_port, media.srtp) == (6, None)


def test_offers_of_each_policy():
    protos = {}
    for policy in ("off", "optional", "mandatory"):
        (audio,) = SessionDescription.parse(side(policy).offer(HERE)).media
        protos[policy] = audio.proto, sum(name == "crypto" for name, _ in audio.attributes)
    assert protos == {
        "off": ("RTP/AVP", 0),
        "optional": ("RTP/AVP", 2),
        "mandatory": ("RTP/SAVP", 2),
    }


@pytest.mark.parametrize(
    "lines",
    [
        (PLAIN,),
        (PLAIN, CRYPTO.replace(":1 ", ":2 ")),
        (SECURE,),
        (SECURE, CRYPTO),  # tag 1 was another suite
    ],
)
def test_answer_that_leaves_out_mandatory_encryption_ends_the_call(lines: tuple[str, ...]):
    caller = side("mandatory")
    caller.offer(HERE)
    with pytest.raises(SdpError) as caught:
        caller.accept(offer(*lines))
    assert caught.value.status_hint == 488


def test_secure_answer_to_a_plain_offer_is_refused():
    caller = side("off")
    caller.offer(HERE)
    with pytest.raises(SdpError):
        caller.accept(offer(SECURE, CRYPTO))


def test_plain_answer_to_best_effort_is_plain():
    caller = side("optional")
    caller.offer(HERE)
    assert caller.accept(offer(PLAIN)).srtp is None


def test_re_invite_keeps_our_key_and_takes_their_new_one():
    callee = side("mandatory")
    first_answer, first = callee.answer(offer(SECURE, CRYPTO), HERE)
    same_answer, same = callee.answer(offer(SECURE, CRYPTO), HERE)
    assert same_answer == first_answer  # nothing changed, not even the version
    assert same == first
    rekeyed = f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 {CRYPTO.split()[-1].replace('AAEC', 'BBEC')}"
    _, changed = callee.answer(offer(SECURE, rekeyed), HERE)
    assert first.srtp is not None
    assert changed.srtp is not None
    assert changed.srtp.local_secret == first.srtp.local_secret
    assert changed.srtp.remote_secret != first.srtp.remote_secret


def test_our_own_re_invite_offers_the_agreed_key_alone():
    caller, callee = side("mandatory"), side("mandatory")
    answer, _ = callee.answer(caller.offer(HERE), THERE)
    before = caller.accept(answer)
    again = caller.offer(HERE)
    assert again.count(b"a=crypto") == 1
    answer, _ = callee.answer(again, THERE)
    assert caller.accept(answer).srtp == before.srtp
    from_other_side = callee.offer(THERE)
    answer, after = caller.answer(from_other_side, HERE)
    assert after.srtp == before.srtp
    assert callee.accept(answer).srtp is not None


def test_rtcp_on_the_media_port_is_accepted_where_it_is_offered():
    answer, media = answered("off", PLAIN, "a=rtcp-mux")
    assert media.is_rtcp_muxed
    assert ("rtcp-mux", None) in answer.media[0].attributes
    answer, media = answered("off", PLAIN)
    assert not media.is_rtcp_muxed
    assert ("rtcp-mux", None) not in answer.media[0].attributes


def test_rtcp_on_the_media_port_that_was_not_offered_is_not_believed():
    caller = side("off")
    caller.offer(HERE)
    assert not caller.accept(offer(PLAIN, "a=rtcp-mux")).is_rtcp_muxed
