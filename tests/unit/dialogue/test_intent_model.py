from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.dialogue.intent_features import FeatureSpace, features, near_duplicates
from voicebot.dialogue.intent_model import IntentModel, Trust, learn
from voicebot.dialogue.intent_model_store import learnt
from voicebot.dialogue.word_classes import word_class

TEXTS = ["ala ma kota", "ola ma psa", "kot ali", "pada deszcz", "pada snieg", "deszcz ze sniegiem"]
COLUMNS = [0, 0, 0, 1, 1, 1]


def test_the_label_whose_examples_are_most_alike_is_chosen():
    model = learn(TEXTS, COLUMNS, 2)
    assert model.choose("mam kota", [0, 1])[0] == 0
    assert model.choose("ale pada", [0, 1])[0] == 1
    assert model.choose("ale pada", [0])[0] == 0


def test_what_shares_nothing_with_the_examples_is_improbable():
    assert learn(TEXTS, COLUMNS, 2).choose("xq", [0, 1])[1] == 0.0


@pytest.mark.parametrize("n_labels", [1, 2, 3])
def test_few_labels_are_learnt_too(n_labels: int):
    """A script of our own may have one intent, or examples of one only."""
    columns = [n % n_labels for n in range(len(TEXTS))]
    model = learn(TEXTS, columns, n_labels + 1)
    at = model.choose(TEXTS[0], list(range(n_labels + 1)))[0]
    assert at == columns[0]
    assert learn([], [], 1).choose("ala", [0]) == (0, 0.0)


def test_more_score_and_more_lead_are_more_probable():
    trust = Trust()
    assert trust.probability(0.5, -0.5) > trust.probability(0.5, 0.4)
    assert trust.probability(0.5, -0.5) > trust.probability(0.0, -1.0)
    assert 0 <= trust.probability(-1e9, 1e9) < trust.probability(1e9, -1e9) < 1


def test_a_model_is_read_back_as_it_was_written(tmp_path: Path):
    model = learn(TEXTS, COLUMNS, 2)
    model.write(tmp_path / "kept")
    again = IntentModel.read(tmp_path / "kept")
    assert again.choose("mam kota", [0, 1]) == model.choose("mam kota", [0, 1])
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_what_was_learnt_is_kept_for_these_examples_only(tmp_path: Path):
    learnt(TEXTS, COLUMNS, 2, tmp_path)
    [kept] = tmp_path.iterdir()
    written_at = kept.stat().st_mtime_ns
    learnt(TEXTS, COLUMNS, 2, tmp_path)
    assert kept.stat().st_mtime_ns == written_at
    learnt([*TEXTS[1:], "ala ma psa"], COLUMNS, 2, tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("content", [b"", b"rubbish", b"PK\x03\x04 broken"])
def test_a_broken_file_is_learnt_anew(tmp_path: Path, content: bytes):
    learnt(TEXTS, COLUMNS, 2, tmp_path)
    [kept] = tmp_path.iterdir()
    kept.write_bytes(content)
    assert learnt(TEXTS, COLUMNS, 2, tmp_path).choose("mam kota", [0, 1])[0] == 0
    assert IntentModel.read(kept).choose("mam kota", [0, 1])[0] == 0


def test_a_folder_that_cannot_be_written_only_costs_time(tmp_path: Path):
    (tmp_path / "file").write_text("no folder")
    assert learnt(TEXTS, COLUMNS, 2, tmp_path / "file").choose("mam kota", [0, 1])[0] == 0


def test_words_of_a_class_stand_for_one_another():
    assert word_class("meza") == word_class("siostry") == "KIN"
    assert word_class("500") == "NUMBER"
    assert word_class("kwiat") == ""
    shared = features("meza nie ma") & features("siostry nie ma")
    assert "=KIN_nie" in shared


def test_a_strange_text_has_a_short_vector():
    space = FeatureSpace.of(TEXTS)
    known = sum(weight**2 for _, weight in space.vector("ala ma kota"))
    strange = sum(weight**2 for _, weight in space.vector("ala xqxqxq vvvvv"))
    assert known == pytest.approx(1.0)
    assert 0 < strange < 0.6
    assert space.vector("") == []


def test_near_duplicates_share_three_words_in_five():
    among = ["zaplace w piatek", "zaplace jutro", "zaplace w piatek rano", "nie mam pieniedzy"]
    assert near_duplicates(["zaplace w piatek"], among) == [[0, 2]]
