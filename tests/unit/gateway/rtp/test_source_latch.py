"""Who gets into a call, and who its audio: everybody that signalling stands for, nobody else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.gateway.rtp.source_latch import MAX_CANDIDATES, SourceLatch

SIGNALLED = ("192.0.2.1", 4000)
OTHER_PORT = ("192.0.2.1", 4999)
PROXY = "198.51.100.7"
BEHIND_NAT = (PROXY, 61000)
STRANGER = ("203.0.113.9", 5000)


def new_latch(accepts_strangers: bool = False) -> SourceLatch:
    latch = SourceLatch()
    latch.configure(SIGNALLED, [PROXY], accepts_strangers)
    return latch


def admitted(latch: SourceLatch, source: tuple[str, int], numbers: range, ssrc: int = 7) -> int:
    """After how many of these packets the source was believed; 0: it was not."""
    for n_packets, number in enumerate(numbers, start=1):
        if latch.admits(source, ssrc, number & 0xFFFF, now=n_packets * 0.02):
            return n_packets
    return 0


@pytest.mark.parametrize(
    ("source", "n_packets"),
    [(SIGNALLED, 1), (OTHER_PORT, 11), (BEHIND_NAT, 3), (STRANGER, 0)],
)
def test_better_known_sources_need_less_proof(source: tuple[str, int], n_packets: int):
    latch = new_latch()
    assert latch.remote == SIGNALLED
    assert admitted(latch, source, range(65534, 65700)) == n_packets
    assert latch.remote == (source if n_packets else SIGNALLED)


def test_whoever_is_better_known_takes_over_and_nobody_else():
    latch = new_latch()
    ladder = [BEHIND_NAT, OTHER_PORT, SIGNALLED]
    for place, source in enumerate(ladder):
        assert admitted(latch, source, range(20))
        for worse in [*ladder[: place + 1], STRANGER]:
            assert not admitted(latch, worse, range(100, 200))
        assert latch.remote == source
        assert latch.is_where_signalled == (source != BEHIND_NAT)


def test_packets_out_of_order_prove_nothing():
    latch = new_latch()
    for number in (1, 3, 5, 7, 9, 2, 4):
        assert not latch.admits(BEHIND_NAT, 7, number, 0)
    for ssrc in range(10):
        assert not latch.admits(BEHIND_NAT, ssrc, ssrc, 0)


def test_stranger_who_may_come_in_gives_way():
    latch = new_latch(accepts_strangers=True)
    assert admitted(latch, STRANGER, range(10)) == 3
    assert not admitted(latch, ("203.0.113.10", 1), range(10))
    assert admitted(latch, BEHIND_NAT, range(10)) == 3
    assert not admitted(latch, STRANGER, range(10, 20))


def test_flood_of_sources_is_not_kept():
    latch = new_latch(accepts_strangers=True)
    for number in range(5000):
        latch.admits((f"203.0.113.{number % 250}", number), number, number, 0)
    assert len(latch._candidates) <= MAX_CANDIDATES
    assert latch.admits(SIGNALLED, 7, 1, 0)


def test_flood_from_the_signalled_host_does_not_outrun_the_phone():
    latch = new_latch()
    for number in range(10_000):
        assert not latch.admits(OTHER_PORT, 7, number, now=number * 1e-5)
    assert latch.admits(SIGNALLED, 7, 1, now=0.15)
    assert not admitted(latch, OTHER_PORT, range(10_000, 11_000))


def test_new_ssrc_needs_two_packets_in_order():
    latch = new_latch()
    latch.admits(SIGNALLED, 7, 1, 0)
    assert not latch.admits_ssrc(SIGNALLED, 8, 10, 0)
    assert not latch.admits_ssrc(SIGNALLED, 9, 11, 0)
    assert not latch.admits_ssrc(SIGNALLED, 8, 12, 0)
    assert latch.admits_ssrc(SIGNALLED, 8, 13, 0)


def test_same_address_again_keeps_the_source_and_another_forgets_it():
    latch = new_latch()
    admitted(latch, BEHIND_NAT, range(5))
    assert not latch.configure(SIGNALLED, [PROXY])
    assert latch.remote == BEHIND_NAT
    assert latch.configure(("192.0.2.50", 7000), [PROXY])
    assert latch.remote == ("192.0.2.50", 7000)
    assert not latch.admits(SIGNALLED, 7, 6, 9)


sources = st.tuples(st.sampled_from([SIGNALLED[0], PROXY, STRANGER[0]]), st.integers(3999, 4002))


@given(st.lists(st.tuples(sources, st.integers(0, 3), st.integers(0, 9)), max_size=200))
def test_no_stranger_in_any_order_of_packets(packets: list[tuple[tuple[str, int], int, int]]):
    latch = new_latch()
    for source, ssrc, number in packets:
        latch.admits(source, ssrc, number, now=0)
        assert latch.remote is not None
        assert latch.remote[0] != STRANGER[0]
