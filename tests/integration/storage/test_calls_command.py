"""`voicebot calls` on a real database."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from tests.integration.storage.examples import (
    ANNA,
    ANSWER,
    LOAN,
    NOW,
    QUESTION,
    call,
    callback,
    promise,
)
from tests.storage_fakes import SECRET
from voicebot.cli.calls import calls_app
from voicebot.errors import NotFound
from voicebot.records import Disposition, Speaker, Turn
from voicebot.settings import Settings
from voicebot.storage.database import Database

RECENT = "7f3a9c01d2"
OLDER = "7f3b000000"
RUNNING = "aa00000000"


async def _fill(url: str) -> None:
    database = await Database.open(url, SECRET)
    case = await database.cases.add(ANNA, LOAN)
    await database.calls.start(call(OLDER, started_at=NOW - timedelta(days=2)))
    await database.calls.finish(OLDER, NOW, Disposition.NO_INPUT, "caller stayed silent", {})
    await database.calls.start(
        call(RECENT, started_at=NOW, answered_at=NOW + timedelta(seconds=1.5))
    )
    await database.calls.update(
        RECENT, case_id=case.case_id, is_verified=True, ai_disclosed_at=NOW + timedelta(seconds=4)
    )
    await database.calls.add_turn(RECENT, 0, QUESTION)
    await database.calls.add_turn(RECENT, 1, ANSWER)
    evil = Turn(Speaker.CALLER, "=cmd|' /C calc'!A0 \x1b[31m[bold]x", 65.0, 66.0, confidence=0.3)
    await database.calls.add_turn(RECENT, 2, evil)
    await database.promises.add(promise(case.case_id, call_id=RECENT, amount_gr=50_000))
    await database.promises.add(promise(case.case_id, call_id=RECENT, amount_gr=123_450))
    await database.callbacks.add(callback(call_id=RECENT))
    await database.audit.append(RECENT, "ai_disclosed", {"prompt": "greeting"}, NOW)
    ended = NOW + timedelta(seconds=91.5)
    stats = {"jitter_ms": 1.5, "lost_packets": 2.0}
    await database.calls.finish(RECENT, ended, Disposition.PTP_FULL, "agreed", stats)
    await database.calls.start(call(RUNNING, started_at=NOW - timedelta(days=1)))
    await database.close()


class Voicebot:
    """Runs `voicebot calls ...` in a folder."""

    def __init__(self, folder: Path) -> None:
        self._environment = {"VOICEBOT_DATA_DIRECTORY": str(folder), "COLUMNS": "140"}

    def calls(self, *arguments: str) -> Result:
        return CliRunner().invoke(calls_app, list(arguments), env=self._environment)

    def output(self, *arguments: str) -> str:
        result = self.calls(*arguments)
        assert result.exit_code == 0, result.output
        return result.stdout


@pytest.fixture(scope="module")
def voicebot(tmp_path_factory: pytest.TempPathFactory) -> Voicebot:
    """The commands only look, so one database does for all tests."""
    folder = tmp_path_factory.mktemp("data")
    asyncio.run(_fill(Settings(data_directory=str(folder)).database_url))
    return Voicebot(folder)


def test_list_shows_the_latest_call_first(voicebot: Voicebot):
    lines = voicebot.output("list").splitlines()
    assert [line[:8] for line in lines[1:4]] == ["7f3a9c01", "aa000000", "7f3b0000"]
    assert "PTP_FULL" in lines[1]
    assert "2468 1357" in lines[1]
    assert "1:30.0" in lines[1]
    assert "2026-03-02 10:30:15" in lines[1]  # Warsaw
    assert "going on" in lines[2]


def test_list_can_be_narrowed(voicebot: Voicebot):
    def ids(*arguments: str) -> list[str]:
        return [entry["call_id"] for entry in json.loads(voicebot.output("list", *arguments))]

    assert ids("--json") == [RECENT, RUNNING, OLDER]
    assert ids("--json", "-n", "1") == [RECENT]
    assert ids("--json", "--disposition", "no_input") == [OLDER]
    assert ids("--json", "--case", "24681357") == [RECENT]
    assert ids("--json", "--before", "2026-03-02") == [RUNNING, OLDER]
    assert "No such calls" in voicebot.output("list", "--case", "1")


@pytest.mark.parametrize("wanted", [RECENT, "7f3a", "last"])
def test_show_tells_all_about_a_call(voicebot: Voicebot, wanted: str):
    page = voicebot.output("show", wanted)
    for words in (
        RECENT,
        "PTP_FULL",
        "W czym mogę pomóc?",
        "zapłacę tysiąc złotych piętnastego",
        "87%",
        "amount_gr=100000",
        "1\u00a0234,50 zł by 2026-03-15 (open)",
        "500,00 zł by 2026-03-15 (superseded)",
        "jutro po południu",
        "2468 1357 (verified)",
        "speech_end_to_transcript",
        "jitter_ms 1.5",
        "ai_disclosed",
        "answered after 1.5 s",
        "1:05.0",
    ):
        assert words in page, words


def test_show_does_not_let_a_caller_steer_the_terminal(voicebot: Voicebot):
    page = voicebot.output("show", "last")
    assert "\x1b" not in page
    assert "[bold]x" in page


def test_show_as_json_holds_everything(voicebot: Voicebot):
    document = json.loads(voicebot.output("show", "last", "--json"))
    assert document["call_id"] == RECENT
    assert document["disposition"] == "PTP_FULL"
    assert document["started_at"] == "2026-03-02T09:30:15.123456+00:00"
    assert [turn["speaker"] for turn in document["turns"]] == ["bot", "caller", "caller"]
    assert document["turns"][1]["slots"] == {"amount_gr": 100_000, "note": "zażółć"}
    assert [made["amount_gr"] for made in document["promises"]] == [50_000, 123_450]
    assert document["callbacks"][0]["wanted"] == "jutro po południu"


@pytest.mark.parametrize(
    ("wanted", "reason"), [("7f3", "more than one"), ("nobody", "no call nobody"), ("", "more")]
)
def test_show_says_which_call_it_could_not_find(voicebot: Voicebot, wanted: str, reason: str):
    result = voicebot.calls("show", wanted)
    assert isinstance(result.exception, NotFound)
    assert reason in str(result.exception)


def test_export_of_lines_holds_each_call_once(voicebot: Voicebot, tmp_path: Path):
    file = tmp_path / "calls.jsonl"
    file.write_text("of somebody else")
    file.chmod(0o644)
    voicebot.output("export", "--output", str(file))
    documents = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [document["call_id"] for document in documents] == [RECENT, RUNNING, OLDER]
    assert len(documents[0]["turns"]) == 3
    assert file.stat().st_mode & 0o777 == 0o600


def test_export_of_a_table_has_a_row_per_turn(voicebot: Voicebot):
    rows = list(csv.DictReader(io.StringIO(voicebot.output("export", "-f", "csv"))))
    assert [(row["call_id"], row["turn_index"]) for row in rows] == [
        (RECENT, "0"),
        (RECENT, "1"),
        (RECENT, "2"),
        (RUNNING, ""),
        (OLDER, ""),
    ]
    assert rows[1]["turn_text"] == "zapłacę tysiąc złotych piętnastego"
    assert json.loads(rows[1]["turn_slots"])["amount_gr"] == 100_000
    assert (rows[0]["promise_amount_gr"], rows[0]["promise_due_date"]) == ("123450", "2026-03-15")
    assert rows[0]["is_verified"] == "yes"
    # A spreadsheet would run what begins with "=".
    assert rows[2]["turn_text"].startswith("'=cmd")
    assert None not in rows[0]


def test_export_of_an_array_can_be_narrowed(voicebot: Voicebot):
    chosen = voicebot.output(
        "export", "-f", "json", "--since", "2026-03-01", "--until", "2026-03-02"
    )
    assert [document["call_id"] for document in json.loads(chosen)] == [RUNNING]
    nothing = voicebot.output("export", "-f", "json", "--since", "2027-01-01")
    assert json.loads(nothing) == []


def test_missing_database_is_said_and_not_made(tmp_path: Path):
    result = Voicebot(tmp_path / "nowhere").calls("list")
    assert isinstance(result.exception, NotFound)
    assert "no database yet" in str(result.exception)
    assert not (tmp_path / "nowhere").exists()


def test_no_calls_yet(tmp_path: Path):
    async def make() -> None:
        database = await Database.open(Settings(data_directory=str(tmp_path)).database_url, SECRET)
        await database.close()

    asyncio.run(make())
    assert "No calls yet" in Voicebot(tmp_path).output("list")
    assert Voicebot(tmp_path).output("export") == ""
    assert isinstance(Voicebot(tmp_path).calls("show", "last").exception, NotFound)
