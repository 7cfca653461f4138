"""`voicebot replay CALL…`: run recorded calls again, and show that they decide the same."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from voicebot.calls.decision_log import SUFFIX, decisions_path
from voicebot.cli.decision_diff import differences
from voicebot.dialogue.decisions import DecisionHeader, LoggedDecision, digest, read_log, run_again
from voicebot.errors import DecisionLogError, VoicebotError
from voicebot.settings import load_settings

if TYPE_CHECKING:
    from voicebot.cli.heard_again import HeardAgain
    from voicebot.dialogue.nlu import IntentClassifier
    from voicebot.dialogue.script import Script

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class _Outcome:
    is_same: bool
    text: str


def replay(
    calls: Annotated[
        list[str] | None,
        typer.Argument(help="Call ids, recordings or decision logs.", show_default=False),
    ] = None,
    all_calls: Annotated[bool, typer.Option("--all", help="Every recorded call.")] = False,
    script: Annotated[
        str | None, typer.Option(help="Decide by this script instead: a file or a name.")
    ] = None,
    audio: Annotated[
        bool, typer.Option("--audio", help="Recognise what was recorded again (models needed).")
    ] = False,
    settings_file: Annotated[Path | None, typer.Option("--settings", "-s")] = None,
) -> None:
    """Run recorded calls again from what their dialogue was told, and when.

    The log that comes of it is byte for byte the one of the call, or the decisions that differ are
    shown: after a change of the script, or with another recogniser. Nothing is written. Exit
    status 1: a call decides otherwise now, or can't be run again.

    Examples:

        voicebot replay 20260311-0915-a1b2c3

        voicebot replay --all

        voicebot replay --all --script new_script.yaml

        voicebot replay 20260311-0915-a1b2c3 --audio
    """
    settings = load_settings(settings_file)
    folder = settings.recordings_path
    paths = [_find(name, folder) for name in calls or ()]
    if all_calls:
        paths += sorted(folder.glob(f"*/*{SUFFIX}"))
    if not paths:
        raise typer.BadParameter(
            f"name a call, or --all (decision logs lie beside recordings in {folder})"
        )
    console = Console(highlight=False)
    scripts = _Scripts(script)
    listener = None
    if audio:
        from voicebot.cli.heard_again import open_heard_again

        listener = open_heard_again(settings, Console(stderr=True))
    n_same = 0
    for path in paths:
        try:
            outcome = _replay(path, scripts, listener)
        except VoicebotError as error:
            outcome = _Outcome(False, f"{path.name.removesuffix(SUFFIX)}: {error}")
        n_same += outcome.is_same
        console.print(outcome.text, markup=False, style="" if outcome.is_same else "red")
    if len(paths) > 1:
        console.print(f"{n_same} of {len(paths)} calls decide the same")
    if n_same < len(paths):
        raise typer.Exit(1)


class _Scripts:
    """Loads each script once, with its classifier."""

    def __init__(self, instead: str | None) -> None:
        self._instead = instead
        self._loaded: dict[str, tuple[Script, IntentClassifier]] = {}

    def get(self, path: str) -> tuple[Script, IntentClassifier]:
        from voicebot.dialogue.engine import make_classifier
        from voicebot.dialogue.script_loader import load_script
        from voicebot.dialogue.script_paths import find_script

        name = self._instead or path
        if name not in self._loaded:
            script = load_script(find_script(name))
            self._loaded[name] = (script, make_classifier(script))
        return self._loaded[name]


def _find(name: str, folder: Path) -> Path:
    """The decision log of a call id, a recording, or the log itself.

    Raises DecisionLogError.
    """
    given = Path(name)
    if given.is_file():
        return given if given.name.endswith(SUFFIX) else decisions_path(given)
    # A call id is a file name here: never a way out of the folder.
    found = sorted(folder.glob(f"*/{Path(name).name}{SUFFIX}"))
    if found:
        return found[-1]
    raise DecisionLogError(
        f"no decision log of the call {name} in {folder}: it was not recorded, its recording was "
        "dropped because the caller objected, or it was another server's"
    )


def _replay(path: Path, scripts: _Scripts, listener: HeardAgain | None) -> _Outcome:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DecisionLogError(f"the decision log can't be read: {error}") from None
    header, logged = read_log(text)
    script, classifier = scripts.get(header.script_path)
    events = None
    heard = ""
    if listener is not None:
        events, heard = listener.hear(
            path.with_name(path.name.removesuffix(SUFFIX) + ".wav"), logged
        )
    again = list(run_again(header, logged, script, classifier, events))
    before = text.split("\n")[:-1]
    told = _told(header, script, before, again, logged)
    return _Outcome(told.is_same, f"{told.text}\n{heard}" if heard else told.text)


def _told(
    header: DecisionHeader,
    script: Script,
    before: list[str],
    again: list[str],
    logged: list[LoggedDecision],
) -> _Outcome:
    name = header.call_id
    sums = f"sha256 {digest(before)[:16]}… before, {digest(again)[:16]}… now"
    if before == again:
        return _Outcome(True, f"{name}: same, {len(logged)} decisions, {sums}")
    if before[1:] == again[1:]:
        what = (
            "another version of the script"
            if header.script_version != script.version
            else ("another classifier")
        )
        return _Outcome(True, f"{name}: same {len(logged)} decisions by {what}, {sums}")
    found = differences(before[1:], again[1:])
    lines = [f"{name}: {len(found)} of {len(logged)} decisions differ, {sums}"]
    if header.script_version != script.version:
        lines.append(f"  the script is another: {script.name}, {script.path}")
    for difference in found[:_SHOWN]:
        lines += [f"  {line}" for line in difference]
    if len(found) > _SHOWN:
        lines.append(f"  … and {len(found) - _SHOWN} more")
    return _Outcome(False, "\n".join(lines))
