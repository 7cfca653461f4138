"""The documentation does not point nowhere: links, commands, options and settings exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main

from voicebot.cli import app
from voicebot.settings import Section, Settings, TrunkSettings

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "audio_models").glob("*.md"),
        *(ROOT / "benchmarks").glob("*.md"),
    ]
)

PAGE_NAMES = [str(path.relative_to(ROOT)) for path in PAGES]

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(
    r"(?<![\w-])voicebot (?!(?:my-)?voicebot\b)((?:[a-z][a-z-]*)(?: [a-z][a-z-]*)?)([^\n`|]*)"
)
_OPTION = re.compile(r"(?<=\s)--?[a-z][a-z-]*")
_VARIABLE = re.compile(r"\bVOICEBOT_[A-Z][A-Z_]*\b")
_TRUNK = re.compile("(VOICEBOT_TRUNKS__)[A-Z0-9]+(__)")
_MAKE = re.compile(r"(?:^|`)make ([a-z][a-z-]*)", re.MULTILINE)

_COMMANDS: Any = typer.main.get_command(app)


def code_of(text: str) -> str:
    return "\n".join(match[0] for match in _CODE.finditer(text))


def anchors_of(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    text = re.sub(
        r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    headings = re.findall(r"^#+ +(.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


def command_of(words: str) -> Any:
    """The command that `voicebot WORDS` runs; None: there is no such command."""
    first, _, second = words.partition(" ")
    command = _COMMANDS.commands.get(first)
    if second and hasattr(command, "commands"):
        return command.commands.get(second)
    return command


def options_of(command: Any) -> set[str]:
    names = {"--help", "-h"}
    for parameter in command.params:
        names |= {*parameter.opts, *parameter.secondary_opts}
    return names


@pytest.mark.parametrize("page", PAGES, ids=PAGE_NAMES)
def test_relative_links_lead_somewhere(page: Path):
    text = _CODE.sub("", page.read_text(encoding="utf-8"))
    broken = []
    for target in _LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        if not path.exists() or (anchor and anchor not in anchors_of(path)):
            broken.append(target)
    assert not broken


@pytest.mark.parametrize("page", PAGES, ids=PAGE_NAMES)
def test_every_command_exists_with_its_options(page: Path):
    wrong = []
    for words, rest in _COMMAND.findall(code_of(page.read_text(encoding="utf-8"))):
        command = command_of(words)
        if command is None:
            wrong.append(f"voicebot {words}")
            continue
        known = options_of(command)
        rest = re.sub(r"\s#.*", "", rest)
        wrong += [f"voicebot {words} {o}" for o in _OPTION.findall(f" {rest}") if o not in known]
    assert not wrong


@pytest.mark.parametrize("page", PAGES, ids=PAGE_NAMES)
def test_every_variable_and_make_target_exists(page: Path):
    code = code_of(page.read_text(encoding="utf-8"))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert not set(_MAKE.findall(code)) - targets
    found = {_TRUNK.sub(r"\1NAME\2", name) for name in _VARIABLE.findall(code)}
    assert not found - variables()


def variables() -> set[str]:
    names = set()
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            names |= {f"VOICEBOT_{name}__{key}".upper() for key in kind.model_fields}
        elif name == "trunks":
            names |= {f"VOICEBOT_TRUNKS__NAME__{key}".upper() for key in TrunkSettings.model_fields}
        else:
            names.add(f"VOICEBOT_{name}".upper())
    return names


def test_the_checks_can_fail():
    assert command_of("cases") is None
    assert command_of("models fetch") is None
    assert command_of("check call") is command_of("check") is not None
    assert "--demo" in options_of(command_of("serve"))
    assert "--tests" not in options_of(command_of("serve"))
    assert _COMMAND.findall("`voicebot calls show last --json`") == [("calls show", " last --json")]
