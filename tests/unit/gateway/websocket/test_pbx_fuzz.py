"""A short slice of `python -m tests.fuzz` for what Asterisk, jambonz and browsers send."""

import random

import pytest

from tests.fuzz.__main__ import TARGETS
from tests.fuzz.mutate import mutated

N_INPUTS = 250


@pytest.mark.parametrize("name", ["asterisk", "audiosocket", "jambonz", "browser_phone"])
def test_damaged_messages_give_only_documented_errors(name: str) -> None:
    target, load_seeds = TARGETS[name]
    originals = load_seeds()
    random_source = random.Random(2026)
    for original in originals:
        target(original)
    for _ in range(N_INPUTS):
        target(mutated(originals, random_source))
