from __future__ import annotations

import pytest

from tests.sip_messages import request, response
from voicebot.errors import SipParseError
from voicebot.gateway.sip.messages.message import SipRequest, parse_datagram
from voicebot.gateway.sip.messages.peer import Peer
from voicebot.gateway.sip.network.rate_limit import (
    RequestLimiter,
    SourceLimiter,
    find_call_id,
    network_of,
)

SOURCE = Peer("UDP", "192.0.2.1", 5060)


def test_burst_and_then_the_rate():
    limiter = SourceLimiter(requests_per_s=10)
    assert sum(limiter.admits("192.0.2.1", now=0) for _ in range(100)) == 20
    assert sum(limiter.admits("192.0.2.1", now=1) for _ in range(100)) == 10
    assert limiter.n_dropped == 170


def test_others_are_not_touched():
    limiter = SourceLimiter(requests_per_s=1)
    while limiter.admits("192.0.2.1", now=0):
        pass
    assert limiter.admits("192.0.2.2", now=0)


def test_slow_rate_still_lets_single_requests_through():
    limiter = SourceLimiter(requests_per_s=0.1)
    assert limiter.admits("192.0.2.1", now=0)
    assert not limiter.admits("192.0.2.1", now=9)
    assert limiter.admits("192.0.2.1", now=10.1)


def test_memory_is_bounded_and_the_most_recent_stay():
    limiter = SourceLimiter(requests_per_s=1, max_sources=100)
    for number in range(10_000):
        limiter.admits(f"10.0.{number // 256}.{number % 256}", now=0)
    assert len(limiter) == 100
    busy = "10.0.39.15"
    while limiter.admits(busy, now=0):
        pass
    assert not limiter.admits(busy, now=0)


def test_one_subscriber_of_ipv6_is_one_source():
    assert network_of("2001:db8:1:2::1") == network_of("2001:db8:1:2:ffff::9")
    assert network_of("2001:db8:1:2::1") != network_of("2001:db8:1:3::1")
    assert network_of("192.0.2.1") == "192.0.2.1"
    assert network_of("fe80::1%eth0") != ""


@pytest.mark.parametrize(
    ("data", "call_id"),
    [
        (b"BYE sip:x SIP/2.0\r\nCall-ID: abc@x\r\n\r\n", "abc@x"),
        (b"BYE sip:x SIP/2.0\r\nVia: y\r\ni:abc \r\n\r\n", "abc"),
        (b"BYE sip:x SIP/2.0\r\nCALL-ID\t: abc\n\n", "abc"),
        (b"BYE sip:x SIP/2.0\r\nX-Call-ID: abc\r\n\r\n", ""),
        (b"\x00\xff", ""),
    ],
)
def test_call_id_is_found_without_parsing(data: bytes, call_id: str):
    assert find_call_id(data) == call_id


def exhaust(limiter: RequestLimiter, data: bytes) -> None:
    for _ in range(10_000):
        if not limiter.admits(data, SOURCE, {}, now=0):
            return
    raise AssertionError("there is no limit")


def test_flood_from_a_borrowed_address_leaves_its_owners_call_alone():
    limiter = RequestLimiter(requests_per_s=5)
    exhaust(limiter, request("INVITE", call_id="flood"))
    known = {"running": 1}
    bye = request("BYE", call_id="running")
    assert limiter.admits(bye, SOURCE, known, now=0)
    parsed = parse_datagram(bye)
    assert isinstance(parsed, SipRequest)
    assert limiter.admits(parsed, SOURCE, known, now=0), "over TCP, too"
    assert not limiter.admits(parse_datagram(request("OPTIONS")), SOURCE, known, now=0)
    assert not limiter.admits(SipParseError("broken"), SOURCE, known, now=0)


def test_answers_are_no_requests_but_have_a_limit_too():
    limiter = RequestLimiter(requests_per_s=5)
    exhaust(limiter, request("OPTIONS"))
    answer = response(parse_datagram(request("OPTIONS")), 200)  # type: ignore[arg-type]
    assert limiter.admits(answer, SOURCE, {}, now=0)
    exhaust(limiter, answer)
    assert limiter.n_dropped == 2
