from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pytest

from tests.fakes import FakeClock
from voicebot.errors import CallFailed, CallRedirected, DialRefused
from voicebot.gateway.sip.call_leg import OnEarly, SipCallLeg
from voicebot.gateway.sip.dialler import MAX_REDIRECTS, Dialler
from voicebot.gateway.sip.messages.peer import Peer
from voicebot.gateway.sip.messages.uri import SipUri
from voicebot.gateway.sip.trunks.dial_rules import DialRules
from voicebot.gateway.sip.trunks.trunk import TrunkDirectory
from voicebot.gateway.sip.trunks.trunk_terms import TrunkTerms
from voicebot.settings import DialSettings, TrunkSettings

MOBILE = "+48600100200"
OTHER = "+48600100201"
LEG = cast(SipCallLeg, object())
UNREACHABLE = CallFailed("unavailable", 503, is_way_at_fault=True)
SILENT = CallFailed("silent", 408, is_way_at_fault=True)
BUSY = CallFailed("busy", 486)


def redirected_to(*targets: str) -> CallRedirected:
    return CallRedirected(targets, 302)


class Placer:
    """Places no call but notes which would have been; says what is scripted, then takes it."""

    def __init__(self, *outcomes: CallFailed) -> None:
        self.outcomes = list(outcomes)
        self.calls: list[tuple[str, str]] = []
        self.unknown_hosts: set[str] = set()
        self.alternatives: list[bool] = []
        self.n_up = 0

    async def resolve(self, uri: SipUri) -> list[Peer]:
        return [] if uri.host in self.unknown_hosts else [Peer("UDP", "192.0.2.9", 5060)]

    async def call_through(
        self,
        peers: Sequence[Peer],
        target: SipUri,
        terms: TrunkTerms,
        ends_at: float,
        has_alternative: bool,
        on_early: OnEarly | None = None,
    ) -> SipCallLeg:
        if on_early is not None:
            on_early(LEG)
        self.calls.append((terms.trunk, target.user))
        self.alternatives.append(has_alternative)
        if self.outcomes:
            raise self.outcomes.pop(0)
        return LEG

    def n_calls_up(self, trunk: str) -> int:
        return self.n_up


class Bench:
    def __init__(
        self,
        *outcomes: CallFailed,
        follow_redirects: bool = False,
        first: dict[str, object] | None = None,
        **dial: object,
    ) -> None:
        self.clock = FakeClock()
        settings = {
            "first": TrunkSettings.model_validate({"host": "first.example", **(first or {})}),
            "second": TrunkSettings(host="second.example", order=1),
        }
        self.trunks = TrunkDirectory(settings, now=self.clock.monotonic())
        self.placer = Placer(*outcomes)
        rules = DialRules(DialSettings.model_validate(dial), settings)
        self.dialler = Dialler(self.trunks, rules, self.placer, self.clock, "bot", follow_redirects)

    def is_in(self, name: str) -> bool:
        trunk = self.trunks.get(name)
        assert trunk is not None
        return trunk.health.is_in(self.clock.monotonic())


async def test_number_goes_through_the_first_trunk_in_e164():
    bench = Bench()
    assert await bench.dialler.call("600 100 200") is LEG
    assert bench.placer.calls == [("first", MOBILE)]


@pytest.mark.parametrize("failure", [UNREACHABLE, SILENT, CallFailed("password", 401)])
async def test_next_trunk_is_tried_where_the_first_is_at_fault(failure: CallFailed):
    bench = Bench(failure)
    assert await bench.dialler.call(MOBILE) is LEG
    assert bench.placer.calls == [("first", MOBILE), ("second", MOBILE)]
    assert bench.placer.alternatives == [True, False]


async def test_every_trunk_that_lets_us_hear_something_early_is_told_of():
    bench = Bench(UNREACHABLE)
    heard: list[SipCallLeg] = []
    assert await bench.dialler.call(MOBILE, on_early=heard.append) is LEG
    assert heard == [LEG, LEG]


@pytest.mark.parametrize("status", [404, 480, 486, 603, 403])
async def test_refusal_of_the_callee_is_final(status: int):
    bench = Bench(CallFailed("no", status))
    with pytest.raises(CallFailed) as caught:
        await bench.dialler.call(MOBILE)
    assert caught.value.status == status
    assert len(bench.placer.calls) == 1


async def test_all_trunks_fail():
    bench = Bench(UNREACHABLE, SILENT)
    with pytest.raises(CallFailed) as caught:
        await bench.dialler.call(MOBILE)
    assert caught.value.status == 408
    assert len(bench.placer.calls) == 2


async def test_failing_trunk_is_left_out_after_three_calls():
    bench = Bench()
    for _ in range(3):
        bench.placer.outcomes = [UNREACHABLE]
        await bench.dialler.call(MOBILE)
    assert not bench.is_in("first")
    bench.placer.calls.clear()
    await bench.dialler.call(MOBILE)
    assert bench.placer.calls == [("second", MOBILE)]


async def test_busy_callees_do_not_take_a_trunk_out():
    bench = Bench(*[BUSY] * 5)
    for _ in range(5):
        with pytest.raises(CallFailed):
            await bench.dialler.call(MOBILE)
    assert bench.is_in("first")


async def test_host_that_nobody_knows_is_a_failure_of_the_trunk():
    bench = Bench()
    bench.placer.unknown_hosts.add("first.example")
    assert await bench.dialler.call(MOBILE) is LEG
    assert bench.placer.calls == [("second", MOBILE)]


async def test_named_trunk_alone_is_tried():
    bench = Bench(UNREACHABLE)
    with pytest.raises(CallFailed):
        await bench.dialler.call(MOBILE, trunk="second")
    assert bench.placer.calls == [("second", MOBILE)]
    with pytest.raises(CallFailed, match="no such trunk"):
        await bench.dialler.call(MOBILE, trunk="third")


async def test_full_trunk_is_passed_over():
    bench = Bench(first={"max_calls": 2})
    bench.placer.n_up = 2
    await bench.dialler.call(MOBILE)
    assert bench.placer.calls == [("second", MOBILE)]
    bench.placer.n_up = 30
    with pytest.raises(DialRefused) as caught:
        await bench.dialler.call(MOBILE)
    assert caught.value.rule == "trunk_calls"
    assert caught.value.retryable


async def test_trunk_that_had_its_calls_is_passed_over():
    bench = Bench(first={"max_calls_per_minute": 1})
    for _ in range(2):
        await bench.dialler.call(MOBILE)
    assert [trunk for trunk, _ in bench.placer.calls] == ["first", "second"]


async def test_forbidden_numbers_leave_by_no_trunk():
    bench = Bench(max_calls_per_minute=1)
    for number in ("+4915112345678", "+48701234567", "112", "sip", ""):
        with pytest.raises(DialRefused):
            await bench.dialler.call(number)
    assert bench.placer.calls == []
    await bench.dialler.call(MOBILE)
    with pytest.raises(DialRefused) as caught:
        await bench.dialler.call(MOBILE)
    assert caught.value.rule == "minute"
    assert len(bench.placer.calls) == 1


async def test_redirection_is_not_followed_unless_it_is_wanted():
    bench = Bench(redirected_to(f"sip:{OTHER}@first.example"))
    with pytest.raises(CallRedirected):
        await bench.dialler.call(MOBILE)
    assert len(bench.placer.calls) == 1


async def test_redirection_within_the_rules_goes_through_our_trunks():
    bench = Bench(
        redirected_to("sip:x", "sip:+48600@evil.example", f"sip:{OTHER}@second.example"),
        follow_redirects=True,
    )
    assert await bench.dialler.call(MOBILE) is LEG
    assert bench.placer.calls == [("first", MOBILE), ("first", OTHER)]


@pytest.mark.parametrize(
    "target",
    [
        "sip:+4915112345678@first.example",
        "sip:+48701234567@first.example",
        f"sip:{OTHER}@evil.example",
        "tel:+4915112345678",
        "nonsense",
    ],
)
async def test_redirection_out_of_the_rules_calls_nobody(target: str):
    bench = Bench(redirected_to(target), follow_redirects=True)
    with pytest.raises(DialRefused):
        await bench.dialler.call(MOBILE)
    assert bench.placer.calls == [("first", MOBILE)]


async def test_redirections_in_a_ring_come_to_an_end():
    bench = Bench(*[redirected_to(f"sip:{MOBILE}@first.example")] * 20, follow_redirects=True)
    with pytest.raises(CallRedirected):
        await bench.dialler.call(MOBILE)
    assert len(bench.placer.calls) == MAX_REDIRECTS + 1


async def test_address_from_the_far_end_is_its_number_or_nothing():
    bench = Bench()
    for uri, may in (
        (f"sip:{OTHER}@first.example", True),
        (f"tel:{OTHER}", True),
        (f"sip:{OTHER}@evil.example", False),
        ("tel:+4915112345678", False),
    ):
        assert bench.dialler.may_dial(SipUri.parse(uri)) is may
    await bench.dialler.call_named(SipUri.parse(f"sip:{OTHER}@first.example:5099"))
    assert bench.placer.calls == [("first", OTHER)]
