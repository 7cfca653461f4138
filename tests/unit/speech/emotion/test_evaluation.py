from __future__ import annotations

import numpy as np
import pytest

from voicebot.speech.emotion.emotion import EMOTIONS
from voicebot.speech.emotion.evaluation import (
    ANY_BASELINE,
    NEUTRAL_BASELINE,
    NO_BASELINE,
    Condition,
    Outcome,
    area_under_curve,
    evaluate,
    mean_recall,
)
from voicebot.speech.emotion.head import HeadMetadata
from voicebot.speech.emotion.head_training import (
    LabelledEmbeddings,
    best_temperature,
    fit_head,
    probabilities,
    sample_baselines,
)

SIZE = 12
N_SPEAKERS = 6


def voices(mood: float, person: float, n_each: int = 12, seed: int = 1) -> LabelledEmbeddings:
    """Embeddings in which moods lie `mood` apart, people `person`, and chance counts 1."""
    rng = np.random.default_rng(seed)
    moods = mood * rng.standard_normal((len(EMOTIONS), SIZE))
    people = person * rng.standard_normal((N_SPEAKERS, SIZE))
    emotions = np.tile(np.arange(len(EMOTIONS)), N_SPEAKERS * n_each).astype(np.intp)
    speakers = np.repeat(np.arange(N_SPEAKERS), len(EMOTIONS) * n_each).astype(np.intp)
    embeddings = moods[emotions] + people[speakers] + rng.standard_normal((len(emotions), SIZE))
    return LabelledEmbeddings(
        embeddings.astype(np.float32), emotions, speakers, np.zeros(len(emotions), np.intp)
    )


def outcomes_of(data: LabelledEmbeddings) -> dict[str, Outcome]:
    outcomes, _ = evaluate(data, [Condition("whole", data, data)])
    return {one.baseline: one for one in outcomes}


def test_moods_are_learnt_and_people_are_taken_out_by_the_baseline() -> None:
    found = outcomes_of(voices(mood=1.0, person=3.0))
    assert found[NO_BASELINE].recall > 0.3
    assert found[ANY_BASELINE].recall > found[NO_BASELINE].recall + 0.1
    assert found[NEUTRAL_BASELINE].recall > found[NO_BASELINE].recall + 0.1
    assert found[ANY_BASELINE].anger_auc > 0.85


def test_nothing_to_learn_gives_chance_and_no_false_certainty() -> None:
    for one in outcomes_of(voices(mood=0.0, person=1.0, n_each=30)).values():
        assert one.recall == pytest.approx(1 / 6, abs=0.06)
        assert one.probabilities.max(axis=1).mean() < 0.3
        assert one.calibration_error < 0.1


def test_knowing_the_speaker_is_of_no_help_as_he_is_left_out() -> None:
    # The mood is told by a dimension of each speaker's own: a random split would learn them all.
    rng = np.random.default_rng(5)
    data = voices(mood=0.0, person=1.0, n_each=30)
    embeddings = data.embeddings.copy()
    for speaker in range(N_SPEAKERS):
        rows = data.speakers == speaker
        embeddings[rows] += 3 * rng.standard_normal((6, SIZE))[data.emotions[rows]]
    known = LabelledEmbeddings(
        embeddings.astype(np.float32), data.emotions, data.speakers, data.takes
    )
    assert outcomes_of(known)[NO_BASELINE].recall < 0.35


def test_probabilities_come_true() -> None:
    found = outcomes_of(voices(mood=0.7, person=0.5, n_each=40))
    assert found[ANY_BASELINE].calibration_error < 0.06


def test_baselines_hold_neither_the_utterance_itself_nor_other_speakers() -> None:
    n = 8
    embeddings = np.eye(2 * n, dtype=np.float32)
    speakers = np.repeat([0, 1], n).astype(np.intp)
    data = LabelledEmbeddings(
        embeddings, np.tile([3, 0], n).astype(np.intp), speakers, np.zeros(2 * n, np.intp)
    )
    means = sample_baselines(data, 3, np.random.default_rng(2), share_neutral=0.0)
    assert np.all(np.diag(means) == 0)
    assert np.all(means[:n, n:] == 0)
    assert np.all(means[n:, :n] == 0)
    np.testing.assert_allclose(means.sum(axis=1), 1, rtol=1e-6)
    neutral = sample_baselines(data, 3, np.random.default_rng(2), share_neutral=1.0)
    assert np.all(neutral[:, data.emotions != 3] == 0)


def test_an_emotion_without_examples_is_never_read() -> None:
    data = voices(mood=1.0, person=0.5)
    without_fear = data.where(data.emotions != EMOTIONS.index("fear"))
    head = fit_head(without_fear, HeadMetadata("e", "", True, ""))
    readings = [head.read(one) for one in data.embeddings[:30]]
    assert all(reading.probabilities["fear"] < 1e-6 for reading in readings)


def test_training_can_be_repeated() -> None:
    data, metadata = voices(mood=1.0, person=1.0), HeadMetadata("e", "", True, "")
    first, second = fit_head(data, metadata), fit_head(data, metadata)
    np.testing.assert_array_equal(first.with_baseline.weights, second.with_baseline.weights)


def test_temperature_is_found_again() -> None:
    rng = np.random.default_rng(4)
    honest = rng.standard_normal((4000, 6)).astype(np.float32) * 2
    cumulated = probabilities(honest).cumsum(axis=1)
    truth = (rng.random((4000, 1)) > cumulated).sum(axis=1).clip(0, 5).astype(np.intp)
    assert best_temperature(honest * 3, truth) == pytest.approx(3, rel=0.15)


def test_recall_and_area() -> None:
    truth = np.array([0, 0, 0, 0, 1], dtype=np.intp)
    assert mean_recall(np.zeros(5, np.intp), truth) == 0.5
    scores = np.array([0.9, 0.8, 0.3, 0.1], dtype=np.float32)
    assert area_under_curve(scores, np.array([True, True, False, False])) == 1.0
    assert area_under_curve(scores, np.array([True, False, True, False])) == 0.75
