"""`voicebot replay` on logs that a test writes: same, different, missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from voicebot.cli import app
from voicebot.dialogue.actions import CallerLeft, DialogueEvent, NoInput, UserTurn
from voicebot.dialogue.decisions import DecisionHeader, DecisionWriter, header_line
from voicebot.dialogue.engine import DialogueEngine, make_classifier
from voicebot.dialogue.script_loader import load_script

SCRIPTS = Path(__file__).parents[2] / "data" / "scripts"
EVENTS: tuple[DialogueEvent, ...] = (
    NoInput(),
    UserTurn(text="pada deszcz", confidence=0.8, alternatives=("pada",)),
    UserTurn(digits="0"),
    CallerLeft(),
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with a script of its own in it."""
    monkeypatch.setenv("VOICEBOT_DATA_DIRECTORY", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for name in ("good.yaml", "small_intents.yaml"):
        (tmp_path / name).write_bytes((SCRIPTS / name).read_bytes())
    (tmp_path / "recordings" / "2026-03-11").mkdir(parents=True)
    return tmp_path


def write_log(folder: Path, call_id: str) -> Path:
    script = load_script(folder / "good.yaml")
    classifier = make_classifier(script)
    given = {"company": "Firma", "is_recorded": True}
    zone = "Europe/Warsaw"
    header = DecisionHeader(
        call_id, script.name, script.path, script.version, zone, call_id,
        type(classifier).__name__, {"recognizer": "whisper"}, given,
    )  # fmt: skip
    engine = DialogueEngine(script, classifier, given, ZoneInfo(zone), call_id)
    writer = DecisionWriter()
    now = datetime(2026, 3, 11, 9, 15, 0, 123456, tzinfo=UTC)
    lines = [header_line(header), writer.line(None, now, engine.start(now), engine)]
    for event in EVENTS:
        now += timedelta(seconds=7.3)
        lines.append(writer.line(event, now, engine.handle(event, now), engine))
    path = folder / "recordings" / "2026-03-11" / f"{call_id}.decisions.jsonl"
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def replayed(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["replay", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        return 1, str(result.exception)
    return result.exit_code, " ".join(result.output.split())


def test_the_same_script_decides_the_same(folder: Path):
    write_log(folder, "call-1")
    code, output = replayed("call-1")
    assert code == 0
    assert "call-1: same, 5 decisions" in output


def test_all_calls_are_found(folder: Path):
    write_log(folder, "call-1")
    write_log(folder, "call-2")
    code, output = replayed("--all")
    assert code == 0
    assert "2 of 2 calls decide the same" in output


def test_another_script_shows_where_it_differs(folder: Path):
    path = write_log(folder, "call-1")
    other = folder / "other.yaml"
    text = (folder / "good.yaml").read_text(encoding="utf-8")
    other.write_text(text.replace("Konsultant oddzwoni.", "Proszę czekać."), encoding="utf-8")
    code, output = replayed(str(path), "--script", str(other))
    assert code == 1
    assert "decisions differ" in output
    assert "the caller keyed 0" in output
    assert "- Say human: Konsultant oddzwoni." in output
    assert "+ Say human: Proszę czekać." in output


def test_another_version_that_decides_the_same_passes(folder: Path):
    write_log(folder, "call-1")
    with (folder / "good.yaml").open("a", encoding="utf-8") as file:
        file.write("\n# a remark\n")
    code, output = replayed("call-1")
    assert code == 0
    assert "another version of the script" in output


def test_a_missing_log_is_told(folder: Path):
    code, output = replayed("nobody")
    assert code == 1
    assert "no decision log of the call nobody" in output


def test_what_is_no_log_is_told(folder: Path):
    path = write_log(folder, "call-1")
    path.write_text("{}\n", encoding="utf-8")
    code, output = replayed("call-1")
    assert code == 1
    assert "no decision log" in output


def test_a_log_that_was_cut_off_is_run_as_far_as_it_goes(folder: Path):
    path = write_log(folder, "call-1")
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.rindex("\n", 0, -1) + 40], encoding="utf-8")
    code, output = replayed("call-1")
    assert code == 0
    assert "same, 4 decisions" in output


def test_a_name_is_no_way_out_of_the_folder(folder: Path):
    (folder / "secret.decisions.jsonl").write_text("{}\n", encoding="utf-8")
    code, output = replayed("../../secret")
    assert code == 1
    assert "no decision log of the call" in output


def test_something_has_to_be_named(folder: Path):
    code, _ = replayed()
    assert code == 2
