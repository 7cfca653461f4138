"""Whole conversations on a whole server: real phones, real models, and what the records say."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import soundfile

from tests.integration.conversations import Conversations, at_once
from tests.integration.phones.baresip import HANG_UP_AFTER_S, Baresip
from tests.integration.phones.debtor_voice import write_answers
from tests.integration.phones.probe_signal import write_file
from tests.integration.phones.process import output, running
from tests.integration.phones.sipp import SippPhone
from tests.integration.running_server import POLL_S, CallWatch, RunningServer
from voicebot.calls.decision_log import decisions_path
from voicebot.dialogue.decisions import read_log, run_again
from voicebot.dialogue.engine import make_classifier
from voicebot.dialogue.script_loader import load_script
from voicebot.records import CallRecord, Disposition, Promise, Speaker, Turn

DEBTOR = Path(__file__).resolve().parents[2] / "call_scripts" / "debtors" / "placi_w_piatek.yaml"
BALANCE_GR = 129490
"""Of case 24681357, the first of the samples: principal and interest."""

CASE_NUMBER = "24681357"
ANSWERS = {
    "number": "dwa cztery sześć osiem jeden trzy pięć siedem",
    "yes": "tak, dokładnie",
    "birth": "ósmy maja osiemdziesiątego roku",
    "birth_by_digits": "zero osiem zero pięć jeden dziewięć osiem zero",
    "postcode": "zero zero, dziewięćset pięćdziesiąt",
    "friday": "zapłacę całość w piątek",
    "all": "zapłacę całość",
    "on_friday": "zapłacę w piątek",
    "no": "nie, dziękuję, do widzenia",
}
QUESTIONS = {
    "ask_case_first": ("number",),
    "ask_case": ("number",),
    "confirm_case": ("yes",),
    "ask_birth": ("birth", "birth_by_digits"),
    "ask_birth_short": ("birth_by_digits",),
    "ask_postcode": ("postcode",),
    "ask_when": ("friday",),
    "ask_date": ("on_friday",),
    "ask_exact_day": ("on_friday",),
    "ask_amount": ("all",),
    "ask_amount_only": ("all",),
    "confirm_promise": ("yes",),
    "answer_clearly": ("yes",),
    "anything_else": ("no",),
}
"""A debtor's answers to a prompt, in order; the last one as often as he is asked again."""

PATIENCE_S = 240
THINKING_S = 0.4

pytestmark = pytest.mark.timeout(600)

SIMULATED, BY_BARESIP, BY_SIPP = "48000000100", "48600100201", "48600100202"
"""Numbers of the callers, by which their calls are found."""

SILENCE = np.zeros(160, dtype=np.int16)

Answer = Callable[[str], Awaitable[None]]
Calls = Conversations[Any]


def next_friday(started_at: datetime) -> date:
    """What 'w piątek' means on the day of the call, in Warsaw."""
    today = started_at.astimezone(ZoneInfo("Europe/Warsaw")).date()
    return today + timedelta(days=(4 - today.weekday()) % 7 or 7)


@dataclass(frozen=True)
class Outcome:
    """What the server's records say of a call that is over."""

    record: CallRecord
    turns: list[Turn]
    promises: list[Promise]

    @property
    def conversation(self) -> str:
        return "\n".join(
            f"{turn.started_s:6.1f} {turn.speaker:6} {turn.prompt_id} {turn.text} {turn.confidence}"
            for turn in self.turns
        )


async def outcome(call: CallWatch) -> Outcome:
    return Outcome(await call.ended(), await call.turns(), await call.promises())


async def answer_questions(call: CallWatch, answer: Answer) -> None:
    """Answer each question of the bot when it has been asked, until the call is over."""
    n_seen = 0
    n_asked: Counter[str] = Counter()
    async with asyncio.timeout(PATIENCE_S):
        while not await call.is_over():
            turns = await call.turns()
            prompt_id = turns[-1].prompt_id if turns else ""
            if len(turns) > n_seen and prompt_id in QUESTIONS:
                answers = QUESTIONS[prompt_id]
                name = answers[min(n_asked[prompt_id], len(answers) - 1)]
                n_asked[prompt_id] += 1
                await asyncio.sleep(THINKING_S)
                await answer(name)
            n_seen = len(turns)
            await asyncio.sleep(POLL_S)


async def call_by_simulation(server: RunningServer) -> tuple[Outcome, str]:
    """The product's own caller as the README shows it; what it printed, too."""
    async with (
        server.watch(SIMULATED) as watch,
        running(
            *(sys.executable, "-m", "voicebot", "simulate-caller", server.sip_uri),
            *("--debtor", str(DEBTOR), "--json"),
            env=server.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        ) as process,
    ):
        printed, live = await output(process, PATIENCE_S)
        result = await outcome(watch)
    assert process.returncode == 0, live.decode()
    (call,) = json.loads(printed)
    assert call["end_reason"] == "hangup", f"the bot says goodbye\n{live.decode()}"
    return result, live.decode()


async def call_by_baresip(server: RunningServer, directory: Path) -> Outcome:
    """He types the number of his case, and says the rest."""
    files = write_answers(directory / "answers", ANSWERS)
    microphone = write_file(directory / "listening.wav", SILENCE, HANG_UP_AFTER_S)
    async with (
        server.watch(BY_BARESIP) as call,
        Baresip.open(directory, microphone=microphone, user=BY_BARESIP) as phone,
    ):

        async def answer(name: str) -> None:
            if name == "number":
                await phone.press(CASE_NUMBER)
            else:
                await phone.play(files[name])

        await phone.dial(server.sip_uri)
        await answer_questions(call, answer)
        await phone.ended(5)
        return await outcome(call)


async def call_by_sipp(server: RunningServer, directory: Path) -> Outcome:
    """He says everything, in the other codec."""
    files = write_answers(directory / "answers", ANSWERS, "PCMU")
    async with (
        server.watch(BY_SIPP) as call,
        SippPhone.call(
            directory, server.sip_port, files, caller=BY_SIPP, user="infolinia", codec="PCMU"
        ) as phone,
    ):
        await answer_questions(call, phone.play)
        await phone.wait()
        return await outcome(call)


@pytest.fixture(scope="module")
def calls(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Calls:
    """Three telephones call at once, so that the whole takes a minute and no longer."""

    def call(kind: str) -> Awaitable[Any]:
        match kind:
            case "baresip":
                return call_by_baresip(server, tmp_path_factory.mktemp(kind))
            case "sipp":
                return call_by_sipp(server, tmp_path_factory.mktemp(kind))
        return call_by_simulation(server)

    async def call_all(kinds: Sequence[str]) -> dict[str, Any]:
        return await at_once({kind: call(kind) for kind in kinds})

    return Conversations([("simulated", "baresip", "sipp")], call_all)


def check_promise(result: Outcome) -> None:
    record, turns = result.record, result.turns
    assert record.disposition == Disposition.PTP_FULL, result.conversation
    assert record.is_verified
    assert [(promise.amount_gr, promise.due_date) for promise in result.promises] == [
        (BALANCE_GR, next_friday(record.started_at))
    ]
    assert record.ai_disclosed_at is not None
    assert record.recording_disclosed_at is not None
    assert record.media_stats["packets_lost"] == 0
    callers = [turn for turn in turns if turn.speaker == Speaker.CALLER]
    assert len(callers) >= 5
    assert all(turn.text for turn in callers)
    spoken = [turn for turn in callers if "speech_end_to_transcript" in turn.timings_ms]
    assert len(spoken) >= 4
    waits = [
        turn.timings_ms["voice_to_voice"] for turn in turns if "voice_to_voice" in turn.timings_ms
    ]
    assert len(waits) >= 4
    assert all(0 < wait < 8000 for wait in waits)


def check_recording(result: Outcome) -> None:
    """Caller left, bot right, as long as the call, and both are heard."""
    samples, sample_rate = soundfile.read(result.record.recording_path, dtype="int16")
    assert sample_rate == 8000
    assert samples.shape[1] == 2
    assert result.record.answered_at is not None
    assert result.record.ended_at is not None
    length_s = (result.record.ended_at - result.record.answered_at).total_seconds()
    assert len(samples) / sample_rate == pytest.approx(length_s, abs=0.5)
    for turn in result.turns:
        if turn.ended_s == turn.started_s:
            continue  # keys, which are not heard
        channel = 0 if turn.speaker == Speaker.CALLER else 1
        span = samples[int(turn.started_s * 8000) : int(turn.ended_s * 8000), channel]
        assert np.abs(span.astype(np.int32)).max(initial=0) > 1000, turn


def check_replay(result: Outcome) -> None:
    """What was decided on a real line comes out byte for byte the same without one."""
    path = decisions_path(Path(result.record.recording_path))
    text = path.read_text(encoding="utf-8")
    header, logged = read_log(text)
    script = load_script(Path(header.script_path))
    assert header.script_version == script.version
    lines = list(run_again(header, logged, script, make_classifier(script)))
    assert text == "".join(line + "\n" for line in lines)
    assert header.models["recognizer"]
    assert sum(decision.heard is not None for decision in logged) >= 4


def test_simulated_debtor(calls: Calls, attempt: int):
    result, live = calls.of("simulated", attempt)
    check_promise(result)
    check_recording(result)
    check_replay(result)
    assert "debtor" in live
    assert "median" in live


@pytest.mark.peer
def test_baresip_with_recorded_answers(calls: Calls, attempt: int):
    result = calls.of("baresip", attempt)
    check_promise(result)
    check_recording(result)
    check_replay(result)


@pytest.mark.peer
def test_sipp_with_recorded_answers(calls: Calls, attempt: int):
    result = calls.of("sipp", attempt)
    check_promise(result)
    check_recording(result)
    check_replay(result)
