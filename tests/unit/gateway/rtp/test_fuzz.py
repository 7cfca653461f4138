"""A short slice of `python -m tests.fuzz`; the same damage each time."""

from __future__ import annotations

import random

import pytest

from tests.fuzz.__main__ import TARGETS
from tests.fuzz.mutate import mutated


@pytest.mark.parametrize(
    ("name", "n_inputs"), [("rtp", 1500), ("rtcp", 1500), ("srtp", 500), ("sdp_crypto", 500)]
)
def test_damaged_media_gives_only_documented_errors(name: str, n_inputs: int) -> None:
    target, load_seeds = TARGETS[name]
    originals = load_seeds()
    random_source = random.Random(2026)
    for original in originals:
        target(original)
    for _ in range(n_inputs):
        target(mutated(originals, random_source))
