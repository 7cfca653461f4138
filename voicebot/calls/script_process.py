"""Reads and checks a call script in a process of its own, so that running calls keep theirs.

`python -m voicebot.calls.script_process PATH` writes the script, or what is wrong with it, to its
standard output, for `load_apart`. To read and prove a script takes seconds of pure Python, which
a thread would take from the audio of everybody who talks.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
from pathlib import Path

from voicebot.dialogue.check.script_check import load_checked_script
from voicebot.dialogue.script import Script
from voicebot.errors import ScriptError

TIMEOUT_S = 120.0
NICENESS = 10
"""Calls come first, where the processor is short."""


def load_apart(path: Path, timeout_s: float = TIMEOUT_S) -> Script:
    """A script without errors, as `load_checked_script` gives it. Blocking. Raises ScriptError."""
    command = [sys.executable, "-m", "voicebot.calls.script_process", str(path)]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=timeout_s, check=True
        )
    except subprocess.TimeoutExpired:
        raise ScriptError([f"{path}:1: to check it took longer than {timeout_s:g} s"]) from None
    except (subprocess.CalledProcessError, OSError):
        raise ScriptError([f"{path}:1: the process that reads it broke off"]) from None
    # From our own process, which read nothing but the script.
    result = pickle.loads(done.stdout)
    if isinstance(result, Script):
        return result
    raise ScriptError(list(result))


def _main(path: Path) -> None:
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    try:
        result: Script | list[str] = load_checked_script(path)
    except ScriptError as error:
        result = error.problems
    sys.stdout.buffer.write(pickle.dumps(result))


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
