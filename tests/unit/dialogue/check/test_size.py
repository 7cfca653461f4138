"""The check stays small on a large script: its work is counted, not timed."""

from __future__ import annotations

from pathlib import Path

from benchmarks.check_speed import large_script
from voicebot.dialogue.check.script_check import Check
from voicebot.dialogue.script_loader import load_script

FOLDER = Path(__file__).resolve().parents[3] / "data" / "scripts" / "broken"


def test_nodes_grow_no_faster_than_states(tmp_path: Path):
    intents = (FOLDER / "intents.yaml").read_text(encoding="utf-8")
    (tmp_path / "intents.yaml").write_text(intents, encoding="utf-8")
    path = tmp_path / "large.yaml"
    path.write_text(large_script(100), encoding="utf-8")
    script = load_script(path)
    check = Check(script)
    assert [str(it) for it in check.problems() if it.severity == "error"] == []
    assert len(script.states) >= 100
    assert check.n_nodes < 60 * len(script.states)
