"""Takes answered legs and runs a call session on each, with everything they share."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from voicebot.calls.agreement_keeper import is_phone_number
from voicebot.calls.barge_in import BargeIn
from voicebot.calls.case_directory import CaseDirectory, CaseStore
from voicebot.calls.decision_log import DecisionLog, start_decisions
from voicebot.calls.intent_adviser import IntentAdviser
from voicebot.calls.ledger import CallLedger, SystemOfRecord
from voicebot.calls.leg import CallLeg
from voicebot.calls.listener import Listener
from voicebot.calls.live_calls import LiveCalls
from voicebot.calls.mood_reader import MoodReader
from voicebot.calls.prompt_maker import PromptAudio
from voicebot.calls.prompter import Prompter
from voicebot.calls.session import CallSession
from voicebot.clock import Clock
from voicebot.dialogue.engine import DialogueEngine
from voicebot.dialogue.nlu import IntentClassifier
from voicebot.dialogue.script import Script
from voicebot.dialogue.state import seed_of_call
from voicebot.media.recorder import Recorder
from voicebot.media.turn_detector import TurnDetector
from voicebot.media.vad import VoiceActivityDetector
from voicebot.media.voicing import PitchFinder, Voicing
from voicebot.records import CallRecord
from voicebot.settings import TurnSettings
from voicebot.speech.emotion.emotion import EmotionHead
from voicebot.speech.speech_service import SpeechService

log = logging.getLogger(__name__)


class Store(SystemOfRecord, Protocol):
    """The database as calls need it."""

    @property
    def cases(self) -> CaseStore: ...


@dataclass(frozen=True, slots=True)
class Conversation:
    """A script that calls follow, ready for use."""

    script: Script
    classifier: IntentClassifier
    variables: Mapping[str, object]
    timezone: ZoneInfo

    @property
    def version(self) -> str:
        """Of the script and all it is made of, as a call's record tells it."""
        return self.script.version[:12]


@dataclass(frozen=True, slots=True)
class CallParts:
    """What all calls of a node share. `recordings_path` None: nothing is recorded.
    `emotion_head` None: nobody's voice is read. `models`: what recognises and speaks, by name."""

    conversation: Conversation
    prompt_audio: PromptAudio
    open_speech: Callable[[], SpeechService]
    make_vad: Callable[[], VoiceActivityDetector]
    store: Store
    turns: TurnSettings
    recordings_path: Path | None
    clock: Clock
    node: str
    make_voicing: Callable[[], PitchFinder] = Voicing
    emotion_head: EmotionHead | None = None
    models: Mapping[str, str] = field(default_factory=dict)
    adviser: IntentAdviser | None = None


class Reception:
    """One call after the other or many at once: each has its own session and nothing shared
    that another could break."""

    def __init__(self, parts: CallParts, live_calls: LiveCalls) -> None:
        self._parts = parts
        self._live_calls = live_calls

    async def take(
        self, leg: CallLeg, is_caller: bool = True, conversation: Conversation | None = None
    ) -> str:
        """Run the call on an answered leg until it is over; its call id.

        conversation: the script it follows to its end; None: the usual one. is_caller: False for
        somebody who may be an employee (he was called on a colleague's behalf): an employer must
        not read emotion at work (AI Act art. 5(1)(f)).
        """
        parts = self._parts
        conversation = conversation or parts.conversation
        recorder = self._start_recording(leg)
        now = parts.clock.now()
        record = CallRecord(
            call_id=leg.leg_id,
            direction=leg.direction,
            leg_kind=leg.kind,
            remote_party=leg.remote_party,
            local_party=leg.local_party,
            script=conversation.script.name,
            script_version=conversation.version,
            started_at=now,
            answered_at=now,
            recording_path=str(recorder.path) if recorder is not None else "",
            node=parts.node,
        )
        log.info("call answered", extra={"call_id": record.call_id, "leg_kind": leg.kind})
        speech = parts.open_speech()
        moods = MoodReader(speech, parts.emotion_head if is_caller else None)
        given: dict[str, object] = {
            **conversation.variables,
            "is_recorded": recorder is not None,
            "is_emotion_read": moods.is_possible,
            "caller_known": is_phone_number(leg.remote_party),
        }
        session = CallSession(
            leg=leg,
            engine=DialogueEngine(
                conversation.script,
                conversation.classifier,
                given,
                conversation.timezone,
                seed=seed_of_call(record.call_id, given),
            ),
            listener=Listener(
                parts.make_vad(),
                TurnDetector(parts.turns.max_turn_s),
                speech,
                parts.turns,
                moods=moods,
            ),
            prompter=Prompter(leg.playout, parts.prompt_audio, speech, parts.clock),
            cases=CaseDirectory(parts.store.cases),
            ledger=CallLedger(parts.store, record),
            live_calls=self._live_calls,
            barge_in=BargeIn(parts.turns.barge_in_ms, parts.make_voicing()),
            clock=parts.clock,
            max_call_s=parts.turns.max_call_minutes * 60,
            decisions=self._start_decisions(record, conversation, given),
            adviser=parts.adviser,
        )
        await session.run()
        return record.call_id

    def _start_decisions(
        self, record: CallRecord, conversation: Conversation, given: Mapping[str, object]
    ) -> DecisionLog | None:
        """What the dialogue decides is kept where the call is recorded, to be run again."""
        if not record.recording_path:
            return None
        return start_decisions(
            Path(record.recording_path),
            record.call_id,
            conversation.script,
            conversation.classifier,
            conversation.timezone,
            given,
            self._parts.models,
        )

    def _start_recording(self, leg: CallLeg) -> Recorder | None:
        if self._parts.recordings_path is None:
            return None
        day = self._parts.clock.now().strftime("%Y-%m-%d")
        leg.recorder = Recorder(self._parts.recordings_path / day / f"{leg.leg_id}.wav")
        return leg.recorder
