"""Anything may happen to a call in any order: nothing raises, and the end leaves nothing behind."""

from __future__ import annotations

import contextlib
import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sip_messages import G729_ONLY, request, response, sdp
from tests.unit.gateway.sip.bench import MEDIA, Bench
from voicebot.errors import SdpError, SipParseError
from voicebot.gateway.sip.agent.session_timer import (
    SessionTimerPolicy,
    accept_timer,
    check_interval,
    read_min_se,
)
from voicebot.gateway.sip.agent.sip_call import CallState, SipCall
from voicebot.gateway.sip.messages.message import SipRequest, parse_datagram
from voicebot.gateway.sip.messages.reason_header import Reason, read_reason

BODIES = ("", sdp(), sdp(port=41000), sdp(direction="sendonly"), sdp(direction="inactive"))
BODIES += (G729_ONLY, "nonsense")
EXTRAS: tuple[tuple[str, ...], ...] = (
    (),
    ("Supported: timer, 100rel", "Session-Expires: 90;refresher=uac"),
    ("Supported: timer", "Session-Expires: 300", "Allow: INVITE, UPDATE"),
    ("Require: 100rel", "RSeq: 1"),
    ("Require: 100rel", "RSeq: 2", "Session-Expires: x"),
    ("Session-Expires: 90;refresher=uas", "Min-SE: 4000"),
    ("RAck: 1 1 INVITE", "Expires: 3"),
)
METHODS = ("INVITE", "UPDATE", "PRACK", "OPTIONS", "BYE", "INFO", "ACK", "CANCEL")
STATUSES = (100, 180, 183, 200, 200, 302, 401, 408, 422, 481, 486, 488, 491, 500, 503, 600)


class Storm:
    """One side of a call, out of its mind."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._bench = Bench(max_calls=1000)
        self._numbers = itertools.count(2)
        self._sent: list[SipRequest] = []
        if self._random.random() < 0.5:
            self._call, _ = self._place()
        else:
            self._call = self._bench.offered_call(extra=self._random.choice(EXTRAS[:3]))

    def _place(self) -> tuple[SipCall, SipRequest]:
        call, invite = self._bench.placed_call()
        self._sent.append(invite)
        return call, invite

    def step(self) -> None:
        action = self._random.choice(
            (self._request, self._request, self._answer, self._answer, self._decide, self._wait)
        )
        action()
        self._bench.events()
        self._sent += [m for m in self._bench.sent() if isinstance(m, SipRequest)]

    def _request(self) -> None:
        choose = self._random.choice
        number = next(self._numbers) - (self._random.random() < 0.1)
        is_ours = self._call.invite.from_.tag == self._call.local_tag
        fields = {"call_id": self._call.invite.call_id, "to_tag": self._call.local_tag}
        if is_ours:
            fields["from_tag"] = choose(("callee", "other"))
        method = choose(METHODS)
        self._bench.receive(
            request(
                method,
                cseq=choose((number, 1)) if method in ("ACK", "CANCEL") else number,
                branch=f"z9hG4bK-{method}{number}" if method != "CANCEL" else "z9hG4bK-1",
                body=choose(BODIES),
                extra=choose(EXTRAS),
                **fields,  # type: ignore[arg-type]
            )
        )

    def _answer(self) -> None:
        if not self._sent:
            return
        choose = self._random.choice
        asked = choose(self._sent[-4:])
        if asked.method != "ACK":
            tag = choose(("callee", "callee", "other"))
            status, body = choose(STATUSES), choose(BODIES)
            self._bench.receive(
                response(asked, status, to_tag=tag, body=body, extra=choose(EXTRAS))
            )

    def _decide(self) -> None:
        agent, now = self._bench.user_agent, self._bench.now
        decisions = (
            lambda: agent.ring(self._call, now),
            lambda: agent.answer_early(self._call, MEDIA, now),
            lambda: agent.answer(self._call, MEDIA, now),
            lambda: agent.answer(self._call, MEDIA, now),
            lambda: agent.change_session(self._call, now, "sendonly"),
            lambda: agent.change_session(self._call, now, "sendrecv"),
            lambda: agent.hang_up(self._call, now) if self._random.random() < 0.2 else None,
        )
        with contextlib.suppress(SdpError):
            self._random.choice(decisions)()

    def _wait(self) -> None:
        self._bench.advance(self._random.choice((0.1, 0.6, 2.0, 5.0, 50.0)))

    def end(self) -> None:
        """Our side hangs up, and the other one is silent."""
        agent = self._bench.user_agent
        agent.hang_up(self._call, self._bench.now)
        self._bench.advance(400)
        agent.hang_up(self._call, self._bench.now)
        self._bench.advance(400)
        assert self._call.state is CallState.ENDED
        assert agent.n_calls == 0
        assert agent.n_transactions == 0
        assert agent.core.dialogs == {}
        assert agent.next_timeout() is None


@pytest.mark.parametrize("seed", range(60))
def test_nothing_raises_and_nothing_is_left(seed: int):
    storm = Storm(seed)
    for _ in range(40):
        storm.step()
    storm.end()


def with_line(line: str) -> SipRequest:
    message = parse_datagram(request("INVITE", extra=("Supported: timer",)))
    assert isinstance(message, SipRequest)
    name, _, value = line.partition(": ")
    message.headers.add(name, value)
    return message


@given(st.text(max_size=60))
def test_reasons_of_strangers_raise_nothing(value: str):
    read_reason(with_line(f"Reason: {value}"))


@given(
    st.sampled_from(("SIP", "Q.850")),
    st.integers(0, 999),
    st.text(
        st.characters(blacklist_categories=("Cc", "Cs", "Cn", "Co", "Cf", "Zl", "Zp")), max_size=30
    ),
)
def test_reasons_survive_being_written(protocol: str, cause: int, text: str):
    reason = Reason(protocol, cause, text)
    name, value = reason.field
    assert read_reason(with_line(f"{name}: {value}")) == reason


@given(
    st.one_of(
        st.text(max_size=40), st.from_regex(r"[0-9]{1,12}(;refresher=ua[cs])?", fullmatch=True)
    )
)
def test_session_timers_of_strangers_fail_only_as_documented(value: str):
    policy = SessionTimerPolicy()
    asked = with_line(f"Session-Expires: {value}")
    read_min_se(with_line(f"Min-SE: {value}"))
    try:
        refusal = check_interval(asked, policy)
    except SipParseError:
        return
    if refusal is None:
        timer, _ = accept_timer(asked, policy, now=0)
        assert timer is None or timer.next_timeout() >= 45
