"""A short slice of benchmarks/sip_mutation: the user agent under damaged messages, a call on."""

from __future__ import annotations

from tests.fuzz.agent_storm import AgentStorm

N_MESSAGES = 1500
MAX_GROWTH_BLOCKS = 2500
"""Caches fill in the first slice; in a leak of one block a message it would be more."""


def test_damaged_messages_raise_nothing_end_nothing_and_leave_nothing() -> None:
    storm = AgentStorm(seed=2026)
    storm.run(N_MESSAGES)
    before = storm.settle()
    storm.run(2 * N_MESSAGES)
    n_live = storm.agent.n_transactions
    after = storm.settle()
    assert n_live > 100, "they get so far as to be served"
    assert storm.counts["CallOffered"] > 20
    assert storm.friend_is_up
    assert storm.agent.n_calls == 1
    assert storm.agent.n_transactions == 0
    assert len(storm.agent.core.dialogs) == 1
    assert after - before < MAX_GROWTH_BLOCKS
