"""Who may send to a call, what was lost, and what we report: without a socket or a clock."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.audio import FRAME_SAMPLES
from voicebot.gateway.rtp.packet import RtpPacket, build_packet, parse_packet
from voicebot.gateway.rtp.rtcp import (
    Bye,
    ReceiverReport,
    ReportBlock,
    RtcpPacket,
    SenderReport,
    SourceDescription,
    build_compound,
    parse_compound,
)
from voicebot.gateway.rtp.session import RtpSession

SIGNALLED = ("192.0.2.1", 4000)
BEHIND_NAT = ("198.51.100.7", 61000)
STRANGER = ("203.0.113.9", 5000)


def new_session(seed: int = 1) -> RtpSession:
    session = RtpSession(random.Random(seed))
    session.configure(SIGNALLED, payload_type=8, dtmf_payload_type=101, known_hosts=[BEHIND_NAT[0]])
    return session


def rtp(number: int, ssrc: int = 77, payload_type: int = 8) -> bytes:
    return build_packet(
        RtpPacket(
            payload_type,
            number & 0xFFFF,
            number * FRAME_SAMPLES & 0xFFFFFFFF,
            ssrc,
            bytes(FRAME_SAMPLES),
        )
    )


def receive(
    session: RtpSession,
    numbers: list[int] | range,
    source: tuple[str, int] = SIGNALLED,
    ssrc: int = 77,
) -> list[int]:
    """Hand in these packets, 20 ms apart; the sequence numbers that were taken."""
    taken = []
    for number in numbers:
        packet = session.receive_rtp(rtp(number, ssrc), source, now=100 + number * 0.02)
        if packet is not None:
            taken.append(packet.sequence_number)
    return taken


# ---- addresses -------------------------------------------------------------------------------


def test_media_goes_to_the_signalled_address_until_somebody_sends() -> None:
    session = new_session()
    assert session.remote == SIGNALLED
    assert session.remote_rtcp == ("192.0.2.1", 4001)
    receive(session, range(12), source=("192.0.2.1", 9999))
    assert session.remote == ("192.0.2.1", 9999)


def test_caller_behind_nat_latches_after_three_packets() -> None:
    session = new_session()
    assert receive(session, range(5), source=BEHIND_NAT) == [2, 3, 4]
    assert session.remote == BEHIND_NAT


def test_source_latches_once_and_others_are_ignored() -> None:
    session = new_session()
    receive(session, range(10), source=BEHIND_NAT)
    assert receive(session, range(50), source=STRANGER) == []
    assert receive(session, range(50), source=STRANGER, ssrc=5) == []
    assert receive(session, range(10, 12), source=BEHIND_NAT) == [10, 11]
    assert session.remote == BEHIND_NAT
    assert session.stats()["packets_foreign"] >= 100


def test_stranger_never_gets_in() -> None:
    """Nor any audio: RTP bleed is asking every port of a server, until one answers."""
    session = new_session()
    assert receive(session, range(500), source=STRANGER) == []
    assert session.remote == SIGNALLED
    assert session.remote_rtcp == ("192.0.2.1", 4001)
    assert session.last_received_at is None
    receive(session, range(3))
    assert receive(session, range(3, 500), source=STRANGER) == []
    assert session.remote == SIGNALLED
    assert session.stats()["packets_foreign"] == 997


def test_flood_from_many_sources_does_not_keep_the_caller_out() -> None:
    session = new_session()
    taken = []
    for number in range(10):
        for stranger in range(3):
            receive(session, [number * 7 + stranger], source=("203.0.113.9", 5000 + stranger))
        taken += receive(session, [number], source=BEHIND_NAT)
    assert taken == list(range(2, 10))


def test_wrong_payload_type_does_not_latch() -> None:
    session = new_session()
    for number in range(5):
        assert session.receive_rtp(rtp(number, payload_type=3), SIGNALLED, now=1) is None
    assert session.remote == SIGNALLED
    assert session.last_received_at is None
    assert session.stats()["packets_invalid"] == 5


def test_new_address_at_a_re_invite_latches_anew() -> None:
    session = new_session()
    receive(session, range(5))
    session.configure(SIGNALLED, 8, 101, known_hosts=[BEHIND_NAT[0]])
    assert session.remote == SIGNALLED
    session.configure(("192.0.2.50", 7000), 8, 101)
    assert session.remote == ("192.0.2.50", 7000)
    assert receive(session, range(100, 105), ("192.0.2.50", 7000), ssrc=88) == [*range(100, 105)]
    assert receive(session, range(5, 10)) == []


# ---- sequence numbers and loss ---------------------------------------------------------------


def test_nothing_lost_over_the_wrap_of_the_sequence_number() -> None:
    session = new_session()
    receive(session, range(65000, 66000))
    assert session.packets_lost == 0
    assert session.stats()["packets_received"] == 1000


@pytest.mark.parametrize("first", [0, 1, 65535])
def test_first_sequence_number_may_be_any(first: int) -> None:
    session = new_session()
    receive(session, range(first, first + 10))
    assert session.packets_lost == 0


def test_lost_packets_are_counted() -> None:
    session = new_session()
    receive(session, [number for number in range(65500, 65700) if number % 10])
    assert session.packets_lost == 19  # the first, 65500, was never known of


def test_swapped_packets_are_not_lost() -> None:
    session = new_session()
    receive(session, [1, 2, 4, 3, 5])
    assert session.packets_lost == 0


def test_sender_that_restarts_its_numbers_is_taken_after_two() -> None:
    session = new_session()
    receive(session, range(40000, 40010))
    assert receive(session, range(100, 105)) == [101, 102, 103, 104]
    assert session.packets_lost == 0


def test_new_ssrc_of_the_same_sender_is_taken_after_two() -> None:
    session = new_session()
    receive(session, [0, 1, 2, 5])
    assert receive(session, range(900, 904), ssrc=99) == [901, 902, 903]
    assert session.packets_lost == 2


def test_single_packet_of_another_ssrc_does_not_disturb() -> None:
    session = new_session()
    receive(session, range(5))
    assert receive(session, [700], ssrc=99) == []
    assert receive(session, range(5, 8)) == [5, 6, 7]


@given(st.lists(st.integers(0, 65535), max_size=60))
def test_any_order_of_numbers_gives_no_negative_loss(numbers: list[int]) -> None:
    session = new_session()
    receive(session, numbers)
    assert session.packets_lost >= 0


@given(st.lists(st.tuples(st.binary(max_size=60), st.booleans(), st.booleans()), max_size=30))
def test_any_bytes_may_arrive(datagrams: list[tuple[bytes, bool, bool]]) -> None:
    session = new_session()
    receive(session, range(2))
    for data, is_control, is_foreign in datagrams:
        source = STRANGER if is_foreign else SIGNALLED
        if is_control:
            session.receive_rtcp(data, source, now=5)
        else:
            session.receive_rtp(data, source, now=5)
    assert receive(session, range(2, 5)) == [2, 3, 4]


# ---- jitter ----------------------------------------------------------------------------------


def test_even_arrivals_have_no_jitter() -> None:
    session = new_session()
    receive(session, range(100))
    assert session.stats()["jitter_ms"] < 0.01


def test_jitter_is_the_smoothed_difference_of_transit_times() -> None:
    session = new_session()
    for number in range(400):
        late = 0.010 if number % 2 else 0.0
        session.receive_rtp(rtp(number), SIGNALLED, now=number * 0.02 + late)
    assert session.stats()["jitter_ms"] == pytest.approx(10, abs=0.01)


def test_keys_do_not_count_as_jitter() -> None:
    session = new_session()
    receive(session, range(10))
    for number in range(10, 20):
        packet = RtpPacket(101, number, 10 * FRAME_SAMPLES, 77, bytes(4))
        assert session.receive_rtp(build_packet(packet), SIGNALLED, now=100 + number * 0.02)
    assert session.stats()["jitter_ms"] < 0.01


# ---- sending and RTCP ------------------------------------------------------------------------


def send(session: RtpSession, n_packets: int, now: float = 0.0) -> list[RtpPacket]:
    first = session.first_timestamp
    return [
        parse_packet(
            session.next_datagram(
                bytes(FRAME_SAMPLES),
                8,
                (first + number * FRAME_SAMPLES) & 0xFFFFFFFF,
                number == 0,
                now + number * 0.02,
            )
        )
        for number in range(n_packets)
    ]


def test_sent_packets_are_numbered() -> None:
    session = new_session()
    sent = send(session, 3)
    numbers = [packet.sequence_number for packet in sent]
    assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 2]
    assert [packet.is_marked for packet in sent] == [True, False, False]
    assert {packet.ssrc for packet in sent} == {session.ssrc}


def test_sent_sequence_number_wraps() -> None:
    session = new_session()
    numbers = [packet.sequence_number for packet in send(session, 70000)]
    assert 65535 in numbers
    assert numbers[numbers.index(65535) + 1] == 0


def reports(session: RtpSession, until: float) -> list[tuple[float, list[RtcpPacket]]]:
    found = []
    while (at := session.next_timeout()) is not None and at < until:
        datagram = session.handle_timeout(at)
        assert datagram is not None
        found.append((at, parse_compound(datagram)))
    return found


def test_reports_come_about_every_five_seconds_at_random() -> None:
    session = new_session()
    assert session.next_timeout() is None
    session.start_reports(now=0)
    times = [at for at, _ in reports(session, until=500)]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert 2.0 <= min(gaps) < max(gaps) <= 6.2
    assert len({round(gap, 3) for gap in gaps}) > 50
    assert session.handle_timeout(now=0) is None


def test_sender_report_tells_what_was_sent_and_received() -> None:
    session = new_session()
    session.start_reports(now=100)
    sent = send(session, 50, now=100)
    receive(session, [number for number in range(50) if number != 20])
    session.handle_timeout(now=110)
    ((_, (report, description)),) = [(0, parse_compound(session.bye(now=110))[:2])]
    assert isinstance(report, ReceiverReport)  # nothing was sent since the report before
    send(session, 1, now=112)
    report, description, bye = parse_compound(session.bye(now=113))
    assert isinstance(report, SenderReport)
    assert (report.packets, report.octets) == (51, 51 * FRAME_SAMPLES)
    assert report.ntp_time >> 32 == 113
    # 1 s after the last packet the clock of its timestamps has gone on.
    assert report.rtp_timestamp == (sent[0].timestamp + 8000) & 0xFFFFFFFF
    (block,) = report.blocks
    assert (block.ssrc, block.cumulative_lost, block.highest_sequence) == (77, 1, 49)
    assert isinstance(description, SourceDescription)
    assert description.cnames[0][0] == session.ssrc
    assert bye == Bye((session.ssrc,))
    assert session.next_timeout() is None


def test_fraction_lost_is_that_since_the_last_report() -> None:
    session = new_session()
    session.start_reports(now=0)
    fractions = []
    for start, step in ((0, 1), (100, 2), (200, 1)):
        receive(session, range(start, start + 100, step))
        datagram = session.handle_timeout(now=1000.0 + start)
        assert datagram is not None
        report = parse_compound(datagram)[0]
        assert isinstance(report, ReceiverReport)
        fractions.append(report.blocks[0].fraction_lost)
    assert fractions[0] == 0
    assert fractions[1] == pytest.approx(128, abs=4)
    assert fractions[2] == pytest.approx(0, abs=4)


def test_round_trip_time_is_measured_from_their_report() -> None:
    one, other = new_session(1), new_session(2)
    one.start_reports(now=0)
    for number, packet in enumerate(send(other, 5)):
        one.receive_rtp(build_packet(packet), SIGNALLED, now=number * 0.02)
    for number, packet in enumerate(send(one, 5)):
        other.receive_rtp(build_packet(packet), SIGNALLED, now=number * 0.02)
    first = one.handle_timeout(now=10.0)
    assert first is not None
    other.receive_rtcp(first, ("192.0.2.1", 4001), now=500.030)  # its own clock, 30 ms later
    other.start_reports(now=0)
    answer = other.handle_timeout(now=502.030)
    assert answer is not None
    one.receive_rtcp(answer, ("192.0.2.1", 4001), now=12.060)
    assert one.stats()["rtt_ms"] == pytest.approx(60, abs=0.1)


def test_nonsense_round_trip_is_left_out() -> None:
    session = new_session()
    block = ReportBlock(session.ssrc, 0, 0, 0, 0, last_sender_report=12345, delay=0)
    session.receive_rtcp(build_compound([ReceiverReport(5, (block,))]), SIGNALLED, now=9e3)
    assert "rtt_ms" not in session.stats()


def test_control_packets_come_back_to_where_theirs_come_from() -> None:
    session = new_session()
    receive(session, range(3))
    report = build_compound([SenderReport(77, 1 << 32, 0, 1, 160)])
    session.receive_rtcp(report, ("203.0.113.9", 4001), now=1)
    assert session.remote_rtcp == ("192.0.2.1", 4001)
    session.receive_rtcp(report, ("192.0.2.1", 8888), now=1)
    assert session.remote_rtcp == ("192.0.2.1", 8888)


def test_control_packets_go_where_signalling_says() -> None:
    session = new_session()
    control = ("192.0.2.1", 4777)
    session.configure(SIGNALLED, 8, 101, control=control, known_hosts=[BEHIND_NAT[0]])
    assert session.remote_rtcp == control
    receive(session, range(3))
    assert session.remote_rtcp == control
    nobody_hears_there = new_session()
    nobody_hears_there.configure(SIGNALLED, 8, 101, control=control, known_hosts=[BEHIND_NAT[0]])
    receive(nobody_hears_there, range(3), BEHIND_NAT)
    assert nobody_hears_there.remote_rtcp == (BEHIND_NAT[0], BEHIND_NAT[1] + 1)


def test_reports_from_another_port_do_not_take_over() -> None:
    session = new_session()
    receive(session, range(3))
    report = build_compound([SenderReport(77, 1 << 32, 0, 1, 160)])
    session.receive_rtcp(report, ("192.0.2.1", 4001), now=1)
    session.receive_rtcp(report, ("192.0.2.1", 9999), now=2)
    assert session.remote_rtcp == ("192.0.2.1", 4001)
    assert session.stats()["packets_foreign"] == 1


def test_how_the_other_side_hears_us_comes_from_its_reports() -> None:
    session = new_session()
    numbers = [parse_packet(session.next_datagram(b"x", 8, 0, False, 0)) for _ in range(100)]
    receive(session, range(3))
    assert "remote_lost" not in session.stats()

    def report(**fields: int) -> None:
        values = {"ssrc": session.ssrc, "fraction_lost": 0, "cumulative_lost": 5, "jitter": 80}
        values |= {"highest_sequence": numbers[79].sequence_number}
        values |= {"last_sender_report": 0, "delay": 0} | fields
        block = ReportBlock(**values)
        session.receive_rtcp(build_compound([ReceiverReport(77, (block,))]), SIGNALLED, now=9)

    report()
    stats = session.stats()
    assert (stats["remote_lost"], stats["remote_loss_percent"]) == (5, 6.25)
    assert stats["remote_jitter_ms"] == 10
    report(ssrc=1, cumulative_lost=50)  # of somebody else's stream
    report(highest_sequence=numbers[99].sequence_number + 1, cumulative_lost=50)  # of no packet
    assert session.stats() == stats
    report(cumulative_lost=-3)  # doubled on the way
    assert session.stats()["remote_lost"] == 0
    report(cumulative_lost=1000)
    assert session.stats()["remote_loss_percent"] == 100


def test_control_packets_on_the_media_port_are_understood() -> None:
    session = new_session()
    receive(session, range(3))
    goodbye = build_compound([ReceiverReport(77), Bye((77,))])
    assert session.receive_rtp(goodbye, SIGNALLED, now=1) is None
    assert session.remote_has_left
    assert session.stats()["packets_invalid"] == 0


def test_goodbye_of_somebody_else_is_none_of_ours() -> None:
    session = new_session()
    receive(session, range(3))
    session.receive_rtcp(build_compound([Bye((4,))]), SIGNALLED, now=1)
    session.receive_rtcp(build_compound([Bye((77,))]), STRANGER, now=1)
    assert not session.remote_has_left


@pytest.mark.parametrize(("clock_rate", "ticks"), [(8000, 160), (48000, 960)])
def test_jitter_counts_the_clock_of_the_codec(clock_rate: int, ticks: int) -> None:
    session = RtpSession(random.Random(1))
    session.configure(SIGNALLED, 96, None, clock_rate=clock_rate)
    for number in range(400):
        packet = RtpPacket(96, number, number * ticks, 77, b"\x08\x00")
        late_s = 0.01 if number % 2 else 0.0
        session.receive_rtp(build_packet(packet), SIGNALLED, now=100 + number * 0.02 + late_s)
    assert session.stats()["jitter_ms"] == pytest.approx(10, abs=0.5)
