"""Does what the dialogue wants recorded in a call: agreements, disclosures, the recording."""

from __future__ import annotations

from voicebot.calls.agreement_keeper import Agreement, AgreementKeeper
from voicebot.calls.call_notes import CallNotes
from voicebot.calls.case_directory import CaseDirectory
from voicebot.calls.ledger import CallLedger
from voicebot.calls.leg import CallLeg
from voicebot.calls.mood_reader import MoodReader
from voicebot.calls.prompter import Prompter
from voicebot.clock import Clock
from voicebot.dialogue.actions import (
    RecordEvent,
    RecordPlan,
    RecordPromise,
    StopEmotion,
    StopRecording,
)

_EMOTION_DISCLOSED = "emotion_disclosed"
_DISCLOSURES = frozenset({"ai_disclosed", "recording_disclosed", _EMOTION_DISCLOSED})

Recordable = Agreement | StopRecording | StopEmotion


class RecordKeeper:
    """Turns the dialogue's record actions into writes of one call's ledger."""

    def __init__(
        self,
        ledger: CallLedger,
        cases: CaseDirectory,
        leg: CallLeg,
        prompter: Prompter,
        moods: MoodReader,
        notes: CallNotes,
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._agreements = AgreementKeeper(ledger, cases, clock)
        self._leg = leg
        self._prompter = prompter
        self._moods = moods
        self._notes = notes
        self._clock = clock

    async def keep_commitment(self, action: RecordPromise | RecordPlan) -> bool:
        """False: it is not recorded, and the caller must not hear that it is."""
        return await self._agreements.keep_commitment(action)

    def keep(self, action: Recordable) -> None:
        now = self._clock.now()
        match action:
            case RecordEvent() if action.name in _DISCLOSURES:
                # Disclosed is what was heard, not what was queued.
                self._prompter.when_heard(lambda: self._note_disclosure(action))
            case StopRecording():
                if self._leg.recorder is not None:
                    self._leg.recorder.discard()
                    self._leg.recorder = None
                self._ledger.update(recording_path="")
                self._ledger.add_event("recording_stopped", {}, now)
            case StopEmotion():
                self._moods.refuse()
                self._notes.drop_moods()
                self._ledger.add_event("emotion_refused", {}, now)
            case _:
                self._agreements.keep(action)

    def _note_disclosure(self, event: RecordEvent) -> None:
        now = self._clock.now()
        if event.name == _EMOTION_DISCLOSED:
            self._moods.allow()
        self._ledger.update(**{f"{event.name}_at": now})
        self._ledger.add_event(event.name, event.data, now)
