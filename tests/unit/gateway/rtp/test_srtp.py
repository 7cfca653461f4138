from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.gateway.rtp.packet import RtpPacket, build_packet
from voicebot.gateway.rtp.rtcp import Bye, ReceiverReport, build_compound
from voicebot.gateway.rtp.srtp import SrtpContext
from voicebot.gateway.rtp.srtp_keys import SUITES, SrtpKeys

CM_80 = "AES_CM_128_HMAC_SHA1_80"
REPORT = build_compound([ReceiverReport(7), Bye((7,))])


def secret(number: int, suite: str = CM_80) -> bytes:
    return bytes([number]) * SUITES[suite].secret_bytes


def pair(suite: str = CM_80) -> tuple[SrtpContext, SrtpContext]:
    one, other = secret(1, suite), secret(2, suite)
    return SrtpContext(SrtpKeys(suite, one, other)), SrtpContext(SrtpKeys(suite, other, one))


def packet(number: int, ssrc: int = 7, payload: bytes = b"\xd5" * 160) -> bytes:
    return build_packet(RtpPacket(8, number & 0xFFFF, number * 160 & 0xFFFFFFFF, ssrc, payload))


def sealed(context: SrtpContext, *args, **fields) -> bytes:
    datagram = context.protect(packet(*args, **fields))
    assert datagram is not None
    return datagram


@pytest.mark.parametrize("suite", SUITES)
def test_what_one_encrypts_the_other_reads(suite: str):
    one, other = pair(suite)
    for number in range(5):
        datagram = sealed(one, number)
        assert b"\xd5" * 8 not in datagram
        assert other.unprotect(datagram) == packet(number)
    report = one.protect_rtcp(REPORT)
    assert report is not None
    assert REPORT[8:] not in report
    assert other.unprotect_rtcp(report) == REPORT
    assert (one.refused_packets, other.refused_packets) == (0, 0)


def test_tag_has_the_length_of_its_suite():
    lengths = {suite: len(sealed(pair(suite)[0], 1)) - len(packet(1)) for suite in SUITES}
    assert lengths == {
        "AEAD_AES_256_GCM": 16,
        "AEAD_AES_128_GCM": 16,
        "AES_CM_128_HMAC_SHA1_80": 10,
        "AES_CM_128_HMAC_SHA1_32": 4,
    }


def test_key_stream_is_that_of_the_rfc():
    """RFC 3711 B.3 gives the session keys of this master key; AES in counter mode (4.1.1) over
    them was worked out apart from libsrtp."""
    master = bytes.fromhex("E1F97A0D3E018BE0D64FA32C06DE41390EC675AD498AFEEBB6960B3AABE6")
    datagram = SrtpContext(SrtpKeys(CM_80, master, secret(9))).protect(
        build_packet(RtpPacket(8, 0, 0, 0, bytes(16)))
    )
    assert datagram is not None
    assert datagram[12:28].hex() == "fa63bc4668685b65f8fa1ce3909cead5"


@pytest.mark.parametrize("suite", SUITES)
def test_every_changed_bit_is_noticed(suite: str):
    one, other = pair(suite)
    datagram = sealed(one, 1, payload=b"ab")
    for position in range(len(datagram) * 8):
        damaged = bytearray(datagram)
        damaged[position // 8] ^= 1 << position % 8
        assert other.unprotect(bytes(damaged)) is None
    assert other.refused_packets == len(datagram) * 8
    assert other.unprotect(datagram) == packet(1, payload=b"ab")


def test_packet_counts_once_only():
    one, other = pair()
    datagrams = [sealed(one, number) for number in range(50)]
    for datagram in datagrams:
        assert other.unprotect(datagram) is not None
    for datagram in datagrams:
        assert other.unprotect(datagram) is None
    assert other.refused_packets == 50


def test_packets_may_come_out_of_order():
    one, other = pair()
    datagrams = [sealed(one, number) for number in range(300)]
    assert all(other.unprotect(datagram) is not None for datagram in reversed(datagrams))


def test_sequence_numbers_may_wrap():
    one, other = pair()
    for number in range(65500, 65600):
        assert other.unprotect(sealed(one, number)) == packet(number)


def test_plain_packets_do_not_get_in():
    _, other = pair()
    assert other.unprotect(packet(1)) is None
    assert other.unprotect(REPORT) is None
    assert other.unprotect_rtcp(REPORT) is None
    assert other.refused_packets == 3


def test_what_we_sent_is_not_taken_back():
    one, _ = pair()
    assert one.unprotect(sealed(one, 1)) is None


def test_stranger_with_a_key_of_his_own_is_refused():
    one, other = pair()
    stranger = SrtpContext(SrtpKeys(CM_80, secret(3), secret(4)))
    assert other.unprotect(sealed(one, 1)) is not None
    for number in range(2, 30):
        assert other.unprotect(sealed(stranger, number)) is None
    assert other.unprotect(sealed(one, 2)) is not None


def test_other_side_may_change_its_ssrc():
    one, other = pair()
    for number, ssrc in enumerate((7, 7, 8, 9, 7)):
        assert other.unprotect(sealed(one, number, ssrc)) == packet(number, ssrc)


def test_reports_on_the_media_port_are_told_apart():
    one, other = pair()
    report = one.protect_rtcp(REPORT)
    assert report is not None
    assert other.unprotect(report) == REPORT


def test_same_keys_again_change_nothing():
    one, other = pair()
    for number in range(65530, 65540):  # past a wrap: a new context would not know the rollover
        datagram = sealed(one, number)
        assert other.unprotect(datagram) is not None
    other.rekey(SrtpKeys(CM_80, secret(2), secret(1)))
    one.rekey(SrtpKeys(CM_80, secret(1), secret(2)))
    assert other.unprotect(datagram) is None  # still known as seen before
    assert other.unprotect(sealed(one, 65540)) == packet(65540)


def test_new_key_of_the_other_side():
    one, other = pair()
    old = [sealed(one, number) for number in range(3)]
    other.rekey(SrtpKeys(CM_80, secret(2), secret(5)))
    assert other.unprotect(old[0]) == packet(0)  # on its way when the key changed
    one.rekey(SrtpKeys(CM_80, secret(5), secret(2)))
    assert other.unprotect(sealed(one, 3)) == packet(3)
    assert other.unprotect(old[1]) is None  # once the new key is in use the old one is over
    assert one.unprotect(sealed(other, 1)) == packet(1)  # our own goes on as it was


def test_change_of_the_suite():
    one, other = pair()
    other.unprotect(sealed(one, 1))
    suite = "AEAD_AES_256_GCM"
    one.rekey(SrtpKeys(suite, secret(1, suite), secret(2, suite)))
    other.rekey(SrtpKeys(suite, secret(2, suite), secret(1, suite)))
    assert other.unprotect(sealed(one, 2)) == packet(2)
    assert one.unprotect(sealed(other, 2)) == packet(2)


def test_packet_too_long_to_encrypt_is_not_sent_in_the_clear():
    one, _ = pair()
    assert one.protect(packet(1, payload=bytes(1500))) is None
    assert one.protect_rtcp(REPORT * 200) is None
    assert one.unprotected_packets == 2


def test_secrets_are_not_shown():
    keys = SrtpKeys(CM_80, b"0123456789" * 3, b"abcdefghij" * 3)
    assert "0123" not in repr(keys)
    assert "abcd" not in repr(keys)


@given(st.lists(st.tuples(st.binary(max_size=1700), st.booleans()), max_size=20))
def test_any_bytes_may_arrive(datagrams: list[tuple[bytes, bool]]):
    one, other = pair()
    for data, is_control in datagrams:
        assert (other.unprotect_rtcp(data) if is_control else other.unprotect(data)) is None
    assert other.unprotect(sealed(one, 1)) == packet(1)
