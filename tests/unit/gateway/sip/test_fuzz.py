"""A short slice of `python -m tests.fuzz`; the same damage each time."""

import random

import pytest

from tests.fuzz.__main__ import TARGETS
from tests.fuzz.mutate import mutated

N_INPUTS = 1200


@pytest.mark.parametrize(
    "name",
    [
        "sip_datagram",
        "sip_stream",
        "sip_values",
        "sdp",
        "transfer_values",
        "requests_in_a_call",
        "digest",
    ],
)
def test_damaged_messages_give_only_documented_errors(name):
    target, load_seeds = TARGETS[name]
    originals = load_seeds()
    random_source = random.Random(2026)
    for original in originals:
        target(original)
    for _ in range(N_INPUTS):
        target(mutated(originals, random_source))
