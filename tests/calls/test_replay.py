"""Recorded calls are run again from their decision logs: byte for byte the same."""

from __future__ import annotations

import json
import stat
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from tests.calls.bench import Bench, BenchCall
from tests.fakes import VoiceBook
from tests.simulated_time import simulated
from voicebot.audio import Samples
from voicebot.calls.decision_log import SUFFIX, decisions_path, wait_written
from voicebot.cli.heard_again import HeardAgain
from voicebot.dialogue.actions import QueryAnswered, UserTurn
from voicebot.dialogue.decisions import (
    DecisionHeader,
    LoggedDecision,
    digest,
    read_log,
    run_again,
)
from voicebot.speech.recognizer import RecognitionHints, Transcript

ROUNDS = 4

Story = Callable[[BenchCall], Awaitable[None]]


async def promises(call: BenchCall) -> None:
    await call.proves_identity()
    call.says("zapłacę całość w piątek")
    await call.answers("tak zapisać", "tak, zgadza się")
    await call.answers("zapisane.*pomóc", "nie, dziękuję")


async def wants_a_human(call: BenchCall) -> None:
    await call.hears("numer sprawy")
    call.presses("0")


async def speaks_before_he_is_asked(call: BenchCall) -> None:
    await call.begins_to_hear("numer sprawy")
    call.says("dwa cztery sześć osiem jeden trzy pięć siedem", 3.0)
    await call.answers("datę urodzenia", "proszę powtórzyć")
    await call.answers("datę urodzenia", "ósmego maja tysiąc dziewięćset osiemdziesiątego roku")
    await call.hears("kod pocztowy")
    call.presses("00950")
    await call.answers("możliwa będzie wpłata", "nie zgadzam się z tym długiem")


async def keeps_silent(call: BenchCall) -> None:
    await call.hears("numer sprawy")


async def is_gone(call: BenchCall) -> None:
    await call.hears("numer sprawy")
    call.leg.end("caller hung up")


STORIES: tuple[Story, ...] = (
    promises,
    wants_a_human,
    speaks_before_he_is_asked,
    keeps_silent,
    is_gone,
)


def written(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")[:-1]


def logs_in(folder: Path) -> list[Path]:
    wait_written()
    return sorted(folder.glob(f"*/*{SUFFIX}"))


def read(call: BenchCall) -> tuple[DecisionHeader, list[LoggedDecision]]:
    wait_written()
    path = decisions_path(Path(call.record.recording_path))
    return read_log(path.read_text(encoding="utf-8"))


def run(bench: Bench, path: Path) -> list[str]:
    """The log that the same events give now."""
    header, logged = read_log(path.read_text(encoding="utf-8"))
    conversation = bench.parts.conversation
    assert header.script_version == conversation.script.version
    return list(run_again(header, logged, conversation.script, conversation.classifier))


@simulated
async def test_twenty_recorded_calls_decide_the_same_byte_for_byte(tmp_path: Path):
    bench = Bench(recordings_path=tmp_path)
    for _ in range(ROUNDS):
        for story in STORIES:
            async with bench.call() as call:
                await story(call)
    logs = logs_in(tmp_path)
    assert len(logs) == ROUNDS * len(STORIES) == 20
    for path in logs:
        before, now = written(path), run(bench, path)
        assert before == now
        assert digest(before) == digest(now)
        assert len(before) >= 2
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.with_name(path.name.removesuffix(SUFFIX) + ".wav").is_file()


@simulated
async def test_the_log_tells_what_was_heard_asked_and_done(tmp_path: Path):
    bench = Bench(recordings_path=tmp_path)
    async with bench.call() as call:
        await promises(call)
    header, logged = read(call)
    assert header.call_id == header.seed == call.record.call_id
    assert header.given["is_recorded"] is True
    turns = [one.event for one in logged if isinstance(one.event, UserTurn)]
    assert "zapłacę całość w piątek" in [turn.text for turn in turns]
    assert any(
        isinstance(one.event, QueryAnswered) and "balance_gr" in one.event.data for one in logged
    )
    kinds = [action["is"] for one in logged for action in one.document["actions"]]
    assert "RecordPromise" in kinds
    assert kinds[-1] == "HangUp"
    assert [one.told_at for one in logged] == sorted(one.told_at for one in logged)
    assert logged[-1].document["disposition"] == "PTP_FULL"


@simulated
async def test_a_call_whose_recording_is_dropped_keeps_no_log(tmp_path: Path):
    bench = Bench(recordings_path=tmp_path)
    async with bench.call() as call:
        await call.answers("numer sprawy", "nie zgadzam się na nagrywanie")
        await call.answers("nagranie usunięte", "do widzenia")
    assert logs_in(tmp_path) == []


@simulated
async def test_a_call_that_is_not_recorded_keeps_no_log(tmp_path: Path):
    bench = Bench()
    async with bench.call() as call:
        await wants_a_human(call)
    assert logs_in(tmp_path) == []


@simulated
async def test_another_script_decides_otherwise_and_it_is_seen_where(tmp_path: Path):
    bench = Bench(recordings_path=tmp_path)
    async with bench.call() as call:
        await promises(call)
    header, logged = read(call)
    path = decisions_path(Path(call.record.recording_path))
    script = bench.parts.conversation.script
    limits = replace(script.limits, turns=3)
    now = list(
        run_again(
            header, logged, replace(script, limits=limits), bench.parts.conversation.classifier
        )
    )
    different = [
        n for n, (one, other) in enumerate(zip(written(path), now, strict=True)) if one != other
    ]
    assert different
    # Up to the third turn nothing differs.
    turns = [n for n, one in enumerate(logged, 1) if isinstance(one.event, UserTurn)]
    assert different[0] == turns[3]
    assert (
        json.loads(now[different[0]])["state"] != json.loads(written(path)[different[0]])["state"]
    )


class BookRecognizer:
    """Recognises the sounds of a VoiceBook; deaf: understands something else."""

    name = "book"
    is_streaming = False

    def __init__(self, book: VoiceBook, deaf: str = "") -> None:
        self.book = book
        self.deaf = deaf

    def start(self, hints: RecognitionHints) -> BookUtterance:
        return BookUtterance(self)


class BookUtterance:
    def __init__(self, recognizer: BookRecognizer) -> None:
        self._recognizer = recognizer
        self._text = ""

    def accept(self, samples: Samples) -> str | None:
        self._text = " ".join(self._recognizer.book.words(samples))
        return None

    def transcribe(self) -> Transcript:
        is_misheard = self._recognizer.deaf and "piątek" in self._text
        return Transcript(self._recognizer.deaf if is_misheard else self._text, 0.9, 0.0)


@simulated
async def test_the_recording_is_cut_where_the_words_are(tmp_path: Path):
    bench = Bench(recordings_path=tmp_path)
    async with bench.call() as call:
        await promises(call)
    recording = Path(call.record.recording_path)
    _, logged = read(call)
    events, told = HeardAgain(BookRecognizer(bench.book)).hear(recording, logged)
    n_turns = sum(one.heard is not None for one in logged)
    assert n_turns >= 6
    assert f"{n_turns} of {n_turns} turns in the same words" in told
    assert all(events[n] == one.event for n, one in enumerate(logged) if one.heard is not None)

    events, told = HeardAgain(BookRecognizer(bench.book, "w sobotę")).hear(recording, logged)
    assert f"{n_turns - 1} of {n_turns}" in told
    assert "'zapłacę całość w piątek' before, 'w sobotę' now" in told
