"""Keeps what a call's dialogue was told and answered, beside the call's recording.

It holds what the recording holds, in words; so it has the same fate: kept where calls are recorded,
readable by the server's user alone, dropped when the caller objects.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from voicebot.dialogue.actions import Action, DialogueEvent
from voicebot.dialogue.decisions import (
    Deciding,
    DecisionHeader,
    DecisionWriter,
    HeardSpan,
    header_line,
)
from voicebot.dialogue.nlu import IntentClassifier
from voicebot.dialogue.script import Script
from voicebot.dialogue.state import seed_of_call

log = logging.getLogger(__name__)

SUFFIX = ".decisions.jsonl"

_writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="decisions")
"""One thread writes for all calls: a slow disk must not hold up anybody's audio."""


def decisions_path(recording: Path) -> Path:
    """Where the decisions of a recorded call are."""
    return recording.with_suffix(SUFFIX)


def wait_written() -> None:
    """Return when all that calls have noted so far is on disk. Blocking."""
    _writer.submit(lambda: None).result()


def start_decisions(
    recording: Path,
    call_id: str,
    script: Script,
    classifier: IntentClassifier,
    timezone: ZoneInfo,
    given: Mapping[str, object],
    models: Mapping[str, str],
) -> DecisionLog:
    """The log of a call that begins now. given: what its engine is given, with the same seed."""
    header = DecisionHeader(
        call_id=call_id,
        script=script.name,
        script_path=script.path,
        script_version=script.version,
        timezone=str(timezone),
        seed=seed_of_call(call_id, given),
        classifier=type(classifier).__name__,
        models=models,
        given={name: given[name] for name in sorted(script.given) if name in given},
    )
    return DecisionLog(decisions_path(recording), header)


class DecisionLog:
    """One call's log. `note` each decision in its order, then `close`; or `discard`."""

    def __init__(self, path: Path, header: DecisionHeader) -> None:
        self._path = path
        self._decisions = DecisionWriter()
        self._is_over = False
        self._has_failed = False
        _writer.submit(self._begin, header_line(header))

    @property
    def path(self) -> Path:
        return self._path

    def note(
        self,
        event: DialogueEvent | None,
        told_at: datetime,
        actions: Iterable[Action],
        engine: Deciding,
        heard: HeardSpan | None = None,
    ) -> None:
        """event None: the call began. engine: as it is after the decision."""
        if not self._is_over:
            line = self._decisions.line(event, told_at, actions, engine, heard)
            _writer.submit(self._append, line)

    def close(self) -> None:
        """No more decisions come."""
        self._is_over = True

    def discard(self) -> None:
        """Delete the file; nothing is written later. Safe to call again."""
        self._is_over = True
        _writer.submit(self._delete)

    # ---- below runs in the writer thread ---------------------------------------------------

    def _begin(self, line: str) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(line.encode() + b"\n")
        except OSError as error:
            self._fail(error)

    def _append(self, line: str) -> None:
        if self._has_failed:
            return
        try:
            # Opened for each line, a few a minute: no file is held open for the whole of a call.
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND)
            with os.fdopen(descriptor, "ab") as file:
                file.write(line.encode() + b"\n")
        except OSError as error:
            self._fail(error)

    def _delete(self) -> None:
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        self._has_failed = True
        log.error("decisions are not kept", extra={"reason": error.strerror})
