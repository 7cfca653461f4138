"""`voicebot simulate`: what it writes, and when it fails."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from voicebot.cli import app

SCRIPTS = Path(__file__).parents[2] / "data" / "scripts"


def simulated(script: str, *options: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["simulate", str(SCRIPTS / script), *options])
    return result.exit_code, result.output


def test_the_result_is_written_and_judged(tmp_path: Path):
    path = tmp_path / "result.json"
    # This script asks for one fact, so the directory tells it nothing.
    code, output = simulated(
        "good.yaml", "--calls", "40", "--json", str(path), "--min-coverage", "10"
    )
    assert code == 0
    assert "no breach" in output
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["passed"] is True
    assert document["calls"] == 40
    assert document["states"]["known"] == 11
    assert "when" in document["states"]["missing"]
    assert sum(sum(counts.values()) for counts in document["outcomes"].values()) == 40


def test_too_little_covered_fails():
    code, output = simulated("good.yaml", "--calls", "40")
    assert code == 1
    assert "failed" in output


def test_a_breach_fails_and_is_told_with_its_story():
    code, output = simulated("harmful_no_disclosure.yaml", "--calls", "20", "--min-coverage", "1")
    assert code == 1
    assert "question_before_notice" in output
    assert "bot: Tu program firmy" in output


def test_only_known_personas_call():
    code, _ = simulated("good.yaml", "--persona", "somebody")
    assert code == 2
