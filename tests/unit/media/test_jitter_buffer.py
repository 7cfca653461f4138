"""Order out of what the network delivers, at the least delay that works."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lossy_link import Arrival, LossyLink, number_of, payload
from voicebot.audio import FRAME_SAMPLES
from voicebot.media.codecs.g711 import PCMA
from voicebot.media.jitter_buffer import JitterBuffer


def never_quiet(_: bytes) -> bool:
    return False


def always_quiet(_: bytes) -> bool:
    return True


def new_buffer(is_quiet: Callable[[bytes], bool], **limits: int) -> JitterBuffer[bytes]:
    return JitterBuffer(is_quiet, PCMA.join, PCMA.ticks_per_frame, **limits)


def play(
    buffer: JitterBuffer[bytes], arrivals: Iterable[Arrival], n_ticks: int
) -> list[int | None]:
    """The numbers of the frames that come out, tick by tick."""
    waiting = list(arrivals)[::-1]
    heard = []
    for tick in range(n_ticks):
        while waiting and waiting[-1][0] <= tick:
            _, timestamp, data = waiting.pop()
            buffer.put(timestamp, data, ssrc=1)
        heard.append(number_of(buffer.get()))
    return heard


def frames(heard: list[int | None]) -> list[int]:
    return [number for number in heard if number is not None]


def test_steady_stream_is_played_whole_after_the_least_delay() -> None:
    buffer = new_buffer(never_quiet)
    heard = play(buffer, LossyLink().arrivals(500), 510)
    assert frames(heard) == list(range(500))
    assert heard[:4] == [None, None, 0, 1]  # arrives in tick 1, is held for one more
    assert buffer.delay_ms == 20
    assert (buffer.stats.lost, buffer.stats.late, buffer.stats.resets) == (0, 0, 0)


def test_lost_packets_are_gaps_in_their_place() -> None:
    arrivals = [arrival for arrival in LossyLink().arrivals(100) if number_of(arrival[2]) != 50]
    heard = play(new_buffer(never_quiet), arrivals, 102)
    start = heard.index(0)
    assert heard[start + 49 : start + 52] == [49, None, 51]


def test_swapped_packets_are_put_in_order() -> None:
    arrivals = LossyLink().arrivals(100)
    at, timestamp, data = arrivals[50]
    arrivals[50] = (at + 1.1, timestamp, data)
    buffer = new_buffer(never_quiet, min_delay_ms=40)
    assert frames(play(buffer, sorted(arrivals), 105)) == list(range(100))


def test_doubled_packets_are_played_once() -> None:
    arrivals = sorted(LossyLink().arrivals(100) * 2)
    buffer = new_buffer(never_quiet)
    assert frames(play(buffer, arrivals, 105)) == list(range(100))
    assert buffer.stats.duplicated == 100


def test_timestamps_wrap() -> None:
    link = LossyLink(first_timestamp=(1 << 32) - 50 * FRAME_SAMPLES)
    buffer = new_buffer(never_quiet)
    assert frames(play(buffer, link.arrivals(100), 105)) == list(range(100))
    assert buffer.stats.resets == 0


@pytest.mark.parametrize("spread_ms", [30, 60, 120])
def test_delay_grows_with_the_jitter_until_few_packets_are_late(spread_ms: int) -> None:
    buffer = new_buffer(never_quiet)
    link = LossyLink(seed=7, delay_ms=(0, spread_ms))
    heard = play(buffer, link.arrivals(3000), 3020)
    late_ones = 2000 - len([number for number in frames(heard) if number >= 1000])
    assert late_ones <= 2000 * 0.04
    assert spread_ms - 40 <= buffer.delay_ms <= spread_ms + 40
    assert frames(heard) == sorted(set(frames(heard)))


def test_delay_shrinks_again_when_the_network_recovers() -> None:
    buffer = new_buffer(always_quiet)
    rough = LossyLink(delay_ms=(0, 120)).arrivals(500)
    smooth = [
        (number + 0.5, number * FRAME_SAMPLES, payload(number)) for number in range(506, 1500)
    ]
    play(buffer, sorted([*rough, *smooth]), 1500)
    assert buffer.delay_ms <= 40
    assert buffer.stats.dropped > 0


def test_delay_stays_under_its_limit() -> None:
    buffer = new_buffer(never_quiet, max_delay_ms=100)
    play(buffer, LossyLink(delay_ms=(0, 600)).arrivals(2000), 2000)
    assert buffer.delay_ms <= 120


@pytest.mark.parametrize("clock_ratio", [0.9995, 1.0005])
def test_drifting_clock_is_followed_for_an_hour(clock_ratio: float) -> None:
    buffer = new_buffer(always_quiet)
    link = LossyLink(seed=3, delay_ms=(0, 15), clock_ratio=clock_ratio)
    n_frames = 60 * 60 * 50
    heard = play(buffer, link.arrivals(n_frames), n_frames)
    # 1.8 s of drift; the delay stays where it was, and next to nothing is lost for it.
    assert buffer.delay_ms <= 60
    assert buffer.stats.resets == 0
    assert len(frames(heard)) >= n_frames * 0.999
    changes = buffer.stats.dropped - buffer.stats.inserted
    assert abs(changes - n_frames * (clock_ratio - 1)) < 30


def test_new_ssrc_starts_anew() -> None:
    buffer = new_buffer(never_quiet)
    play(buffer, LossyLink().arrivals(50), 50)
    buffer.put(123456, payload(1000), ssrc=2)
    assert [number_of(buffer.get()) for _ in range(2)] == [None, 1000]


def test_jump_of_the_timestamp_starts_anew() -> None:
    buffer = new_buffer(never_quiet)
    play(buffer, LossyLink().arrivals(50), 50)
    buffer.put(10_000_000, payload(1000), ssrc=1)
    assert [number_of(buffer.get()) for _ in range(2)] == [None, 1000]
    assert buffer.stats.resets == 1


def test_sender_whose_timestamps_stand_still_while_silent_is_heard_again() -> None:
    buffer = new_buffer(never_quiet)
    play(buffer, LossyLink().arrivals(50), 50)
    for _ in range(100):
        buffer.get()
    heard = []
    for number in range(50, 100):
        buffer.put(number * FRAME_SAMPLES, payload(number), ssrc=1)
        heard.append(number_of(buffer.get()))
    assert len(frames(heard)) >= 35
    assert frames(heard)[-1] >= 97


@pytest.mark.parametrize("packet_samples", [80, 240, 320, 480])
def test_other_packet_lengths_are_cut_and_joined(packet_samples: int) -> None:
    buffer = new_buffer(never_quiet)
    audio = b"".join(payload(number) for number in range(120))
    arrivals = [
        (start / FRAME_SAMPLES + 0.5, start, audio[start : start + packet_samples])
        for start in range(0, len(audio), packet_samples)
    ]
    heard = play(buffer, arrivals, 130)
    found = frames(heard)
    # While the delay adapts to the longer packets a frame or two may fall out.
    assert found == sorted(found)
    assert len(found) >= 116
    assert found[-60:] == list(range(60, 120))


def test_talk_that_begins_off_the_grid_is_played_whole() -> None:
    buffer = new_buffer(never_quiet)
    play(buffer, LossyLink().arrivals(20), 60)
    start = 60 * FRAME_SAMPLES + 77
    heard = []
    for number in range(30):
        buffer.put(start + number * FRAME_SAMPLES, payload(100 + number), ssrc=1)
        heard.append(number_of(buffer.get()))
    assert len(frames(heard)) >= 28
    assert set(frames(heard)) <= set(range(100, 130))


def test_first_frames_are_neither_lost_nor_concealed() -> None:
    buffer = new_buffer(never_quiet)
    assert buffer.get() is None
    assert not buffer.is_receiving
    buffer.put(5, payload(1))
    assert buffer.is_receiving
    buffer.get()
    assert (buffer.stats.lost, buffer.stats.concealed) == (0, 0)


def drop_every(n: int) -> Callable[[Arrival], bool]:
    return lambda arrival: (number_of(arrival[2]) or 0) % n != 0


def test_loss_is_counted() -> None:
    buffer = new_buffer(never_quiet)
    play(buffer, filter(drop_every(10), LossyLink().arrivals(500)), 490)
    assert 46 <= buffer.stats.lost <= 49


@settings(max_examples=60)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.integers(0, (1 << 32) - 1), st.binary(max_size=400), st.integers(0, 2)),
            st.none(),
        ),
        max_size=80,
    )
)
def test_anything_may_arrive(steps: list[tuple[int, bytes, int] | None]) -> None:
    buffer = new_buffer(never_quiet)
    for step in steps:
        if step is None:
            frame = buffer.get()
            assert frame is None or len(frame) == FRAME_SAMPLES
        else:
            buffer.put(*step)


def test_frame_after_a_lost_one_is_shown_where_it_has_come() -> None:
    buffer = new_buffer(never_quiet, min_delay_ms=40)
    following = []
    for number in range(10):
        if number not in (0, 5, 8):
            buffer.put((number - 1) * FRAME_SAMPLES, payload(number), ssrc=1)
        if buffer.get() is None:
            following.append(number_of(buffer.following))
    # Nothing yet; the first one is held back; 5 and what came after it.
    assert following == [None, None, None, 6]


def test_doubled_pieces_do_not_make_a_whole_frame() -> None:
    buffer = new_buffer(never_quiet)
    half = payload(7)[: FRAME_SAMPLES // 2]
    buffer.put(0, payload(1))
    for _ in range(2):
        buffer.put(FRAME_SAMPLES, half)
    buffer.put(FRAME_SAMPLES + FRAME_SAMPLES // 2, half)
    heard = [buffer.get() for _ in range(4)]
    assert heard[2] == payload(7)


@pytest.mark.parametrize("jitter_ms", [(0.0, 0.0), (0.0, 60.0)])
def test_it_tells_how_long_a_frame_was_held(jitter_ms: tuple[float, float]) -> None:
    """Within a tick for most of them; the delay grows meanwhile."""
    buffer = new_buffer(always_quiet)
    waiting = LossyLink(delay_ms=jitter_ms).arrivals(500)[::-1]
    came_at_tick = {number_of(data): at for at, _, data in waiting}
    wrong_ms = []
    for tick in range(500):
        while waiting and waiting[-1][0] <= tick:
            _, timestamp, data = waiting.pop()
            buffer.put(timestamp, data, ssrc=1)
        number = number_of(buffer.get())
        if number is not None and tick > 250:
            wrong_ms.append((tick - came_at_tick[number]) * 20 - buffer.held_s * 1000)
    assert len(wrong_ms) > 200
    assert abs(median(wrong_ms)) <= 10
    assert max(map(abs, wrong_ms)) <= 20 + max(jitter_ms) / 2
