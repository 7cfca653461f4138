"""Recognises what a recorded caller said once more, with the model that is installed now."""

from __future__ import annotations

import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console

from voicebot.audio import SAMPLE_RATE, Samples
from voicebot.dialogue.actions import DialogueEvent, UserTurn
from voicebot.dialogue.decisions import HeardSpan, LoggedDecision
from voicebot.errors import DecisionLogError
from voicebot.settings import Settings
from voicebot.speech.model_catalogue import load_catalogue
from voicebot.speech.model_store import ModelStore
from voicebot.speech.recognizer import RecognitionHints, Recognizer, Transcript
from voicebot.speech.recognizer_choice import build_recognizer, choose_recognizer


class HeardAgain:
    """Cuts turns out of the caller's channel and has them recognised. Blocking."""

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer

    def hear(
        self, recording: Path, logged: list[LoggedDecision]
    ) -> tuple[dict[int, DialogueEvent], str]:
        """The turns as they are heard now, by the decision's number, and what differs.

        Raises DecisionLogError where there is no recording.
        """
        caller = _caller_channel(recording)
        events: dict[int, DialogueEvent] = {}
        lines = []
        n_turns = 0
        for number, decision in enumerate(logged):
            turn, span = decision.event, decision.heard
            if not isinstance(turn, UserTurn) or span is None:
                continue
            n_turns += 1
            transcript = self._transcribe(caller, span)
            heard = replace(
                turn,
                text=transcript.text,
                confidence=transcript.confidence,
                alternatives=transcript.alternatives,
            )
            if heard.text != turn.text:
                lines.append(f"  decision {number}: {turn.text!r} before, {heard.text!r} now")
            # Its confidence may differ in the last digit from machine to machine.
            events[number] = heard if heard.text != turn.text else turn
        name = self._recognizer.name
        lines.insert(0, f"  {name}: {n_turns - len(lines)} of {n_turns} turns in the same words")
        return events, "\n".join(lines)

    def _transcribe(self, caller: Samples, span: HeardSpan) -> Transcript:
        hints = RecognitionHints(kind=span.kind, phrases=span.phrases)
        utterance = self._recognizer.start(hints)
        utterance.accept(caller[span.first_sample : span.last_sample])
        return utterance.transcribe()


def open_heard_again(settings: Settings, console: Console) -> HeardAgain:
    """Load the recogniser of this installation. Raises ModelError."""
    store = ModelStore(Path(settings.models_directory), load_catalogue())
    choice = choose_recognizer(settings.use, settings.speech.recognizer, store)
    with console.status(f"Loading {choice.model_id} …"):
        return HeardAgain(build_recognizer(choice, store))


def _caller_channel(path: Path) -> Samples:
    try:
        with wave.open(str(path), "rb") as file:
            if file.getnchannels() != 2 or file.getframerate() != SAMPLE_RATE:
                raise DecisionLogError(f"{path} is no recording of a call")
            data = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise DecisionLogError(f"the recording can't be read: {error}") from None
    channels: Samples = np.frombuffer(data, dtype="<i2").reshape(-1, 2)[:, 0]
    return channels
