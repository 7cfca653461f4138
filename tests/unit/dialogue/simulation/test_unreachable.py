"""Ways that no call can take are proven so; those that some call takes never are."""

from __future__ import annotations

from pathlib import Path

from voicebot.dialogue.script_graph import edges
from voicebot.dialogue.script_loader import load_script
from voicebot.dialogue.simulation.unreachable import unreachable_edges

GOOD = Path(__file__).parents[3] / "data" / "scripts" / "good.yaml"


def proven(tmp_path: Path, *replaced: tuple[str, str]) -> dict[str, str]:
    """state:target -> reason, of the good script with some of its text replaced."""
    text = GOOD.read_text(encoding="utf-8")
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "script.yaml"
    path.write_text(text, encoding="utf-8")
    (tmp_path / "small_intents.yaml").write_bytes((GOOD.parent / "small_intents.yaml").read_bytes())
    script = load_script(path)
    return {
        f"{found.edge.state}:{found.edge.target}": found.reason
        for found in unreachable_edges(script, edges(script))
    }


def test_nothing_of_a_good_script_is_out_of_reach(tmp_path: Path):
    assert proven(tmp_path) == {}


def test_a_rule_behind_one_that_always_fits_is(tmp_path: Path):
    found = proven(
        tmp_path,
        (
            "on: [{filled: number, go: find}]",
            "on: [{filled: number, go: find}, {filled: number, go: bye}]",
        ),
    )
    assert found.keys() == {"hello:bye"}
    assert "always fits first" in found["hello:bye"]


def test_a_condition_on_a_flag_that_is_never_set_is(tmp_path: Path):
    found = proven(
        tmp_path,
        (
            "  - {intent: ask_human, priority: true, go: human}",
            "  - {intent: ask_human, priority: true, if: told, go: crisis}\n"
            "  - {intent: ask_human, priority: true, go: human}",
        ),
    )
    # `told` is true once the debt was told, and never before.
    assert {key for key in found if key.endswith(":crisis")} == {"hello:crisis", "birth:crisis"}
    assert all("never holds here: told" in found[key] for key in found if key.endswith("crisis"))


def test_a_stayed_state_keeps_what_its_rule_has_set(tmp_path: Path):
    found = proven(
        tmp_path,
        ("  told: flag", "  told: flag\n  twice: flag"),
        (
            "on: [{filled: birth_date, go: prove}]",
            "on: [{filled: birth_date, if: twice, go: prove}, "
            "{filled: birth_date, do: [set: {twice: true}], go: listen}]",
        ),
    )
    assert "birth:prove" not in found
