"""Does what the dialogue wants recorded: promises, callbacks, audit entries, the recording."""

from __future__ import annotations

import logging
from typing import assert_never

from voicebot.calls.call_notes import CallNotes
from voicebot.calls.case_directory import CaseDirectory
from voicebot.calls.ledger import CallLedger
from voicebot.calls.leg import CallLeg
from voicebot.calls.mood_reader import MoodReader
from voicebot.calls.prompter import Prompter
from voicebot.clock import Clock
from voicebot.dialogue.actions import (
    RecordCallback,
    RecordEvent,
    RecordPromise,
    StopEmotion,
    StopRecording,
    Transfer,
)
from voicebot.errors import StorageError
from voicebot.records import Callback, Promise

log = logging.getLogger(__name__)

_EMOTION_DISCLOSED = "emotion_disclosed"
_DISCLOSURES = frozenset({"ai_disclosed", "recording_disclosed", _EMOTION_DISCLOSED})

Recordable = RecordCallback | RecordEvent | StopRecording | StopEmotion | Transfer


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
        self._cases = cases
        self._leg = leg
        self._prompter = prompter
        self._moods = moods
        self._notes = notes
        self._clock = clock

    async def keep_promise(self, action: RecordPromise) -> bool:
        """False: it is not recorded, and the caller must not hear that it is."""
        call_id = self._ledger.record.call_id
        if self._cases.case_id is None or not self._cases.is_verified:
            log.error("a promise without a verified case", extra={"call_id": call_id})
            return False
        promise = Promise(
            self._cases.case_id, call_id, action.amount_gr, action.due_date, self._clock.now()
        )
        try:
            await self._ledger.add_promise(promise)
        except StorageError:
            log.error("a promise could not be recorded", extra={"call_id": call_id})
            return False
        return True

    def keep(self, action: Recordable) -> None:
        now = self._clock.now()
        match action:
            case RecordCallback():
                record = self._ledger.record
                self._ledger.add_callback(
                    Callback(
                        record.call_id,
                        self._cases.case_id,
                        record.remote_party,
                        action.reason,
                        None,
                        now,
                        wanted=action.wanted,
                    )
                )
            case RecordEvent() if action.name in _DISCLOSURES:
                # Disclosed is what was heard, not what was queued.
                self._prompter.when_heard(lambda: self._note_disclosure(action))
            case RecordEvent():
                self._ledger.add_event(action.name, action.data, now)
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
            case Transfer():
                self._ledger.add_event("transfer_requested", {"reason": action.reason}, now)
            case _:
                assert_never(action)

    def _note_disclosure(self, event: RecordEvent) -> None:
        now = self._clock.now()
        if event.name == _EMOTION_DISCLOSED:
            self._moods.allow()
        self._ledger.update(**{f"{event.name}_at": now})
        self._ledger.add_event(event.name, event.data, now)
