"""Keys: each press once, whatever the network does to its packets."""

from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.audio import FRAME_SAMPLES
from voicebot.errors import RtpParseError
from voicebot.gateway.rtp.dtmf import KEYS, DtmfPacket, DtmfReceiver, DtmfSender


def pressed(digits: str, first_timestamp: int = 1000) -> list[DtmfPacket | None]:
    """What a sender sends for these keys, tick by tick."""
    sender = DtmfSender()
    sender.press(digits)
    ticks = []
    timestamp = first_timestamp
    while sender.is_active:
        ticks.append(sender.next_packet(timestamp % (1 << 32)))
        timestamp += FRAME_SAMPLES
    return ticks


def packets(digits: str, first_timestamp: int = 1000) -> list[DtmfPacket]:
    return [packet for packet in pressed(digits, first_timestamp) if packet is not None]


def receive(sent: list[DtmfPacket]) -> str:
    receiver = DtmfReceiver()
    keys = [receiver.receive(packet.payload, packet.timestamp, packet.is_marked) for packet in sent]
    return "".join(key for key in keys if key is not None)


def event(key: str, duration: int, has_ended: bool = False) -> bytes:
    return struct.pack("!BBH", KEYS.index(key), has_ended << 7 | 10, duration)


def test_key_lasts_160_ms_and_its_end_is_sent_three_times() -> None:
    ticks = pressed("5")
    sent = [packet for packet in ticks if packet is not None]
    fields = [struct.unpack("!BBH", packet.payload) for packet in sent]
    assert [code for code, _, _ in fields] == [5] * 10
    assert [duration for _, _, duration in fields] == [
        *range(160, 1281, 160),
        1280,
        1280,
    ]
    assert [flags >> 7 for _, flags, _ in fields] == [0] * 7 + [1] * 3
    assert [packet.is_marked for packet in sent] == [True] + [False] * 9
    assert {packet.timestamp for packet in sent} == {1000}
    assert ticks[10:] == [None] * 3


def test_keys_follow_with_a_pause() -> None:
    starts = [packet.timestamp for packet in packets("12") if packet.is_marked]
    assert starts[1] - starts[0] == 1280 + 5 * FRAME_SAMPLES


def test_other_characters_are_left_out() -> None:
    sender = DtmfSender()
    sender.press("x, ")
    assert not sender.is_active
    assert sender.next_packet(0) is None
    assert receive(packets("a1-2d")) == "A12D"


@given(st.text(alphabet=KEYS, max_size=8), st.integers(0, (1 << 32) - 1))
def test_what_is_sent_is_received(digits: str, first_timestamp: int) -> None:
    assert receive(packets(digits, first_timestamp)) == digits


@given(st.data())
def test_lost_doubled_and_unmarked_packets_do_no_harm(data: st.DataObject) -> None:
    digits = data.draw(st.text(alphabet=KEYS, min_size=1, max_size=5))
    sent = []
    presses: dict[int, list[DtmfPacket]] = {}
    for packet in packets(digits):
        presses.setdefault(packet.timestamp, []).append(packet)
    for press in presses.values():
        kept = data.draw(st.lists(st.sampled_from(press), min_size=1, max_size=12))
        in_order = sorted(kept, key=press.index)
        sent += [packet._replace(is_marked=False) for packet in in_order]
    # Each press has at least one packet left: starts and ends may be gone, so the same key
    # twice in a row is told apart by its timestamp alone.
    assert receive(sent) == digits


def test_straggler_of_an_earlier_press_is_forgotten() -> None:
    first, second = packets("1"), packets("2", first_timestamp=4000)
    assert receive([*first[:3], second[0], first[3], *first[4:], *second[1:]]) == "12"


def test_key_whose_start_was_lost_is_known_by_its_end() -> None:
    assert receive(packets("5")[-1:]) == "5"
    assert receive(packets("5")[3:]) == "5"


def test_same_key_again_when_the_end_of_the_first_was_lost() -> None:
    first, second = packets("8"), packets("8", first_timestamp=3000)
    unmarked = [packet._replace(is_marked=False) for packet in second]
    assert receive([*first[:2], *unmarked]) == "88"
    assert receive([*first[:2], *unmarked[4:]]) == "88"
    assert receive([*first[:1], second[-1]]) == "88"


def test_end_that_is_repeated_for_long_is_no_new_press() -> None:
    sent = packets("4")
    assert receive([*sent, *[sent[-1]] * 50]) == "4"


@pytest.mark.parametrize("restart", [0, 1000, 1 << 31, (1 << 32) - 5_000_000])
def test_keys_are_heard_when_the_sender_begins_its_timestamps_anew(restart: int) -> None:
    """Its other party changed, so another stream comes: half of all timestamps look like old."""
    assert receive([*packets("1", (1 << 32) - 4_000_000), *packets("23", restart)]) == "123"


def test_key_held_longer_than_a_duration_can_tell_is_one_press() -> None:
    receiver = DtmfReceiver()
    assert receiver.receive(event("7", 0xFFFF), 1000, True) == "7"
    assert receiver.receive(event("7", 160), 1000 + 0xFFFF) is None
    assert receiver.receive(event("7", 320, has_ended=True), 1000 + 0xFFFF) is None


def test_sender_that_moves_the_timestamp_within_a_press() -> None:
    receiver = DtmfReceiver()
    keys = [
        receiver.receive(event("3", duration), 1000 + duration, duration == 160)
        for duration in range(160, 1281, 160)
    ]
    assert keys == ["3"] + [None] * 7


def test_sender_that_keeps_the_timestamp_over_two_keys() -> None:
    receiver = DtmfReceiver()
    assert receiver.receive(event("3", 800, has_ended=True), 1000) == "3"
    assert receiver.receive(event("4", 160), 1000) == "4"


def test_other_events_are_no_keys() -> None:
    assert DtmfReceiver().receive(bytes([16, 10, 0, 160]), 0) is None


def test_cut_off_event_is_refused() -> None:
    with pytest.raises(RtpParseError):
        DtmfReceiver().receive(b"\x05\x0a\x00", 0)


@given(st.lists(st.tuples(st.binary(max_size=6), st.integers(0, (1 << 32) - 1), st.booleans())))
def test_any_bytes_give_keys_or_the_documented_error(
    sent: list[tuple[bytes, int, bool]],
) -> None:
    receiver = DtmfReceiver()
    for payload, timestamp, is_marked in sent:
        with contextlib.suppress(RtpParseError):
            key = receiver.receive(payload, timestamp, is_marked)
            assert key is None or key in KEYS


def test_durations_count_the_clock_that_was_agreed() -> None:
    durations = {}
    for clock_rate in (8000, 48000):
        sender = DtmfSender(clock_rate)
        sender.press("5")
        packets = [sender.next_packet(0) for _ in range(10)]
        durations[clock_rate] = [
            int.from_bytes(packet.payload[2:]) for packet in packets if packet is not None
        ]
    assert durations[8000] == [160, 320, 480, 640, 800, 960, 1120, 1280, 1280, 1280]
    assert durations[48000] == [6 * duration for duration in durations[8000]]
