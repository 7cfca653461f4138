"""Scripts are read once, kept ready, and read again when they change; a broken one is refused."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import pytest

from voicebot.calls.conversation_maker import ConversationMaker
from voicebot.calls.conversations import Conversations, ScriptPlaces
from voicebot.calls.reception import Conversation
from voicebot.dialogue.nlu import IntentClassifier
from voicebot.dialogue.script import Script
from voicebot.dialogue.script_loader import load_script
from voicebot.errors import NotFound, ScriptError, SettingsError

DATA = Path(__file__).parents[2] / "data" / "scripts"
WARSAW = ZoneInfo("Europe/Warsaw")


class Teacher:
    """Counts for how many scripts a classifier was made."""

    def __init__(self) -> None:
        self.n_taught = 0

    def __call__(self, script: Script) -> IntentClassifier:
        self.n_taught += 1
        return cast(IntentClassifier, object())  # nobody says anything here


class Preparer:
    """Notes whose prompts were made."""

    def __init__(self) -> None:
        self.prepared: list[tuple[str, str]] = []

    async def __call__(self, conversation: Conversation) -> None:
        self.prepared.append((conversation.script.name, conversation.version))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two good scripts, a and b, with shared intents."""
    for name in ("a", "b"):
        text = (DATA / "good.yaml").read_text(encoding="utf-8")
        text = text.replace("script: good", f"script: {name}")
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    shutil.copy(DATA / "small_intents.yaml", tmp_path)
    return tmp_path


def maker(teach: Teacher | None = None) -> ConversationMaker:
    return ConversationMaker(load_script, {"company": "X"}, WARSAW, teach=teach or Teacher())


Opened = Callable[..., Conversations]


@pytest.fixture
async def opened(folder: Path) -> AsyncIterator[Opened]:
    """Makes libraries that are stopped at the end."""
    made: list[Conversations] = []

    def make(
        numbers: dict[str, str] | None = None, load: Callable[[Path], Conversation] | None = None
    ) -> Conversations:
        places = ScriptPlaces(folder / "a.yaml", [folder], numbers, own_user="own")
        made.append(Conversations(places, load or maker(), poll_s=0.01))
        return made[-1]

    yield make
    for conversations in made:
        await conversations.stop()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def said(conversation: Conversation) -> str:
    return conversation.script.prompts["halo"].template.text


async def test_the_default_is_ready_at_once_and_others_when_they_are_chosen(opened: Opened) -> None:
    teach = Teacher()
    conversations = opened({"100": "b"}, maker(teach))
    assert conversations.names == ["a", "b"]
    assert [ready.script.name for ready in conversations.ready] == ["a"]
    assert (await conversations.choose("voicebot")).script.name == "a"
    by_number, by_name = await asyncio.gather(
        conversations.choose("100"), conversations.choose(name="b")
    )
    assert by_number is by_name
    assert by_number is await conversations.choose("b")
    assert [ready.script.name for ready in conversations.ready] == ["a", "b"]
    # Both have the same intents.
    assert teach.n_taught == 1


async def test_our_own_user_is_no_choice_of_a_script(opened: Opened, folder: Path) -> None:
    shutil.copy(folder / "b.yaml", folder / "own.yaml")
    conversations = opened({"100": "own"})
    assert (await conversations.choose("own")) is conversations.default
    assert (await conversations.choose("100")).script.path.endswith("own.yaml")
    assert (await conversations.choose(name="own")).script.path.endswith("own.yaml")


async def test_a_script_about_a_case_is_not_for_a_caller_who_names_none(
    opened: Opened, folder: Path
) -> None:
    edit(folder / "b.yaml", "is_recorded: flag}", "is_recorded: flag, case_number: digits}")
    conversations = opened()
    assert (await conversations.choose("b")) is conversations.default
    assert (await conversations.choose(name="b")).script.name == "b"


async def test_the_others_are_read_and_prepared_in_the_background(opened: Opened) -> None:
    conversations, prepare = opened(), Preparer()
    conversations.start(prepare)
    await until(lambda: bool(prepare.prepared))
    assert [name for name, _ in prepare.prepared] == ["b"]
    assert [ready.script.name for ready in conversations.ready] == ["a", "b"]


async def test_what_is_asked_for_by_name_must_be_there_and_good(
    opened: Opened, folder: Path
) -> None:
    edit(folder / "b.yaml", "start: hello", "start: nowhere")
    conversations = opened({"100": "b"})
    with pytest.raises(NotFound):
        await conversations.choose(name="c")
    with pytest.raises(ScriptError, match="no such state: nowhere"):
        await conversations.choose(name="b")
    # Whoever dialled its number is answered all the same.
    assert (await conversations.choose("100")).script.name == "a"


async def test_a_broken_default_and_an_unknown_script_of_a_number_are_told_at_once(
    opened: Opened, folder: Path
) -> None:
    with pytest.raises(SettingsError, match="100: there is no script c"):
        opened({"100": "c"})
    edit(folder / "a.yaml", "start: hello", "start: nowhere")
    with pytest.raises(ScriptError, match=r"a\.yaml:3: no such state: nowhere"):
        opened()


async def test_a_changed_script_is_for_the_next_call_and_running_ones_keep_theirs(
    opened: Opened, folder: Path
) -> None:
    conversations, prepare = opened(), Preparer()
    running = await conversations.choose()
    conversations.start(prepare)
    edit(folder / "a.yaml", "Halo?", "Halo, halo?")
    await until(lambda: conversations.default is not running)
    assert (said(running), said(conversations.default)) == ("Halo?", "Halo, halo?")
    assert running.version != conversations.default.version
    assert len(running.version) == 12
    # Its prompts were made before a call could follow it.
    assert ("a", conversations.default.version) in prepare.prepared


async def test_a_shared_file_is_a_part_of_every_version(opened: Opened, folder: Path) -> None:
    conversations = opened()
    conversations.start(Preparer())
    await until(lambda: len(conversations.ready) == 2)
    before = [ready.version for ready in conversations.ready]
    with (folder / "small_intents.yaml").open("a", encoding="utf-8") as file:
        file.write("\n# more\n")
    await until(
        lambda: all(r.version != old for r, old in zip(conversations.ready, before, strict=True))
    )


async def test_a_broken_change_is_refused_with_its_line_and_mended_again(
    opened: Opened, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    conversations = opened()
    conversations.start(Preparer())
    good = conversations.default
    with caplog.at_level(logging.ERROR):
        edit(folder / "a.yaml", "start: hello", "start: nowhere")
        await until(lambda: any(r.message == "a call script is refused" for r in caplog.records))
    refused = caplog.records[-1]
    assert refused.__dict__["script"] == "a"
    assert refused.__dict__["problem"] == f"{folder / 'a.yaml'}:3: no such state: nowhere"
    assert await conversations.choose() is good
    edit(folder / "a.yaml", "start: nowhere", "start: hello")
    edit(folder / "a.yaml", "Halo?", "Halo!")
    await until(lambda: said(conversations.default) == "Halo!")


async def test_a_part_that_is_broken_by_itself_is_followed_too(
    opened: Opened, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    conversations = opened()
    conversations.start(Preparer())
    part = folder / "part.yaml"
    part.write_text("prompts:\n  halo: 'Halo {nobody}?'\n", encoding="utf-8")
    with caplog.at_level(logging.ERROR):
        edit(folder / "a.yaml", "start: hello", "start: hello\ninclude: [part.yaml]")
        edit(folder / "a.yaml", "  halo: Halo?\n", "")
        await until(
            lambda: any("part.yaml:2" in str(r.__dict__.get("problem")) for r in caplog.records)
        )
    part.write_text("prompts:\n  halo: Halo z części.\n", encoding="utf-8")
    await until(lambda: said(conversations.default) == "Halo z części.")


async def test_a_new_script_may_be_chosen_and_one_that_is_gone_may_not(
    opened: Opened, folder: Path
) -> None:
    conversations = opened()
    conversations.start(Preparer())
    await until(lambda: len(conversations.ready) == 2)
    (folder / "b.yaml").rename(folder / "c.yaml")
    await until(lambda: conversations.names == ["a", "c"] and len(conversations.ready) == 2)
    with pytest.raises(NotFound):
        await conversations.choose(name="b")


async def test_a_wish_is_heard_before_the_next_look(folder: Path) -> None:
    conversations = Conversations(ScriptPlaces(folder / "a.yaml"), maker(), poll_s=3600)
    try:
        conversations.start(Preparer())
        edit(folder / "a.yaml", "Halo?", "Tak?")
        conversations.reload()
        await until(lambda: said(conversations.default) == "Tak?")
    finally:
        await conversations.stop()


async def test_what_does_not_suit_the_settings_is_refused(opened: Opened, folder: Path) -> None:
    def check(script: Script) -> None:
        if script.name == "b":
            raise SettingsError("emotion.enabled: never told")

    load = ConversationMaker(load_script, {}, WARSAW, check, Teacher())
    with pytest.raises(ScriptError, match="never told"):
        await opened(load=load).choose(name="b")
