from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.gateway.sip.strategies import line, lower_token, token
from voicebot.errors import SipParseError
from voicebot.gateway.sip.messages.subscription_state import EventType, SubscriptionState

states = st.builds(
    SubscriptionState, lower_token, st.just("") | lower_token, st.none() | st.integers(0, 2**32 - 1)
)
event_types = st.builds(EventType, lower_token, st.none() | token)


@given(states)
def test_reads_the_state_it_writes(state: SubscriptionState):
    assert SubscriptionState.parse(str(state)) == state


@given(event_types)
def test_reads_the_event_it_writes(event: EventType):
    assert EventType.parse(str(event)) == event


@given(line)
def test_any_text_is_read_or_refused(text: str):
    for candidate in (text, f"active;{text}", f"active;expires={text}"):
        for kind in (SubscriptionState, EventType):
            try:
                kind.parse(candidate)
            except SipParseError:
                continue


def test_as_phones_write_it():
    assert SubscriptionState.parse("Active; Expires=60") == SubscriptionState("active", "", 60)
    ended = SubscriptionState.parse("terminated;reason=noresource")
    assert (ended.is_terminated, ended.reason) == (True, "noresource")
    assert EventType.parse("refer;id=93809824") == EventType("refer", "93809824")


@pytest.mark.parametrize("text", ["", ";x", "active;expires=-1", "active;expires=9999999999999"])
def test_what_is_no_state_is_refused(text: str):
    with pytest.raises(SipParseError):
        SubscriptionState.parse(text)
