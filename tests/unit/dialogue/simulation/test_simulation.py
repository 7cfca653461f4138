"""Simulated calls: they cover a good script, find what is harmful, and are the same each time."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from voicebot.dialogue.engine import make_classifier
from voicebot.dialogue.script import Script
from voicebot.dialogue.script_graph import edges
from voicebot.dialogue.script_loader import load_script
from voicebot.dialogue.simulation.personas import PERSONAS
from voicebot.dialogue.simulation.simulation import Simulation, SimulationResult

SCRIPTS = Path(__file__).parents[3] / "data" / "scripts"
WARSAW = ZoneInfo("Europe/Warsaw")


@lru_cache
def script_named(name: str) -> Script:
    return load_script(SCRIPTS / f"{name}.yaml")


def changed(tmp_path: Path, old: str, new: str) -> Script:
    """The good script with another text in it."""
    text = (SCRIPTS / "good.yaml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "small_intents.yaml").write_bytes((SCRIPTS / "small_intents.yaml").read_bytes())
    path = tmp_path / "script.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return load_script(path)


def simulated(
    script: Script | str, n_calls: int = 150, seed: int = 1, **options: object
) -> SimulationResult:
    script = script_named(script) if isinstance(script, str) else script
    simulation = Simulation(
        script,
        make_classifier(script),
        edges(script),
        WARSAW,
        seed,
        facts_needed=1,  # these scripts ask for one
        **options,  # type: ignore[arg-type]
    )
    return simulation.run(n_calls)


def test_a_good_script_is_covered_whole_and_has_no_breach(tmp_path: Path):
    # This one would promise more than is owed.
    script = changed(tmp_path, "if: amount >= smallest_gr", "if: amount <= balance")
    result = simulated(script, 1200)
    assert not result.n_breaches, result.breaches[:1]
    assert result.coverage.missing_states == []
    assert result.coverage.missing_edges == []
    assert result.coverage.unforeseen_edges == []
    assert result.n_calls == 1200
    assert result.n_continued > 0


@pytest.mark.parametrize(
    ("script", "breach"),
    [
        ("harmful_debt_too_early", "debt_before_verification"),
        ("harmful_dead_end", "endless"),
        ("harmful_no_crisis", "no_help_in_crisis"),
        ("harmful_no_disclosure", "question_before_notice"),
        ("harmful_no_read_back", "promise_not_read_back"),
        ("harmful_promise", "promise_not_read_back"),
    ],
)
def test_the_observer_finds_what_is_harmful(script: str, breach: str):
    result = simulated(script, 200)
    assert result.n_breaches[breach], result.n_breaches
    example = next(found for found in result.breaches if found.breach.kind == breach)
    assert example.story, "an example shows what was said"
    assert example.persona in PERSONAS


def test_a_secret_that_is_read_out_is_found(tmp_path: Path):
    script = changed(tmp_path, 'owed: "Do zapłaty', 'owed: "Urodziny {birth_date.gen}. Do zapłaty')
    assert simulated(script, 100).n_breaches["secret_read_out"]


@pytest.mark.parametrize(
    ("old", "new", "breach"),
    [
        ("Do widzenia.", "Na pewno sprawa trafi do sądu.", "forbidden_claim"),
        (
            "  - {intent: ask_human, priority: true, go: human}",
            "  - {intent: ask_human, go: bye}",
            "no_way_to_a_human",
        ),
        ("days_until(day) <= max_days", "days_until(day) <= 999", "promise_beyond_policy"),
        ("saved: Zapisane.", "saved: Kredyt jest tani.", ""),
    ],
)
def test_what_else_must_not_be(tmp_path: Path, old: str, new: str, breach: str):
    script = changed(tmp_path, old, new)
    found = simulated(script, 700 if breach == "promise_beyond_policy" else 150).n_breaches
    # What a verified debtor hears of his debt is no breach.
    assert found[breach] if breach else not (found.keys() - {"promise_beyond_policy"})


def test_the_same_seed_gives_the_same_calls():
    one, again, other = simulated("good"), simulated("good"), simulated("good", seed=2)
    assert one.coverage.edges == again.coverage.edges
    assert one.outcomes == again.outcomes
    assert one.turns == again.turns
    assert one.turns != other.turns or one.coverage.edges != other.coverage.edges


def test_only_the_personas_asked_for_call():
    result = simulated("good", 20, personas=("silent",))
    assert set(result.outcomes) == {"silent"}
    assert sum(result.outcomes["silent"].values()) == 20


def test_words_may_go_through_a_recogniser_instead():
    from voicebot.dialogue.simulation.caller import Heard

    heard: list[str] = []

    def deaf(text: str, listen: object) -> Heard:
        heard.append(text)
        return Heard("bla bla bla", 0.9)

    result = simulated("good", 10, personas=("cooperative",), hearing=deaf)
    assert heard
    assert not result.outcomes["cooperative"]["PTP_FULL"]
