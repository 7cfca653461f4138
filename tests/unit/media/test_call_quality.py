"""MOS by the E-model, against published figures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.media.call_quality import (
    Reception,
    mean_opinion_score,
    mouth_to_ear_ms,
    opinion_score,
    rating,
)


@pytest.mark.parametrize(
    ("value", "score"),
    # G.107 annex B, table B.1, and G.109's categories
    [(90, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58), (0, 1.0), (-5, 1.0), (100, 4.5)],
)
def test_rating_becomes_a_score(value: float, score: float):
    assert opinion_score(value) == pytest.approx(score, abs=0.01)


def test_perfect_line_has_the_best_score_of_a_telephone():
    assert rating(Reception("PCMA", 0, 0)) == 93.2
    assert mean_opinion_score(Reception("PCMA", 0, 0)) == pytest.approx(4.41, abs=0.01)


@pytest.mark.parametrize(
    ("loss", "impairment"),
    # 95 * Ppl / (Ppl + 25.1)
    [(0.01, 3.64), (0.02, 7.01), (0.05, 15.78), (0.10, 27.07), (0.20, 42.13)],
)
def test_loss_takes_what_g_113_says_for_concealed_g711(loss: float, impairment: float):
    assert rating(Reception("PCMU", loss, 0)) == pytest.approx(93.2 - impairment, abs=0.01)


@pytest.mark.parametrize(
    ("delay_ms", "impairment"), [(50, 1.2), (100, 2.4), (150, 3.6), (200, 7.297), (400, 34.097)]
)
def test_delay_hurts_more_above_177_ms(delay_ms: float, impairment: float):
    assert rating(Reception("PCMA", 0, delay_ms)) == pytest.approx(93.2 - impairment, abs=0.001)


def test_loss_in_bursts_is_worse():
    steady = mean_opinion_score(Reception("PCMA", 0.05, 100))
    assert mean_opinion_score(Reception("PCMA", 0.05, 100, burst_ratio=4)) < steady - 0.05


def test_codec_that_is_not_in_the_table_rates_as_g711():
    assert rating(Reception("opus", 0.03, 80)) == rating(Reception("PCMA", 0.03, 80))


def test_delay_is_half_the_round_trip_and_what_the_ends_hold_back():
    assert mouth_to_ear_ms(80, 20, 60) == 140
    assert mouth_to_ear_ms(None, 20, 60) == 100


sane = st.floats(0, 1e6, allow_nan=False)


@given(st.floats(-1, 2, allow_nan=False), sane, sane)
def test_score_stays_on_the_scale_and_never_rises_with_loss(
    loss: float, delay_ms: float, burst_ratio: float
):
    score = mean_opinion_score(Reception("PCMA", loss, delay_ms, burst_ratio))
    assert 1.0 <= score <= 4.5
    assert mean_opinion_score(Reception("PCMA", loss + 0.1, delay_ms, burst_ratio)) <= score + 1e-9
